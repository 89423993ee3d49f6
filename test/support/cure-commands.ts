/**
 * The commands that a cure names: `on lb: sysctl -w a=1; and, on rs1: true; or, on rs2: ...`.
 * @module
 */

/** What to type, and where. */
export interface CureCommand {
  /** The host, or the first of several real servers that all need it. */
  readonly host: string
  readonly isForAll: boolean
  readonly command: string
}

/** Words that stand for something which only the reader knows. */
const PLACEHOLDER = /\b(SERVER|GATEWAY|ROUTER)\b|\.\.\./

/** The ways that a cure offers, in its order, each with its commands; ways that have to be filled in are left out. */
export function commandsOf(cure: string): CureCommand[][] {
  return cure.replace(/\.$/, '').split(/[;,] or,? /).flatMap((way) => {
    const commands = [...way.matchAll(/\bon (\w+)( and each other real server)?: (.+?)(?=$| \(|, which |, once |, before |; )/g)]
      .map(([, host = '', others, command = '']) => (
        { host, isForAll: others !== undefined, command: command.replaceAll(' and ', ' && ') }))
    return commands.length === 0 || commands.some(({ command }) => PLACEHOLDER.test(command)) ? [] : [commands]
  })
}

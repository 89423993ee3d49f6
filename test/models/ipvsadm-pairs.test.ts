import { describe, expect, it } from 'vitest'
import { ToolBench } from '../admin/ipvsadm/run-tool.ts'
import { predict, SERVER, SERVICE, type CommandWords, type OptionWords } from './ipvsadm-model.ts'

/** `option('weight', '-w 3', '--weight 3', '--weight=3')`: all ways to write one option. */
function option(name: OptionWords['name'], ...spellings: readonly string[]): OptionWords[] {
  return spellings.map((spelling) => ({ words: spelling.split(' '), name }))
}

const OPTIONS: readonly OptionWords[] = [
  ...option('numeric', '-n', '--numeric'), ...option('connection', '-c', '--connection'),
  ...option('service-address', '-t 10.0.0.100:80', '--tcp-service 10.0.0.100:80', '-u 10.0.0.100:80'),
  ...option('service-address', '--udp-service 10.0.0.100:80', '--sctp-service 10.0.0.100:80', '-f 7', '--fwmark-service 7'),
  ...option('scheduler', '-s rr', '-s sh', '--scheduler mh'),
  ...option('persistent', '-p', '-p 60', '--persistent', '--persistent 60'),
  ...option('netmask', '-M 255.255.255.0', '--netmask 255.255.255.0'),
  ...option('real-server', '-r 192.168.1.11:80', '--real-server 192.168.1.11:80'),
  ...option('forwarding-method', '-m', '-i', '-g', '--masquerading', '--ipip', '--gatewaying'),
  ...option('weight', '-w 3', '--weight 3'), ...option('u-threshold', '-x 5', '--u-threshold 5'),
  ...option('l-threshold', '-y 4', '--l-threshold 4'), ...option('mcast-interface', '--mcast-interface eth0'),
  ...option('timeout', '--timeout'), ...option('daemon', '--daemon'), ...option('stats', '--stats'), ...option('rate', '--rate'),
  ...option('thresholds', '--thresholds'), ...option('persistent-conn', '--persistent-conn'), ...option('nosort', '--nosort'),
  ...option('syncid', '--syncid 5'), ...option('exact', '-X', '--exact'), ...option('ops', '-o', '--ops'),
  ...option('pe', '--pe sip'), ...option('sched-flags', '-b flag-1', '-b sh-port', '-b flag-3,mh-port', '--sched-flags flag-2'),
  ...option('mcast-group', '--mcast-group 224.0.0.82'), ...option('mcast-port', '--mcast-port 8849'),
  ...option('mcast-ttl', '--mcast-ttl 2'), ...option('sync-maxlen', '--sync-maxlen 1000'), ...option('tun-info', '--tun-info'),
  ...option('tun-type', '--tun-type ipip', '--tun-type gue', '--tun-type gre'), ...option('tun-port', '--tun-port 6080'),
  ...option('tun-nocsum', '--tun-nocsum'), ...option('tun-csum', '--tun-csum'), ...option('tun-remcsum', '--tun-remcsum'),
  ...option(undefined, '--sort', '-6', '--ipv6'),
]

/** All ways to write one command. */
function command(name: string, base: readonly OptionWords[], ...spellings: readonly string[]): CommandWords[] {
  return spellings.map((spelling) => ({ words: spelling.split(' '), name, base }))
}

const COMMANDS: readonly CommandWords[] = [
  ...command('add-service', [SERVICE], '-A', '--add-service'), ...command('edit-service', [SERVICE], '-E', '--edit-service'),
  ...command('delete-service', [SERVICE], '-D', '--delete-service'), ...command('flush', [], '-C', '--clear'),
  ...command('restore', [], '-R', '--restore'), ...command('save', [], '-S', '--save'),
  ...command('add-server', [SERVICE, SERVER], '-a', '--add-server'),
  ...command('edit-server', [SERVICE, SERVER], '-e', '--edit-server'),
  ...command('delete-server', [SERVICE, SERVER], '-d', '--delete-server'), ...command('list', [], '-L', '-l', '--list'),
  ...command('zero', [], '-Z', '--zero'), ...command('set', [], '--set 900 120 300'),
  ...command('start-daemon', [], '--start-daemon master', '--start-daemon=backup'),
  ...command('stop-daemon', [], '--stop-daemon master', '--stop-daemon=backup'),
]
/** The commands once more, where an option is expected. */
const COMMANDS_AS_OPTIONS = [...COMMANDS, ...command('help', [], '-h', '--help', '-v', '--version')].map(
  ({ words }): OptionWords => ({ words: words[0] === '--set' ? ['--set'] : words, name: undefined }),
)

const RULES = ['-A -t 10.0.0.100:80 -s wlc', '-a -t 10.0.0.100:80 -r 192.168.1.11:80 -m -w 1']

/** A director with or without a service, and another one as soon as a command may have changed something. */
class Benches {
  readonly #isSetUp: boolean
  #bench: ToolBench | undefined

  constructor(isSetUp: boolean) {
    this.#isSetUp = isSetUp
  }

  /** Runs a command, and gives it with what was expected where that is not what came. */
  async surprise(given: CommandWords, options: readonly OptionWords[]): Promise<Record<string, unknown> | undefined> {
    this.#bench ??= await this.#begin()
    const line = ['ipvsadm', ...given.words, ...options.flatMap(({ words }) => words)].join(' ')
    const { stderr, exitCode } = await this.#bench.run(line)
    const expected = predict(given, options, this.#isSetUp)
    if (exitCode === 0 || stderr !== expected.stderr) this.#bench = undefined
    const isExpected = stderr === expected.stderr && exitCode === expected.exitCode
    return isExpected ? undefined : { line, isSetUp: this.#isSetUp, expected, stderr, exitCode }
  }

  /** The rules after all those refusals are those before. */
  async checkRules(): Promise<void> {
    const { stdout = '' } = await this.#bench?.run('ipvsadm -S -n') ?? {}
    if (this.#bench !== undefined) expect(stdout).toBe(this.#isSetUp ? RULES.map((rule) => `${rule}\n`).join('') : '')
  }

  async #begin(): Promise<ToolBench> {
    const bench = new ToolBench(['10.0.0.100'])
    for (const rule of this.#isSetUp ? RULES : []) expect((await bench.run(`ipvsadm ${rule}`)).exitCode).toBe(0)
    return bench
  }
}

async function surprises(
  given: CommandWords, lists: readonly (readonly OptionWords[])[], states: readonly boolean[],
): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = []
  for (const isSetUp of states) {
    const benches = new Benches(isSetUp)
    for (const options of lists) {
      const one = await benches.surprise(given, options)
      if (one !== undefined) found.push(one)
    }
    await benches.checkRules()
  }
  return found
}

describe('ipvsadm takes and refuses as the second model of its options says:', () => {
  const all = COMMANDS.map((given) => [given.words.join(' '), given] as const)

  it.each(all)('%s alone and with every option', async (_, given) => {
    const { base } = given
    const words = [...OPTIONS, ...COMMANDS_AS_OPTIONS]
    const lists = [
      [], base, ...words.map((one) => [one]), ...words.map((one) => [...base, one]), ...words.map((one) => [one, ...base]),
    ]
    expect(await surprises(given, lists, [false, true])).toEqual([])
  })

  // One way to write each option is enough here.
  const firsts = OPTIONS.filter(({ words: [word = ''] }) => word.length === 2 || !OPTIONS.some(
    (other) => other.words[0]?.length === 2 && other.name !== undefined && word.slice(2) === other.name))
  const pairs = firsts.flatMap((one, index) => firsts.slice(index).map((other) => [one, other]))

  const shortest = all.filter(([line]) => line.startsWith('--set') || line.includes('daemon') || !line.startsWith('--'))

  it.each(shortest)('%s with every two options', async (_, given) => {
    const { base } = given
    const tunnel = [...base, ...option('forwarding-method', '-i')]
    const lists = [...pairs, ...(base.length > 0 ? pairs.map((pair) => [...base, ...pair]) : []),
      ...(base.length > 1 ? pairs.map((pair) => [...tunnel, ...pair]) : [])]
    expect(await surprises(given, lists, [true])).toEqual([])
  })

  it.each(['-h', '--help', '-v', '--version'])('%s answers whatever follows', async (word) => {
    for (const { words } of OPTIONS) {
      const result = await new ToolBench().run(['ipvsadm', word, ...words].join(' '))
      expect({ ...result, stdout: result.stdout.slice(0, 13) }).toEqual({ stdout: 'ipvsadm v1.31', stderr: '', exitCode: 0 })
    }
  })

  it('the port of a server that is named before its service is 0, unless the method has it that of the service', async () => {
    for (const [method, port] of [['-m', 0], ['-g', 80], ['-i', 80]] as const) {
      const bench = new ToolBench(['10.0.0.100'])
      await bench.run(`ipvsadm ${RULES[0]}`)
      expect((await bench.run(`ipvsadm -a -r 192.168.1.11 -t 10.0.0.100:80 ${method}`)).exitCode).toBe(0)
      expect((await bench.run('ipvsadm -S -n')).stdout).toContain(`-r 192.168.1.11:${port} ${method}`)
    }
  })

  it.each([
    ['--start-daemon', 'illegal start-daemon parameter specified\n'], ['--stop-daemon', 'illegal start_daemon specified\n'],
  ])('the role of %s is master or backup, and nothing longer', async (word, stderr) => {
    for (const role of ['masters', 'backup-2', 'Master']) {
      expect(await new ToolBench().run(`ipvsadm ${word} ${role}`)).toEqual({ stdout: '', stderr, exitCode: 2 })
    }
  })

  it('an option is no command', async () => {
    const stderr = 'Try `ipvsadm -h\' or \'ipvsadm --help\' for more information.\n'
    for (const { words } of OPTIONS) {
      const line = `ipvsadm ${words.join(' ')}`
      expect({ line, ...await new ToolBench().run(line) }).toEqual({ line, stdout: '', stderr, exitCode: 255 })
    }
  })
})

/**
 * Routing tables by name and number, as iproute2 knows them from /etc/iproute2/rt_tables and rt_tables.d.
 * @module
 */
import type { Host } from '../../host/host.ts'
import { TABLE_DEFAULT, TABLE_LOCAL, TABLE_MAIN } from '../../host/config/rules.ts'

const KNOWN: readonly (readonly [string, number])[] = [
  ['unspec', 0], ['default', TABLE_DEFAULT], ['main', TABLE_MAIN], ['local', TABLE_LOCAL],
]
const TABLE_MAX = 0xffffffff

/** The number that a word stands for: a name, or a number of up to 32 bits; undefined when it is neither. */
export function tableNumber(host: Host, word: string): number | undefined {
  const named = namedTables(host).findLast(([name]) => name === word)
  if (named !== undefined) return named[1]
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(word)) return undefined
  const number = Number(word)
  return number <= TABLE_MAX ? number : undefined
}

/** A table as iproute2 prints it. */
export function tableText(host: Host, table: number): string {
  return namedTables(host).findLast(([, number]) => number === table)?.[0] ?? String(table)
}

function namedTables(host: Host): [string, number][] {
  const tables: [string, number][] = KNOWN.map(([name, number]) => [name, number])
  for (const [path, text] of host.files) {
    if (path !== '/etc/iproute2/rt_tables' && !/^\/etc\/iproute2\/rt_tables\.d\/[^/]+\.conf$/.test(path)) continue
    for (const line of text.split('\n')) {
      const [, number, name] = /^\s*(0x[0-9a-f]+|\d+)\s+([^\s#]+)/i.exec(line) ?? []
      if (number !== undefined && name !== undefined) tables.push([name, Number(number)])
    }
  }
  return tables
}

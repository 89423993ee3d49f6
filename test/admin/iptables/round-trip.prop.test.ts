import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { iptables } from '../../../src/admin/iptables/iptables.ts'
import { iptablesRestore } from '../../../src/admin/iptables/iptables-restore.ts'
import { iptablesSave } from '../../../src/admin/iptables/iptables-save.ts'
import type { Host } from '../../../src/host/host.ts'
import { seed } from '../../support/seed.ts'
import { newToolHost, runTool } from '../../support/tool-host.ts'

const octet = fc.integer({ min: 0, max: 255 })
const address = fc
  .tuple(octet, octet, octet, octet, fc.integer({ min: 0, max: 32 }))
  .map(([a, b, c, d, bits]) => `${a}.${b}.${c}.${d}/${bits}`)
const port = fc.integer({ min: 0, max: 65_535 })
const ports = fc.tuple(port, port).map(([a, b]) => `${Math.min(a, b)}:${Math.max(a, b)}`)
const not = fc.constantFrom<string[]>([], ['!'])
const text = fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom('a', 'Z', '0', '-', '_', ' ', '"', '\\', '\'', '.') })

const plain = fc.oneof(
  fc.constant<string[]>([]),
  fc.tuple(not, fc.constantFrom('-s', '-d'), address).map(([inverted, option, value]) => [...inverted, option, value]),
  fc.tuple(not, fc.constantFrom('eth0', 'eth+', 'lo')).map(([inverted, name]) => [...inverted, '-i', name]),
  text.map((value) => ['-m', 'comment', '--comment', value]),
  fc
    .tuple(not, fc.subarray(['NEW', 'RELATED', 'ESTABLISHED', 'INVALID', 'SNAT'], { minLength: 1 }))
    .map(([inverted, states]) => ['-m', 'conntrack', ...inverted, '--ctstate', states.join(',')]),
  fc
    .tuple(not, fc.nat(0xffff), fc.nat(0xffff))
    .map(([inverted, value, mask]) => ['-m', 'mark', ...inverted, '--mark', `${value}/${mask}`]),
  fc
    .tuple(not, fc.constantFrom('80', '8000:8010'), port)
    .map(([inverted, vport, value]) => [
      '-m',
      'ipvs',
      ...inverted,
      '--vport',
      String(value),
      '--vaddr',
      `10.0.0.${vport.length}`,
    ]),
)
const withProtocol = fc.oneof(
  fc.tuple(not, ports).map(([inverted, range]) => ['-p', 'tcp', ...inverted, '--dport', range]),
  fc.tuple(not, ports).map(([inverted, range]) => ['-p', 'udp', ...inverted, '--sport', range]),
  fc
    .tuple(not, fc.subarray(['SYN', 'ACK', 'FIN', 'RST'], { minLength: 1 }))
    .map(([inverted, flags]) => ['-p', 'tcp', ...inverted, '--tcp-flags', 'ALL', flags.join(',')]),
  fc
    .tuple(not, fc.integer({ min: 0, max: 254 }), octet)
    .map(([inverted, type, code]) => ['-p', 'icmp', ...inverted, '--icmp-type', `${type}/${code}`]),
  fc
    .uniqueArray(port, { minLength: 1, maxLength: 15 })
    .map((list) => ['-p', 'tcp', '-m', 'multiport', '--ports', list.join(',')]),
)
const target = fc.oneof(
  fc.constantFrom<string[]>(
    [],
    ['-j', 'ACCEPT'],
    ['-j', 'DROP'],
    ['-j', 'RETURN'],
    ['-g', 'user'],
    ['-j', 'user'],
    ['-j', 'LOG'],
  ),
  text.map((prefix) => ['-j', 'LOG', '--log-prefix', prefix]),
  fc.tuple(fc.nat(0xffff), fc.nat(0xffff)).map(([value, mask]) => ['-j', 'MARK', '--set-xmark', `${value}/${mask}`]),
  fc
    .constantFrom('net-unreach', 'host-prohib', 'port-unreach')
    .map((answer) => ['-j', 'REJECT', '--reject-with', answer]),
)
const rule = fc
  .tuple(fc.constantFrom('INPUT', 'user'), plain, fc.oneof(fc.constant<string[]>([]), withProtocol), target)
  .map(([chain, first, second, last]) => [
    '-A',
    chain,
    ...first,
    ...second,
    ...(chain === 'user' && last.includes('user') ? [] : last),
  ])

async function saved(host: Host): Promise<string> {
  return (await runTool(iptablesSave, host, ['-c'])).stdout
}

describe(`iptables (seed ${seed})`, () => {
  it('round-trips any rules through iptables-save and iptables-restore', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(rule, { maxLength: 6 }), fc.constantFrom('ACCEPT', 'DROP'), async (rules, policy) => {
        const [one, other] = [newToolHost(), newToolHost()]
        await runTool(iptables, one, ['-N', 'user'])
        await runTool(iptables, one, ['-P', 'INPUT', policy, '-c', '3', '4'])
        for (const words of rules) expect((await runTool(iptables, one, words)).stderr).toBe('')
        const text = await saved(one)
        expect(await runTool(iptablesRestore, other, ['-c'], text)).toEqual({ stdout: '', stderr: '', exitCode: 0 })
        expect(await saved(other)).toBe(text)
      }),
      { seed, numRuns: 60 },
    )
  })

  it('finds and deletes any rule by what it says', async () => {
    await fc.assert(fc.asyncProperty(rule, async (words) => {
      const host = newToolHost()
      await runTool(iptables, host, ['-N', 'user'])
      const before = await saved(host)
      await runTool(iptables, host, words)
      expect((await runTool(iptables, host, ['-C', ...words.slice(1)])).exitCode).toBe(0)
      expect((await runTool(iptables, host, ['-D', ...words.slice(1)])).exitCode).toBe(0)
      expect(await saved(host)).toBe(before)
    }), { seed, numRuns: 60 })
  })

  it('never changes a rule when it refuses a command', async () => {
    const word = fc.constantFrom(
      '-A',
      '-I',
      '-D',
      '-R',
      '-F',
      '-X',
      '-N',
      '-P',
      'INPUT',
      'user',
      'nope',
      '1',
      '7',
      '-j',
      'ACCEPT',
      'DROP',
      'MASQUERADE',
      '-p',
      'tcp',
      '--dport',
      '80',
      '!',
      '-s',
      '10.0.0.1',
      '-t',
      'nat',
      '-m',
      'ipvs',
    )
    await fc.assert(fc.asyncProperty(fc.array(word, { maxLength: 8 }), async (words) => {
      const host = newToolHost()
      await runTool(iptables, host, ['-N', 'user'])
      await runTool(iptables, host, ['-A', 'INPUT', '-j', 'user'])
      await runTool(iptables, host, ['-t', 'nat', '-L'])
      const before = host.netfilter.config
      const result = await runTool(iptables, host, words)
      if (result.exitCode !== 0) expect(host.netfilter.config).toBe(before)
    }), { seed, numRuns: 300 })
  })
})

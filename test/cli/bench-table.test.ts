import { beforeAll, describe, expect, it } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { builtCli, lvsim } from './built.ts'

const SMALL = ['bench', 'table', '--connections', '2000', '--rounds', '1']

beforeAll(() => {
  builtCli()
}, 120_000)

describe('lvsim bench table', () => {
  it('measures every contestant, and counts bytes and probes', async () => {
    const all = 'slots-batch,classic,resizable,map'
    const { code, out } = await lvsim([...SMALL, '--mode', 'nat', '--against', all, '--json'])
    expect(code).toBe(EXIT.ok)
    const report = JSON.parse(out)
    expect(report).toMatchObject({ schemaVersion: 1, kind: 'bench-table', connections: 2000, mode: 'nat', seed: 42, rounds: 1 })
    const [slots, batch, classic, resizable, map] = report.contestants
    expect(report.contestants.map((each: { name: string }) => each.name)).toEqual(['slots', ...all.split(',')])
    // 4000 places at 1/4 in slots of 16 bytes, and 64 slots of 40 bytes for IPv6.
    expect(slots.indexBytes * 2000).toBe(16_000 * 16 + 64 * 40)
    expect([batch.probes, map.probes, map.indexBytes]).toEqual([slots.probes, undefined, undefined])
    expect(slots.probes).toBeGreaterThan(1)
    // Half a connection in each of 4096 buckets; twice as many nodes in them.
    expect(classic.probes).toBeLessThan(resizable.probes)
    for (const each of report.contestants) expect(each.cpuNs).toBeGreaterThan(0)
  }, 60_000)

  it('prints a row for each, with churn, addresses of a capture, and half way through growth', async () => {
    const capture = ['--pcap', 'scenarios/captures/director.pcap']
    const { code, out } = await lvsim([...SMALL, '--growing', '--churn', '0.5', '--against', 'map', ...capture])
    expect(code).toBe(EXIT.ok)
    expect(out).toMatch(/^2000 connections \(dr, addresses of \d+ captured pairs\), seed 42\n100 % hits, uniform, 50 % churn\n/)
    expect(out).toContain('slots filled to 0.25, half way through growth;')
    expect(out).toMatch(/^slots +\d+ +1\.00x/m)
    expect(out).toMatch(/^map +\d+ +\d+\.\d\dx/m)
  }, 60_000)

  it('asks for few connections most of the time, and for some that are not there, when told so', async () => {
    const { code, out } = await lvsim([...SMALL, '--distribution', 'zipf', '--hit-rate', '0.5', '--against', 'slots-batch'])
    expect(code).toBe(EXIT.ok)
    expect(out).toContain('2000 connections (dr, made-up addresses), seed 42\n50 % hits, zipf, 0 % churn\n')
    expect(out).toMatch(/^slots-batch +\d+ +\d+\.\d\dx +\d+ +\d+ +\d+ +\d+\.\d\d /m)
  }, 60_000)

  it.each([
    ['--connections 0', EXIT.usage, '--connections is 1..60000000'],
    ['--hit-rate 2', EXIT.usage, '--hit-rate and --churn are 0..1'],
    ['--load 0.9', EXIT.usage, '--load is 0.125..0.75'],
    ['--distribution normal', EXIT.usage, '--distribution is uniform or zipf'],
    ['--mode tun', EXIT.usage, '--mode is nat or dr'],
    ['--against rte', EXIT.usage, '--against is a list of slots-batch, classic, resizable, map'],
    ['--churn 0.1', EXIT.usage, 'no --churn'],
    ['--connections 5000000', EXIT.usage, 'a Map holds at most 4000000'],
    ['--connections 60000000 --load 0.125 --against none', EXIT.usage, 'a table has at most 268435456 slots'],
    ['--pcap none.pcap', EXIT.io, 'none.pcap: no such file or directory'],
    ['--pcap package.json', EXIT.invalid, 'package.json: neither pcap nor pcapng'],
  ])('refuses %s', async (flags, code, message) => {
    const ran = await lvsim(['bench', 'table', ...flags.split(' ')])
    expect([ran.code, ran.out]).toEqual([code, ''])
    expect(ran.err).toContain(message)
  })
})

import { afterEach, describe, expect, it, vi } from 'vitest'
import { benchEngineCommand, type BenchEngineFlags } from '../../src/cli/bench-command.ts'
import { EXIT } from '../../src/cli/exit-codes.ts'

const DEFAULTS: BenchEngineFlags = { traffic: 'udp', network: 'ptp', forward: 'route', servers: '10', rounds: '4' }

/** Runs the command and catches what it prints. */
async function run(flags: Partial<BenchEngineFlags>): Promise<{ code: number, out: string, err: string }> {
  let out = '', err = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text)
    return true
  })
  const code = await benchEngineCommand({ ...DEFAULTS, ...flags })
  vi.restoreAllMocks()
  return { code, out, err }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('lvsim bench engine', () => {
  it('prints one JSON document with what ran and what it cost', async () => {
    const { code, out, err } = await run({ servers: '2', requests: '400', rounds: '4', json: true })
    expect([code, err]).toEqual([EXIT.ok, ''])
    const report = JSON.parse(out)
    // 400 requests cross four links each.
    expect(report).toMatchObject({
      schemaVersion: 1, kind: 'bench-engine', traffic: 'udp', network: 'ptp', forward: 'route', servers: 2, requests: 400,
      answers: 400, hops: 1600, lost: 0,
    })
    expect(report.hash).toMatch(/^[0-9a-f]{16}$/)
    expect(report.cpuSeconds).toHaveLength(4)
    // The median of three counted rounds is one of them, and never the warm-up's by itself.
    expect(report.cpuSeconds.slice(1)).toContain(report.medianCpuSeconds)
    expect(report.hopsPerCpuSecond).toBe(Math.round(1600 / report.medianCpuSeconds))
  })

  it('prints a row per round, the warm-up, the median and the hash', async () => {
    const { code, out } = await run({ servers: '4', requests: '400', rounds: '3' })
    expect(code).toBe(EXIT.ok)
    // 8 pairs of 50 requests: the last starts 49 x 10 us + 7 x 1.25 us after 1 ms, needs 129.538 us, and waits 3.086 us
    // for the one before it: 1,631,374 ns.
    const masked = out.replace(/[0-9a-f]{16}/, 'HASH').replace(/^(warm-up|[12]|median) +[\d.]+ +\d+ +\d+$/gm, '$1 ...')
    expect(masked).toBe(`\
udp ptp route: 4 servers, 400 requests, 1600 packet-hops

round        CPU s   ns/hop   hops per CPU second
warm-up ...
1 ...
2 ...
median ...

answers 400, lost 0, events 2000, end 0.001631 s, hash HASH
`)
  })

  it('counts a single round, the cold one, and flows of TCP', async () => {
    const { code, out } = await run({ traffic: 'tcp', network: 'switched', forward: 'tun', requests: '64', rounds: '1' })
    expect(code).toBe(EXIT.ok)
    expect(out).toMatch(/^tcp switched tun: 10 servers, 64 flows, \d+ packet-hops\n/)
    expect(out).toMatch(/^cold +[\d.]+ +\d+ +\d+\nmedian +[\d.]+ +\d+ +\d+\n\n\d+ flows per CPU second\nanswers 64, lost 0,/m)
  })

  it.each([
    [{ servers: '0' }, '--servers is 1..1000'],
    [{ servers: '1001', network: 'switched', requests: '3000' }, '--servers is 1..1000 with --network switched'],
    [{ servers: '10001', requests: '30000' }, '--servers is 1..10000 with --network ptp'],
    [{ servers: '1e3', requests: '1' }, '--servers is 1..1000'],
    [{ servers: '', requests: '1' }, '--servers is 1..1000'],
    [{ requests: '-1' }, '--requests 2 for each server..100000000'],
    [{ servers: '5', requests: '9' }, '--requests 2 for each server..100000000'],
    [{ rounds: '0' }, '--rounds 1..1000'],
    [{ traffic: 'icmp' }, '--traffic is udp, tcp, hold; --network ptp, switched; --forward route, nat, dr, tun'],
    [{ network: 'wifi' }, '--traffic is udp, tcp, hold; --network ptp, switched; --forward route, nat, dr, tun'],
    [{ forward: 'local' }, '--traffic is udp, tcp, hold; --network ptp, switched; --forward route, nat, dr, tun'],
    [{ flows: '0', forward: 'dr' }, '--flows 1..25600000'],
    [{ flows: '10' }, '--flows is for a director'],
    [{ flows: '10', forward: 'dr', traffic: 'tcp' }, '--flows is for --traffic udp'],
    [{ traffic: 'hold', requests: '512001' }, '--requests is at most 512000 with --traffic hold'],
  ])('refuses %j', async (flags, message) => {
    const { code, out, err } = await run(flags)
    expect([code, out]).toEqual([EXIT.usage, ''])
    expect(err).toContain(message)
  })
})

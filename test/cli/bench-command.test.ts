import { afterEach, describe, expect, it, vi } from 'vitest'
import { benchEngineCommand } from '../../src/cli/bench-command.ts'
import { EXIT } from '../../src/cli/exit-codes.ts'

/** Runs the command and catches what it prints. */
async function run(flags: Parameters<typeof benchEngineCommand>[0]): Promise<{ code: number, out: string, err: string }> {
  let out = '', err = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text)
    return true
  })
  const code = await benchEngineCommand(flags)
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
      schemaVersion: 1, kind: 'bench-engine', servers: 2, requests: 400, answers: 400, hops: 1600, lost: 0,
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
4 servers, 400 requests, 1600 packet-hops

round        CPU s   ns/hop   hops per CPU second
warm-up ...
1 ...
2 ...
median ...

answers 400, lost 0, events 2000, end 0.001631 s, hash HASH
`)
  })

  it.each([
    { servers: '0', requests: '1', rounds: '2' },
    { servers: '1001', requests: '2002', rounds: '2' },
    { servers: '1e3', requests: '1', rounds: '2' },
    { servers: '', requests: '1', rounds: '2' },
    { servers: '1', requests: '-1', rounds: '2' },
    { servers: '5', requests: '9', rounds: '2' },
    { servers: '1', requests: '1', rounds: '1' },
  ])('refuses $servers servers, $requests requests, $rounds rounds', async (flags) => {
    const { code, out, err } = await run(flags)
    expect([code, out]).toEqual([EXIT.usage, ''])
    expect(err).toContain('--servers is 1..1000')
  })
})

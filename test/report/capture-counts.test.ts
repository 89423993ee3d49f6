import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { captureFiles } from '../../src/report/capture.ts'
import { summariseMode, type ModeSummary } from '../../src/scenario/comparison.ts'
import { expandCluster } from '../../src/scenario/expand-cluster.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import { Recorder } from '../../src/scenario/recorder.ts'
import type { HostResult, RunResult } from '../../src/scenario/result.ts'
import { runScenario } from '../../src/scenario/run.ts'
import type { Scenario } from '../../src/scenario/scenario.ts'
import { MODES, type Mode } from '../../src/scenario/schema-check.ts'
import type { CapturedFrame } from '../../src/wire/capture.ts'
import { decodeFrame } from '../../src/wire/decode.ts'
import type { Frame } from '../../src/wire/frame.ts'
import { readCapture } from '../../src/wire/pcap.ts'

/** The first scenario with what it lacks: pings, a slow director that drops, and cables that lose frames. */
const CLUSTER = `${readFileSync('scenarios/first.lvs.yaml', 'utf8')
  .replace('per_packet: 12us, per_byte: 30ns', 'per_packet: 900us, per_byte: 0ns, queue: 4')
  .replace('wan: {rate: 100mbit, delay: 5ms}', 'wan: {rate: 100mbit, delay: 5ms, loss: 1%}')
  .replace(
    'traffic:\n',
    'traffic:\n  - {kind: ping, from: client, to: 10.0.0.100, count: 8, arrivals: poisson 50/s, size: 4000B}\n',
  )
  .replace(/expect:[^]*?compare:/, 'compare:')}`

/** A host of its own for each protocol that the cluster does not have. */
const PLAIN = `name: plain
segments: {lan: {}, narrow: {mtu: 600}}
hosts:
  client: {interfaces: {eth0: {segment: lan, addresses: [10.1.0.10/24]}}, routes: [default via 10.1.0.1]}
  router:
    interfaces: {eth0: {segment: lan, addresses: [10.1.0.1/24]}, eth1: {segment: narrow, addresses: [10.2.0.1/24]}}
    sysctl: {net.ipv4.ip_forward: 1}
  server:
    interfaces: {eth0: {segment: narrow, addresses: [10.2.0.10/24]}}
    routes: [default via 10.2.0.1]
    servers: [{port: 7777, protocol: udp}, {port: 80, protocol: http, page: {size: 20kB}}]
traffic:
  - {kind: udp, from: client, to: 10.2.0.10:7777, count: 3}
  - {kind: udp, from: client, to: 10.2.0.10:7778, count: 2}
  - {kind: ping, from: client, to: 10.2.0.10, count: 2}
  - {kind: http, from: client, to: http://10.2.0.10/, count: 3}
  - {kind: connect, from: client, to: 10.2.0.10:81}
`

interface Recorded {
  readonly result: RunResult
  readonly recorder: Recorder
  readonly frames: readonly DecodedFrame[]
  readonly summary: ModeSummary | undefined
}

interface DecodedFrame {
  readonly nic: string
  readonly captured: CapturedFrame
  readonly frame: Frame
}

function scenarioOf(text: string): Scenario {
  const parsed = parseScenario(text, 'counted.lvs.yaml')
  if (!parsed.ok) throw new Error(parsed.error.map(({ line, message }) => `${line}: ${message}`).join('\n'))
  return parsed.value
}

async function record(text: string, mode: Mode | undefined): Promise<Recorded> {
  const whole = scenarioOf(text)
  const scenario = mode === undefined ? whole : expandCluster(whole, mode)
  const recorder = new Recorder({ recordsMax: 1_000_000, isDetailed: false })
  const ran = await runScenario(scenario, { onWorld: (world) => recorder.attach(world) })
  if (!ran.ok) throw new Error('it does not run')
  const frames = [...captureFiles(recorder)].flatMap(({ name, chunks }) =>
    decodedFrames(name, joined(chunks)),
  )
  const summary = mode === undefined ? undefined : summariseMode(ran.value, 'lb')
  return { result: ran.value, recorder, frames, summary }
}

function decodedFrames(nic: string, file: Uint8Array): DecodedFrame[] {
  const capture = readCapture(file)
  if (!capture.ok) throw new Error(capture.error.message)
  expect(capture.value.interfaces.map(({ name }) => name)).toEqual([nic])
  return capture.value.frames.map((captured, index) => {
    const decoded = decodeFrame(captured.bytes, 'ethernet', index + 1)
    if (!decoded.ok) throw new Error(`${nic} at ${captured.timeNs}: ${decoded.error.message}`)
    return { nic, captured, frame: decoded.value }
  })
}

function joined(chunks: Iterable<Uint8Array>): Uint8Array {
  return new Uint8Array(Buffer.concat([...chunks]))
}

function bytesOf(frames: readonly DecodedFrame[]): number {
  return frames.reduce((sum, { captured }) => sum + captured.wireBytes, 0)
}

const RUNS: readonly (Mode | 'plain')[] = [...MODES, 'plain']
const recorded = new Map<string, Recorded>()

beforeAll(async () => {
  for (const name of RUNS)
    recorded.set(name, name === 'plain' ? await record(PLAIN, undefined) : await record(CLUSTER, name))
})

function get(name: string): Recorded {
  const one = recorded.get(name)
  if (one === undefined) throw new Error(name)
  return one
}

function of(
  { frames }: Recorded,
  direction: 'in' | 'out',
  isMeant: (one: DecodedFrame) => boolean,
): DecodedFrame[] {
  return frames.filter((one) => one.captured.direction === direction && isMeant(one))
}

describe.each(RUNS)('the captures under %s', (name) => {
  it('counts what the ledger of each nic counts', () => {
    const run = get(name)
    const nics = run.result.hosts.flatMap((host: HostResult) => host.nics)
    const counted = nics.map(({ name: nic }) => {
      const [rx, tx] = (['in', 'out'] as const).map((direction) =>
        of(run, direction, (one) => one.nic === nic),
      )
      return {
        name: nic,
        rxFrames: rx?.length,
        rxBytes: bytesOf(rx ?? []),
        txFrames: tx?.length,
        txBytes: bytesOf(tx ?? []),
      }
    })
    expect(counted).toEqual(nics)
    expect(run.frames.length).toBeGreaterThan(50)
  })

  it('counts what the ledger of each host counts', () => {
    const run = get(name)
    for (const { name: host, packets, arp } of run.result.hosts) {
      const own = (one: DecodedFrame): boolean => one.nic.startsWith(`${host}.`)
      const isIp = (one: DecodedFrame): boolean => own(one) && one.frame.payload.kind === 'ip'
      const asks = of(run, 'out', (one) => own(one) && one.frame.payload.kind === 'arp')
      expect({
        host,
        received: of(run, 'in', isIp).length,
        sent: of(run, 'out', isIp).length,
        arp: asks.length,
      }).toEqual({
        host,
        received: packets.received,
        sent: packets.sent,
        arp: arp.requestsSent + arp.repliesSent,
      })
    }
  })

  it('has a comment for each packet that came in and died, and for each frame lost', () => {
    const { result, frames } = get(name)
    const dropped = result.hosts.reduce((sum, { packets }) => sum + packets.dropped, 0)
    const comments = frames.flatMap(({ captured }) =>
      captured.comment === '' ? [] : captured.comment.split('; '),
    )
    expect(comments.filter((comment) => comment.startsWith('drop: '))).toHaveLength(dropped)
    expect(dropped).toBeGreaterThan(0)
    expect(comments.filter((comment) => comment.startsWith('lost: '))).toHaveLength(result.frames.lost)
    if (name !== 'plain') expect(result.frames.lost).toBeGreaterThan(0)
  })
})

describe.each(MODES)('what compare shows of %s', (mode) => {
  it('is what the capture counts', () => {
    const run = get(mode)
    const { director, arp, frames, lostFrames, drops } = run.summary as ModeSummary
    const atDirector = (one: DecodedFrame): boolean => one.nic.startsWith('lb.')
    const [into, outOf] = [of(run, 'in', atDirector), of(run, 'out', atDirector)]
    const packets = (some: readonly DecodedFrame[]): number =>
      some.filter(({ frame }) => frame.payload.kind === 'ip').length
    expect(director.into).toEqual({ packets: packets(into), bytes: bytesOf(into) })
    expect(director.outOf).toEqual({ packets: packets(outOf), bytes: bytesOf(outOf) })
    const asked = of(run, 'out', ({ frame }) => frame.payload.kind === 'arp')
    expect(arp.requests + arp.replies).toBe(asked.length)
    expect(frames.reduce((sum, { count }) => sum + count, 0)).toBe(of(run, 'out', () => true).length)
    expect([lostFrames, drops.reduce((sum, { count }) => sum + count, 0)]).toEqual([
      run.result.frames.lost,
      run.frames.reduce((sum, { captured }) => sum + captured.comment.split('drop: ').length - 1, 0),
    ])
  })
})

const hasTshark = spawnSync('tshark', ['--version']).status === 0
// Where segments are sent again, tshark's own joining of streams is at a loss: it looks at each segment alone.
const CHECKS = [
  '-o',
  'tcp.desegment_tcp_streams:FALSE',
  ...['ip', 'tcp', 'udp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`]),
]
const BAD = ['ip', 'tcp', 'udp', 'icmp'].map((protocol) => `${protocol}.checksum.status == "Bad"`)
const WRONG = ['_ws.malformed', ...BAD].join(' || ')

/** What tshark prints of a file. */
function tshark(file: string, ...options: string[]): string {
  const { status, stdout, stderr } = spawnSync('tshark', ['-r', file, '-n', ...CHECKS, ...options], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (status !== 0) throw new Error(stderr)
  return stdout
}

describe('tshark', () => {
  let folder = ''

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lvsim-capture-'))
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  it('is there', () => {
    if (!hasTshark)
      console.warn(
        '\n*** tshark is missing: NO capture was judged by it. Install it (apt-get install tshark). ***\n',
      )
    expect(hasTshark || process.env['CI'] === undefined, 'CI must have tshark').toBe(true)
  })

  it.skipIf(!hasTshark).each(RUNS)(
    'reads each nic of %s with nothing malformed and every checksum right',
    (name) => {
      const { recorder, result } = get(name)
      const nics = new Map(result.hosts.flatMap((host) => host.nics).map((nic) => [nic.name, nic]))
      for (const capture of captureFiles(recorder)) {
        if (!/^(lb|router|rs1|client1|client|server)\./.test(capture.name)) continue
        const file = join(folder, `${name}.${capture.name}.pcapng`)
        writeFileSync(file, joined(capture.chunks))
        const numbers = tshark(file, '-T', 'fields', '-e', 'frame.interface_name').trim().split('\n')
        const nic = nics.get(capture.name)
        expect(new Set(numbers)).toEqual(new Set([capture.name]))
        expect(numbers).toHaveLength((nic?.rxFrames ?? 0) + (nic?.txFrames ?? 0))
        expect(tshark(file, '-Y', WRONG)).toBe('')
      }
    },
  )

  it.skipIf(!hasTshark)('sees a byte that is wrong', () => {
    const lb = [...captureFiles(get('nat').recorder)].find((one) => one.name === 'lb.eth0')
    const bytes = joined(lb?.chunks ?? [])
    // The last byte of the last packet: before the block's length at its end, options and padding are none or zeros.
    const at = bytes.lastIndexOf(0x50, bytes.length - 5)
    bytes[at] = 0x51
    const file = join(folder, 'wrong.pcapng')
    writeFileSync(file, bytes)
    expect(tshark(file, '-Y', WRONG)).not.toBe('')
  })
})

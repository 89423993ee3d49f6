/**
 * Looking at a cluster while it runs: frames of single exchanges, rates at a nic, what a command prints.
 * @module
 */
import { LabConnection, type LabConnectOptions, type LabResult, type LabTimes } from '../../src/app/lab-client.ts'
import { HostShell } from '../../src/admin/shell/host-shell.ts'
import { ShellDriver } from '../../src/admin/shell/shell-driver.ts'
import { TOOLS } from '../../src/admin/tools.ts'
import { NS_PER_SECOND } from '../../src/base/units.ts'
import type { RecordedNic, TraceRecord } from '../../src/scenario/recorder.ts'
import { Recorder } from '../../src/scenario/recorder.ts'
import type { World } from '../../src/scenario/world.ts'
import type { Frame } from '../../src/wire/frame.ts'
import { type IpPacket, totalBytes } from '../../src/wire/ip-packet.ts'
import type { TcpSegment } from '../../src/wire/tcp-segment.ts'
import { addr, runFor, VIP } from './clusters.ts'

/** One exchange with the virtual service. */
export interface Exchange {
  /** Undefined when it was not over in the time given. */
  readonly result: LabResult | undefined
  readonly times: LabTimes
  /** When it was over. */
  readonly endNs: number | undefined
}

/** A request of the client c to the virtual service, and so much time. The server closes first unless told otherwise. */
export function ask(world: World, seconds: number, options: Partial<LabConnectOptions> = {}): Exchange {
  let result: LabResult | undefined
  let endNs: number | undefined
  const connection = new LabConnection(world.host('c'), {
    dst: addr(VIP), dport: 80, sendBytes: 100, replyBytes: 1000, serverCloses: true, ...options,
  }, (come) => {
    result = come
    endNs = world.sim.nowNs
  })
  runFor(world, seconds * NS_PER_SECOND)
  return { result, times: connection.times, endNs }
}

/** From the start of an exchange to its first byte. */
export function firstByteNs({ times }: Exchange): number {
  return (times.firstByteNs ?? NaN) - times.startNs
}

/** A frame as a nic saw it. */
export interface Seen {
  readonly timeNs: number
  readonly nic: string
  readonly direction: 'in' | 'out'
  readonly frame: Frame
}

/** Frames of a world from now on. */
export class Watch {
  readonly #recorder = new Recorder({ recordsMax: 1_000_000, isDetailed: false })

  constructor(world: World) {
    this.#recorder.attach(world)
  }

  /** Frames at a nic, both ways. */
  at(nic: string): Seen[] {
    return this.#recorder.records.flatMap((record) =>
      (record.kind === 'frame' && record.nic.name === nic ? [seen(record)] : []))
  }

  /** IPv4 packets at a nic, one way. */
  packets(nic: string, direction: 'in' | 'out'): IpPacket[] {
    return this.at(nic).flatMap(({ direction: way, frame: { payload } }) =>
      (way === direction && payload.kind === 'ip' ? [payload] : []))
  }

  /** Frames with a TCP segment, and ARP frames, at a nic. */
  count(nic: string): { tcp: number, arp: number } {
    const frames = this.at(nic).map(({ frame }) => frame.payload)
    const arp = frames.filter(({ kind }) => kind === 'arp').length
    return { tcp: frames.length - arp, arp }
  }
}

function seen(record: Extract<TraceRecord, { kind: 'frame' }> & { readonly nic: RecordedNic }): Seen {
  return { timeNs: record.timeNs, nic: record.nic.name, direction: record.direction, frame: record.frame }
}

/** The segment of a packet, also of one inside a tunnel. */
export function segmentOf(packet: IpPacket): TcpSegment | undefined {
  const { payload } = packet
  if (payload.kind === 'ip') return segmentOf(payload)
  return payload.kind === 'tcp' ? payload : undefined
}

/** Bytes that arrive at nics from now on: of IP packets, and of the data that TCP or UDP carry. Live. */
export class Meter {
  packets = 0
  ipBytes = 0
  dataBytes = 0

  constructor(world: World, nics: readonly string[]) {
    for (const name of nics) {
      const nic = world.nics.get(name)
      if (nic === undefined) throw new Error(`no nic ${name}`)
      nic.tap = { onFrame: (_nic, direction, { payload }) => this.#count(direction, payload) }
    }
  }

  /** Lets time pass and gives what arrived in it, a second. */
  over(world: World, seconds: number): { packets: number, ipBytes: number, dataBytes: number } {
    const { packets, ipBytes, dataBytes } = this
    runFor(world, seconds * NS_PER_SECOND)
    return {
      packets: (this.packets - packets) / seconds, ipBytes: (this.ipBytes - ipBytes) / seconds,
      dataBytes: (this.dataBytes - dataBytes) / seconds,
    }
  }

  #count(direction: 'in' | 'out', payload: Frame['payload']): void {
    if (direction !== 'in' || payload.kind !== 'ip') return
    this.packets++
    this.ipBytes += totalBytes(payload)
    const inner = payload.payload.kind === 'ip' ? payload.payload.payload : payload.payload
    if (inner.kind === 'tcp' || inner.kind === 'udp') this.dataBytes += inner.data.length
  }
}

/** What a command prints on a host, now. */
export async function shell(world: World, host: string, script: string): Promise<string> {
  const driver = new ShellDriver(world.sim)
  const task = new HostShell(world.host(host), driver, TOOLS).start({ script, name: host })
  await driver.runUntil(Infinity, task)
  return task.result?.stdout ?? ''
}

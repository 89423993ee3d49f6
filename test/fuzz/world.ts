/**
 * What a run of the fuzzer works on: the network, what the steps have set up on it, and what is wrong so far.
 * @module
 */
import type { Host } from '../../src/host/host.ts'
import type { TcpEndpoint } from '../../src/host/tcp/endpoint.ts'
import type { TcpListener } from '../../src/host/tcp/listener.ts'
import type { UdpSocket } from '../../src/host/udp.ts'
import type { Ping } from '../../src/host/ping.ts'
import { findIpvs, type Ipvs } from '../../src/ipvs/director.ts'
import type { Frame } from '../../src/wire/frame.ts'
import type { Network } from './network.ts'

/** One run's world. Everything is live. */
export interface World extends Network {
  /** Sentences about what should not be; no more than a few are of use. */
  readonly violations: string[]
  /** Frames that a rogue made, and not a host: no promise is made about those. */
  readonly forged: WeakSet<Frame>
  readonly endpoints: TcpEndpoint[]
  readonly listeners: { readonly host: Host, readonly listener: TcpListener }[]
  readonly sockets: UdpSocket[]
  readonly pings: { readonly host: Host, readonly ping: Ping }[]
}

/** A world of this network, in which nothing has happened. */
export function worldOf(network: Network): World {
  return { ...network, violations: [], forged: new WeakSet(), endpoints: [], listeners: [], sockets: [], pings: [] }
}

/** Notes what is wrong. */
export function complain(world: World, text: string): void {
  if (world.violations.length < 5) world.violations.push(`${text} (at ${world.lan.sim.nowNs} ns)`)
}

/** The directors among all hosts. */
export function directorsOf(world: World): Ipvs[] {
  return [...world.lan.hosts.values()].flatMap((host) => findIpvs(host) ?? [])
}

/** Has something done `delayNs` from now. */
export function later(world: World, delayNs: number, act: () => void): void {
  const { sim } = world.lan
  sim.schedule(sim.nowNs + delayNs, { onEvent: act }, 0, undefined)
}

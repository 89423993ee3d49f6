/**
 * A scenario as the rest of lvsim sees it: checked, in the units of the core (ns, bytes, bit/s, addresses as numbers), each
 * item with its `path` in the file, so that `source.at(path)` finds where it was written.
 * @module
 */
import type { ReplayRequest } from '../app/replay.ts'
import type { RunLimits } from '../sim/limits.ts'
import type { AddressPrefix } from './address-text.ts'
import type { MacAddr } from '../wire/address.ts'
import type { ScenarioSource } from './scenario-source.ts'
import type { CheckSpec, Mode } from './schema-check.ts'
import type { ClusterSpec } from './schema-cluster.ts'
import type { CpuSpec, HostSpec, Link, Segment } from './schema-network.ts'
import type { EventSpec, ObservationSpec } from './schema-run.ts'
import type { ServerSpec } from './schema-server.ts'
import type { TrafficSpec } from './schema-traffic.ts'
import type { Path } from './source-tree.ts'

/** Where an item stands in the file; for what a cluster expands into, that of the `cluster` block. */
export interface Placed {
  readonly path: Path
}

/** An interface that is plugged in. */
export interface Interface {
  /** Its segment; undefined for an end of a link, and for `lo`. */
  readonly segment: string | undefined
  readonly addresses: readonly AddressPrefix[]
  /** Its own, or that of its segment or link. */
  readonly mtuBytes: number
  /** Undefined: chosen by the builder. */
  readonly mac: MacAddr | undefined
  readonly up: boolean
}

/** A server with its defaults filled in. */
export type Server = Omit<ServerSpec, 'name' | 'closes'> & { readonly name: string; readonly closes: 'client' | 'server' }

/** One box. */
export interface Host extends Placed {
  readonly name: string
  /** The name in the file: differs from `name` for replicas (`client` of `client7`). */
  readonly group: string
  readonly profile: HostSpec['profile']
  /** What `hostname` prints. */
  readonly hostname: string
  /** Undefined: that of the profile. */
  readonly memoryBytes: number | undefined
  readonly modules: { readonly loaded: readonly string[]; readonly missing: readonly string[] }
  readonly interfaces: ReadonlyMap<string, Interface>
  /** Each as it follows `ip route add`. */
  readonly routes: readonly string[]
  readonly sysctl: ReadonlyMap<string, string>
  readonly files: ReadonlyMap<string, string>
  /** Lines added to /etc/hosts. */
  readonly etcHosts: readonly string[]
  /** Run as root in bash at time 0. Its place is `[...path, 'setup']`. */
  readonly setup: string
  readonly servers: readonly Server[]
  /** Undefined: packets cost nothing. */
  readonly cpu: CpuSpec | undefined
}

/** A link of the file. */
export type ScenarioLink = Link & Placed
/** An item of traffic; `name` is that of the file, else its kind and number (`http-1`). */
export type Traffic = TrafficSpec & Placed & {
  readonly name: string
  /** Of a replay: the requests, once its file was read. */
  readonly replay?: readonly ReplayRequest[]
}
/** A timed event; the place of a command is `[...path, 'run']`. */
export type TimedEvent = EventSpec & Placed
/** An observation; the place of its command is `[...path, 'run']`. */
export type Observation = ObservationSpec & Placed
/** An expectation. */
export type Check = CheckSpec & Placed

/** A checked scenario file. */
export interface Scenario {
  readonly name: string
  readonly about: string
  readonly seed: string
  /** Undefined: the run ends 1 s after traffic, events and observations are over. */
  readonly durationNs: number | undefined
  readonly limits: RunLimits
  /** In the order of the file, as everything here. */
  readonly segments: ReadonlyMap<string, Segment>
  readonly links: readonly ScenarioLink[]
  readonly hosts: ReadonlyMap<string, Host>
  readonly traffic: readonly Traffic[]
  readonly events: readonly TimedEvent[]
  readonly observe: readonly Observation[]
  readonly expect: readonly Check[]
  /** The cluster to expand; undefined without one, and once expanded. */
  readonly cluster: ClusterSpec | undefined
  /** The mode that a cluster was expanded for. */
  readonly mode: Mode | undefined
  /** Modes that `compare` runs side by side: all of them unless the file names some; none without a cluster. */
  readonly modes: readonly Mode[]
  readonly source: ScenarioSource
}

/** The hosts that `name` stands for: one host, or all replicas of one. Empty when there is none. */
export function hostsNamed(hosts: ReadonlyMap<string, Host>, name: string): readonly Host[] {
  const host = hosts.get(name)
  return host !== undefined ? [host] : [...hosts.values()].filter((one) => one.group === name)
}

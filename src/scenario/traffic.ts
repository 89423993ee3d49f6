/**
 * The traffic of a scenario while it runs: each item a load of its clients.
 * @module
 */
import type { AppHost } from '../app/app-host.ts'
import { type Arrivals, Load, type StartRequest } from '../app/load.ts'
import { replayRequests } from '../app/replay.ts'
import { connectRequests, httpRequests, pingRequests, udpRequests } from '../app/requests.ts'
import { formatIp } from '../wire/address.ts'
import type { TrafficResult } from './result.ts'
import { hostsNamed, type Scenario, type Traffic } from './scenario.ts'
import type { World } from './world.ts'

/** How many requests an item has, and when they begin. */
function lawOf(item: Traffic): { readonly count: number, readonly arrivals: Arrivals } {
  if (item.kind !== 'replay') return { count: item.count, arrivals: item.arrivals }
  const requests = item.replay ?? []
  return { count: requests.length, arrivals: { law: 'recorded', requests } }
}

/** All items of one run. */
export class TrafficRun {
  readonly #world: World
  readonly #loads: { readonly item: Traffic, readonly load: Load }[]

  constructor(world: World, scenario: Scenario) {
    this.#world = world
    this.#loads = scenario.traffic.map((item) => {
      const clients = item.from.flatMap((name) => hostsNamed(scenario.hosts, name)).map(({ name }) => world.host(name))
      const load = new Load({
        name: item.name, clients, ...lawOf(item), start: this.#starter(item),
        onOver: () => {
          if (this.isOver) world.sim.stop()
        },
      })
      return { item, load }
    })
  }

  /** Begins every item; their times count from `startNs`. */
  begin(startNs: number): void {
    for (const { item, load } of this.#loads) load.begin(startNs + item.atNs)
  }

  /** True when every request is over. */
  get isOver(): boolean {
    return this.#loads.every(({ load }) => load.isOver)
  }

  /** What has come of it so far. */
  results(): TrafficResult[] {
    return this.#loads.map(({ item, load }) => ({ name: item.name, kind: item.kind, requests: load.records }))
  }

  #starter(item: Traffic): StartRequest {
    const target = {
      dst: item.kind === 'ping' ? item.to : item.to.address, timeoutNs: item.timeoutNs,
      ...(item.kind === 'ping' ? { dport: 0 } : { dport: item.to.port }),
      ...((item.kind === 'connect' || item.kind === 'udp') && item.sourcePort !== undefined
        ? { firstSourcePort: item.sourcePort } : {}),
    }
    switch (item.kind) {
      case 'connect': return connectRequests(target, {
        sendBytes: item.sendBytes, replyBytes: item.replyBytes, holdNs: item.holdNs, serverCloses: false,
      })
      case 'udp': return udpRequests(target, { sendBytes: item.sendBytes, replyBytes: item.replyBytes })
      case 'ping': {
        const pings = (client: AppHost) => this.#world.host(client.name).pings
        return pingRequests({ ...target, sizeBytes: item.sizeBytes }, pings)
      }
      case 'replay': return replayRequests(item.protocol, target, item.replay ?? [])
      case 'http': {
        const { address, port } = item.to
        const hostHeader = port === 80 ? formatIp(address) : `${formatIp(address)}:${port}`
        const requestsPerConnection = item.keepAliveRequests
        return httpRequests(target, { hostHeader, requestsPerConnection, drawPath: this.#pathDrawer(item) })
      }
    }
  }

  /** Draws paths by their shares, from a stream of the item's own. */
  #pathDrawer(item: Extract<Traffic, { readonly kind: 'http' }>): () => string {
    const pages = item.pages === undefined ? [] : [...item.pages]
    if (pages.length === 0) return () => item.to.path
    const stream = this.#world.sim.stream(`load:${item.name}:pages`)
    return () => {
      let left = stream.unit()
      for (const [path, share] of pages) {
        if (left < share) return path
        left -= share
      }
      // Shares add up to 1 but for rounding.
      return pages[pages.length - 1]?.[0] ?? item.to.path
    }
  }
}

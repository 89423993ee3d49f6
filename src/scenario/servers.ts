/**
 * Starts the servers of a scenario's hosts.
 * @module
 */
import { assert } from '../base/assert.ts'
import { startHttpServer } from '../app/http-server.ts'
import { startLabServer, startLabUdpServer, type RunningServer } from '../app/lab-server.ts'
import type { Result } from '../base/result.ts'
import { errnoText, type Errno } from '../host/errno.ts'
import type { Host } from '../host/host.ts'
import { IPV4_ANY, IPV6_ANY } from '../wire/address.ts'
import type { Problem } from './problems.ts'
import type { Scenario, Server } from './scenario.ts'
import type { World } from './world.ts'

/** Starts every server; refuses those whose port is taken. */
export function startServers(world: World, scenario: Scenario): Problem[] {
  return [...scenario.hosts.values()].flatMap((spec) => spec.servers.flatMap((server, index) => {
    const started = startServer(world.host(spec.name), server)
    if (started.ok) return []
    const message = `${spec.name}: port ${server.port}: ${errnoText(started.error)}`
    return [scenario.source.problem([...spec.path, 'servers', index], { code: 'LVS1061', message })]
  }))
}

function startServer(host: Host, server: Server): Result<RunningServer, Errno> {
  const { port, name, backlog, serviceTime, address, workers } = server
  assert(serviceTime !== undefined, 'a service time has a default')
  const options = {
    port, name, backlog, serviceTime, addr: address ?? (host.net.ipv6.devices.length > 0 ? IPV6_ANY : IPV4_ANY),
    ...(workers === undefined ? {} : { workers }),
  }
  const closes = server.closes === 'server'
  switch (server.protocol) {
    case 'tcp': return startLabServer(host, { ...options, closes })
    case 'udp': return startLabUdpServer(host, options)
    case 'http': return startHttpServer(host, {
      ...options, closes, status: server.status, ...(server.page === undefined ? {} : { page: server.page }),
      ...(server.pages === undefined ? {} : { pages: server.pages }),
    })
  }
}

/**
 * A host of a cluster, with the defaults of every other host.
 * @module
 */
import { filledIn } from './count-out.ts'
import type { Host, Interface } from './scenario.ts'
import { hostSchema } from './schema-network.ts'
import type { ServerSpec } from './schema-server.ts'

const PATH = ['cluster']

/** What is unlike the defaults. */
export interface HostParts {
  /** eth0, eth1, ... */
  readonly interfaces: readonly Interface[]
  readonly routes?: string[]
  readonly setup?: string
  readonly servers?: ServerSpec[]
  readonly cpu?: Host['cpu']
  /** Kernel modules loaded from the beginning. */
  readonly modules?: string[]
}

/** A host; `group` is what the file calls it. */
export function host(name: string, group: string, parts: HostParts): Host {
  const interfaces = new Map(parts.interfaces.map((one, index) => [`eth${index}`, one]))
  const { routes = [], setup = '', servers = [], cpu, modules: loaded = [] } = parts
  const modules = { loaded, missing: [] }
  return filledIn({ ...hostSchema.parse({}), routes, setup, servers, cpu, modules }, { name, group, path: PATH, interfaces })
}

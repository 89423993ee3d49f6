/**
 * From the values of a file to a scenario: each valid item with its path, replicas counted out. Items that are wrong are
 * left out and remembered by name, so that the checks of meaning can run over the rest of a broken file.
 * @module
 */
import type { z } from 'zod'
import { countOut, type Wiring } from './count-out.ts'
import type { Problem } from './problems.ts'
import type { ProblemText, ScenarioSource } from './scenario-source.ts'
import type { Host, Placed, Scenario, ScenarioLink, Traffic } from './scenario.ts'
import { LIST_SECTIONS, MAP_SECTIONS, SINGLE_SECTIONS } from './schema.ts'
import { MODES } from './schema-check.ts'
import { type HostSpec, hostSchema, interfaceSchema } from './schema-network.ts'
import { nicName } from './schema-values.ts'
import type { Path } from './source-tree.ts'

/** A scenario out of what is right in a file, and the names of what is not. */
export interface Draft {
  readonly scenario: Scenario
  /** Hosts and segments that the file names but that are wrong in themselves. */
  readonly brokenHosts: ReadonlySet<string>
  readonly brokenSegments: ReadonlySet<string>
  /** True when hosts of a cluster cannot be known, because its block is wrong. */
  readonly brokenCluster: boolean
  readonly problems: readonly Problem[]
}

/** Most hosts of a file, included, replicas counted out. */
export const HOST_COUNT_MAX = 2_000
/** Most interfaces and addresses of all hosts, included. */
export const ADDRESS_COUNT_MAX = 20_000

type Fields = Readonly<Record<string, unknown>>

/** Assembles what is valid in `value`, the root mapping of a file. */
export function assemble(value: Fields, source: ScenarioSource): Draft {
  const problems: Problem[] = []
  const single = readSingles(value)
  const segments = readMap(value, 'segments')
  const hostSpecs = readMap(value, 'hosts')
  const links = readList(value, 'links')
  const specs = new Map([...hostSpecs.valid, ...salvage(value, hostSpecs.broken)])
  const hosts = readHosts(specs, { segments: segments.valid, links: linksByEnd(links) }, source, problems)
  const cluster = single.cluster
  const scenario: Scenario = {
    name: single.name ?? stem(source.fileName),
    about: single.about ?? '',
    seed: single.seed ?? '1',
    durationNs: single.duration,
    limits: single.limits ?? SINGLE_SECTIONS.limits.parse({}),
    segments: segments.valid,
    links,
    hosts,
    traffic: readList(value, 'traffic').map((item): Traffic => ({ ...item, name: item.name ?? defaultName(item) })),
    events: readList(value, 'events'),
    observe: readList(value, 'observe'),
    expect: readList(value, 'expect'),
    cluster,
    mode: undefined,
    modes: cluster === undefined ? [] : single.compare?.modes ?? MODES,
    source,
  }
  const brokenCluster = cluster === undefined && value['cluster'] !== undefined
  return { scenario, brokenHosts: hostSpecs.broken, brokenSegments: segments.broken, brokenCluster, problems }
}

/** All hosts, replicas counted out; none when they are too many to be meant. */
function readHosts(specs: ReadonlyMap<string, HostSpec>, wiring: Wiring, source: ScenarioSource, problems: Problem[]) {
  const hosts = new Map<string, Host>()
  const count = [...specs.values()].reduce((sum, spec) => sum + (spec.replicas ?? 1), 0)
  const addresses = [...specs.values()].reduce((sum, spec) => sum + addressCount(spec), 0)
  if (count > HOST_COUNT_MAX || addresses > ADDRESS_COUNT_MAX) {
    const message = count > HOST_COUNT_MAX ? `${count} hosts` : `${addresses} addresses`
    const expected = `at most ${HOST_COUNT_MAX} hosts with ${ADDRESS_COUNT_MAX} addresses`
    problems.push(source.problemAt(source.keyAt(['hosts']), { code: 'LVS1056', message, expected }))
    return hosts
  }
  for (const [name, spec] of specs) {
    const complain = (path: Path, text: ProblemText): void => void problems.push(source.problem(path, text))
    for (const host of countOut({ name, spec, path: ['hosts', name], wiring, complain })) {
      if (hosts.has(host.name)) {
        const message = `\`${host.name}\` is both a host and a replica of another one`
        problems.push(source.problemAt(source.keyAt(['hosts', name]), { code: 'LVS1048', message }))
      }
      hosts.set(host.name, host)
    }
  }
  return hosts
}

/** Of hosts that are wrong in themselves, the interfaces that are right: their segments and addresses are checked too. */
function salvage(value: Fields, broken: ReadonlySet<string>): [string, HostSpec][] {
  const hosts = value['hosts'] as Fields
  return [...broken].map((name): [string, HostSpec] => {
    const host = hosts[name]
    const all = isFields(host) && isFields(host['interfaces']) ? Object.entries(host['interfaces']) : []
    const interfaces = all.filter(([nic, spec]) => nicName.safeParse(nic).success && interfaceSchema.safeParse(spec).success)
    return [name, hostSchema.parse({ interfaces: Object.fromEntries(interfaces) })]
  })
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function addressCount(spec: HostSpec): number {
  const own = [...spec.interfaces.values()].reduce((sum, { addresses }) => sum + 1 + addresses.length, 0)
  return own * (spec.replicas ?? 1)
}

function linksByEnd(links: readonly ScenarioLink[]): Map<string, ScenarioLink> {
  return new Map(links.flatMap((link) => link.endpoints.map(({ host, nic }): [string, ScenarioLink] => [`${host}.${nic}`, link])))
}

type Singles = { [K in keyof typeof SINGLE_SECTIONS]?: z.output<(typeof SINGLE_SECTIONS)[K]> | undefined }

function readSingles(value: Fields): Singles {
  const entries = Object.entries(SINGLE_SECTIONS).map(([key, schema]) => {
    const parsed = schema.safeParse(value[key])
    return [key, parsed.success ? parsed.data : undefined]
  })
  return Object.fromEntries(entries) as Singles
}

type MapItem<K extends keyof typeof MAP_SECTIONS> = z.output<(typeof MAP_SECTIONS)[K]>

function readMap<K extends keyof typeof MAP_SECTIONS>(value: Fields, section: K) {
  const valid = new Map<string, MapItem<K>>()
  const broken = new Set<string>()
  const items = value[section]
  if (isFields(items)) {
    for (const [name, item] of Object.entries(items)) {
      const parsed = MAP_SECTIONS[section].safeParse(item)
      if (parsed.success) valid.set(name, parsed.data as MapItem<K>)
      else broken.add(name)
    }
  }
  return { valid, broken }
}

type ListItem<K extends keyof typeof LIST_SECTIONS> = z.output<(typeof LIST_SECTIONS)[K]> & Placed

function readList<K extends keyof typeof LIST_SECTIONS>(value: Fields, section: K): ListItem<K>[] {
  const items = value[section]
  if (!Array.isArray(items)) return []
  return items.flatMap((item: unknown, index) => {
    const parsed = LIST_SECTIONS[section].safeParse(item)
    if (!parsed.success) return []
    return [{ ...(parsed.data as z.output<(typeof LIST_SECTIONS)[K]>), path: [section, index] }]
  })
}

function defaultName(item: Placed & { kind: string }): string {
  return `${item.kind}-${Number(item.path.at(-1)) + 1}`
}

/** `scenarios/first.lvs.yaml` -> `first`. */
function stem(fileName: string): string {
  const base = fileName.slice(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1)
  return base.replace(/(\.lvs)?\.ya?ml$/, '')
}

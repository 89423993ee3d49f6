/**
 * Names that must exist: hosts, segments and interfaces that links, traffic, events, observations and expectations speak of.
 * @module
 */
import type { Draft } from './assemble.ts'
import { nearestWord } from './nearest.ts'
import type { ProblemCode } from './problem-codes.ts'
import { oneOf, type Problem, PROBLEM_COUNT_MAX } from './problems.ts'
import type { ProblemText } from './scenario-source.ts'
import { hostsNamed, type Host, type Scenario } from './scenario.ts'
import type { Path } from './source-tree.ts'

/** Checks the names used in `scenario`, the draft's own or expanded for a mode. */
export function checkReferences(draft: Draft, scenario: Scenario): Problem[] {
  return new References(draft, scenario).check()
}

/** A name that is not there, and those that are. */
interface UnknownWord {
  readonly code: ProblemCode
  readonly message: string
  readonly word: string
  readonly known: readonly string[]
}

class References {
  readonly #draft: Draft
  readonly #scenario: Scenario
  readonly #problems: Problem[] = []
  readonly #inMode: string
  /** How often each `host.nic` is an end of a link. */
  readonly #ends = new Map<string, number>()

  constructor(draft: Draft, scenario: Scenario) {
    this.#draft = draft
    this.#scenario = scenario
    this.#inMode = scenario.mode === undefined ? '' : ` in mode ${scenario.mode}`
  }

  check(): Problem[] {
    const { links, hosts, traffic, events, observe, expect } = this.#scenario
    for (const { host, nic } of links.flatMap(({ endpoints }) => endpoints)) {
      this.#ends.set(`${host}.${nic}`, (this.#ends.get(`${host}.${nic}`) ?? 0) + 1)
    }
    for (const { endpoints, path } of links) {
      endpoints.forEach((end, i) => this.#nic(end.host, end.nic, [...path, 'endpoints', i]))
    }
    for (const host of hosts.values()) this.#wiring(host)
    for (const { from, path } of traffic) {
      from.forEach((name, i) => this.#hosts(name, this.#itemPath([...path, 'from'], i)))
    }
    for (const event of events) {
      if (event.kind === 'command') this.#host(event.on, [...event.path, 'on'])
      else if (event.kind === 'nic') this.#nic(event.host, event.nic, [...event.path, 'nic'])
      else this.#segment(event.segment, [...event.path, 'segment'])
    }
    for (const { on, path } of observe) this.#host(on, [...path, 'on'])
    for (const check of expect) {
      if (check.kind !== 'answered-by') continue
      for (const name of check.counts.keys()) this.#hosts(name, [...check.path, 'answered_by', name], true)
    }
    return this.#problems
  }

  /** A host of the file, whose interfaces must be plugged in exactly once. What a cluster expands into is right as it is. */
  #wiring(host: Host): void {
    if (host.path[0] !== 'hosts') return
    for (const [nic, { segment }] of host.interfaces) {
      const path = [...host.path, 'interfaces', nic]
      const plugs = (this.#ends.get(`${host.name}.${nic}`) ?? 0) + (segment === undefined ? 0 : 1)
      if (segment !== undefined) this.#segment(segment, [...path, 'segment'])
      if (nic === 'lo' ? plugs > 0 : plugs > 1) {
        const message = nic === 'lo' ? 'the loopback interface cannot be plugged in' : `\`${nic}\` is plugged in ${plugs} times`
        this.#add(path, { code: 'LVS1043', message, ...(nic === 'lo' ? {} : { expected: 'one `segment`, or one link' }) })
      } else if (nic !== 'lo' && plugs === 0) {
        const message = `\`${nic}\` is plugged in nowhere`
        this.#add(path, { code: 'LVS1043', message, expected: 'a `segment`, or a link with this endpoint' })
      }
    }
  }

  #segment(name: string, path: Path): void {
    const { segments } = this.#scenario
    if (segments.has(name) || this.#draft.brokenSegments.has(name) || this.#draft.brokenCluster) return
    const message = `no segment is called \`${name}\`${this.#inMode}`
    this.#unknown({ code: 'LVS1041', message, word: name, known: [...segments.keys()] }, path)
  }

  /** One host; a group of replicas does not do. */
  #host(name: string, path: Path): Host | undefined {
    const host = this.#scenario.hosts.get(name)
    if (host === undefined && !this.#known(name)) {
      const group = hostsNamed(this.#scenario.hosts, name).map((one) => one.name)
      const message = group.length === 0 ? `no host is called \`${name}\`${this.#inMode}`
        : `\`${name}\` stands for ${group.length} hosts: one is needed here`
      const known = group.length > 0 ? group : [...this.#scenario.hosts.keys()]
      this.#unknown({ code: 'LVS1040', message, word: name, known }, path)
    }
    return host
  }

  /** One host, or a group. */
  #hosts(name: string, path: Path, atKey = false): void {
    if (hostsNamed(this.#scenario.hosts, name).length > 0 || this.#known(name)) return
    const names = new Set([...this.#scenario.hosts.values()].flatMap((host) => [host.name, host.group]))
    const message = `no host is called \`${name}\`${this.#inMode}`
    this.#unknown({ code: 'LVS1040', message, word: name, known: [...names] }, path, atKey)
  }

  #nic(hostName: string, nic: string, path: Path): void {
    const host = this.#host(hostName, path)
    if (host === undefined || host.interfaces.has(nic) || this.#draft.brokenHosts.has(hostName)) return
    const refs = [...host.interfaces.keys()].map((own) => `${hostName}.${own}`)
    const message = `host \`${hostName}\` has no interface \`${nic}\`${this.#inMode}`
    this.#unknown({ code: 'LVS1042', message, word: `${hostName}.${nic}`, known: refs }, path)
  }

  /** True for a host that is there but wrong, or may be: it is complained of elsewhere. */
  #known(name: string): boolean {
    const { brokenHosts, brokenCluster } = this.#draft
    return brokenCluster || brokenHosts.has(name) || brokenHosts.has(name.replace(/\d+$/, ''))
  }

  #itemPath(path: Path, index: number): Path {
    const item = [...path, index]
    return this.#scenario.source.has(item) ? item : path
  }

  #unknown(unknown: UnknownWord, path: Path, atKey = false): void {
    if (this.#problems.length >= PROBLEM_COUNT_MAX) return
    const { source } = this.#scenario
    const { code, message, word, known } = unknown
    const text = { code, message, expected: oneOf(known), nearest: nearestWord(word, known) }
    this.#problems.push(atKey ? source.problemAt(source.keyAt(path), text) : source.problem(path, text))
  }

  /** A problem at the key of `path`. */
  #add(path: Path, text: ProblemText): void {
    const { source } = this.#scenario
    this.#problems.push(source.problemAt(source.keyAt(path), text))
  }
}

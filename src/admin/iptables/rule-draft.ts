/**
 * The rule that a command line is describing, while its options are being read: extensions as they are loaded, then the
 * finished rules.
 * @module
 */
import { err, ok, type Result } from '../../base/result.ts'
import type { AddressMatch, DeviceMatch, RuleMatch, RuleSpec, RuleTarget } from '../../host/config/rule-config.ts'
import type { IpAddr } from '../../wire/address.ts'
import { parseAddress } from './addresses.ts'
import { notModelled, problem, type Complaint } from './complaint.ts'
import { DONE, type BuildContext, type Builder, type Extension, type ExtensionOption } from './extension.ts'
import { MATCH_EXTENSIONS, UNMODELLED_MATCHES } from './match-extensions.ts'
import { protocolName } from './names.ts'
import { TARGET_EXTENSIONS, UNMODELLED_TARGETS } from './target-extensions.ts'

const TARGET_NAME_MAX = 28
const STANDARD: ReadonlyMap<string, RuleTarget> = new Map([
  ['ACCEPT', { kind: 'accept' }], ['DROP', { kind: 'drop' }], ['RETURN', { kind: 'return' }],
])

/** An option of a loaded extension. */
export interface LoadedOption extends ExtensionOption {
  readonly builder: Builder<unknown>
  /** As complaints name it. */
  readonly extension: string
}

/** One rule in the making. */
export class RuleDraft {
  /** Texts of -s and -d. */
  source: { readonly text: string; readonly inverted: boolean } | undefined
  destination: { readonly text: string; readonly inverted: boolean } | undefined
  inDevice: DeviceMatch | undefined
  outDevice: DeviceMatch | undefined
  protocol: { readonly number: number; readonly inverted: boolean } | undefined
  fragment: { readonly inverted: boolean } | undefined
  /** The name after -j or -g. */
  jump: { readonly name: string; readonly isGoto: boolean } | undefined
  /** The name after -j, when it is neither a chain nor a target. */
  missingTarget: string | undefined
  /** Options of the extensions loaded so far. */
  readonly options: LoadedOption[] = []
  readonly #matches: { readonly name: string; readonly builder: Builder<RuleMatch> }[] = []
  #target: Builder<RuleTarget> | undefined
  readonly #isChain: (name: string) => boolean

  /** `isChain` tells the names of chains, which -j takes before those of targets. */
  constructor(isChain: (name: string) => boolean) {
    this.#isChain = isChain
  }

  /** `-m`. */
  loadMatch(name: string): Result<void, Complaint> {
    const extension = MATCH_EXTENSIONS.get(name)
    if (extension === undefined) {
      if (UNMODELLED_MATCHES.has(name)) return notModelled(name, `iptables: the match "${name}" is not modelled`)
      return problem(`Couldn't load match \`${name}':No such file or directory\n`)
    }
    const builder = extension.begin()
    this.#matches.push({ name, builder })
    this.#addOptions(extension, builder)
    return DONE
  }

  /** Loads the match of the protocol of -p, as an option that nobody knows makes iptables do; false when that is no help. */
  loadProtocolMatch(): boolean {
    if (this.protocol === undefined) return false
    const name = protocolName(this.protocol.number)
    if (!['tcp', 'udp', 'icmp'].includes(name) || this.#matches.some((match) => match.name === name)) return false
    return this.loadMatch(name).ok
  }

  /** `-j`. */
  loadTarget(name: string): Result<void, Complaint> {
    if (name === '') return problem('Invalid target name (too short)')
    if (name.length > TARGET_NAME_MAX) return problem(`Invalid target name \`${name}' (${TARGET_NAME_MAX} chars max)`)
    this.jump = { name, isGoto: false }
    if (STANDARD.has(name) || this.#isChain(name)) return DONE
    const extension = TARGET_EXTENSIONS.get(name)
    if (extension === undefined) {
      if (UNMODELLED_TARGETS.has(name)) return notModelled(name, `iptables: the target "${name}" is not modelled`)
      // Complained about only once everything else is in order.
      this.missingTarget = name
      return DONE
    }
    this.#target = extension.begin()
    this.#addOptions(extension, this.#target)
    return DONE
  }

  /** The finished matches and target. */
  finish(
    context: BuildContext,
  ): Result<{ readonly matches: readonly RuleMatch[]; readonly target: RuleTarget }, Complaint> {
    const matches: RuleMatch[] = []
    for (const { builder } of this.#matches) {
      const match = builder.build(context)
      if (!match.ok) return match
      matches.push(match.value)
    }
    const target = this.#finishTarget(context)
    return target.ok ? ok({ matches, target: target.value }) : target
  }

  /** One rule for each pair of addresses. */
  specs(
    finished: { readonly matches: readonly RuleMatch[]; readonly target: RuleTarget },
    findHost: (name: string) => IpAddr | undefined,
  ): Result<RuleSpec[], Complaint> {
    const sources = addresses(this.source, findHost)
    if (!sources.ok) return sources
    const destinations = addresses(this.destination, findHost)
    if (!destinations.ok) return destinations
    const [inDevice, outDevice, protocol, fragment] = [this.inDevice, this.outDevice, this.protocol, this.fragment]
    return ok(
      sources.value.flatMap((src) =>
        destinations.value.map((dst): RuleSpec => ({
          src,
          dst,
          inDevice,
          outDevice,
          protocol: protocol?.number === 0 ? undefined : protocol,
          fragment,
          ...finished,
        })),
      ),
    )
  }

  #addOptions<T>(extension: Extension<T>, builder: Builder<T>): void {
    for (const option of extension.options) this.options.push({ ...option, builder, extension: extension.name })
  }

  #finishTarget(context: BuildContext): Result<RuleTarget, Complaint> {
    if (this.#target !== undefined) return this.#target.build(context)
    if (this.jump === undefined) return ok({ kind: 'none' })
    const { name, isGoto } = this.jump
    return ok(isGoto ? { kind: 'goto', chain: name } : (STANDARD.get(name) ?? { kind: 'jump', chain: name }))
  }
}

/** The addresses of -s or -d; a rule without is one for any. */
function addresses(
  given: { readonly text: string, readonly inverted: boolean } | undefined, findHost: (name: string) => IpAddr | undefined,
): Result<(AddressMatch | undefined)[], Complaint> {
  if (given === undefined) return ok([undefined])
  const found: (AddressMatch | undefined)[] = []
  for (const text of given.text.split(',')) {
    const address = parseAddress(text, findHost)
    if (!address.ok) return err(address.error)
    found.push(address.value.mask === 0 && !given.inverted ? undefined : { ...address.value, inverted: given.inverted })
  }
  if (given.inverted && found.length > 1) return problem('! not allowed with multiple source or destination IP addresses')
  return ok(found)
}

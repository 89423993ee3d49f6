/**
 * The words that describe one arptables rule, as they are read from a command line: matches, the target and what it mangles.
 * @module
 */
import { ok, type Result } from '../../base/result.ts'
import { maskedMac } from '../../host/arp-filter.ts'
import type { ArpRuleSpec, ArpTarget, FieldMatch, MacMatch, MangleTarget } from '../../host/config/arp-rules.ts'
import type { AddressMatch } from '../../host/config/rule-config.ts'
import { MAC_BROADCAST, MAC_ZERO, parseIpv4, prefixMask, type IpAddr, type MacAddr } from '../../wire/address.ts'
import { parseInteger } from '../iptables/names.ts'
import { OPCODES } from './command.ts'
import { notModelled, problem, type Complaint } from './complaint.ts'

const NAME_MAX = 29
const DEVICE_NAME_MAX = 15
/** The group bit of a hardware address. */
const GROUP_BIT = 0x010000000000 as MacAddr
const HARDWARE_LENGTH = 6
const STANDARD: ReadonlyMap<string, ArpTarget> = new Map([
  ['ACCEPT', { kind: 'accept' }], ['DROP', { kind: 'drop' }], ['RETURN', { kind: 'return' }],
])

type Done = Result<void, Complaint>
const DONE: Done = ok(undefined)

type Draft = { -readonly [K in keyof Omit<ArpRuleSpec, 'action' | 'source' | 'target'>]: ArpRuleSpec[K] }

/** One rule in the making. */
export class RuleWords {
  readonly #findHost: (name: string) => IpAddr | undefined
  readonly #draft: Draft = {
    sourceMac: undefined, targetMac: undefined, inDevice: undefined, outDevice: undefined, hardwareLength: undefined,
    opcode: undefined, hardwareType: undefined, protocolType: undefined,
  }
  #source: { readonly text: string, readonly inverted: boolean } | undefined
  #target: { readonly text: string, readonly inverted: boolean } | undefined
  #jump: string | undefined
  #mangle: MangleTarget | undefined

  constructor(findHost: (name: string) => IpAddr | undefined) {
    this.#findHost = findHost
  }

  /** True once `-j mangle` was read. */
  get mangles(): boolean {
    return this.#mangle !== undefined
  }

  /** The devices of -i and -o that were given. */
  get devices(): Pick<ArpRuleSpec, 'inDevice' | 'outDevice'> {
    return this.#draft
  }

  /** Takes a match with its value. */
  match(id: string, text: string, inverted: boolean): Done {
    switch (id) {
      case 's': this.#source = { text, inverted }; return DONE
      case 'd': this.#target = { text, inverted }; return DONE
      case 'source-mac': return this.#take('sourceMac', macMatch(text, inverted), 'Problem with specified source mac')
      case 'destination-mac': return this.#take('targetMac', macMatch(text, inverted), 'Problem with specified destination mac')
      case 'l': {
        const length = fieldMatch(text, inverted, { base: 10, max: 255 })
        // The tool takes what is no number for 0, and says nothing.
        if (length === undefined) return notModelled(text, `"${text}" is no hardware length`)
        return this.#take('hardwareLength', length, '')
      }
      case 'opcode': {
        const named = OPCODES.findIndex((name) => name.toLowerCase() === text.toLowerCase())
        const match = named >= 0 ? { value: named + 1, mask: 0xffff, inverted }
          : fieldMatch(text, inverted, { base: 10, max: 65_535 })
        return this.#take('opcode', match, 'Problem with specified opcode')
      }
      case 'h-type': {
        const match = text.toLowerCase() === 'ethernet' ? { value: 1, mask: 0xffff, inverted }
          : fieldMatch(text, inverted, { base: 16, max: 65_535 })
        return this.#take('hardwareType', match, 'Problem with specified hardware type')
      }
      case 'proto-type': {
        const match = text.toLowerCase() === 'ipv4' ? { value: 0x0800, mask: 0xffff, inverted }
          : fieldMatch(text, inverted, { base: 0, max: 65_535 })
        return this.#take('protocolType', match, 'Problem with specified protocol type')
      }
      default: {
        if (text.length > DEVICE_NAME_MAX) {
          return problem(`interface name \`${text}' must be shorter than IFNAMSIZ (${DEVICE_NAME_MAX})`)
        }
        this.#draft[id === 'i' ? 'inDevice' : 'outDevice'] = text === '' || text === '+' ? undefined : { name: text, inverted }
        return DONE
      }
    }
  }

  /** Takes the name after -j. */
  jump(name: string): Done {
    if (name === '') return problem('Invalid target name (too short)')
    if (name.length > NAME_MAX) return problem(`Invalid target name \`${name}' (${NAME_MAX} chars max)`)
    if (/\s/.test(name)) return problem(`Invalid target name \`${name}'`)
    if (name === 'QUEUE' || name === 'CLASSIFY' || name === 'MARK') {
      return notModelled(name, `the target "${name}" is not modelled`)
    }
    this.#jump = name
    if (name === 'mangle') {
      this.#mangle = {
        kind: 'mangle', sourceIp: undefined, sourceMac: undefined, targetIp: undefined, targetMac: undefined, verdict: 'ACCEPT',
      }
    }
    return DONE
  }

  /** Takes an option of `-j mangle`. */
  mangle(id: string, text: string): Done {
    const before = this.#mangle
    if (before === undefined) return DONE
    if (id === 'mangle-target') {
      if (text !== 'DROP' && text !== 'ACCEPT' && text !== 'CONTINUE') return problem('bad target for --mangle-target')
      this.#mangle = { ...before, verdict: text }
      return DONE
    }
    if (id === 'mangle-ip-s' || id === 'mangle-ip-d') {
      const addr = this.#host(text)
      if (addr === undefined) return problem(`host/network \`${text}' not found`)
      this.#mangle = id === 'mangle-ip-s' ? { ...before, sourceIp: addr } : { ...before, targetIp: addr }
      return DONE
    }
    const length = this.#draft.hardwareLength
    const isSource = id === 'mangle-mac-s'
    if (length === undefined) return problem('no --h-length defined')
    if (length.inverted) {
      return problem(isSource ? '! --h-length not allowed for --mangle-mac-s' : '! hln not allowed for --mangle-mac-d')
    }
    if (length.value !== HARDWARE_LENGTH) return problem('only --h-length 6 supported')
    const mac = looseMac(text)
    if (mac === undefined) return problem(isSource ? 'invalid source MAC' : 'invalid target MAC')
    this.#mangle = isSource ? { ...before, sourceMac: mac } : { ...before, targetMac: mac }
    return DONE
  }

  /** The addresses; they are read once all words are. */
  addresses(): Result<Pick<ArpRuleSpec, 'source' | 'target'>, Complaint> {
    const source = this.#address(this.#source)
    if (!source.ok) return source
    const target = this.#address(this.#target)
    return target.ok ? ok({ source: source.value, target: target.value }) : target
  }

  /** The finished rule. `isChain` tells the names of chains. */
  finish(
    addresses: Pick<ArpRuleSpec, 'source' | 'target'>, isChain: (name: string) => boolean,
  ): Result<ArpRuleSpec, Complaint> {
    const name = this.#jump
    const named = (one: string): ArpTarget | undefined =>
      STANDARD.get(one) ?? (isChain(one) ? { kind: 'jump', chain: one } : undefined)
    const action = this.#mangle ?? (name === undefined ? { kind: 'none' } satisfies ArpTarget : named(name))
    if (action === undefined) return problem(`Couldn't find target \`${name ?? ''}'\n`)
    return ok({ ...this.#draft, ...addresses, action })
  }

  #take(field: keyof Draft, match: MacMatch | FieldMatch | undefined, complaint: string): Done {
    if (match === undefined) return problem(complaint)
    Object.assign(this.#draft, { [field]: match.mask === 0 ? undefined : match })
    return DONE
  }

  #address(
    given: { readonly text: string, readonly inverted: boolean } | undefined,
  ): Result<AddressMatch | undefined, Complaint> {
    if (given === undefined) return ok(undefined)
    const { text, inverted } = given
    const slash = text.lastIndexOf('/')
    const mask = slash < 0 ? 0xffffffff : maskOf(text.slice(slash + 1))
    if (mask === undefined) return problem(`invalid mask \`${text.slice(slash + 1)}' specified`)
    // Under an empty mask the name does not matter.
    if (mask === 0) return ok(inverted ? { addr: 0 as IpAddr, mask, inverted } : undefined)
    const name = slash < 0 ? text : text.slice(0, slash)
    const addr = this.#host(name)
    if (addr === undefined) return problem(`host/network \`${name}' not found`)
    return ok({ addr: ((addr & mask) >>> 0) as IpAddr, mask, inverted })
  }

  #host(name: string): IpAddr | undefined {
    return parseIpv4(name) ?? this.#findHost(name)
  }
}

function maskOf(text: string): number | undefined {
  const bits = parseInteger(text)
  return bits === undefined ? parseIpv4(text) : bits <= 32 ? prefixMask(bits) : undefined
}

/** `02:0:0:0:1:0`, with a mask behind `/`; or Unicast, Multicast, Broadcast. */
function macMatch(text: string, inverted: boolean): MacMatch | undefined {
  switch (text.toLowerCase()) {
    case 'unicast': return { mac: MAC_ZERO, mask: GROUP_BIT, inverted }
    case 'multicast': return { mac: GROUP_BIT, mask: GROUP_BIT, inverted }
    case 'broadcast': return { mac: MAC_BROADCAST, mask: MAC_BROADCAST, inverted }
    default: {
      const slash = text.lastIndexOf('/')
      const mac = looseMac(slash < 0 ? text : text.slice(0, slash))
      const mask = slash < 0 ? MAC_BROADCAST : looseMac(text.slice(slash + 1))
      return mac === undefined || mask === undefined ? undefined : { mac: maskedMac(mac, mask), mask, inverted }
    }
  }
}

/** ether_aton(3): one or two hexadecimal digits a part. */
function looseMac(text: string): MacAddr | undefined {
  if (!/^[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}$/i.test(text)) return undefined
  return parseInt(text.split(':').map((part) => part.padStart(2, '0')).join(''), 16) as MacAddr
}

/** A number with a mask behind `/`, of this base (0: as in C). */
function fieldMatch(
  text: string, inverted: boolean, shape: { readonly base: 0 | 10 | 16, readonly max: number },
): FieldMatch | undefined {
  const number = (part: string): number | undefined => {
    const digits = shape.base === 16 ? /^(0x)?[0-9a-f]+$/i : /^\d+$/
    const value = shape.base === 0 ? parseInteger(part) : digits.test(part) ? parseInt(part, shape.base) : undefined
    return value !== undefined && value <= shape.max ? value : undefined
  }
  const slash = text.lastIndexOf('/')
  const value = number(slash < 0 ? text : text.slice(0, slash))
  const mask = slash < 0 ? shape.max : number(text.slice(slash + 1))
  return value === undefined || mask === undefined ? undefined : { value, mask, inverted }
}

/**
 * Matches and targets in the two forms in which iptables prints them: as listed by -L, and as the options that -S and
 * iptables-save give.
 * @module
 */
import type { FlagsMatch, IpvsMatch, NumberRange, PortMatch, RuleMatch, RuleTarget } from '../../host/config/rule-config.ts'
import { formatIpv4, type IpAddr } from '../../wire/address.ts'
import { IPPROTO_TCP, IPPROTO_UDP } from '../../wire/ip-packet.ts'
import { maskText } from './addresses.ts'
import { TCP_FLAG_NAMES } from './match-extensions.ts'
import { ICMP_TYPES, LOG_LEVELS, portName } from './names.ts'

/** The name of a target as -j takes it; empty for a rule without one. */
export function targetName(target: RuleTarget): string {
  switch (target.kind) {
    case 'none': return ''
    case 'jump': case 'goto': return target.chain
    case 'notrack': return 'CT'
    default: return target.kind.toUpperCase()
  }
}

/** A match as -L shows it, beginning with a blank. */
export function listedMatch(match: RuleMatch, protocol: number, numeric: boolean): string {
  const port = (number: number): string => (numeric ? String(number) : portName(number, protocol))
  switch (match.kind) {
    case 'tcp':
      return ` tcp${listedPorts('spt', match.sport, port)}${listedPorts('dpt', match.dport, port)}`
        + listedFlags(match.flags, numeric)
    case 'udp':
      return ` udp${listedPorts('spt', match.sport, port)}${listedPorts('dpt', match.dport, port)}`
    case 'icmp':
      return listedIcmp(match, numeric)
    case 'multiport':
      return ` multiport ${match.side} ${match.inverted ? ' !' : ''}${rangesText(match.ranges, port)}`
    case 'conntrack':
      return `${match.inverted ? ' !' : ''} ${match.legacy ? 'state' : 'ctstate'} ${match.states.join(',')}`
    case 'mark':
      return ` mark match ${match.inverted ? '! ' : ''}${markText(match.value, match.mask)}`
    case 'comment':
      return ` /* ${match.text} */`
    case 'ipvs':
      return ipvsText(match, '')
  }
}

/** A target's particulars as -L shows them, beginning with a blank; nothing for a target that has none. */
export function listedTarget(target: RuleTarget, numeric: boolean): string {
  switch (target.kind) {
    case 'mark': return ` MARK ${markOperationText(target.value, target.mask)}`
    case 'reject': return ` reject-with ${target.answer}`
    case 'masquerade': return target.ports === undefined ? '' : ` masq ports: ${rangeText(target.ports, '-')}`
    case 'redirect': return target.ports === undefined ? '' : ` redir ports ${rangeText(target.ports, '-')}`
    case 'snat': case 'dnat': return ` to:${mappingText(target)}`
    case 'log': {
      const level = numeric ? `flags 0 level ${target.level}` : `level ${LOG_LEVELS[target.level]?.[0] ?? ''}`
      return ` LOG ${level}${target.prefix === '' ? '' : ` prefix "${target.prefix}"`}`
    }
    case 'notrack': return target.legacy ? ' NOTRACK' : ' CT notrack'
    case 'tcpmss': return target.mssBytes === 'path-mtu' ? ' TCPMSS clamp to PMTU' : ` TCPMSS set ${target.mssBytes}`
    default: return ''
  }
}

/** A match as options, `-m` included, beginning with a blank. */
export function savedMatch(match: RuleMatch): string {
  switch (match.kind) {
    case 'tcp': {
      const flags = match.flags === undefined || (match.flags.mask === 0 && !match.flags.inverted) ? ''
        : ` ${match.flags.inverted ? '! ' : ''}--tcp-flags ${flagNames(match.flags.mask)} ${flagNames(match.flags.set)}`
      return ` -m tcp${savedPorts('sport', match.sport)}${savedPorts('dport', match.dport)}${flags}`
    }
    case 'udp': return ` -m udp${savedPorts('sport', match.sport)}${savedPorts('dport', match.dport)}`
    case 'icmp': {
      const code = match.codes.first === 0 && match.codes.last === 255 ? '' : `/${match.codes.first}`
      return ` -m icmp ${match.inverted ? '! ' : ''}--icmp-type ${match.type === 255 ? 'any' : `${match.type}${code}`}`
    }
    case 'multiport': {
      return ` -m multiport ${match.inverted ? '! ' : ''}--${match.side} ${rangesText(match.ranges, String)}`
    }
    case 'conntrack': {
      const [name, option] = match.legacy ? ['state', 'state'] : ['conntrack', 'ctstate']
      return ` -m ${name} ${match.inverted ? '! ' : ''}--${option} ${match.states.join(',')}`
    }
    case 'mark': return ` -m mark ${match.inverted ? '! ' : ''}--mark ${markText(match.value, match.mask)}`
    case 'comment': return ` -m comment --comment ${quoted(match.text)}`
    case 'ipvs': return ` -m ipvs${ipvsText(match, '--')}`
  }
}

/** A target as options, `-j` included, beginning with a blank; nothing for a rule without one. */
export function savedTarget(target: RuleTarget): string {
  switch (target.kind) {
    case 'none': return ''
    case 'goto': return ` -g ${target.chain}`
    case 'mark': return ` -j MARK --set-xmark 0x${target.value.toString(16)}/0x${target.mask.toString(16)}`
    case 'reject': return ` -j REJECT --reject-with ${target.answer}`
    case 'masquerade': case 'redirect': {
      return ` -j ${targetName(target)}${target.ports === undefined ? '' : ` --to-ports ${rangeText(target.ports, '-')}`}`
    }
    case 'snat': return ` -j SNAT --to-source ${mappingText(target)}`
    case 'dnat': return ` -j DNAT --to-destination ${mappingText(target)}`
    case 'log': {
      const prefix = target.prefix === '' ? '' : ` --log-prefix ${quoted(target.prefix)}`
      return ` -j LOG${prefix}${target.level === 4 ? '' : ` --log-level ${target.level}`}`
    }
    case 'notrack': return target.legacy ? ' -j NOTRACK' : ' -j CT --notrack'
    case 'tcpmss': return ` -j TCPMSS ${target.mssBytes === 'path-mtu' ? '--clamp-mss-to-pmtu' : `--set-mss ${target.mssBytes}`}`
    default: return ` -j ${targetName(target)}`
  }
}

/** xtables_save_string(): in quotes unless it is made of letters, digits, `-` and `_`. */
function quoted(text: string): string {
  return /^[-\w]+$/.test(text) ? text : `"${text.replace(/["\\']/g, '\\$&')}"`
}

function rangeText({ first, last }: NumberRange, separator: string, name: (port: number) => string = String): string {
  return first === last ? name(first) : `${name(first)}${separator}${name(last)}`
}

function rangesText(ranges: readonly NumberRange[], name: (port: number) => string): string {
  return ranges.map((range) => rangeText(range, ':', name)).join(',')
}

function listedPorts(word: string, match: PortMatch | undefined, name: (port: number) => string): string {
  if (match === undefined) return ''
  return ` ${word}${match.first === match.last ? '' : 's'}:${match.inverted ? '!' : ''}${rangeText(match, ':', name)}`
}

function savedPorts(option: string, match: PortMatch | undefined): string {
  return match === undefined ? '' : ` ${match.inverted ? '! ' : ''}--${option} ${rangeText(match, ':')}`
}

function listedFlags(match: FlagsMatch | undefined, numeric: boolean): string {
  if (match === undefined || (match.mask === 0 && !match.inverted)) return ''
  const hex = (bits: number): string => `0x${bits.toString(16).toUpperCase().padStart(2, '0')}`
  const text = numeric ? `${hex(match.mask)}/${hex(match.set)}` : `${flagNames(match.mask)}/${flagNames(match.set)}`
  return ` flags:${match.inverted ? '!' : ''}${text}`
}

function flagNames(bits: number): string {
  const names = TCP_FLAG_NAMES.filter((_, i) => (bits & (1 << i)) !== 0)
  return names.length === 0 ? 'NONE' : names.join(',')
}

function listedIcmp(match: RuleMatch & { kind: 'icmp' }, numeric: boolean): string {
  const { type, codes: { first, last } } = match
  const named = numeric
    ? undefined
    : ICMP_TYPES.find((entry) => entry.type === type && entry.first === first && entry.last === last)
  if (named !== undefined) return ` icmp ${match.inverted ? '!' : ''}${named.name}`
  return ` icmp${match.inverted ? ' !' : ''}type ${type}${first === 0 && last === 255 ? '' : ` code ${first}`}`
}

function markText(value: number, mask: number): string {
  return `0x${value.toString(16)}${mask === 0xffffffff ? '' : `/0x${mask.toString(16)}`}`
}

function markOperationText(value: number, mask: number): string {
  if (value === 0) return `and 0x${(~mask >>> 0).toString(16)}`
  if (value === mask) return `or 0x${value.toString(16)}`
  if (mask === 0) return `xor 0x${value.toString(16)}`
  return mask === 0xffffffff ? `set 0x${value.toString(16)}` : `xset 0x${value.toString(16)}/0x${mask.toString(16)}`
}

function mappingText({
  addrs,
  ports,
}: {
  readonly addrs: NumberRange | undefined
  readonly ports: NumberRange | undefined
}): string {
  const addr = addrs === undefined ? '' : rangeText(addrs, '-', (value) => formatIpv4(value as IpAddr))
  return addr + (ports === undefined ? '' : `:${rangeText(ports, '-')}`)
}

/** Words and options are the same but for the dashes. */
function ipvsText(match: IpvsMatch, prefix: string): string {
  const word = (name: IpvsMatch['inverted'][number], text: string): string =>
    `${match.inverted.includes(name) ? ' !' : ''} ${prefix}${text}`
  let text = ''
  if (match.protocol !== undefined) text += word('vproto', `proto ${match.protocol}`)
  if (match.vaddr !== undefined) text += word('vaddr', `vaddr ${formatIpv4(match.vaddr)}${maskText(match.vaddrMask)}`)
  if (match.vport !== undefined) text += word('vport', `vport ${match.vport}`)
  if (match.direction !== undefined) text += ` ${prefix}vdir ${match.direction}`
  if (match.method !== undefined) text += word('vmethod', `vmethod ${match.method}`)
  if (match.vportControl !== undefined) text += word('vportctl', `vportctl ${match.vportControl}`)
  return text === '' ? word('ipvs', 'ipvs') : text
}

/** The protocol whose names ports have in a rule: that of `-p`, else TCP's. */
export function portProtocol(protocol: { readonly number: number } | undefined): number {
  return protocol?.number === IPPROTO_UDP ? IPPROTO_UDP : IPPROTO_TCP
}

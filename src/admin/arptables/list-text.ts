/**
 * What `arptables -L` prints of chains and rules (print_header() and print_firewall() in arptables.c 0.0.5). A blank ends each
 * line of a rule, as there.
 * @module
 */
import {
  arpReferenceCount, type ArpChain, type ArpRules, type ArpRuleSpec, type ArpTarget, type FieldMatch, type MacMatch,
} from '../../host/config/arp-rules.ts'
import type { Counter, RuleCounters } from '../../host/netfilter/rule-counters.ts'
import { formatIpv4, formatMac, MAC_BROADCAST, type IpAddr } from '../../wire/address.ts'
import { hostName, maskText } from '../iptables/addresses.ts'
import { rounded } from '../iptables/count-text.ts'
import { OPCODES } from './command.ts'

/** How a listing is wanted. */
export interface ListStyle {
  /** -n: no names. */
  readonly numeric: boolean
  /** Devices even where a rule names none. */
  readonly withDevices: boolean
  /** The text of /etc/hosts, where names come from. */
  readonly hostsFile: string
}

/** The style in which -v shows a rule that is added or deleted. */
export const RULE_STYLE: ListStyle = { numeric: true, withDevices: true, hostsFile: '' }

/** The line of a chain; with its counts where counters are given. */
export function chainLine(rules: ArpRules, { name, policy }: ArpChain, counters: RuleCounters | undefined): string {
  if (policy === undefined) return `Chain ${name} (${arpReferenceCount(rules, name)} references)\n`
  if (counters === undefined) return `Chain ${name} (policy ${policy})\n`
  const { packets, bytes } = counters.policy({ table: 'filter', chain: name })
  return `Chain ${name} (policy ${policy} ${rounded(packets)} packets, ${rounded(bytes)} bytes)\n`
}

/** The line of a rule; with its counts where they are given. */
export function ruleLine(spec: ArpRuleSpec, style: ListStyle, counter?: Counter): string {
  const counts = counter === undefined ? '' : `, pcnt=${rounded(counter.packets)} -- bcnt=${rounded(counter.bytes)} `
  return `${ruleText(spec, style)}${counts}\n`
}

function ruleText(spec: ArpRuleSpec, style: ListStyle): string {
  const { numeric } = style
  const number = (
    match: FieldMatch | undefined, option: string, name: string | undefined, text: string, mask: string,
  ): string => {
    if (match === undefined) return ''
    const value = numeric || name === undefined ? text : name
    return `${not(match)}--${option} ${value}${mask} `
  }
  const { hardwareLength, opcode, hardwareType, protocolType } = spec
  const decimalMask = (match: FieldMatch | undefined, full: number): string =>
    match === undefined || match.mask === full ? '' : `/${match.mask}`
  return (spec.action.kind === 'none' ? '' : `-j ${targetName(spec.action)} `)
    + deviceText('i', spec.inDevice, style) + deviceText('o', spec.outDevice, style)
    + addressText('s', spec.source, style) + macText('src-mac', spec.sourceMac)
    + addressText('d', spec.target, style) + macText('dst-mac', spec.targetMac)
    + number(hardwareLength, 'h-length', undefined, `${hardwareLength?.value}`, decimalMask(hardwareLength, 255))
    + number(opcode, 'opcode', OPCODES[(opcode?.value ?? 0) - 1], `${opcode?.value}`, decimalMask(opcode, 0xffff))
    + number(hardwareType, 'h-type', hardwareType?.value === 1 ? 'Ethernet' : undefined, `${hardwareType?.value}`,
      decimalMask(hardwareType, 0xffff))
    + number(protocolType, 'proto-type', protocolType?.value === 0x0800 ? 'IPv4' : undefined,
      `0x${protocolType?.value.toString(16)}`,
      protocolType === undefined || protocolType.mask === 0xffff ? '' : `/${protocolType.mask.toString(16)}`)
    + mangleText(spec.action, style)
}

function targetName(action: ArpTarget): string {
  return action.kind === 'jump' ? action.chain : action.kind === 'mangle' ? 'mangle' : action.kind.toUpperCase()
}

function deviceText(option: string, match: ArpRuleSpec['inDevice'], { numeric, withDevices }: ListStyle): string {
  if (match !== undefined) return `${not(match)}-${option} ${match.name} `
  return withDevices ? `-${option} ${numeric ? '*' : 'any'} ` : ''
}

function addressText(option: string, match: ArpRuleSpec['source'], style: ListStyle): string {
  if (match === undefined || match.mask === 0) return ''
  return `${not(match)}-${option} ${nameOf(match.addr, style)}${maskText(match.mask)} `
}

function macText(option: string, match: MacMatch | undefined): string {
  if (match === undefined) return ''
  return `${not(match)}--${option} ${formatMac(match.mac)}${match.mask === MAC_BROADCAST ? '' : `/${formatMac(match.mask)}`} `
}

function mangleText(action: ArpTarget, style: ListStyle): string {
  if (action.kind !== 'mangle') return ''
  const { sourceIp, sourceMac, targetIp, targetMac, verdict } = action
  return (sourceIp === undefined ? '' : `--mangle-ip-s ${nameOf(sourceIp, style)} `)
    + (sourceMac === undefined ? '' : `--mangle-mac-s ${formatMac(sourceMac)} `)
    + (targetIp === undefined ? '' : `--mangle-ip-d ${nameOf(targetIp, style)} `)
    + (targetMac === undefined ? '' : `--mangle-mac-d ${formatMac(targetMac)} `)
    + (verdict === 'ACCEPT' ? '' : `--mangle-target ${verdict} `)
}

function nameOf(addr: IpAddr, { numeric, hostsFile }: ListStyle): string {
  return (numeric ? undefined : hostName(hostsFile, addr)) ?? formatIpv4(addr)
}

function not(match: { readonly inverted: boolean }): string {
  return match.inverted ? '! ' : ''
}

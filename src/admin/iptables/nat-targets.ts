/**
 * The NAT targets of iptables: SNAT, DNAT, MASQUERADE, REDIRECT, with their addresses and ports (libxt_NAT.c).
 * Randomized and persistent mappings are not modelled.
 * @module
 */
import { ok, type Result } from '../../base/result.ts'
import type { NumberRange, RuleTarget } from '../../host/config/rule-config.ts'
import { parseIpv4 } from '../../wire/address.ts'
import { problem, type Complaint } from './complaint.ts'
import { DONE, option, OptionValues, unmodelled, type BuildContext, type Extension, type ExtensionOption } from './extension.ts'
import { parseInteger, servicePort } from './names.ts'

/** Protocols whose ports NAT may change: TCP, UDP, SCTP, DCCP, and ICMP for its identifiers. */
const PORT_PROTOCOLS: ReadonlySet<number> = new Set([1, 6, 17, 33, 132])
const NO_RANDOM: readonly ExtensionOption[] = [
  unmodelled('random', 'none'), unmodelled('random-fully', 'none'), unmodelled('persistent', 'none'),
]

interface Mapping {
  readonly addrs: NumberRange | undefined
  readonly ports: NumberRange | undefined
}

/** All four. */
export const NAT_TARGETS: readonly Extension<RuleTarget>[] = [
  addressTarget('SNAT', 'to-source'), addressTarget('DNAT', 'to-destination'), portTarget('MASQUERADE'), portTarget('REDIRECT'),
]

function addressTarget(name: 'SNAT' | 'DNAT', long: string): Extension<RuleTarget> {
  return {
    name,
    options: [option(long), ...NO_RANDOM],
    begin: () => {
      const values = new OptionValues(name)
      let mapping: Mapping = { addrs: undefined, ports: undefined }
      return {
        set: (given, value, inverted, context) => {
          const taken = values.take(given, value, inverted)
          const parsed = taken.ok ? parseMapping(value, context) : taken
          if (!parsed.ok) return parsed
          mapping = parsed.value
          return DONE
        },
        build: () => {
          const given = values.require(long)
          return given.ok ? ok({ kind: name === 'SNAT' ? 'snat' : 'dnat', ...mapping }) : given
        },
      }
    },
  }
}

function portTarget(name: 'MASQUERADE' | 'REDIRECT'): Extension<RuleTarget> {
  return {
    name,
    options: [option('to-ports'), ...NO_RANDOM],
    begin: () => {
      const values = new OptionValues(name)
      let ports: NumberRange | undefined
      return {
        set: (given, value, inverted, context) => {
          const taken = values.take(given, value, inverted)
          const parsed = taken.ok ? parsePorts(value, context) : taken
          if (!parsed.ok) return parsed
          ports = parsed.value
          return DONE
        },
        build: () => ok({ kind: name === 'MASQUERADE' ? 'masquerade' : 'redirect', ports }),
      }
    },
  }
}

/** `addr`, `addr-addr`, `addr:port`, `addr:port-port`, `:port`. */
function parseMapping(text: string, context: BuildContext): Result<Mapping, Complaint> {
  const colon = text.indexOf(':')
  const addrText = colon < 0 ? text : text.slice(0, colon)
  if (text.indexOf(':', colon + 1) >= 0 && colon >= 0) return problem(`Bad IP address "${text}"`)
  const ports = colon < 0 ? ok(undefined) : parsePorts(text.slice(colon + 1), context)
  if (!ports.ok) return ports
  if (addrText === '' && colon >= 0) return ok({ addrs: undefined, ports: ports.value })
  const dash = addrText.indexOf('-')
  const [firstText, lastText] = dash < 0 ? [addrText, addrText] : [addrText.slice(0, dash), addrText.slice(dash + 1)]
  const [first, last] = [parseIpv4(firstText), parseIpv4(lastText)]
  if (first === undefined || last === undefined) return problem(`Bad IP address "${first === undefined ? firstText : lastText}"`)
  return ok({ addrs: { first, last }, ports: ports.value })
}

function parsePorts(text: string, { protocol }: BuildContext): Result<NumberRange, Complaint> {
  if (protocol === undefined || protocol.inverted || !PORT_PROTOCOLS.has(protocol.number)) {
    return problem('Need TCP, UDP, SCTP or DCCP with port specification')
  }
  const dash = text.indexOf('-')
  const firstText = dash < 0 ? text : text.slice(0, dash)
  const lastText = dash < 0 ? text : text.slice(dash + 1)
  const first = portNumber(firstText)
  if (first === undefined) return problem(`Port \`${firstText}' not valid`)
  const last = portNumber(lastText)
  if (last === undefined) return problem(`Port \`${lastText}' not valid`)
  return last < first ? problem(`Port range \`${lastText}' funky`) : ok({ first, last })
}

function portNumber(text: string): number | undefined {
  const port = parseInteger(text) ?? servicePort(text)
  return port === undefined || port > 65_535 ? undefined : port
}

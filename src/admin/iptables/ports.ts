/**
 * Ports on the command line of iptables: numbers and names of services, and ranges with a colon.
 * @module
 */
import { ok, type Result } from '../../base/result.ts'
import type { NumberRange } from '../../host/config/rule-config.ts'
import { problem, type Complaint } from './complaint.ts'
import { parseInteger, servicePort } from './names.ts'

/** A port by number 0..65535 or by name of a service. */
export function parsePort(text: string): Result<number, Complaint> {
  const number = parseInteger(text) ?? servicePort(text)
  return number === undefined || number > 65_535 ? problem(`invalid port/service \`${text}' specified`) : ok(number)
}

/** `80`, `80:90`, `80:`, `:90`, as `-m tcp` takes them. */
export function parsePortRange(text: string): Result<NumberRange, Complaint> {
  const colon = text.indexOf(':')
  const first = parsePort(colon < 0 ? text : text.slice(0, colon) || '0')
  if (!first.ok || colon < 0) return first.ok ? ok({ first: first.value, last: first.value }) : first
  const last = parsePort(text.slice(colon + 1) || '65535')
  if (!last.ok) return last
  return last.value < first.value ? problem('invalid portrange (min > max)') : ok({ first: first.value, last: last.value })
}

/** The same as `-m udp` takes them: a number that is too large loses its high bits, and a range may be the wrong way round. */
export function parseLoosePortRange(text: string): Result<NumberRange, Complaint> {
  const [firstText = '', ...rest] = text.split(':')
  const first = parseLoosePort(rest.length > 0 && firstText === '' ? '0' : firstText)
  if (!first.ok || rest.length === 0) return first.ok ? ok({ first: first.value, last: first.value }) : first
  const last = parseLoosePort(rest.join(':') === '' ? '65535' : rest.join(':'))
  return last.ok ? ok({ first: first.value, last: last.value }) : last
}

/** xtables_parse_port(): a number or a name. */
export function parseLoosePort(text: string): Result<number, Complaint> {
  const number = parseInteger(text) ?? servicePort(text)
  return number === undefined ? problem(`Port "${text}" does not resolve to anything.\n`) : ok(number % 65_536)
}

/** The list that `-m multiport` takes: at most 15 ports, a range counting as two. */
export function parsePortList(text: string): Result<NumberRange[], Complaint> {
  const ranges: NumberRange[] = []
  let slots = 0
  for (const part of text.split(',')) {
    const colon = part.indexOf(':')
    slots += colon < 0 ? 1 : 2
    if (slots > 15) return problem('too many ports specified')
    const first = parsePort(colon < 0 ? part : part.slice(0, colon))
    if (!first.ok) return first
    const last = colon < 0 ? first : parsePort(part.slice(colon + 1))
    if (!last.ok) return last
    if (colon >= 0 && last.value <= first.value) return problem('invalid portrange specified')
    ranges.push({ first: first.value, last: last.value })
  }
  return ok(ranges)
}

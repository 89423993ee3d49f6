/**
 * Schema of expectations: what must hold at the end of a run. Patterns know `*` only; there are no regular expressions.
 * @module
 */
import { z } from 'zod'
import { hostName, labelName, longTextValue, mapOf, mapOfWords, parsedText, refuse } from './schema-values.ts'
import { parseDuration, parsePercent } from './units-text.ts'

/** The forwarding modes that a cluster can be built for. */
export const MODES = ['nat', 'dr', 'tun'] as const
/** A forwarding mode of a cluster. */
export type Mode = (typeof MODES)[number]

/** Why a request fails. */
const CAUSES = ['refused', 'timeout', 'reset', 'unreachable', 'eof', 'short', 'error'] as const
/** What requests are counted by; `all` and `failed` are sums. */
const OUTCOMES = ['all', 'ok', 'failed', ...CAUSES] as const
/** Figures of the times that requests took. */
const LATENCIES = ['mean', 'p50', 'p90', 'p99', 'max'] as const

/** How a measured number must compare. */
export interface Comparison {
  readonly relation: '=' | '<' | '<=' | '>' | '>='
  /** A count, nanoseconds, or a share 0..1 of all requests: `unit` says which. */
  readonly value: number
  readonly unit: 'count' | 'ns' | 'share'
}

const COMPARISON_TITLE = 'a number, or a comparison such as >= 5 or >= 95%'

const comparisonValue = z
  .union([z.number().int().min(0), z.string()])
  .meta({ title: COMPARISON_TITLE })
  .transform((value, context): Comparison => {
    const comparison = parseComparison(String(value), 'count')
    return comparison ?? refuse(context, `cannot read \`${value}\``, 'LVS1028', COMPARISON_TITLE)
  })

const latencyValue = parsedText({
  title: 'a comparison of durations such as <= 5ms',
  code: 'LVS1028',
  parse: (text) => parseComparison(text, 'ns'),
})

const dropReason = z.string().regex(/^[a-z][a-z0-9-]*$/).meta({ title: 'a drop reason such as ttl-exceeded' })

const rawCheck = z
  .strictObject({
    output: z.string().optional().describe('Name or command of an observation.'),
    equals: longTextValue.optional().describe('`output` is this text, up to white space at the ends of lines and of the text.'),
    contains: longTextValue.optional().describe('`output` has these lines, each anywhere, in this order.'),
    lacks: longTextValue.optional().describe('`output` has none of these lines.'),
    matches: longTextValue.optional().describe('Like `equals`; a `*` stands for any part of a line.'),
    answered_by: mapOf(hostName, comparisonValue).optional().describe('Requests answered by each host.'),
    requests: mapOfWords(OUTCOMES, comparisonValue).optional().describe('Requests by outcome.'),
    fails: z.enum(CAUSES).optional()
      .describe('Every request fails, and for this cause.'),
    latency: mapOfWords(LATENCIES, latencyValue).optional().describe('Times that answered requests took.'),
    drops: mapOf(dropReason, comparisonValue).optional().describe('Packets dropped, by reason.'),
    traffic: labelName.optional().describe('Counts this item of traffic only.'),
    modes: z.array(z.enum(MODES)).min(1).optional().describe('Holds in these modes only.'),
  })

/** Something that must hold at the end. Exactly one of its kinds of check is given. */
export const checkSchema = rawCheck.transform(toCheck)

/** An expectation. */
export type CheckSpec = z.output<typeof checkSchema>

/** Reads `5`, `>= 5`, `>= 95%` (`unit` count) or `<= 5ms` (`unit` ns); `=` unless given. Undefined for any other text. */
export function parseComparison(text: string, unit: 'count' | 'ns'): Comparison | undefined {
  const match = /^(<=|>=|<|>|=)? *(\S+)$/.exec(text.trim())
  const amount = match?.[2] ?? ''
  const relation = (match?.[1] ?? '=') as Comparison['relation']
  if (unit === 'ns') return withValue(relation, parseDuration(amount), 'ns')
  if (amount.endsWith('%')) return withValue(relation, parsePercent(amount), 'share')
  return withValue(relation, /^\d{1,15}$/.test(amount) ? Number(amount) : undefined, 'count')
}

function withValue(relation: Comparison['relation'], value: number | undefined, unit: Comparison['unit']) {
  return value === undefined ? undefined : { relation, value, unit }
}

const KINDS = ['output', 'answered_by', 'requests', 'fails', 'latency', 'drops'] as const
const TESTS = ['equals', 'contains', 'lacks', 'matches'] as const

type RawCheck = z.output<typeof rawCheck>

/** One kind of check out of the keys that are there. */
function toCheck(raw: RawCheck, context: z.RefinementCtx) {
  const { traffic, modes } = raw
  const kinds = KINDS.filter((key) => raw[key] !== undefined)
  const tests = TESTS.filter((key) => raw[key] !== undefined)
  const [test] = tests
  if (kinds.length !== 1) {
    return refuse(context, `a check has exactly one of ${KINDS.join(', ')}`)
  }
  if (raw.output !== undefined ? tests.length !== 1 : tests.length > 0) {
    return refuse(context, `with \`output\` comes exactly one of ${TESTS.join(', ')}`)
  }
  if (traffic !== undefined && (raw.output !== undefined || raw.drops !== undefined)) {
    return refuse(context, '`traffic` does not go with `output` or `drops`')
  }
  const common = { traffic, modes }
  if (raw.output !== undefined && test !== undefined) {
    return { kind: 'output' as const, output: raw.output.trim(), test, text: raw[test] ?? '', ...common }
  }
  if (raw.answered_by !== undefined) return { kind: 'answered-by' as const, counts: raw.answered_by, ...common }
  if (raw.requests !== undefined) return { kind: 'requests' as const, counts: raw.requests, ...common }
  if (raw.fails !== undefined) return { kind: 'fails' as const, cause: raw.fails, ...common }
  if (raw.latency !== undefined) return { kind: 'latency' as const, quantiles: raw.latency, ...common }
  return { kind: 'drops' as const, counts: raw.drops ?? new Map<string, Comparison>(), ...common }
}

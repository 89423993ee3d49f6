import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { scenarioJsonSchema } from '../../src/scenario/schema.ts'

const FOLDER = new URL('../../scenarios/', import.meta.url)
const FILES = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.lvs.yaml'))
  .sort()

interface Schema {
  readonly [keyword: string]: unknown
}

/** Words about a schema that accept and refuse nothing. */
const NOTES = new Set(['$schema', 'title', 'description', 'default'])

/** Each keyword of draft-07 that the schema uses: why `value` is refused by it, or undefined. */
const KEYWORDS: Readonly<
  Record<string, (wanted: never, value: unknown, schema: Schema) => string | undefined>
> = {
  type: (wanted: string | readonly string[], value) =>
    typesOf(value).some((type) => [wanted].flat().includes(type)) ? undefined : `is no ${String(wanted)}`,
  enum: (wanted: readonly unknown[], value) =>
    wanted.includes(value) ? undefined : `is none of ${wanted.join(', ')}`,
  const: (wanted: unknown, value) => (value === wanted ? undefined : `is not ${String(wanted)}`),
  pattern: (wanted: string, value) =>
    typeof value !== 'string' || new RegExp(wanted, 'u').test(value) ? undefined : `does not match ${wanted}`,
  maxLength: (wanted: number, value) =>
    typeof value !== 'string' || [...value].length <= wanted ? undefined : 'is too long',
  minimum: (wanted: number, value) =>
    typeof value !== 'number' || value >= wanted ? undefined : 'is too small',
  maximum: (wanted: number, value) =>
    typeof value !== 'number' || value <= wanted ? undefined : 'is too large',
  minItems: (wanted: number, value) =>
    !Array.isArray(value) || value.length >= wanted ? undefined : 'has too few items',
  maxItems: (wanted: number, value) =>
    !Array.isArray(value) || value.length <= wanted ? undefined : 'has too many items',
  required: (wanted: readonly string[], value) =>
    isMapping(value) ? wanted.find((key) => !(key in value)) : undefined,
  anyOf: (wanted: readonly Schema[], value) =>
    wanted.some((one) => refusal(one, value) === undefined) ? undefined : 'fits nowhere',
  oneOf: (wanted: readonly Schema[], value) =>
    wanted.filter((one) => refusal(one, value) === undefined).length === 1 ? undefined : 'fits not once',
  properties: (wanted: Readonly<Record<string, Schema>>, value) =>
    isMapping(value)
      ? first(
          Object.entries(wanted).map(([key, one]) =>
            key in value ? within(key, refusal(one, value[key])) : undefined,
          ),
        )
      : undefined,
  propertyNames: (wanted: Schema, value) =>
    isMapping(value) ? first(Object.keys(value).map((key) => within(key, refusal(wanted, key)))) : undefined,
  additionalProperties: (wanted: Schema | false, value, { properties = {} }) =>
    isMapping(value)
      ? first(
          Object.keys(value)
            .filter((key) => !(key in (properties as object)))
            .map((key) => within(key, wanted === false ? 'is not known' : refusal(wanted, value[key]))),
        )
      : undefined,
  items: (wanted: Schema | readonly Schema[], value) =>
    Array.isArray(value)
      ? first(
          value.map((item, index) =>
            within(
              String(index),
              refusal(Array.isArray(wanted) ? (wanted[index] ?? {}) : (wanted as Schema), item),
            ),
          ),
        )
      : undefined,
  additionalItems: (wanted: false, value, { items }) =>
    !Array.isArray(value) || wanted || value.length <= (items as unknown[]).length ? undefined : 'has more',
}

/** Why a value is refused; undefined when it is accepted. */
function refusal(schema: Schema, value: unknown): string | undefined {
  return first(
    Object.entries(schema).map(([keyword, wanted]) => {
      if (NOTES.has(keyword)) return undefined
      const check = KEYWORDS[keyword]
      if (check === undefined) throw new Error(`this test does not know the keyword ${keyword}`)
      return check(wanted as never, value, schema)
    }),
  )
}

function typesOf(value: unknown): string[] {
  if (value === null) return ['null']
  if (Array.isArray(value)) return ['array']
  if (typeof value === 'number') return Number.isInteger(value) ? ['number', 'integer'] : ['number']
  return [typeof value]
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function within(key: string, reason: string | undefined): string | undefined {
  return reason === undefined ? undefined : `${key}: ${reason}`
}

function first(reasons: readonly (string | undefined)[]): string | undefined {
  return reasons.find((reason) => reason !== undefined)
}

describe('the JSON Schema', () => {
  const schema = JSON.parse(JSON.stringify(scenarioJsonSchema())) as Schema

  it.each(FILES)('accepts %s', (name) => {
    expect(
      refusal(schema, parse(readFileSync(new URL(name, FOLDER), 'utf8'), { maxAliasCount: 100 })),
    ).toBeUndefined()
  })

  it.each([
    ['naem: web', 'naem: is not known'],
    ['segments: {lan: {delay: 5}}', 'segments: lan: delay: is no string'],
    ['limits: {events: 0}', 'limits: events: is too small'],
    ['traffic: [{kind: ftp, from: a, to: b}]', 'traffic: 0: fits not once'],
    ['cluster: {vip: 10.0.0.1}', 'cluster: fits nowhere'],
    ['hosts: {"1": {}}', 'hosts: 1: does not match '],
  ])('refuses %s', (text, reason) => {
    expect(refusal(schema, parse(text))).toMatch(new RegExp(`^${reason}`))
  })
})

/**
 * What the schema expects at a place of a file, read from its JSON Schema: known keys, allowed words, a title.
 * @module
 */
import { oneOf } from './problems.ts'
import { scenarioJsonSchema } from './schema.ts'
import type { Path } from './source-tree.ts'

/** The parts of a JSON Schema that are used here. */
interface JsonSchema {
  readonly type?: string
  readonly title?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly propertyNames?: JsonSchema
  readonly items?: JsonSchema | readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly minimum?: number
  readonly maximum?: number
}

let root: JsonSchema | undefined

/** Keys known at `path`, in the order of the schema; `value` is the whole file. Empty where any name may stand. */
export function knownKeys(path: Path, value: unknown): readonly string[] {
  const schemas = schemasAt(path, value)
  const properties = schemas.flatMap((schema) => Object.keys(schema.properties ?? {}))
  return [...new Set([...properties, ...schemas.flatMap((schema) => wordsOf(schema.propertyNames ?? {}))])]
}

/** Words allowed at `path`; empty where the schema allows more than words. */
export function knownWords(path: Path, value: unknown): readonly string[] {
  return schemasAt(path, value).flatMap(wordsOf)
}

/** What belongs at `path`, in words. */
export function expectedAt(path: Path, value: unknown): string | undefined {
  const schemas = schemasAt(path, value)
  if (schemas.length > 1 && schemas.every((schema) => schema.const !== undefined)) return oneOf(schemas.flatMap(wordsOf))
  const texts = schemas.map(describe)
  return texts.length === 0 ? undefined : [...new Set(texts)].join(', or ')
}

/** What the keys of the mapping at `path` look like, where they are names. */
export function expectedKeyAt(path: Path, value: unknown): string | undefined {
  for (const schema of schemasAt(path, value)) {
    if (schema.propertyNames !== undefined) return describe(schema.propertyNames)
  }
  return undefined
}

/** A place such as `hosts.<name>` where `key` is known, if there is only one mapping that has it. */
export function placeOfKey(key: string): string | undefined {
  const places = new Set<string>()
  collectPlaces(rootSchema(), '', key, places)
  const [place] = places
  return places.size === 1 && place !== '' ? place : undefined
}

function rootSchema(): JsonSchema {
  root ??= scenarioJsonSchema() as JsonSchema
  return root
}

/** The alternatives of the schema at `path`. */
function schemasAt(path: Path, value: unknown): JsonSchema[] {
  let schemas = alternatives(rootSchema(), value)
  let current = value
  for (const step of path) {
    current = isMapping(current) && Object.hasOwn(current, step) ? current[step as string] : undefined
    schemas = schemas.flatMap((schema) => child(schema, step)).flatMap((schema) => alternatives(schema, current))
  }
  return schemas
}

function child(schema: JsonSchema, step: PropertyKey): JsonSchema[] {
  if (typeof step === 'number') {
    const { items } = schema
    if (items === undefined) return []
    const item = isList(items) ? items[step] : items
    return item === undefined ? [] : [item]
  }
  const own = Object.hasOwn(schema.properties ?? {}, step) ? schema.properties?.[String(step)] : undefined
  if (own !== undefined) return [own]
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []
}

/** Resolves unions; of variants told apart by a constant key such as `kind`, only the one that `value` names. */
function alternatives(schema: JsonSchema, value: unknown): JsonSchema[] {
  if (schema.title !== undefined && schema.oneOf === undefined) {
    return [schema, ...(schema.anyOf ?? []).filter((one) => one.properties)]
  }
  const variants = schema.oneOf ?? schema.anyOf
  if (variants === undefined) return [schema]
  const named = variants.filter((variant) => isMapping(value) && Object.entries(variant.properties ?? {})
    .some(([key, field]) => field.const !== undefined && field.const === value[key]))
  return (named.length > 0 ? named : variants).flatMap((variant) => alternatives(variant, value))
}

function wordsOf(schema: JsonSchema): string[] {
  const words = schema.enum ?? (schema.const === undefined ? [] : [schema.const])
  return [...words, ...(schema.anyOf ?? []).flatMap(wordsOf)].filter((word) => typeof word === 'string')
}

function describe(schema: JsonSchema): string {
  if (schema.title !== undefined) return schema.title
  const words = wordsOf(schema)
  const choice = oneOf(words)
  if (choice !== undefined) return choice
  switch (schema.type) {
    case 'integer':
    case 'number':
      return `a whole number ${schema.minimum ?? ''}..${schema.maximum ?? ''}`
    case 'object':
      return 'a mapping'
    case 'array':
      return 'a list'
    case 'boolean':
      return 'true or false'
    default:
      return 'text'
  }
}

function collectPlaces(schema: JsonSchema, at: string, key: string, places: Set<string>): void {
  const { properties = {}, additionalProperties, items } = schema
  if (Object.hasOwn(properties, key)) places.add(at)
  const below = (part: string): string => (at === '' ? part : `${at}.${part}`)
  for (const [name, field] of Object.entries(properties)) collectPlaces(field, below(name), key, places)
  if (typeof additionalProperties === 'object') collectPlaces(additionalProperties, below('<name>'), key, places)
  if (items !== undefined && !isList(items)) collectPlaces(items, `${at}[]`, key, places)
  for (const variant of schema.oneOf ?? schema.anyOf ?? []) collectPlaces(variant, at, key, places)
}

function isList(items: JsonSchema | readonly JsonSchema[]): items is readonly JsonSchema[] {
  return Array.isArray(items)
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/**
 * From what zod reports to problems of the file: at the right place, in the words of the field, with the nearest known word.
 * @module
 */
import type { z } from 'zod'
import { nearestWord } from './nearest.ts'
import type { ProblemCode } from './problem-codes.ts'
import { oneOf, type Problem, PROBLEM_COUNT_MAX } from './problems.ts'
import type { ScenarioSource } from './scenario-source.ts'
import { expectedAt, expectedKeyAt, knownKeys, knownWords, placeOfKey } from './schema-lookup.ts'
import type { Path } from './source-tree.ts'

type Issue = z.core.$ZodIssue

/** The problems that one issue of zod stands for; `value` is the whole file. */
export function problemsOfIssue(issue: Issue, source: ScenarioSource, value: unknown): Problem[] {
  const { path } = issue
  if (issue.code === 'invalid_union') {
    const inner = innerIssues(issue.errors)
    if (inner.length > 0) {
      return inner.flatMap((one) => problemsOfIssue({ ...one, path: [...path, ...one.path] } as Issue, source, value))
    }
  }
  if (path.length > 0 && !source.has(path)) return [missingKey(path, source, value)]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.slice(0, PROBLEM_COUNT_MAX).map((key) => unknownKey([...path, key], key, source, value))
    case 'invalid_key':
      return [invalidKey(path, source, value)]
    case 'custom':
      return [customProblem(issue, source)]
    case 'too_big':
    case 'too_small':
      return [outOfBounds(issue, source, value)]
    default:
      return [wrongValue(issue, source, value)]
  }
}

/** Issues that say that a value is something else altogether. */
const WHOLE_VALUE_CODES: readonly string[] = ['invalid_type', 'invalid_value', 'invalid_union']

/** The issues of the branch of a union that got furthest; none when no branch got into the value. */
function innerIssues(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  let best: readonly Issue[] = []
  for (const branch of branches) {
    const isDeep = branch.every((issue) => issue.path.length > 0 || !WHOLE_VALUE_CODES.includes(issue.code))
    if (isDeep && (best.length === 0 || branch.length < best.length)) best = branch
  }
  return best
}

/** What `refuse` said. */
function customProblem(issue: Issue & { code: 'custom' }, source: ScenarioSource): Problem {
  const code = issue.params?.['code'] as ProblemCode
  const word = (key: string): string | undefined => {
    const text: unknown = issue.params?.[key]
    return typeof text === 'string' ? text : undefined
  }
  const text = { code, message: issue.message, expected: word('expected'), nearest: word('nearest') }
  const [line, column, length] = ['line', 'column', 'length'].map((key) => Number(issue.params?.[key] ?? 0))
  if (!line || !column || !length) return source.problem(issue.path, text)
  const place = source.scriptAt(issue.path, line, column)
  return source.problemAt({ ...place, endColumn: place.column + length }, text)
}

function missingKey(path: Path, source: ScenarioSource, value: unknown): Problem {
  const key = String(path.at(-1))
  const expected = expectedAt(path, value)
  return source.problem(path, { code: 'LVS1021', message: `\`${key}\` is missing${inPlace(path)}`, expected })
}

function unknownKey(path: Path, key: string, source: ScenarioSource, value: unknown): Problem {
  const known = knownKeys(path.slice(0, -1), value)
  const nearest = nearestWord(key, known)
  const elsewhere = nearest === undefined ? placeOfKey(key) : undefined
  const hint = elsewhere === undefined ? '' : `; it belongs in \`${elsewhere}\`: is the indentation right?`
  const isMerge = key === '<<'
  const message = isMerge ? 'merge keys (`<<`) are not supported' : `unknown key \`${key}\`${inPlace(path)}${hint}`
  return source.problemAt(source.keyAt(path), { code: 'LVS1020', message, expected: oneOf(known), nearest })
}

function invalidKey(path: Path, source: ScenarioSource, value: unknown): Problem {
  const message = `\`${String(path.at(-1))}\` is no name for this${inPlace(path)}`
  const expected = expectedKeyAt(path.slice(0, -1), value)
  return source.problemAt(source.keyAt(path), { code: 'LVS1027', message, expected })
}

function outOfBounds(issue: Issue & { code: 'too_big' | 'too_small' }, source: ScenarioSource, value: unknown): Problem {
  const { origin } = issue
  const bound = Number(issue.code === 'too_big' ? issue.maximum : issue.minimum)
  const unit = { array: ' item', string: ' character' }[String(origin)] ?? ''
  const got = valueAt(value, issue.path)
  const what = typeof got === 'number' ? String(got) : origin === 'array' ? 'the list' : 'the text'
  const expected = `${issue.code === 'too_big' ? 'at most' : 'at least'} ${bound}${unit}${unit === '' || bound === 1 ? '' : 's'}`
  const message = `${what} is ${issue.code === 'too_big' ? 'too large' : 'too small'}`
  return source.problem(issue.path, { code: 'LVS1024', message, expected })
}

function wrongValue(issue: Issue, source: ScenarioSource, value: unknown): Problem {
  const { path } = issue
  const got = valueAt(value, path)
  const expected = expectedAt(path, value)
  const field = path.length === 0 ? 'the file' : `\`${String(path.at(-1))}\``
  const words = knownWords(path, value)
  if (typeof got === 'string' && words.length > 0) {
    const message = `\`${got}\` is not allowed here`
    return source.problem(path, { code: 'LVS1023', message, expected, nearest: nearestWord(got, words) })
  }
  if (issue.code === 'invalid_format' && typeof got === 'string') {
    return source.problem(path, { code: 'LVS1027', message: `\`${got}\` is not ${expected ?? 'a name'}`, expected })
  }
  if (expected === 'a list' && typeof got === 'string' && got !== '') {
    const listed = `a list such as [${got.slice(0, 60)}]`
    return source.problem(path, { code: 'LVS1022', message: `${field} is ${describeValue(got)}`, expected: listed })
  }
  const subject = typeof path.at(-1) === 'number' ? 'this item' : field
  return source.problem(path, { code: 'LVS1022', message: `${subject} is ${describeValue(got)}`, expected })
}

/** A value in words, for messages. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  return typeof value === 'string' ? `the text \`${value.slice(0, 60)}\`` : `\`${String(value)}\``
}

/** ` in hosts.rs1`, or nothing at the top of the file. */
function inPlace(path: Path): string {
  const parent = path.slice(0, -1)
  if (parent.length === 0) return ''
  const text = parent.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('')
  return ` in \`${text.slice(text.startsWith('.') ? 1 : 0)}\``
}

function valueAt(value: unknown, path: Path): unknown {
  let current = value
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined
    current = (current as Record<PropertyKey, unknown>)[step]
  }
  return current
}

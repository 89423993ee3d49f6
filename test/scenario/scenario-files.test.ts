import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { initText } from '../../src/scenario/init-text.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import { renderProblem } from '../../src/scenario/problems.ts'
import { scenarioJsonSchema } from '../../src/scenario/schema.ts'

const FOLDER = new URL('../../scenarios/', import.meta.url)
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.lvs.yaml')).sort()

function read(name: string): string {
  return readFileSync(new URL(name, FOLDER), 'utf8')
}

describe('the scenarios that users copy', () => {
  it.each(FILES)('%s is valid, and says what it covers', (name) => {
    const parsed = parseScenario(read(name), name)
    expect(parsed.ok ? [] : parsed.error.map(renderProblem)).toEqual([])
    for (const word of ['# covers: ', '# topology: ', '# what to look at: ']) expect(read(name)).toContain(word)
    expect(parsed.ok && parsed.value.name).toBe(name.replace('.lvs.yaml', ''))
  })

  it('begin with the one that init writes', () => {
    expect(read('first.lvs.yaml')).toBe(initText())
  })
})

describe('the JSON Schema', () => {
  const schema = JSON.parse(JSON.stringify(scenarioJsonSchema())) as Record<string, never>

  it('is draft-07, strict, and knows every section with a description', () => {
    expect(schema['$schema']).toBe('http://json-schema.org/draft-07/schema#')
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false })
    expect(Object.keys(schema['properties'] ?? {})).toEqual([
      'name', 'about', 'seed', 'duration', 'limits', 'segments', 'links', 'hosts', 'cluster', 'traffic', 'events', 'observe',
      'expect', 'compare',
    ])
    const segment = (schema['properties'] as never)['segments']['additionalProperties']['properties'] as Record<string, unknown>
    expect(segment['delay']).toMatchObject({ type: 'string', default: '50us', description: 'Delay of each cable.' })
    expect(Object.keys(segment)).toEqual(['rate', 'delay', 'queue', 'loss', 'reorder', 'duplicate', 'mtu'])
  })

  it('requires nothing at the top, and of traffic what each kind needs', () => {
    expect(schema['required']).toBeUndefined()
    const kinds = (schema['properties'] as never)['traffic']['items']['oneOf'] as { required: string[] }[]
    const most = ['kind', 'from', 'to']
    expect(kinds.map(({ required }) => required)).toEqual([most, most, most, most, ['kind', 'from', 'file', 'to']])
  })
})

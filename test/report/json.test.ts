import { describe, expect, it } from 'vitest'
import {
  compareDocument, explainDocument, jsonText, problemsDocument, runDocument, runLines, verifyDocument,
} from '../../src/report/json.ts'
import { summariseMode } from '../../src/scenario/comparison.ts'
import { explainRecording } from '../../src/scenario/explain.ts'
import { recordedWorld, sendDatagram } from '../support/recorded.ts'
import { ip } from '../wire/packets.ts'
import { hostOf, requestOf, resultOf } from './results.ts'

const RESULT = resultOf({
  hosts: [hostOf('lb')],
  traffic: [{ name: 'a', kind: 'http', requests: [requestOf(), requestOf({ outcome: 'timeout', answeredBy: undefined })] }],
  checks: [{ text: 'requests: ok = 2', passed: false, actual: '1', file: 'web.lvs.yaml', line: 9 }],
})

describe('the document of a run', () => {
  it('begins with its version and kind, has one order of keys, and leaves out what is not there', () => {
    const document = JSON.parse(jsonText(runDocument(RESULT, false))) as Record<string, unknown>
    expect(Object.keys(document)).toEqual([
      'schemaVersion', 'kind', 'passed', 'scenario', 'mode', 'seed', 'hash', 'endNs', 'trafficStartNs', 'events', 'frames',
      'setup', 'observations', 'traffic', 'hosts', 'links', 'checks', 'warnings',
    ])
    expect(document).toMatchObject({
      schemaVersion: 1, kind: 'run', passed: false,
      traffic: [{ name: 'a', summary: { count: 2, okCount: 1, failures: [{ cause: 'timeout', count: 1 }] }, requests: [{}, {}] }],
    })
  })

  it('is the same text for the same run', () => {
    expect(jsonText(runDocument(RESULT, true))).toBe(jsonText(runDocument({ ...RESULT }, true)))
  })

  it('refuses a number that JSON cannot hold', () => {
    expect(() => jsonText(runDocument({ ...RESULT, endNs: NaN }, true))).toThrow('endNs')
    expect(() => jsonText(runDocument({ ...RESULT, events: Infinity }, true))).toThrow('events')
  })

  it('holds no character that a terminal obeys', () => {
    const text = jsonText(runDocument({ ...RESULT, scenario: '\u001b\u009b\u007f\u2028\u202e' }, true))
    expect(text).toContain(String.raw`"scenario": "\u001b\u009b\u007f\u2028\u202e"`)
    expect((JSON.parse(text) as { scenario: string }).scenario).toBe('\u001b\u009b\u007f\u2028\u202e')
  })
})

describe('the lines of a run', () => {
  it('are a line for each thing, in the order of time', () => {
    const lines = [...runLines(RESULT, false)]
    expect(lines.every((line) => line.endsWith('}\n') && line.indexOf('\n') === line.length - 1)).toBe(true)
    const documents = lines.map((line) => JSON.parse(line) as { kind: string, passed?: boolean })
    expect(documents.map(({ kind }) => kind)).toEqual(['run', 'request', 'request', 'check', 'summary'])
    expect(documents.at(-1)?.passed).toBe(false)
  })

  it('have one for each warning', () => {
    const warning = { host: 'lb', command: 'ipvsadm -Sn', text: 'look out' }
    const lines = [...runLines(resultOf({ warnings: [warning] }), true)].map((line) => JSON.parse(line) as unknown)
    expect(lines[1]).toEqual({ kind: 'warning', ...warning })
  })
})

describe('other documents', () => {
  it('compare modes', () => {
    const modes = [{ result: RESULT, summary: summariseMode(RESULT, 'lb') }]
    expect(JSON.parse(jsonText(compareDocument(modes, true)))).toMatchObject({
      schemaVersion: 1, kind: 'compare', passed: true, scenario: 'web', seed: '42',
      modes: [{ mode: 'dr', requests: { count: 2, okCount: 1 }, director: { name: 'lb' }, lostFrames: 0 }],
    })
  })

  it('list problems', () => {
    const problem = { code: 'LVS1020', file: 'a', line: 1, column: 2, endColumn: 3, message: 'm', sourceLine: 'x' } as const
    expect(problemsDocument([problem], false)).toEqual({ schemaVersion: 1, kind: 'problems', passed: false, problems: [problem] })
  })

  it('count labs that passed and failed; none is a failure', () => {
    const lab = { name: 'n', family: 'f', file: 'f/n.json', passed: true, differences: [] }
    expect(verifyDocument([lab, { ...lab, passed: false }])).toMatchObject({ passed: false, passedCount: 1, failedCount: 1 })
    expect(verifyDocument([lab])).toMatchObject({ passed: true })
    expect(verifyDocument([])).toMatchObject({ passed: false, labs: [] })
  })

  it('explain a packet, with cause and cure of its end', () => {
    const world = recordedWorld()
    sendDatagram(world, 9)
    const explanation = explainRecording(world.recorder, { kind: 'connection', addr: ip('10.1.0.10'), port: 40_001 })
    if (!explanation.ok) throw new Error(explanation.error)
    expect(JSON.parse(jsonText(explainDocument(explanation.value)))).toMatchObject({
      schemaVersion: 1, kind: 'explain', subject: { connection: '10.1.0.10:40001' },
      packets: [
        {
          number: 1, reportedBy: [2],
          ends: [{ kind: 'dropped', place: 'server', reason: 'no-listener', cause: expect.stringContaining('listens') }],
        },
        { number: 2, isAbout: 1, ends: [{ kind: 'consumed', place: 'client' }] },
      ],
    })
  })
})

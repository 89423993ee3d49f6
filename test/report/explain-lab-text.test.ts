import { describe, expect, it } from 'vitest'
import { explainLabDocument, explainLabText } from '../../src/report/explain-lab-text.ts'
import { PLAIN_STYLE } from '../../src/report/style.ts'
import type { Lab } from '../../src/scenario/lab/lab.ts'
import type { LabFailure } from '../../src/scenario/lab/explain-lab.ts'

const LAB: Lab = {
  name: 'x', family: 'forward', title: 'an example', topology: { segments: [], nodes: {} },
  steps: [{ sleep: 1 }, { sleep: 1 }, { sleep: 1 }],
}
const FAILURE: LabFailure = {
  step: 1, what: 'connect from client to 10.0.0.100:80', outcome: 'timeout',
  findings: [{ uids: [3], cause: 'this.', cure: 'on lb: that.' }], deaths: [],
}

describe('the failures of a lab as text', () => {
  it('are told with cause and cure, and the same one only once', () => {
    expect(explainLabText({ lab: LAB, failures: [FAILURE, { ...FAILURE, step: 2 }] }, PLAIN_STYLE)).toBe([
      'forward/x: an example: 2 steps of 3 failed.', '',
      'Step 1: connect from client to 10.0.0.100:80: timeout.', '  Cause: this.', '  Cure: on lb: that.', '',
      'Step 2: connect from client to 10.0.0.100:80: timeout.', '  as step 1', '',
    ].join('\n'))
  })

  it('are told by what packets died of when nothing is found', () => {
    const deaths = [{ kind: 'dropped', timeNs: 1, place: 'rs1', reason: 'tcp-closed' }] as const
    const text = explainLabText({ lab: LAB, failures: [{ ...FAILURE, findings: [], deaths }] }, PLAIN_STYLE)
    expect(text).toContain('  Cause: dropped on rs1 (tcp-closed): the segment belongs to no connection of this host')
    const nothing = explainLabText({ lab: LAB, failures: [{ ...FAILURE, findings: [] }] }, PLAIN_STYLE)
    expect(nothing).toContain('  No packet of it died, and nothing is known to be wrong.')
  })

  it('may be none', () => {
    expect(explainLabText({ lab: LAB, failures: [] }, PLAIN_STYLE)).toBe('forward/x: an example: no step failed.\n')
  })
})

describe('the failures of a lab as a document', () => {
  it('have step, outcome, findings and deaths', () => {
    expect(explainLabDocument({ lab: LAB, failures: [FAILURE] })).toMatchObject({
      kind: 'explain-lab', lab: 'x', family: 'forward',
      failures: [{ step: 1, outcome: 'timeout', findings: [{ packets: [3], cause: 'this.', cure: 'on lb: that.' }], deaths: [] }],
    })
  })
})

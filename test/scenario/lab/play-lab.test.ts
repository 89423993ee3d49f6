import { describe, expect, it } from 'vitest'
import { judgeLab } from '../../../src/scenario/lab/judge/judge.ts'
import type { Lab } from '../../../src/scenario/lab/lab.ts'
import { playLab } from '../../../src/scenario/lab/play-lab.ts'
import { kernelLabNames, readKernelLab, readUnmodelledLab } from './kernel-labs.ts'

/** Labs that need what is not modelled, and what they are refused for. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['keepalived/config-good', 'step 0: lb: keepalived: this command is not modelled'],
  ['keepalived/tcp', 'step 2: lb: keepalived: this command is not modelled'],
  ['keepalived/vrrp-link-down', 'step 2: lb: keepalived: this command is not modelled'],
])
/** Labs that come out otherwise, because the traffic of sync daemons is not modelled: the backup has no connections. */
const UNSYNCED: readonly string[] = ['sync/basic-v1-id0']
/** Labs that come out as on a real kernel. */
const PLAYED = kernelLabNames()

/** The record of a lab that can be played. */
async function played(lab: Lab): Promise<Lab> {
  const outcome = await playLab(lab)
  if (!outcome.ok) throw new Error(outcome.error)
  return outcome.value
}

describe('a lab', () => {
  it.each(PLAYED)('%s comes out as on a real kernel', async (name) => {
    const lab = readKernelLab(name)
    expect(judgeLab(lab, await played(lab))).toEqual([])
  })

  it.each([...REFUSED])('%s is refused: %s', async (name, message) => {
    expect(await playLab(readUnmodelledLab(name))).toEqual({ ok: false, error: message })
  })

  it.each(UNSYNCED)('%s differs in what a backup director knows, and in nothing before', async (name) => {
    const lab = readUnmodelledLab(name)
    const [first] = judgeLab(lab, await played(lab))
    expect(first).toMatchObject({ step: 18, field: 'connection row' })
  })

  it('has every lab that must pass among its labs', () => {
    expect(PLAYED.filter((name) => name.startsWith('forward/nat2-'))).toHaveLength(16)
    expect(PLAYED.filter((name) => name.startsWith('forward/dr-lan'))).toHaveLength(4)
  })

  it('comes out the same every time', async () => {
    const lab = readKernelLab('forward/dr-lan')
    expect(await played(lab)).toEqual(await played(lab))
  })

  it('does not look at the results it is given', async () => {
    const lab = readKernelLab('forward/nat2-port-map')
    const { packets: _packets, ...rest } = lab
    const stripped = { ...rest, steps: lab.steps.map(({ result: _result, ...step }) => step) }
    expect(await played(stripped)).toEqual(await played(lab))
  })
})

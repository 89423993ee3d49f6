import { describe, expect, it } from 'vitest'
import { judgeLab } from '../../../src/scenario/lab/judge/judge.ts'
import type { Lab } from '../../../src/scenario/lab/lab.ts'
import { kernelLabNames, readKernelLab } from './kernel-labs.ts'
import type { Loose, LooseLab } from './mutations.ts'

const FORWARD = kernelLabNames().filter((name) => name.startsWith('forward/'))
/** Places tried in one lab for one kind of change: spread evenly over all that there are. */
const PLACES_MAX = 12

/** Applies each change to a copy of its own, and gives the descriptions of those that the judge did not see. */
function unseen(
  lab: Lab,
  changes: readonly { readonly text: string; readonly apply: (copy: LooseLab) => void }[],
): string[] {
  const stride = Math.max(1, Math.ceil(changes.length / PLACES_MAX))
  return changes
    .filter((_, index) => index % stride === 0)
    .filter(({ apply }) => {
      const copy = structuredClone(lab) as unknown as LooseLab
      apply(copy)
      return judgeLab(lab, copy as unknown as Lab).length === 0
    })
    .map(({ text }) => text)
}

/** The lab with its results only: quicker to judge. */
function withoutCaptures({ packets: _packets, ...lab }: Lab): Lab {
  return lab
}

interface Place {
  readonly nic: string
  readonly index: number
  readonly frame: Loose
}

/** Frames with an IP packet. */
function ipFrames(lab: Lab): Place[] {
  return Object.entries(lab.packets ?? {})
    .flatMap(([nic, frames]) => frames.map((frame, index) => ({ nic, index, frame: frame as Loose })))
    .filter(({ frame }) => frame['ip'] !== undefined)
}

function frameAt(copy: LooseLab, { nic, index }: Place): Loose {
  return copy.packets?.[nic]?.[index] ?? {}
}

/** Listings of ipvsadm: the step and its output. Rates and sizes are not compared digit by digit. */
function listings(lab: Lab): { readonly step: number; readonly stdout: string }[] {
  return lab.steps.flatMap((step, index) => {
    const { sh } = (step['show'] ?? {}) as { readonly sh?: string }
    const { stdout } = (step.result ?? {}) as { readonly stdout?: string }
    return sh !== undefined && /^ipvsadm -L/.test(sh) && !/stats|rate/.test(sh) && stdout !== undefined
      ? [{ step: index, stdout }]
      : []
  })
}

function setStdout(copy: LooseLab, step: number, text: string): void {
  ;(copy.steps[step]?.['result'] as Loose)['stdout'] = text
}

describe('the judge of labs', () => {
  it('has labs with captures, listings and picks to work on', () => {
    const labs = FORWARD.map(readKernelLab)
    expect(labs.length).toBeGreaterThan(20)
    expect(labs.filter((lab) => ipFrames(lab).length > 0).length).toBeGreaterThan(20)
    expect(labs.filter((lab) => listings(lab).length > 0).length).toBeGreaterThan(10)
  })

  it.each(FORWARD)('passes the record of %s itself', (name) => {
    const lab = readKernelLab(name)
    expect(judgeLab(lab, structuredClone(lab))).toEqual([])
  })

  it.each(FORWARD)('fails %s for another pick', (name) => {
    const lab = withoutCaptures(readKernelLab(name))
    const changes = lab.steps.flatMap((step, index) => {
      const { by } = (step.result ?? {}) as { readonly by?: string }
      return by === undefined
        ? []
        : [
            {
              text: `step ${index}`,
              apply: (copy: LooseLab) => {
                ;(copy.steps[index]?.['result'] as Loose)['by'] = by === 'rs1' ? 'rs2' : 'rs1'
              },
            },
          ]
    })
    expect(unseen(lab, changes)).toEqual([])
  })

  it.each(FORWARD)('fails %s for another TTL of any packet', (name) => {
    const lab = readKernelLab(name)
    const changes = ipFrames(lab).map((place) => ({
      text: `${place.nic} ${place.index}`,
      apply: (copy: LooseLab) => {
        const ip = frameAt(copy, place)['ip'] as Loose
        ip['ttl'] = Number(ip['ttl']) - 1
      },
    }))
    expect(unseen(lab, changes)).toEqual([])
  })

  it.each(FORWARD)('fails %s for another MAC of any packet', (name) => {
    const lab = readKernelLab(name)
    const changes = ipFrames(lab).flatMap((place) =>
      [0, 1].map((end) => ({
        text: `${place.nic} ${place.index} eth ${end}`,
        apply: (copy: LooseLab) => {
          ;(frameAt(copy, place)['eth'] as string[])[end] = 'other.eth0'
        },
      })),
    )
    expect(unseen(lab, changes)).toEqual([])
  })

  it.each(FORWARD)('fails %s for one character of a listing', (name) => {
    const lab = withoutCaptures(readKernelLab(name))
    const changes = listings(lab).flatMap(({ step, stdout }) =>
      [...stdout].flatMap((character, at) => {
        // What the expire of a connection may do is in judge-output.test.ts.
        const isExpire = /(^|\n)\S+ +[\d:]*$/.test(stdout.slice(0, at)) && /^[\d:]+ +[A-Z_]/.test(stdout.slice(at))
        return isExpire
          ? []
          : [
              {
                text: `step ${step} character ${at}`,
                apply: (copy: LooseLab) =>
                  setStdout(copy, step, stdout.slice(0, at) + (character === '9' ? '3' : '9') + stdout.slice(at + 1)),
              },
            ]
      }),
    )
    expect(unseen(lab, changes)).toEqual([])
  })

  it.each(FORWARD)('fails %s for one row of a listing less or more', (name) => {
    const lab = withoutCaptures(readKernelLab(name))
    const changes = listings(lab).flatMap(({ step, stdout }) => {
      const lines = stdout.split('\n')
      // A row that has all but ended may be gone.
      return lines.flatMap((line, at) =>
        / 00:0[0-2] /.test(line) || line === ''
          ? []
          : [
              {
                text: `step ${step} without line ${at}`,
                apply: (copy: LooseLab) => setStdout(copy, step, lines.toSpliced(at, 1).join('\n')),
              },
              {
                text: `step ${step} with line ${at} twice`,
                apply: (copy: LooseLab) => setStdout(copy, step, lines.toSpliced(at, 0, line).join('\n')),
              },
            ],
      )
    })
    expect(unseen(lab, changes)).toEqual([])
  })
})

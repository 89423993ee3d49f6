import { describe, expect, it } from 'vitest'
import { DirectorModel, initialSettings } from './director-model.ts'
import { SCHEDULER_MODELS } from './models.ts'

/** What becomes of each connection: it stays ESTABLISHED, is reset at once, or is UDP. */
type Fate = 'held' | 'closed' | 'udp'

/** Picks of a Linux 6.1 director: scheduler, weights in the order of adding, fate of the connections, picks. */
const RECORDED: readonly (readonly [string, readonly number[], Fate, string])[] = [
  ['rr', [1, 1, 1], 'closed', 'CBACBACBA'],
  ['rr', [1, 0, 1], 'closed', 'CACACA'],
  ['wrr', [4, 3, 2], 'closed', 'CBAABACBACBAABACBACBAABACBA'],
  ['wrr', [5, 1, 1], 'closed', 'CBAAAAACBAAAAA'],
  ['wrr', [2, 1], 'closed', 'BAABAABAA'],
  ['wrr', [3, 0, 1], 'closed', 'CAAACAAA'],
  ['lc', [1, 1, 1], 'held', 'CBACBACBACBA'],
  ['lc', [1, 1, 1], 'closed', 'CBACBACBACBA'],
  ['wlc', [3, 2, 1], 'held', 'CBAABACBAABACBAABA'],
  ['wlc', [3, 2, 1], 'closed', 'CBAABACBAABACBAABA'],
  ['wlc', [2, 1, 0], 'held', 'BAABAABAA'],
  ['sed', [3, 2, 1], 'held', 'ABACBAABACBAABACBA'],
  ['sed', [3, 2, 1], 'closed', 'AAAAAA'],
  ['sed', [3, 2], 'udp', 'AAAAAAAAAA'],
  ['nq', [4, 2, 1], 'held', 'CBAAABAABAACBA'],
  ['nq', [3, 2, 1], 'closed', 'CCCCCC'],
  ['nq', [3, 2], 'udp', 'BBBBBBBBBB'],
  ['fo', [3, 2, 1], 'closed', 'AAAA'],
  ['ovf', [3, 2, 1], 'held', 'AAAABBBCC'],
]

const FIRST_SERVER = 0xc0a8010b
const VIP = 0x0a000064

function directorWith(scheduler: string, weights: readonly number[], isUdp = false): DirectorModel {
  const make = SCHEDULER_MODELS[scheduler]
  if (make === undefined) throw new Error(`no model of ${scheduler}`)
  const model = new DirectorModel(make, initialSettings(isUdp, false))
  for (const [index, weight] of weights.entries()) model.add({ addr: FIRST_SERVER + index, port: 80, weight, upper: 0, lower: 0 })
  return model
}

/** The letter of the server that gets the next connection. */
function pick(model: DirectorModel, fate: Fate, client: number, clientPort: number): string {
  const flow = { client, clientPort, target: VIP }
  const fateOfSyn = model.request(flow, 'S')
  if (fate !== 'udp') model.request(flow, 'A')
  if (fate === 'closed') model.request(flow, 'R')
  return typeof fateOfSyn === 'number' ? 'ABCDE'[fateOfSyn - FIRST_SERVER] ?? '?' : '-'
}

describe('the second model picks as a Linux director did', () => {
  it.each(RECORDED)('%s with weights %j, connections %s: %s', (scheduler, weights, fate, picks) => {
    const model = directorWith(scheduler, weights, fate === 'udp')
    expect([...picks].map((_, index) => pick(model, fate, 0x0a000002, 40_000 + index)).join('')).toBe(picks)
  })

  it.each([
    ['sh', 'ABACBCACBCBCCABABBCACACBCBABABCCACACBCBCBABCBACABBCBCAABCBACABAC'],
    ['mh', 'AAACCBCCCCCBCBBACCBABCCCBABACBCAAABBCACABCBBCACCCCCCCBACBABCABAA'],
  ])('%s for the clients 10.0.0.2 to 10.0.0.65', (scheduler, picks) => {
    const model = directorWith(scheduler, [1, 1, 1])
    expect([...picks].map((_, index) => pick(model, 'closed', 0x0a000002 + index, 40_000)).join('')).toBe(picks)
  })

  it('rr: after two picks the server picked last is removed', () => {
    const model = directorWith('rr', [1, 1, 1])
    const picks = (count: number): string => (
      Array.from({ length: count }, (_, index) => pick(model, 'closed', 0x0a000002, 40_000 + index)).join(''))
    expect(picks(2)).toBe('CB')
    model.remove(FIRST_SERVER + 1)
    model.passTo(1000)
    expect(picks(6)).toBe('ACACAC')
  })
})

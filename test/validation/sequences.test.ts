import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { greatestCommonDivisor } from '../../src/base/gcd.ts'
import { runScenarioText } from '../../src/scenario/simulate.ts'
import { SchedulerBench } from '../ipvs/scheduler/bench.ts'
import { seed } from '../support/seed.ts'
import { checkSame } from './checked.ts'
import { VIP } from './clusters.ts'

/** A case as it was recorded: a sequence of picks, or the picks of the clients 10.0.0.2, 10.0.0.3, ... */
interface Recorded {
  readonly sched?: string
  readonly weights?: readonly number[]
  readonly n?: number
  readonly mode?: string
  readonly flags?: string
  readonly seq?: string
  readonly map?: string
}

const FILE = new URL('../kernel/picks/kernel-sequences.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(FILE, 'utf8')) as { readonly cases: Readonly<Record<string, Recorded>> }
const DELETED = 'rr_del'

/** Which validation case a recorded sequence is part of. */
function rowOf(name: string, { sched, map }: Recorded): string {
  if (map !== undefined) return 'V18'
  return name === DELETED || sched === 'rr' || sched === 'wrr' ? 'V14' : 'V16'
}

/** NAT between two networks: the servers A, B, ... were added in this order. */
function scenario({ sched = 'rr', weights = [1, 1, 1], flags = '' }: Recorded, clients: number, rest: object): object {
  const servers = weights.map((weight, i) => `ipvsadm -a -t ${VIP}:80 -r 192.168.1.${11 + i} -m -w ${weight}`)
  return {
    segments: { out: {}, in: {} },
    hosts: {
      c: { replicas: clients, interfaces: { eth0: { segment: 'out', addresses: ['10.0.0.2/24'] } } },
      d: {
        interfaces: {
          eth0: { segment: 'out', addresses: ['10.0.0.1/24', `${VIP}/32`] },
          eth1: { segment: 'in', addresses: ['192.168.1.1/24'] },
        },
        sysctl: { 'net.ipv4.ip_forward': 1 },
        setup: [`ipvsadm -A -t ${VIP}:80 -s ${sched} ${flags}`, ...servers].join('\n'),
      },
      ...Object.fromEntries(weights.map((_, i) => ['ABCD'.charAt(i), {
        interfaces: { eth0: { segment: 'in', addresses: [`192.168.1.${11 + i}/24`] } }, routes: ['default via 192.168.1.1'],
        servers: [{ port: 80 }],
      }])),
    },
    ...rest,
  }
}

/** So many connections, held open or closed at once. */
function connections(count: number, isHeld: boolean, more: object = {}): object {
  const held = { arrivals: 'every 20ms', hold: '60s' }
  return { kind: 'connect', from: 'c', to: `${VIP}:80`, at: '1s', count, ...(isHeld ? held : {}), ...more }
}

/** The servers that answered, as letters. */
async function picksOf(text: object): Promise<string> {
  const ran = await runScenarioText(JSON.stringify(text), { fileName: 'picks.lvs.yaml' })
  if (!ran.ok) throw new Error(JSON.stringify(ran.error))
  expect(ran.value.setup.map(({ stderr }) => stderr).join('')).toBe('')
  return ran.value.traffic.flatMap(({ requests }) => requests.map(({ answeredBy }) => answeredBy ?? '-')).join('')
}

describe('picks recorded from Linux 6.1 come out of whole connections', () => {
  const rows = Object.entries(cases)
  const sequences = rows.filter(([name, { map }]) => map === undefined && name !== DELETED)
  const maps = rows.flatMap(([name, recorded]) => (recorded.map === undefined ? [] : [{ name, recorded, map: recorded.map }]))

  it.each(sequences.map(([name, recorded]) => ({ row: rowOf(name, recorded), name, recorded })))(
    '$row: $name', async ({ name, recorded }) => {
      const { n = 0, mode = '', seq = '' } = recorded
      const traffic = [connections(n, mode === 'held open')]
      const picks = await picksOf(scenario(recorded, 1, { traffic }))
      checkSame(`picks of ${name}`, picks, seq.replaceAll(' ', ''))
      expect(picks).toHaveLength(n)
    })

  it.each(maps)('V18: $name, a connection of each of 64 clients', async ({ name, recorded, map }) => {
    expect(map).toHaveLength(64)
    checkSame(`picks of ${name}`, await picksOf(scenario(recorded, 64, { traffic: [connections(64, false)] })), map)
  })

  it('V14: rr_del, B is deleted after two connections', async () => {
    const text = scenario({ weights: [1, 1, 1] }, 1, {
      traffic: [connections(2, false), connections(6, false, { name: 'after', at: '3s' })],
      events: [{ at: '2s', on: 'd', run: `ipvsadm -d -t ${VIP}:80 -r 192.168.1.12` }],
    })
    checkSame(`picks of ${DELETED}`, await picksOf(text), (cases[DELETED]?.seq ?? '').replaceAll(/[ |]/g, ''))
  })

  it('are all played', () => expect(sequences.length + maps.length + 1).toBe(rows.length))
})

describe(`V15: the law of wrr (seed ${seed})`, () => {
  it('every window of one cycle holds each server exactly as often as its weight says', () => {
    const weights = fc.array(fc.nat(20), { minLength: 2, maxLength: 8 })
    fc.assert(fc.property(weights, (all) => {
      const divisor = greatestCommonDivisor(all)
      fc.pre(divisor > 0)
      const cycle = all.reduce((a, b) => a + b, 0) / divisor
      const picks = new SchedulerBench('wrr', all).picks(3 * cycle)
      const count = new Map<string, number>()
      const change = (letter: string, by: number): void => void count.set(letter, (count.get(letter) ?? 0) + by)
      for (let i = 0; i < picks.length; i++) {
        change(picks.charAt(i), 1)
        if (i >= cycle) change(picks.charAt(i - cycle), -1)
        if (i < cycle - 1) continue
        const wrong = all.findIndex((weight, server) => (count.get('ABCDEFGH'.charAt(server)) ?? 0) !== weight / divisor)
        if (wrong >= 0) throw new Error(`window that ends at pick ${i}, server ${wrong}: ${picks}`)
      }
    }), { seed, numRuns: 1_000 })
  })
})

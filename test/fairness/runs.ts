/**
 * Short runs of the connection-level simulation: arrivals and work as numbers, what happens as text.
 * @module
 */
import type { SimulatedConnection } from '../../src/fairness/connection.ts'
import { clientAddress } from '../../src/fairness/addresses.ts'
import type { Distribution } from '../../src/fairness/distribution.ts'
import { RandomSource } from '../../src/fairness/random-source.ts'
import {
  ConnectionSimulator, type ConnectionSimulatorOptions, type ConnectionSource, type NextConnection,
} from '../../src/fairness/simulator.ts'
import { BatchPlan, type Estimate } from '../../src/measure/batches.ts'
import { Delays } from '../../src/measure/delays.ts'

/** Nanoseconds in a millisecond, the unit of these tests. */
export const MS = 1_000_000

/** Connections that arrive at `at` ms with `work` ms of work, from client number `from`. */
export function given(
  connections: readonly { readonly at: number, readonly work?: number, readonly from?: number }[],
): ConnectionSource {
  const left = connections.map(({ at, work = 0, from = 0 }): NextConnection => (
    { arrivalNs: at * MS, workNs: work * MS, client: clientAddress(from) }))
  return { next: () => left.shift() }
}

/** Runs to the end; one line for each connection in the order of arrival: server, wait and end in ms. */
export function story(options: Omit<ConnectionSimulatorOptions, 'seed'>, source: ConnectionSource): string[] {
  const lines: string[] = []
  const simulator = new ConnectionSimulator({ seed: '42', ...options }, {
    onRefusal: ({ index }) => { lines[index] = 'refused' },
    onEnd: ({ index, server, waitNs, endNs }) => { lines[index] = `rs${server + 1} waits ${waitNs / MS} ends ${endNs / MS}` },
  })
  simulator.run(source)
  return lines
}

/** The servers picked, as 1, 2, 3, ...; a dash for nobody. */
export function picks(options: Omit<ConnectionSimulatorOptions, 'seed'>, source: ConnectionSource): string {
  let text = ''
  const observer = {
    onPick: ({ server }: SimulatedConnection) => { text += server + 1 },
    onRefusal: () => { text += '-' },
  }
  new ConnectionSimulator({ seed: '42', ...options }, observer).run(source)
  return text
}

/** Mean time at the servers and mean wait, in units of the mean work. */
export function meanTimes(
  { count = 200_000, rate, work = { law: 'exponential', meanNs: 1e9 }, ...options }: Omit<ConnectionSimulatorOptions, 'seed'> & {
    readonly count?: number, readonly rate: number, readonly work?: Distribution,
  },
): { readonly time: Estimate, readonly wait: Estimate } {
  const plan = new BatchPlan({ count })
  const [times, waits] = [new Delays(plan), new Delays(plan)]
  new ConnectionSimulator({ seed: '42', finSeconds: 0, ...options }, {
    onEnd: ({ index, arrivalNs, endNs, waitNs }) => {
      times.add(index, endNs - arrivalNs)
      waits.add(index, waitNs)
    },
  }).run(new RandomSource({ seed: '42', count, gaps: { law: 'exponential', meanNs: 1e9 / rate }, work, clients: 1000 }))
  const mean = (delays: Delays): Estimate => {
    const { value = NaN, halfWidth = NaN } = delays.summary()?.mean ?? {}
    return { value: value / 1e9, halfWidth: halfWidth / 1e9 }
  }
  return { time: mean(times), wait: mean(waits) }
}

/**
 * How time per packet grows with hosts, with real servers and with connections: a table with a small curve for each. CPU time on
 * one core. The largest network takes minutes to build, as its router has 10,000 links.
 * Usage: node bench/growth.mjs [SERIES...], of servers, director, flows, table; all unless given
 * @module
 */
import { buildLvsim, lvsimBench, showProgress } from './support/measure.mjs'

const REQUESTS = 400_000
/** A curve is as wide as its largest value. */
const CURVE_COLUMNS = 40

/** One run of `lvsim bench engine`: the ns of a hop. */
function nsPerHop(servers, ...flags) {
  const rounds = servers > 1000 ? 1 : 2
  const { medianCpuSeconds, hops } = lvsimBench('engine', '--servers', servers, '--rounds', rounds, ...flags)
  return medianCpuSeconds / hops * 1e9
}

const SERIES = {
  servers: {
    what: 'hosts of a network without a director (so many servers, 8 clients and a router): ns per hop',
    sizes: [10, 100, 1000, 10_000],
    measure: (servers) => nsPerHop(servers, '--requests', REQUESTS),
  },
  director: {
    what: 'real servers of LVS-DR, 10,000 connections: ns per hop',
    sizes: [10, 100, 1000],
    measure: (servers) => nsPerHop(servers, '--requests', REQUESTS, '--forward', 'dr', '--flows', 10_000),
  },
  flows: {
    what: 'connections through LVS-DR, 10 real servers, three requests for each: ns per hop',
    sizes: [10_000, 100_000, 1_000_000],
    measure: (flows) => nsPerHop(10, '--requests', Math.max(REQUESTS, 3 * flows), '--forward', 'dr', '--flows', flows),
  },
  table: {
    what: 'connections in the table by itself: ns per lookup',
    sizes: [10_000, 100_000, 1_000_000, 10_000_000],
    measure: (connections) =>
      lvsimBench('table', '--connections', connections, '--rounds', 3, '--against', 'none').contestants[0].cpuNs,
  },
}

/** Sizes and times in columns, and a bar for each. */
function print({ what, sizes }, values) {
  const most = Math.max(...values)
  console.log(`${what}\n`)
  for (const [i, size] of sizes.entries()) {
    const value = values[i]
    const bar = '#'.repeat(Math.max(1, Math.round(value / most * CURVE_COLUMNS)))
    const cells = [size.toLocaleString('en-US').padStart(12), value.toFixed(0).padStart(7)]
    console.log(`${cells.join(' ')} ${(value / values[0]).toFixed(2).padStart(6)}x  ${bar}`)
  }
  console.log('')
}

const names = process.argv.slice(2)
const unknown = names.find((name) => !(name in SERIES))
if (unknown !== undefined) {
  console.error(`usage: node bench/growth.mjs [${Object.keys(SERIES).join('|')} ...]`)
  process.exitCode = 1
} else {
  buildLvsim()
  for (const [name, series] of Object.entries(SERIES)) {
    if (names.length > 0 && !names.includes(name)) continue
    const values = series.sizes.map((size) => {
      showProgress(`${name} ${size}`)
      return series.measure(size)
    })
    showProgress('')
    print(series, values)
  }
}

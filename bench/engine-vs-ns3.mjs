/**
 * `lvsim bench engine` and ns-3 on the same scenarios, turn by turn on one core, and what is aimed at. First both must agree
 * about the scenario of datagrams. Needs Debian's libns3-dev and g++ (see bench/peers/README.md); without them it says so and
 * prints lvsim's side only. Exits 1 when the two disagree, or when an aim is missed.
 * Usage: node bench/engine-vs-ns3.mjs [ROUNDS=3] [ROW...]
 * @module
 */
import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { buildLvsim, CACHE, lvsimBench, median, output, ROOT, showProgress } from './support/measure.mjs'

const SOURCE = join(ROOT, 'bench', 'peers', 'ns3-star.cc')
const PEER = join(CACHE, 'ns3-star')
const MODULES = ['core', 'network', 'internet', 'point-to-point', 'traffic-control']
/** Few enough to be counted by trace sinks in seconds, and what ns-3 is given: its rate does not grow with more. */
const NS3_REQUESTS = 100_000
/** More, and ns-3 gets slower still: it looks through all connections that are closing. */
const NS3_FLOWS = 4000
const HELD = 100_000
const MILLION = 1_000_000

/** One run of `lvsim bench engine`; two rounds are one to warm up and one that counts. */
function lvsim(servers, requests, rounds, ...flags) {
  return lvsimBench('engine', '--servers', servers, '--requests', requests, '--rounds', rounds, ...flags)
}

function ns3(...words) {
  return JSON.parse(output(PEER, ...words))
}

/** What is measured, ours and the peer's, by name: a figure each. */
const MEASURES = {
  'ns-3 udp 10': () => ns3HopRate(10),
  'ns-3 udp 100': () => ns3HopRate(100),
  'ns-3 tcp 10': () => {
    const { answers, cpuSeconds } = ns3('tcp', 10, NS3_FLOWS)
    return answers / cpuSeconds
  },
  'ns-3 bytes': () => (ns3('hold', 10, 4500).grownBytes - ns3('hold', 10, 500).grownBytes) / 4000,
  'udp 10': () => lvsim(10, 2 * MILLION, 2).hopsPerCpuSecond,
  'udp 100': () => lvsim(100, 2 * MILLION, 2).hopsPerCpuSecond,
  'udp 10 cold': () => lvsim(10, NS3_REQUESTS, 1).hopsPerCpuSecond,
  'udp 100 cold': () => lvsim(100, NS3_REQUESTS, 1).hopsPerCpuSecond,
  'switched 10': () => lvsim(10, 2 * MILLION, 2, '--network', 'switched').hopsPerCpuSecond,
  'tcp 10': () => lvsim(10, 50_000, 2, '--traffic', 'tcp').answersPerCpuSecond,
  'dr 10': () => lvsim(10, 2 * MILLION, 2, '--forward', 'dr').hopsPerCpuSecond,
  'bytes': () => lvsim(10, HELD, 1, '--traffic', 'hold', '--forward', 'dr').bytesPerConnection,
}

/** Hops per CPU second. The trace sinks that count hops are off: each answer is four of them, as the check shows. */
function ns3HopRate(servers) {
  const { answers, cpuSeconds } = ns3('udp', servers, NS3_REQUESTS)
  return 4 * answers / cpuSeconds
}

/** By name: what it says, our measure and that which it is held against, and the least ratio; or the most of our own figure. */
const ROWS = {
  'udp-10': ['UDP, 10 servers, hops per CPU s', 'udp 10', 'ns-3 udp 10', { least: 20 }],
  'udp-100': ['UDP, 100 servers, hops per CPU s', 'udp 100', 'ns-3 udp 100', { least: 40 }],
  'cold-10': ['the same, 10 servers, 100,000 requests, cold', 'udp 10 cold', 'ns-3 udp 10', { least: 12 }],
  'cold-100': ['the same, 100 servers, 100,000 requests, cold', 'udp 100 cold', 'ns-3 udp 100', { least: 20 }],
  'switched': ['switched Ethernet with ARP, to lvsim without', 'switched 10', 'udp 10', { least: 0.6 }],
  'tcp': ['TCP, flows per CPU s', 'tcp 10', 'ns-3 tcp 10', { least: 15 }],
  'dr': ['LVS-DR, 480,000 flows, to plain routing', 'dr 10', 'ns-3 udp 10', { least: 13 }],
  'memory': ['bytes of a TCP connection, with its LVS entry', 'bytes', 'ns-3 bytes', { most: 1024 }],
}

/** Compiles the peer; false when ns-3 is not here. */
function buildPeer() {
  if (existsSync(PEER) && statSync(PEER).mtimeMs > statSync(SOURCE).mtimeMs) return true
  const libraries = MODULES.map((name) => `-lns3-${name}`)
  try {
    execFileSync('g++', ['-O3', '-DNDEBUG', '-std=c++17', SOURCE, '-o', PEER, ...libraries], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}

/** Both must see the same traffic: as many hops and answers, no drop, and the same end to the microsecond. */
function checkAgreement(servers) {
  const facts = ({ hops, answers, lost, endNs }) =>
    `${hops} hops, ${answers} answers, ${lost} lost, end ${Math.floor(endNs / 1000)} us`
  const peer = ns3('udp', servers, NS3_REQUESTS, 'check')
  const [theirs, mine] = [facts({ ...peer, lost: peer.drops }), facts(lvsim(servers, NS3_REQUESTS, 1))]
  console.log(`${servers} servers: ns-3 ${theirs}; lvsim ${mine}`)
  if (mine !== theirs) throw new Error('the two do not run the same scenario')
}

/** Runs everything that the rows need, in turn. */
function measureAll(rows, rounds, hasPeer) {
  const needed = new Set(rows.flatMap(([, mine, other]) => [mine, other]).filter((name) => hasPeer || !name.startsWith('ns-3')))
  const figures = new Map([...needed].map((name) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const [name, values] of figures) {
      showProgress(`round ${round} of ${rounds}: ${name}`)
      values.push(MEASURES[name]())
    }
  }
  showProgress('')
  return new Map([...figures].map(([name, values]) => [name, median(values)]))
}

function printRow([what, mine, other, { least, most }], figures) {
  const [our, their] = [figures.get(mine), figures.get(other)]
  const ratio = their === undefined ? undefined : our / their
  const judged = most === undefined ? ratio : our
  const isMet = judged === undefined ? undefined : most === undefined ? judged >= least : judged <= most
  const cells = [
    what.padEnd(46), our.toFixed(0).padStart(10), (their?.toFixed(0) ?? '-').padStart(10),
    (ratio?.toFixed(ratio < 1 ? 2 : 1) ?? '-').padStart(7),
    (most === undefined ? `>= ${least}` : `<= ${most}`).padStart(9), isMet === undefined ? '-' : isMet ? 'met' : 'MISSED',
  ]
  console.log(cells.join('  '))
  return isMet !== false
}

function main() {
  const [first = '3', ...names] = process.argv.slice(2)
  const unknown = names.find((name) => !(name in ROWS))
  if (!/^[1-9]\d*$/.test(first) || unknown !== undefined) {
    throw new Error(`usage: node bench/engine-vs-ns3.mjs [ROUNDS] [${Object.keys(ROWS).join('|')} ...]`)
  }
  buildLvsim()
  const hasPeer = buildPeer()
  if (hasPeer) for (const servers of [10, 100]) checkAgreement(servers)
  else console.log('ns-3 is not here (Debian: libns3-dev, g++): lvsim only')
  const rows = Object.entries(ROWS).filter(([name]) => names.length === 0 || names.includes(name)).map(([, row]) => row)
  const figures = measureAll(rows, Number(first), hasPeer)
  console.log(`\nmedians of ${first} rounds`.padEnd(50) + 'lvsim        peer    ratio        aim')
  if (!rows.map((row) => printRow(row, figures)).every(Boolean)) throw new Error('an aim was missed')
}

try {
  main()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}

/**
 * The fairness of schedulers on the level of packets: the same connections as on the level of connections, at the same times and
 * from the same addresses, played by clients, a director (DR) and real servers on one fast LAN. Servers draw the work of a
 * connection themselves when they begin with it: only a constant one is the same on both levels. And a client whose port comes
 * round while its old entry is in the director's table meets the server of that one: no scheduler is asked.
 * @module
 */
import { err, ok, type Result } from '../base/result.ts'
import { realServerAddress, SERVICE_PORT, VIP } from '../fairness/addresses.ts'
import { type Distribution, meanNsOf } from '../fairness/distribution.ts'
import { fairnessOf } from '../fairness/fairness.ts'
import { FairnessMeasures } from '../fairness/measures.ts'
import {
  type FairnessOptions, type FairnessPlan, type FairnessProblem, planFairness, type PlannedServer,
} from '../fairness/options.ts'
import { RandomSource } from '../fairness/random-source.ts'
import type { FairnessResult } from '../fairness/result.ts'
import type { NextConnection } from '../fairness/simulator.ts'
import { formatIp, type IpAddr } from '../wire/address.ts'
import type { RunResult } from './result.ts'
import { REAL_SERVER_COUNT_MAX } from './schema-cluster.ts'
import { runScenarioText } from './simulate.ts'

const COUNT = 20_000
/** Most connections, included: some fifty events each, and every request is kept. */
const COUNT_MAX = 500_000
/** Clients are hosts: unless given, and most, included. */
const CLIENT_COUNT = 100
const CLIENT_HOSTS_MAX = 250
/** Longer than any run; IPVS would forget a connection that waits after 15 minutes. */
const ESTABLISHED_SECONDS = 2_000_000
const TABLE = 'connections.csv'

/** As `measureFairness`, packet by packet: 20,000 connections from 100 clients unless given. Waits are not measured. */
export async function measureFairnessByPackets(options: FairnessOptions): Promise<Result<FairnessResult, FairnessProblem>> {
  const { count = COUNT, clients = CLIENT_COUNT } = options
  const planned = planFairness({ ...options, count, clients })
  if (!planned.ok) return planned
  const plan = planned.value
  const wrong = notByPackets(plan)
  if (wrong !== undefined) return err({ kind: 'option', message: wrong })
  const connections = connectionsOf(plan)
  const table = new TextEncoder().encode(tableText(connections))
  const measured: FairnessMeasures[] = []
  for (const scheduler of plan.schedulers) {
    const ran = await runScenarioText(scenarioText(plan, scheduler, connections), {
      fileName: 'fairness.lvs.yaml', seed: plan.seed, files: { [TABLE]: table }, schedulers: plan.userSchedulers,
    })
    const problem = ran.ok ? ran.value.problem : ran.error[0]
    if (!ran.ok || problem !== undefined) return err({ kind: 'scheduler', message: problem?.message ?? 'nothing ran' })
    if (ran.value.limit !== undefined) return err({ kind: 'limit', message: `under ${scheduler} the run met its limit` })
    measured.push(measuresOf(plan, scheduler, ran.value))
    options.onProgress?.({ scheduler, done: count, count })
  }
  return ok(fairnessOf(plan, measured, 'packet'))
}

/** Why a plan cannot be played with packets; undefined when it can. */
function notByPackets({ batches, clients, servers, discipline, work, finSeconds }: FairnessPlan): string | undefined {
  if (batches.count > COUNT_MAX) return `on the level of packets connections are ${COUNT_MAX} at most`
  if (clients > CLIENT_HOSTS_MAX) return `on the level of packets each client is a host: ${CLIENT_HOSTS_MAX} at most`
  if (servers.length > REAL_SERVER_COUNT_MAX) return `on the level of packets there are ${REAL_SERVER_COUNT_MAX} servers at most`
  if (discipline !== 'fcfs') return 'on the level of packets servers work first come, first served'
  if (finSeconds === 0) return 'on the level of packets a connection is inactive for 1 s at least'
  if (work.law === 'pareto' || work.law === 'lognormal') return `on the level of packets there is no law ${work.law} of work`
  return undefined
}

function connectionsOf({ seed, gaps, work, clients, batches }: FairnessPlan): NextConnection[] {
  const source = new RandomSource({ seed, count: batches.count, gaps, work, clients })
  const connections: NextConnection[] = []
  for (let next = source.next(); next !== undefined; next = source.next()) connections.push(next)
  return connections
}

/** Their times and their sources, as a table to replay. */
function tableText(connections: readonly NextConnection[]): string {
  const rows = connections.map(({ arrivalNs, client }) => {
    const seconds = Math.floor(arrivalNs / 1e9)
    return `${seconds}.${String(arrivalNs - seconds * 1e9).padStart(9, '0')},${client}\n`
  })
  return `time,source\n${rows.join('')}`
}

function scenarioText(plan: FairnessPlan, scheduler: string, connections: readonly NextConnection[]): string {
  const vip = formatIp(VIP)
  const service = `-t ${vip}:${SERVICE_PORT}`
  const persistence = plan.persistenceSeconds === undefined ? '' : ` -p ${plan.persistenceSeconds}`
  // The first source of the table is the first client of the list, and so on.
  const clients = [...new Set(connections.map(({ client }) => client))]
  const lines = [
    'name: fairness',
    'segments: {lan: {rate: 10tbit, delay: 100ns, queue: 1000000}}',
    'hosts:',
    ...hostLines('lb', (VIP + 1) as IpAddr, [
      `ip addr add ${vip}/32 dev eth0`,
      `ipvsadm --set ${ESTABLISHED_SECONDS} ${plan.finSeconds} 300`,
      `ipvsadm -A ${service} -s ${scheduler}${persistence}`,
      ...plan.servers.map(({ weight }, i) => `ipvsadm -a ${service} -r ${formatIp(realServerAddress(i))} -g -w ${weight}`),
    ]),
    ...scheduler === 'twos' ? ['    modules: {loaded: [ip_vs_twos]}'] : [],
    ...plan.servers.flatMap((server, i) => [
      ...hostLines(server.name, realServerAddress(i), [
        'sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 net.core.somaxconn=65535',
        `ip addr add ${vip}/32 dev lo`,
      ]),
      `    servers: [${serverText(server, plan.work)}]`,
    ]),
    ...clients.flatMap((client, i) => hostLines(`c${i}`, client, [])),
    'traffic:',
    // Rows count from the first one. Setup takes no time, so that timers tick as without packets.
    `  - {kind: replay, at: ${connections[0]?.arrivalNs ?? 0}ns, from: [${clients.map((_, i) => `c${i}`).join(', ')}], `
      + `file: ${TABLE}, to: '${vip}:${SERVICE_PORT}', timeout: 2000h}`,
  ]
  return `${lines.join('\n')}\n`
}

/** A host on the LAN, on which all addresses can be reached. */
function hostLines(name: string, address: IpAddr, commands: readonly string[]): string[] {
  return [
    `  ${name}:`,
    `    interfaces: {eth0: {segment: lan, addresses: [${formatIp(address)}/32]}}`,
    '    setup: |',
    ...['ip route add 10.0.0.0/8 dev eth0', 'ip route add 192.168.0.0/16 dev eth0', ...commands].map((line) => `      ${line}`),
  ]
}

function serverText({ name, speed, workers }: PlannedServer, work: Distribution): string {
  const ns = (time: number): string => `${Math.round(time / speed)}ns`
  const time = work.law === 'uniform' ? `uniform ${ns(work.fromNs)} ${ns(work.toNs)}` : `${work.law} ${ns(meanNsOf(work))}`
  const bound = workers === Infinity ? '' : `, workers: ${workers}`
  return `{port: ${SERVICE_PORT}, name: ${name}, service_time: ${time}, backlog: 65535${bound}}`
}

/** Who answered, and how long it took. How much work each got is known on average only. */
function measuresOf(plan: FairnessPlan, scheduler: string, { traffic }: RunResult): FairnessMeasures {
  const measures = new FairnessMeasures(plan, scheduler)
  const indexes = new Map(plan.servers.map(({ name }, index) => [name, index]))
  const workNs = meanNsOf(plan.work)
  const requests = traffic[0]?.requests ?? []
  for (const [index, { startNs, endNs, answeredBy = '' }] of requests.entries()) {
    const server = indexes.get(answeredBy)
    measures.arrived(index, { server, arrivalNs: startNs, workNs })
    if (server !== undefined) measures.served(index, { waitNs: undefined, responseNs: endNs - startNs })
  }
  return measures
}

/**
 * Recorded runs for the tests of what a run shows: a client, a router and a server by hand, and a cluster from a scenario.
 * @module
 */
import type { Host } from '../../src/host/host.ts'
import { DEFAULT_LINK, type LinkOptions } from '../../src/link/link.ts'
import { expandCluster } from '../../src/scenario/expand-cluster.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import { Recorder, type RecorderOptions } from '../../src/scenario/recorder.ts'
import type { RunResult } from '../../src/scenario/result.ts'
import { runScenario } from '../../src/scenario/run.ts'
import type { Mode } from '../../src/scenario/schema-check.ts'
import { World } from '../../src/scenario/world.ts'
import { IPV4_ANY, type MacAddr } from '../../src/wire/address.ts'
import { ICMP_ECHO_REQUEST, icmpBytes, icmpEcho } from '../../src/wire/icmp-message.ts'
import { IPPROTO_ICMP } from '../../src/wire/ip-packet.ts'
import { ip } from '../wire/packets.ts'

/** No rate and 1 ms of delay: a frame is a segment's width away after 2 ms. */
const LINK: LinkOptions = { ...DEFAULT_LINK, rateBitsPerSecond: Infinity, delayNs: 1_000_000 }

/** client 10.1.0.10 -- wan -- router 10.1.0.1, 10.2.0.1 -- lan -- server 10.2.0.10; MAC addresses end in 1 to 4 in this order. */
export interface RecordedWorld {
  readonly world: World
  readonly recorder: Recorder
  readonly client: Host
  readonly router: Host
  readonly server: Host
}

/** The world, not yet run. Its recorder is detailed and keeps 10,000 records unless said otherwise. */
export function recordedWorld({ recordsMax = 10_000, isDetailed = true }: Partial<RecorderOptions> = {}): RecordedWorld {
  const world = new World('42')
  world.addSegment('wan')
  world.addSegment('lan')
  for (const name of ['client', 'router', 'server']) world.addHost({ name })
  const nics: readonly (readonly [host: string, device: string, segment: string, addr: string])[] = [
    ['client', 'eth0', 'wan', '10.1.0.10'], ['router', 'eth0', 'wan', '10.1.0.1'], ['router', 'eth1', 'lan', '10.2.0.1'],
    ['server', 'eth0', 'lan', '10.2.0.10'],
  ]
  for (const [index, [host, device, segment, addr]] of nics.entries()) {
    world.plug({
      host, device, mac: (0x020000000001 + index) as MacAddr, mtuBytes: 1500,
      addresses: [{ addr: ip(addr), prefixLength: 24 }],
    }, segment, LINK)
  }
  world.addRoute('client', { network: IPV4_ANY, prefixLength: 0, gateway: ip('10.1.0.1') })
  world.addRoute('server', { network: IPV4_ANY, prefixLength: 0, gateway: ip('10.2.0.1') })
  const [client, router, server] = [world.host('client'), world.host('router'), world.host('server')]
  router.sysctl.set('net.ipv4.ip_forward', '1')
  const recorder = new Recorder({ recordsMax, isDetailed })
  recorder.attach(world)
  return { world, recorder, client, router, server }
}

/** Sends an echo request to the server and lets a second pass. */
export function pingServer({ world, client }: RecordedWorld, { ttl = 64 }: { readonly ttl?: number } = {}): void {
  const payload = icmpEcho(ICMP_ECHO_REQUEST, 7, 1, new Uint8Array(56))
  client.sendPacket({
    src: IPV4_ANY, dst: ip('10.2.0.10'), protocol: IPPROTO_ICMP, payload, payloadBytes: icmpBytes(payload), ttl,
    dontFragment: true,
  })
  pass(world)
}

/** Sends a datagram of 4 bytes from port 40001 to a port of the server, and lets a second pass. */
export function sendDatagram({ world, client }: RecordedWorld, dport: number): void {
  const socket = client.udp.connect({ dst: ip('10.2.0.10'), dport, sport: 40_001 }, {})
  if (!socket.ok) throw new Error(socket.error)
  socket.value.send(new Uint8Array(4))
  pass(world)
  socket.value.close()
}

/** Has the server answer every datagram to this port with one byte. */
export function serveDatagrams({ server }: RecordedWorld, port: number): void {
  const bound = server.udp.bind({ addr: IPV4_ANY, port }, {
    onDatagram: (socket, { from, fromPort }) => socket.sendTo(from, fromPort, new Uint8Array(1)),
  })
  if (!bound.ok) throw new Error(bound.error)
}

/** A UDP service of two servers behind one address; each mode has its own way through it. */
const CLUSTER = `
name: small
cluster:
  vip: 10.0.0.100
  service: udp 53
  scheduler: rr
  real_servers: [{name: rs, replicas: 2}]
  director: {cpu: {per_packet: 10us, per_byte: 0ns}}
traffic:
  - {name: questions, kind: udp, from: client1, to: 10.0.0.100:53, source_port: 40001, count: 2, at: 1s}
observe:
  - {name: table, at: end, on: lb, run: ipvsadm -Ln}
expect:
  - requests: {ok: 2}
`

/** Runs the cluster in a mode and records it. */
export async function recordedCluster(mode: Mode, change: (text: string) => string = (text) => text): Promise<{
  readonly result: RunResult, readonly recorder: Recorder
}> {
  const parsed = parseScenario(change(CLUSTER), 'small.lvs.yaml')
  if (!parsed.ok) throw new Error(parsed.error.map(({ message }) => message).join('\n'))
  const recorder = new Recorder({ recordsMax: 100_000, isDetailed: true })
  const ran = await runScenario(expandCluster(parsed.value, mode), { onWorld: (world) => recorder.attach(world) })
  if (!ran.ok) throw new Error(ran.error.map(({ message }) => message).join('\n'))
  return { result: ran.value, recorder }
}

function pass(world: World): void {
  world.sim.run(world.sim.nowNs + 1_000_000_000)
  world.checkLedgers()
}

/**
 * The traffic of endpoints: TCP connections that write the pattern and check what they read, datagrams that are answered,
 * pings; and applications that pause, shut down, close and abort at any time.
 * @module
 */
import type { Host } from '../../src/host/host.ts'
import type { TcpHandlers } from '../../src/host/tcp/app-side.ts'
import type { TcpEndpoint } from '../../src/host/tcp/endpoint.ts'
import { NS_PER_MILLISECOND } from '../../src/base/units.ts'
import { IPV4_ANY, IPV6_ANY, isIpv6, type IpAddr } from '../../src/wire/address.ts'
import { sameBytes } from '../../src/wire/bytes.ts'
import { patternBytes, type Chance } from './chance.ts'
import { someAddr6 } from './ipv6.ts'
import { VIP } from './network.ts'
import { complain, later, type World } from './world.ts'

/** Port of the servers; 8080 is one that rules turn to. */
export const TCP_PORT = 80
/** Port that answers datagrams. */
export const UDP_PORT = 53

/** What one side of a connection does. */
interface Behaviour {
  readonly bytes: number
  readonly chunkBytes: number
  /** When it closes: after its last write, when the peer has, or when the first data is there. */
  readonly closes: 'written' | 'peer' | 'data' | 'never'
  /** Stops reading after so many bytes, for so long. */
  readonly pausesAt: number
  readonly pauseMs: number
  readonly noDelay: boolean
  /** Between two writes. */
  readonly gapNs: number
}

/** An address: mostly one that leads somewhere. */
export function someAddr(world: World, chance: Chance): IpAddr {
  if (chance.flip(0.7)) return chance.pick(world.addrs)
  return chance.pick([
    VIP, 0x0a00_00ff, 0x0a01_00ff, 0xffff_ffff, 0xe000_0001, 0, 0x7f00_0001, 0x0a63_0001, 0x0a00_00c8, 0x0102_0304,
    0xf000_0001, 0x0a1e_0001, 0x0a1e_0102,
  ] as IpAddr[])
}

/** Where traffic goes: an address of either family. */
export function someTarget(world: World, chance: Chance): IpAddr {
  return world.addrs6.length > 0 && chance.flip(0.35) ? someAddr6(world, chance) : someAddr(world, chance)
}

/** An address of the family of another. */
function sourceFor(world: World, dst: IpAddr, chance: Chance): IpAddr {
  return isIpv6(dst) ? someAddr6(world, chance) : someAddr(world, chance)
}

/** Servers on some port of a host: TCP that speaks the pattern, UDP that answers. */
export function serve(world: World, host: Host, chance: Chance): void {
  const port = chance.pick([TCP_PORT, TCP_PORT, 8080, 443])
  const addr = chance.flip(0.8) ? anyAddress(world, chance) : someTarget(world, chance)
  const behaviours = Array.from({ length: 4 }, () => someBehaviour(chance))
  let turn = 0
  const accepts = chance.flip(0.9)
  const listening = host.tcp.listen({ addr, port, backlog: chance.pick([128, 1, 0]) }, (listener) => {
    if (!accepts) return
    const endpoint = listener.accept()
    const behaviour = behaviours[turn++ % behaviours.length] as Behaviour
    endpoint?.attach(speak(world, behaviour, `${host.name}:${port}`))
    if (endpoint !== undefined) write(world, endpoint, behaviour)
  })
  if (listening.ok) world.listeners.push({ host, listener: listening.value })
  const socket =
    host.udp.bind({ addr: chance.flip(0.8) ? anyAddress(world, chance) : someTarget(world, chance), port: UDP_PORT },
    {
    // Each answer is half as long, so that two who answer each other come to an end.
    onDatagram: (own, { from, fromPort, data }) => {
      if (data.length > 1) own.sendTo(from, fromPort, data.subarray(0, Math.min(data.length >> 1, 3_000)))
    },
  })
  if (socket.ok) world.sockets.push(socket.value)
}

/** Opens a connection. */
export function connect(world: World, host: Host, dst: IpAddr, chance: Chance): void {
  const behaviour = someBehaviour(chance)
  const sport = chance.flip(0.1) ? { sport: 40_000 } : {}
  const src = chance.flip(0.1) ? { src: sourceFor(world, dst, chance) } : {}
  const dport = chance.pick([TCP_PORT, TCP_PORT, TCP_PORT, 8080, 443, 7])
  const opened = host.tcp.connect({ dst, dport, ...sport, ...src }, {
    ...speak(world, behaviour, `${host.name} to ${dport}`),
    onConnected: (endpoint) => write(world, endpoint, behaviour),
  })
  if (!opened.ok) return
  world.endpoints.push(opened.value)
  if (chance.flip(0.1)) opened.value.shutdownWrite()
}

/** Sends datagrams from a socket of its own. */
export function sendDatagrams(world: World, host: Host, dst: IpAddr, chance: Chance): void {
  const dport = chance.pick([UDP_PORT, UDP_PORT, UDP_PORT, 9, 80])
  const opened = host.udp.connect({
    dst, dport, ...(chance.flip(0.1) ? { src: sourceFor(world, dst, chance) } : {}),
    ...(chance.flip(0.2) ? { sport: 1000 } : {}),
  }, chance.flip(0.5) ? {} : { onDatagram: () => undefined, onError: (socket) => socket.close() })
  const socket = opened.ok ? opened.value : chance.pickAny(world.sockets)
  if (socket === undefined) return
  if (opened.ok) world.sockets.push(socket)
  for (let i = chance.pick([1, 1, 3]); i > 0; i--) {
    const data = patternBytes(0, chance.pick([0, 1, 100, 1472, 1473, 5_000, 30_000]))
    if (chance.flip(0.8)) socket.send(data)
    else if (socket.local === IPV6_ANY || isIpv6(socket.local) === isIpv6(dst)) socket.sendTo(dst, dport, data)
  }
}

/** Sends echo requests, and closes the ping at some time. */
export function sendPings(world: World, host: Host, dst: IpAddr, chance: Chance): void {
  const ping = host.pings.open(chance.flip(0.3) ? {} : { onReply: () => undefined, onError: () => undefined })
  world.pings.push({ host, ping })
  for (let sequence = chance.pick([1, 1, 4, 12]); sequence > 0; sequence--) {
    ping.request({
      src: chance.flip(0.9) ? IPV4_ANY : sourceFor(world, dst, chance), dst, sequence,
      dataBytes: chance.pick([56, 0, 1472, 4000]),
      ...(chance.flip(0.3) ? { ttl: chance.pick([1, 2, 3]) } : {}), ...(chance.flip(0.2) ? { dontFragment: true } : {}),
    })
  }
  if (chance.flip(0.3)) later(world, 1_000_000, () => ping.close())
}

/** Some requests at once, between hosts that can reach each other if anything can: to see what a change has done. */
export function poke(world: World, chance: Chance, targets?: readonly IpAddr[]): void {
  for (let i = chance.pick([1, 3, 5]); i > 0; i--) {
    const request = chance.pick([connect, connect, sendDatagrams, sendPings])
    const all = world.addrs6.length > 0 && chance.flip(0.3) ? world.addrs6 : world.addrs
    request(world, chance.pick(world.hosts), chance.pick(targets ?? all), chance)
  }
}

/** Does anything to a connection that an application can. */
export function actOnConnection(world: World, chance: Chance): void {
  const host = chance.pick(world.hosts)
  const endpoint =
    chance.pickAny([...host.tcp.connections()].filter((entry) =>
    entry.state !== 'TIME_WAIT')) as TcpEndpoint | undefined
  if (chance.flip(0.1)) {
    const entry = chance.pickAny(world.listeners)
    if (entry !== undefined) entry.host.tcp.unlisten(entry.listener)
    return
  }
  if (endpoint === undefined) return
  switch (chance.int(7)) {
    case 0: endpoint.close(); break
    case 1: endpoint.abort(); break
    case 2: endpoint.shutdownWrite(); break
    case 3: endpoint.pauseReading(); break
    case 4: endpoint.resumeReading(); break
    case 5: endpoint.noDelay = !endpoint.noDelay; break
    default: endpoint.send(patternBytes(endpoint.writtenBytes, 2_000))
  }
}

function anyAddress(world: World, chance: Chance): IpAddr {
  return world.addrs6.length > 0 && chance.flip(0.6) ? IPV6_ANY : IPV4_ANY
}

function someBehaviour(chance: Chance): Behaviour {
  return {
    bytes: chance.pick([0, 1, 100, 100, 3_000, 3_000, 3_000, 20_000, 20_000, 200_000]),
    chunkBytes: chance.pick([1_000_000, 60_000, 5_000, 700]),
    closes: chance.pick(['written', 'written', 'peer', 'peer', 'data', 'never']),
    pausesAt: chance.pick([Infinity, Infinity, 1, 20_000]), pauseMs: chance.pick([1, 400, 20_000]),
    noDelay: chance.flip(0.2), gapNs: chance.pick([300_000, 300_000, 50_000_000, 1_500_000_000]),
  }
}

/** Writes the pattern; positions of a stream begin at 1. */
function write(world: World, endpoint: TcpEndpoint, behaviour: Behaviour): void {
  endpoint.noDelay = behaviour.noDelay
  const step = (): void => {
    const written = endpoint.writtenBytes
    const left = behaviour.bytes - written
    if (left > 0) {
      if (endpoint.send(patternBytes(written, Math.min(left, behaviour.chunkBytes))) !== undefined) return
      // A small chunk now and then is what Nagle's rule and delayed acknowledgements are about.
      if (left > behaviour.chunkBytes) return later(world, behaviour.gapNs, step)
    }
    if (behaviour.closes === 'written') endpoint.close()
  }
  step()
}

/** Reads and checks. */
function speak(world: World, behaviour: Behaviour, name: string): TcpHandlers {
  let received = 0
  let isOver = false
  const note = (what: string): void => {
    if (isOver) complain(world, `${name} was told of ${what} after its end`)
  }
  const end = (): void => {
    note('an end')
    isOver = true
  }
  return {
    onData: (endpoint, bytes) => {
      note('data')
      if (!sameBytes(bytes, patternBytes(received, bytes.length)))
        complain(world, `${name} read what was not written, at ${received}`)
      if (received < behaviour.pausesAt && received + bytes.length >= behaviour.pausesAt) {
        endpoint.pauseReading()
        later(world, behaviour.pauseMs * NS_PER_MILLISECOND, () => endpoint.resumeReading())
      }
      received += bytes.length
      if (behaviour.closes === 'data') endpoint.close()
    },
    onPeerClosed: (endpoint) => {
      note('the end of its peer')
      if (behaviour.closes !== 'never') endpoint.close()
    },
    onClosed: end, onError: end,
  }
}

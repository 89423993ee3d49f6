/**
 * A director of the simulator for comparison with the model: one host with nothing but `lo`, told of rules as ipvsadm tells them,
 * and handed packets where they pass its hooks. The real servers are addresses of its own, so that packets go nowhere.
 * @module
 */
import type { Passage } from '../../src/host/hooks.ts'
import { Host } from '../../src/host/host.ts'
import { addAddress } from '../../src/host/config/addresses.ts'
import type { Connection } from '../../src/ipvs/connection.ts'
import type { IpvsCommand } from '../../src/ipvs/control/command.ts'
import { IPIP_TUNNEL, type ServiceId } from '../../src/ipvs/control/rules.ts'
import { attachIpvs, type Ipvs } from '../../src/ipvs/director.ts'
import { Simulator } from '../../src/sim/simulator.ts'
import type { IpAddr } from '../../src/wire/address.ts'
import { ipPacket, withMark, type IpPacket } from '../../src/wire/ip-packet.ts'
import { NO_DATA, NO_TCP_OPTIONS, tcpSegment } from '../../src/wire/tcp-segment.ts'
import { udpDatagram } from '../../src/wire/udp-datagram.ts'
import type { ModelFate, ServerRule } from './director-model.ts'
import type { ModelFlow } from './scheduler-model.ts'

/** 192.168.1.11, the first address of the real servers. */
export const FIRST_SERVER = 0xc0a8010b
/** How many of them there may be. */
export const SERVERS_MAX = 8
/** 10.0.0.100, the address of the service. */
export const VIP = 0x0a000064
/** Its port. */
export const PORT = 80

const MARK = 7
const FLAG_BITS: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, A: 16 }

/** What a service is. */
export interface ServiceSetUp {
  readonly scheduler: string
  readonly flags: number
  readonly isUdp: boolean
  /** A service of a firewall mark, which serves any address. */
  readonly isMarked: boolean
  readonly method: 'nat' | 'dr' | 'tun'
}

/** The director. */
export class RealDirector {
  readonly ipvs: Ipvs
  readonly #sim = new Simulator('models')
  readonly #host: Host
  readonly #service: ServiceId
  #setUp: ServiceSetUp

  constructor(setUp: ServiceSetUp) {
    this.#host = new Host(this.#sim, { name: 'lb' })
    for (let i = 0; i < SERVERS_MAX; i++) {
      const next = addAddress(this.#host.net, 'lo', { addr: (FIRST_SERVER + i) as IpAddr, prefixLength: 32 })
      if (next.ok) this.#host.reconfigure(next.value)
    }
    this.#host.modules.load('ip_vs')
    this.ipvs = attachIpvs(this.#host)
    this.#setUp = setUp
    this.#service = {
      fwmark: setUp.isMarked ? MARK : 0, isIpv6: false, protocol: setUp.isUdp ? 17 : 6, addr: VIP as IpAddr, port: PORT,
    }
    this.#serviceCommand('add-service', setUp)
  }

  /** Edits the service. */
  editService(setUp: ServiceSetUp): void {
    this.#setUp = setUp
    this.#serviceCommand('edit-service', setUp)
  }

  /** Deletes the service with its servers, and adds it again without any. */
  renew(): void {
    this.#apply({ kind: 'delete-service', service: this.#service })
    this.#serviceCommand('add-service', this.#setUp)
  }

  /** Adds or edits a server. */
  put(kind: 'add-destination' | 'edit-destination', { addr, port, weight, upper, lower }: ServerRule): void {
    this.#apply({
      kind, service: this.#service, destination: {
        addr: addr as IpAddr, port, method: this.#setUp.method, weight, upperThreshold: upper, lowerThreshold: lower,
        tunnel: IPIP_TUNNEL,
      },
    })
  }

  /** Deletes a server. */
  remove({ addr, port }: { readonly addr: number, readonly port: number }): void {
    this.#apply({ kind: 'delete-destination', service: this.#service, addr: addr as IpAddr, port })
  }

  /** `--set`. */
  setTimeouts(tcpSeconds: number, tcpFinSeconds: number, udpSeconds: number): void {
    this.#apply({ kind: 'set-timeouts', timeouts: { tcpSeconds, tcpFinSeconds, udpSeconds } })
  }

  /** Sets a sysctl of IPVS. */
  set(name: string, value: number): void {
    const result = this.#host.sysctl.set(`net.ipv4.vs.${name}`, String(value))
    if (!result.ok) throw new Error(`${name}: ${result.error}`)
  }

  /** A packet of a client. */
  request(flow: ModelFlow, flags: string): ModelFate {
    const { drops } = this.#host
    const [refused = 0, lost = 0] = [drops.get('ipvs-no-destination'), drops.get('ipvs-destination-gone')]
    const packet = this.#packet(flow.client, flow.clientPort, flow.target, PORT, flags)
    const passage = newPassage()
    const marked = withMark(packet, this.#setUp.isMarked ? MARK : 0)
    const result = this.#host.hooks.run('localIn', marked, passage)
    if (result === undefined) {
      if (drops.get('ipvs-no-destination') === refused + 1) return 'refused'
      if (drops.get('ipvs-destination-gone') === lost + 1) return 'lost'
      throw new Error('a packet is gone for a reason that the model does not know')
    }
    if (!passage.fromIpvs) return 'pass'
    const server = this.find(flow)?.daddr
    if (this.#setUp.method === 'nat' && result.dst !== server) throw new Error('the packet goes to another server')
    return server ?? 'pass'
  }

  /** A packet of a server back to a client. */
  reply(flow: ModelFlow, server: { readonly addr: number, readonly port: number }, flags: string): void {
    const [addr, port] = this.#setUp.method === 'nat' ? [server.addr, server.port || PORT] : [flow.target, PORT]
    const packet = this.#packet(addr, port, flow.client, flow.clientPort, flags)
    const result = this.#host.hooks.run('forward', packet, newPassage())
    if (result?.src !== flow.target) throw new Error('the reply does not come from the service')
  }

  /** The connection of a flow. */
  find({ client, clientPort, target }: ModelFlow): Connection | undefined {
    return this.ipvs.connections.table.find({
      protocol: this.#service.protocol, caddr: client as IpAddr, cport: clientPort, vaddr: target as IpAddr, vport: PORT,
    })
  }

  /** Time passes. */
  passTo(seconds: number): void {
    this.#sim.run(seconds * 1_000_000_000)
  }

  #packet(src: number, sport: number, dst: number, dport: number, flags: string): IpPacket {
    const bits = [...flags].reduce((sum, letter) => sum + (FLAG_BITS[letter] ?? 0), 0)
    const payload = this.#setUp.isUdp ? udpDatagram({ sport, dport }, NO_DATA)
      : tcpSegment({ sport, dport }, { seq: 1, ack: 1, window: 1000 }, bits, NO_TCP_OPTIONS, NO_DATA)
    return ipPacket({
      uid: 1, src: src as IpAddr, dst: dst as IpAddr, protocol: this.#service.protocol, payload, payloadBytes: 20,
    })
  }

  #serviceCommand(kind: 'add-service' | 'edit-service', { scheduler, flags }: ServiceSetUp): void {
    this.#apply({
      kind, service: this.#service, options: {
        scheduler, schedulerFlags: flags, persistenceSeconds: undefined, netmask: 0xffffffff, engine: '', onePacket: false,
      },
    })
  }

  #apply(command: IpvsCommand): void {
    const result = this.ipvs.apply(command)
    if (!result.ok) throw new Error(`${command.kind}: ${result.error.message}`)
  }
}

function newPassage(): Passage {
  return { inDevice: undefined, outDevice: undefined, fromIpvs: false, untracked: false, reroutes: false, conntrack: undefined }
}

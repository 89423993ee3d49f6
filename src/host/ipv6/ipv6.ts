/**
 * IPv6 of one host: its parts, put together. Off until net.ipv6.conf.*.disable_ipv6 is 0, as on a kernel that was booted with
 * ipv6.disable_ipv6=1: most guides for clusters know nothing of IPv6, and its frames would only be in the way there.
 * netfilter has no rules for IPv6 here; IPVS is at its hooks.
 * @module
 */
import { setIpv6, setIpv6Default, settleIpv6Addresses } from '../config/ipv6-config.ts'
import type { NetConfig } from '../config/net-config.ts'
import type { Device } from '../device.ts'
import { Hooks } from '../hooks.ts'
import type { Host } from '../host.ts'
import { Icmpv6 } from './icmpv6.ts'
import { Ipv6Input } from './ipv6-input.ts'
import { Ipv6Output } from './ipv6-output.ts'
import { Ipv6Routing } from './ipv6-routing.ts'
import { defineIpv6DeviceSysctls, defineIpv6Sysctls, type Ipv6SysctlListeners } from './ipv6-sysctls.ts'
import { NeighborDiscovery } from './neighbor-discovery.ts'

/** The IPv6 module of one host. */
export class Ipv6 {
  readonly hooks = new Hooks()
  readonly routing = new Ipv6Routing()
  readonly input: Ipv6Input
  readonly output: Ipv6Output
  readonly icmp: Icmpv6
  readonly discovery: NeighborDiscovery
  readonly #host: Host
  readonly #listeners: Ipv6SysctlListeners
  #forwarding = '0'

  constructor(host: Host) {
    this.#host = host
    this.#listeners = {
      onDisable: (device, value) => this.#onDisable(device, value),
      onForwarding: (device, value) => this.#onForwarding(device, value),
    }
    defineIpv6Sysctls(host.sysctl, this.#listeners)
    this.input = new Ipv6Input(host)
    this.output = new Ipv6Output(host)
    this.icmp = new Icmpv6(host)
    this.discovery = new NeighborDiscovery(host)
  }

  /** True when the host sends on what is for others: conf.all.forwarding alone says so. */
  get isForwarding(): boolean {
    return this.#forwarding !== '0'
  }

  /** Defines the sysctls of a new device. */
  defineDevice(name: string): void {
    defineIpv6DeviceSysctls(this.#host.sysctl, name, this.#listeners)
  }

  /** Takes over a configuration. */
  reset(net: NetConfig, devices: ReadonlyMap<string, Device>): void {
    this.routing.reset(net, devices)
    this.discovery.watch(net)
  }

  /**
   * Switches IPv6 on for all devices, those to come included. Addresses that this gives are in no doubt: the host was up
   * before.
   */
  switchOn(): void {
    const host = this.#host
    let net: NetConfig = setIpv6Default(host.net, true)
    for (const { name } of net.devices) {
      const next = setIpv6(net, name, true)
      if (next.ok) net = next.value
    }
    host.reconfigure(settleIpv6Addresses(net))
    for (const device of ['all', 'default', ...net.ipv6.devices]) host.sysctl.set(`net.ipv6.conf.${device}.disable_ipv6`, '0')
  }

  /** `all` stands for every device and those to come (addrconf_disable_change). */
  #onDisable(device: string, value: string): void {
    const host = this.#host
    const isOn = value === '0'
    if (device === 'default') return host.reconfigure(setIpv6Default(host.net, isOn))
    if (device === 'all') {
      const others = ['default', ...host.net.devices.map(({ name }) => name)]
      for (const other of others) host.sysctl.set(`net.ipv6.conf.${other}.disable_ipv6`, value)
      return
    }
    const next = setIpv6(host.net, device, isOn)
    if (next.ok && next.value !== host.net) host.reconfigure(next.value)
  }

  #onForwarding(device: string, value: string): void {
    if (device !== 'all') return
    this.#forwarding = value
    const { sysctl, net } = this.#host
    for (const other of ['default', ...net.devices.map(({ name }) => name)]) {
      sysctl.set(`net.ipv6.conf.${other}.forwarding`, value)
    }
  }
}

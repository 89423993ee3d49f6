/**
 * A small LAN of real hosts on one switch, and shells on them.
 * @module
 */
import { addAddress } from '../../src/host/config/addresses.ts'
import { setDeviceUp } from '../../src/host/config/devices.ts'
import { Host } from '../../src/host/host.ts'
import { Bridge } from '../../src/link/bridge.ts'
import { plugIntoBridge } from '../../src/link/cable.ts'
import { DEFAULT_LINK } from '../../src/link/link.ts'
import { Nic } from '../../src/link/nic.ts'
import { Simulator } from '../../src/sim/simulator.ts'
import { broadcastOf, type IpAddr, type MacAddr, parseIpv4 } from '../../src/wire/address.ts'
import { HostShell, type StopPlace } from '../../src/admin/shell/host-shell.ts'
import { ShellDriver } from '../../src/admin/shell/shell-driver.ts'
import type { ShellResult, ShellTask } from '../../src/admin/shell/shell-task.ts'
import { toolbox } from '../../src/admin/toolbox.ts'
import type { Tool } from '../../src/admin/tool.ts'

/** What one script came to. */
export interface Ran extends Partial<ShellResult> {
  readonly stop?: StopPlace | undefined
}

/** Hosts by name, each with eth0 in 10.0.0.0/24: the first has 10.0.0.1 and MAC 02:00:00:00:01:00, and so on. */
export class Lan {
  readonly sim = new Simulator('test')
  readonly driver = new ShellDriver(this.sim)
  readonly hosts = new Map<string, Host>()
  readonly #shells = new Map<string, HostShell>()

  constructor(names: readonly string[], more: Iterable<readonly [string, Tool]> = []) {
    const bridge = new Bridge(this.sim, 'lan')
    const tools = toolbox(more)
    for (const [index, name] of names.entries()) {
      const host = new Host(this.sim, { name })
      const nic = new Nic(this.sim, `${name}.eth0`, (0x020000000000 + (index + 1) * 256) as MacAddr, host)
      plugIntoBridge(this.sim, nic, bridge, DEFAULT_LINK)
      host.addNic('eth0', nic, { mtuBytes: 1500, kind: 'ethernet' })
      const addr = parseIpv4(`10.0.0.${index + 1}`) as IpAddr
      const up = setDeviceUp(host.net, 'eth0')
      if (up.ok) host.reconfigure(up.value)
      const added = addAddress(host.net, 'eth0', { addr, prefixLength: 24, broadcast: broadcastOf(addr, 24) })
      if (added.ok) host.reconfigure(added.value)
      this.hosts.set(name, host)
      this.#shells.set(name, new HostShell(host, this.driver, tools))
    }
  }

  host(name: string): Host {
    return this.hosts.get(name) as Host
  }

  /** Begins a script; nothing of it runs before the driver does. */
  start(name: string, script: string): ShellTask {
    return (this.#shells.get(name) as HostShell).start({ script, name: 'test' })
  }

  /** Runs a script to its end, at most for 1000 s of simulated time. */
  async run(name: string, script: string): Promise<Ran> {
    const task = this.start(name, script)
    await this.driver.runUntil(this.sim.nowNs + 1000e9, task)
    const stop = (this.#shells.get(name) as HostShell).placeOfStop(task)
    return stop === undefined ? { ...task.result } : { stop }
  }

  /** What a script prints on stdout; fails when it prints on stderr or does not end with 0. */
  async output(name: string, script: string): Promise<string> {
    const { stdout, stderr, exitCode, stop } = await this.run(name, script)
    if (stop !== undefined || exitCode !== 0 || stderr !== '') throw new Error(JSON.stringify({ stdout, stderr, exitCode, stop }))
    return stdout ?? ''
  }
}

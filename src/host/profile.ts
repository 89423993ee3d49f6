/**
 * What kind of machine a host is: the kernel it runs, how much memory it has, which modules can be loaded.
 * @module
 */
import { err, ok, type Result } from '../base/result.ts'
import type { Errno } from './errno.ts'

/** A kind of machine. */
export interface HostProfile {
  readonly name: string
  readonly kernelRelease: string
  /** Timer interrupts a second. */
  readonly hz: number
  readonly memoryBytes: number
  /** Modules that modprobe finds. */
  readonly modules: readonly string[]
  /** Modules of this kernel that its distribution leaves out: a host built from other sources may have them. */
  readonly unbuiltModules: readonly string[]
}

const IPVS_MODULES = [
  'ip_vs', 'ip_vs_rr', 'ip_vs_wrr', 'ip_vs_lc', 'ip_vs_wlc', 'ip_vs_lblc', 'ip_vs_lblcr', 'ip_vs_dh', 'ip_vs_sh', 'ip_vs_sed',
  'ip_vs_nq', 'ip_vs_fo', 'ip_vs_ovf', 'ip_vs_mh', 'ip_vs_ftp',
  'ip_vs_pe_sip',
]

/** The stock Debian 12 machine: Linux 6.1 without the `twos` scheduler, 1 GiB of memory. */
export const DEBIAN_12: HostProfile = {
  name: 'debian-12', kernelRelease: '6.1.0-56-amd64', hz: 250, memoryBytes: 1_073_741_824,
  modules: [
    ...IPVS_MODULES, 'ipip', 'ip_gre', 'fou', 'dummy', 'nf_conntrack', 'iptable_filter', 'iptable_nat', 'iptable_mangle',
    'iptable_raw', 'xt_ipvs', '8021q', 'bonding',
  ],
  unbuiltModules: ['ip_vs_twos'],
}

/** Profiles by name. */
export const PROFILES: ReadonlyMap<string, HostProfile> = new Map([[DEBIAN_12.name, DEBIAN_12]])

/** The modules that are loaded. Hosts that are namespaces of one machine share one of these. */
export class KernelModules {
  readonly #available: ReadonlySet<string>
  readonly #loaded: string[] = []
  readonly #listeners: ((name: string) => void)[] = []

  constructor(available: readonly string[]) {
    this.#available = new Set(available)
  }

  /** `listener` is called after each module that gets loaded, and at once for those that are. */
  onLoad(listener: (name: string) => void): void {
    this.#listeners.push(listener)
    for (const name of this.#loaded) listener(name)
  }

  /** True when the module is loaded. */
  has(name: string): boolean {
    return this.#loaded.includes(canonicalModule(name))
  }

  /** Loads a module; ENOENT when the kernel was built without it. */
  load(name: string): Result<void, Errno> {
    const module = canonicalModule(name)
    if (!this.#available.has(module)) return err('ENOENT')
    if (!this.#loaded.includes(module)) {
      this.#loaded.push(module)
      for (const listener of this.#listeners) listener(module)
    }
    return ok(undefined)
  }

  /** Loaded modules, the oldest first. */
  loaded(): readonly string[] {
    return this.#loaded
  }
}

/** The name of a module: modprobe takes `-` for `_`. */
export function canonicalModule(name: string): string {
  return name.replaceAll('-', '_')
}

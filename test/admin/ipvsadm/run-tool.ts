/**
 * Runs ipvsadm and its kin on a host without a shell: for tests of what they print.
 * @module
 */
import { addAddress } from '../../../src/host/config/addresses.ts'
import { Host } from '../../../src/host/host.ts'
import { KernelModules, DEBIAN_12 } from '../../../src/host/profile.ts'
import { Simulator } from '../../../src/sim/simulator.ts'
import { parseIpv4 } from '../../../src/wire/address.ts'
import { ipvsadm, ipvsadmRestore, ipvsadmSave } from '../../../src/admin/ipvsadm/ipvsadm.ts'
import { registerIpvsFiles } from '../../../src/admin/ipvsadm/proc.ts'
import { readProc } from '../../../src/admin/proc-files.ts'
import type { Tool, ToolContext, ToolResult } from '../../../src/admin/tool.ts'

registerIpvsFiles()

const TOOLS: ReadonlyMap<string, Tool> = new Map(
  [['ipvsadm', ipvsadm], ['ipvsadm-save', ipvsadmSave], ['ipvsadm-restore', ipvsadmRestore]]
)

/** A director with these addresses on `lo`, on which tools can be run. */
export class ToolBench {
  readonly sim = new Simulator('bench')
  readonly host: Host

  constructor(addresses: readonly string[] = [], modules: readonly string[] = DEBIAN_12.modules) {
    this.host = new Host(this.sim, { name: 'lb', modules: new KernelModules(modules) })
    for (const text of addresses) {
      const [addr = '', prefix = '32'] = text.split('/')
      const next = addAddress(
        this.host.net, 'lo', { addr: parseIpv4(addr) ?? fail(text), prefixLength: Number(prefix) },
      )
      if (next.ok) this.host.reconfigure(next.value)
    }
  }

  /** Runs one command line: words, empty ones in double quotes, no pipes. `cat` reads files under /proc. */
  async run(line: string, stdin = ''): Promise<ToolResult> {
    const [name = '', ...argv] = line.split(/\s+/).map((word) => (word === '""' ? '' : word))
    if (name === 'cat') return { stdout: readProc(this.host, argv[0] ?? '') ?? '', stderr: '', exitCode: 0 }
    const tool = TOOLS.get(name)
    if (tool === undefined) throw new Error(`no tool ${name}`)
    return tool(this.#context(argv, stdin))
  }

  #context(argv: readonly string[], stdin: string): ToolContext {
    const { host } = this
    return {
      host, argv, stdin, cwd: '/', readFile: (path) => host.files.get(path),
      writeFile: (path, text) => host.files.set(path, text),
      waiter: { waitNs: () => fail('waiting'), waitFor: () => fail('waiting') },
    }
  }
}

function fail(what: string): never {
  throw new Error(`not for this bench: ${what}`)
}

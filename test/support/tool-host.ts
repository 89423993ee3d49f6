/**
 * A host of its own for tests of tools, and a way to run a tool on it as the shell would, without a shell.
 * @module
 */
import type { Tool, ToolResult } from '../../src/admin/tool.ts'
import { Host } from '../../src/host/host.ts'
import { Simulator } from '../../src/sim/simulator.ts'

/** A host with nothing but `lo`. */
export function newToolHost(name = 'lb'): Host {
  return new Host(new Simulator('42'), { name })
}

/** Runs a tool. It must not wait for simulated time. */
export async function runTool(tool: Tool, host: Host, argv: readonly string[], stdin = ''): Promise<ToolResult> {
  return tool({
    host, argv, stdin, cwd: '/',
    waiter: {
      waitNs: () => Promise.reject(new Error('the tool waits')),
      waitFor: () => Promise.reject(new Error('the tool waits')),
    },
    readFile: (path) => host.files.get(path),
    writeFile: (path, text) => void host.files.set(path, text),
  })
}

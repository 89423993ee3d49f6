import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ToolBench } from './run-tool.ts'

/** Labs whose steps are nothing but command lines of ipvsadm on one host. */
const LABS = [
  'cli/add-twice', 'cli/bad-options', 'cli/bad-values', 'cli/bad-values-2', 'cli/basic', 'cli/dr-port',
  'cli/edit-server', 'cli/empty', 'cli/flags', 'cli/help', 'cli/long-options', 'cli/modes', 'cli/order',
  'cli/spellings', 'cli/thresholds', 'cli/timeouts', 'cli/tunnel-types', 'cli/udp-fwmark', 'ipv6/cli',
]

interface Lab {
  readonly topology: {
    readonly nodes: Record<string, { readonly ifaces: Record<string, { readonly addrs: readonly string[] }> }>,
  }
  readonly steps: readonly {
    readonly show?: { readonly sh: string },
    readonly result?: { readonly rc: number, readonly stdout: string, readonly stderr: string },
  }[]
}

describe('ipvsadm prints what a Linux director printed', () => {
  it.each(LABS)('%s', async (name) => {
    const lab = JSON.parse(readFileSync(new URL(`../../kernel/labs/${name}.json`, import.meta.url), 'utf8')) as Lab
    const addresses = Object.values(
      lab.topology.nodes['lb']?.ifaces ?? {}
    ).flatMap((nic) => nic.addrs).filter((text) => !text.includes(':'))
    const bench = new ToolBench(addresses)
    for (const [index, { show, result }] of lab.steps.entries()) {
      const { stdout, stderr, exitCode } = await bench.run(show?.sh ?? '')
      const recorded = { step: index, sh: show?.sh, rc: result?.rc, stdout: result?.stdout, stderr: result?.stderr }
      expect({ step: index, sh: show?.sh, rc: exitCode, stdout, stderr }).toEqual(recorded)
    }
    expect(lab.steps.length).toBeGreaterThan(5)
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { iptables } from '../../../src/admin/iptables/iptables.ts'
import { newToolHost, runTool } from '../../support/tool-host.ts'

interface Step {
  readonly argv: readonly string[]
  readonly rc: number
  readonly out: string
  readonly err: string
}

/** Sessions of iptables 1.8.9 (legacy), each on an empty firewall. `<try>` stands for the line that points at the help. */
const SESSIONS = JSON.parse(readFileSync(new URL('./recorded.json', import.meta.url), 'utf8')) as { name: string, steps: Step[] }[]
const TRY = "Try `iptables -h' or 'iptables --help' for more information.\n"

describe('iptables answers as recorded', () => {
  for (const { name, steps } of SESSIONS) {
    it(`in ${name}`, async () => {
      const host = newToolHost()
      for (const step of steps) {
        const result = await runTool(iptables, host, step.argv)
        const err = result.stderr.replace(TRY, '<try>')
        expect({ argv: step.argv, rc: result.exitCode, out: result.stdout, err }).toEqual(step)
      }
    })
  }
})

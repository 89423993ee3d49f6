import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { iptables } from '../../../src/admin/iptables/iptables.ts'
import { iptablesRestore } from '../../../src/admin/iptables/iptables-restore.ts'
import { iptablesSave } from '../../../src/admin/iptables/iptables-save.ts'
import { newToolHost, runTool } from '../../support/tool-host.ts'

interface Step {
  /** `iptables` unless given. */
  readonly tool?: 'iptables-save' | 'iptables-restore'
  readonly argv: readonly string[]
  readonly stdin?: string
  readonly rc: number
  readonly out: string
  readonly err: string
}

/**
 * Sessions of iptables 1.8.9 (legacy), each on an empty firewall. `<try>` stands for the line that points at the help; the
 * comment lines of iptables-save, which tell the time, are left out.
 */
const SESSIONS = JSON.parse(
  readFileSync(new URL('./recorded.json', import.meta.url), 'utf8'),
) as { name: string, steps: Step[] }[]
const TOOLS = { 'iptables': iptables, 'iptables-save': iptablesSave, 'iptables-restore': iptablesRestore }
const TRY = /Try `iptables(-restore)? -h' or 'iptables(-restore)? --help' for more information\.\n/

describe('iptables answers as recorded', () => {
  for (const { name, steps } of SESSIONS) {
    it(`in ${name}`, async () => {
      const host = newToolHost()
      for (const step of steps) {
        const result = await runTool(TOOLS[step.tool ?? 'iptables'], host, step.argv, step.stdin)
        const err = result.stderr.replace(TRY, '<try>')
        const out = step.tool === 'iptables-save' ? result.stdout.replace(/^#.*\n/gm, '') : result.stdout
        expect({ ...step, rc: result.exitCode, out, err }).toEqual(step)
      }
    })
  }
})

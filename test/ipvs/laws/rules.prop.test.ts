import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { present } from '../../../src/base/assert.ts'
import { readRules } from '../../../src/admin/ipvsadm/read-rules.ts'
import { attachIpvs, findIpvs } from '../../../src/ipvs/director.ts'
import { seed } from '../../support/seed.ts'
import { benchAfter, CIRCLE, commandLine, LINE, RULE_VIEWS, textsOf, wholeState } from './scripts.ts'

const script = (addresses: readonly string[], maxLength = 30): fc.Arbitrary<string[]> =>
  fc.array(commandLine(addresses), { maxLength, size: 'max' })

describe(`rules of IPVS under random scripts of commands (seed ${seed})`, () => {
  it('are the same after ipvsadm-save and ipvsadm-restore, by number and by name', async () => {
    let saved = 0
    await fc.assert(fc.asyncProperty(script(LINE), fc.constantFrom(' -n', ''), async (lines, numeric) => {
      const bench = await benchAfter(lines)
      const before = await textsOf(bench, RULE_VIEWS)
      const { stdout } = await bench.run(`ipvsadm-save${numeric}`)
      saved += stdout.length
      expect(await bench.run('ipvsadm-restore', stdout)).toMatchObject({ stdout: '', stderr: '', exitCode: 0 })
      expect(await textsOf(bench, RULE_VIEWS)).toEqual(before)
      const read = readRules(stdout)
      expect([read.refused, read.rules.services.length]).toEqual([[], attachIpvs(bench.host).services.all.length])
      const other = await benchAfter([])
      expect(await other.run('ipvsadm -R', stdout)).toMatchObject({ stdout: '', stderr: '', exitCode: 0 })
      expect(await textsOf(other, RULE_VIEWS)).toEqual(before)
    }), { seed, numRuns: 150 })
    expect(saved).toBeGreaterThan(10_000)
  })

  it('lose by that nothing but thresholds, and the order in which they were added', async () => {
    await fc.assert(fc.asyncProperty(script(CIRCLE), async (lines) => {
      const bench = await benchAfter(lines)
      const rulesOf = () => present(findIpvs(bench.host), 'ipvs').rules
      await bench.run('ipvsadm -L')
      const asSet = ({ services, timeouts }: ReturnType<typeof rulesOf>) => ({
        timeouts,
        services: new Set(services.map(({ destinations, netmask, ...service }) => JSON.stringify([
          // Nobody sees the mask of a service that is not persistent, and it is not saved.
          service, service.persistenceSeconds === undefined ? undefined : netmask,
          destinations.map((server) => JSON.stringify({ ...server, upperThreshold: 0, lowerThreshold: 0 })).sort(),
        ]))),
      })
      const before = asSet(rulesOf())
      await bench.run('ipvsadm-restore', (await bench.run('ipvsadm-save -n')).stdout)
      expect(asSet(rulesOf())).toEqual(before)
    }), { seed, numRuns: 150 })
  })

  it('cannot be restored where a mark is printed as a negative number', async () => {
    const bench = await benchAfter(['-A -f 4294967295 -s rr'])
    const { stdout } = await bench.run('ipvsadm-save -n')
    expect(stdout).toBe('-A -f -1 -s rr\n')
    const refusal = { stdout: '', stderr: 'invalid fwmark value `-1\' specified\n', exitCode: 2 }
    expect(await bench.run('ipvsadm-restore', stdout)).toEqual(refusal)
  })

  it('and everything else that is seen stays as it is when a command is refused', async () => {
    const exits = new Map<number, number>()
    await fc.assert(fc.asyncProperty(script(CIRCLE, 20), commandLine(CIRCLE), async (lines, last) => {
      const bench = await benchAfter(lines)
      const [before, rules] = [await wholeState(bench), present(findIpvs(bench.host), 'ipvs').rules]
      const { exitCode, stderr } = await bench.run(`ipvsadm ${last}`)
      exits.set(exitCode, (exits.get(exitCode) ?? 0) + 1)
      expect(stderr === '').toBe(exitCode === 0)
      if (exitCode === 0) return
      expect(present(findIpvs(bench.host), 'ipvs').rules).toBe(rules)
      expect(await wholeState(bench)).toEqual(before)
    }), { seed, numRuns: 400 })
    // Both the tool and the kernel have refused something, and much was accepted.
    for (const code of [0, 2, 255]) expect(exits.get(code) ?? 0).toBeGreaterThan(20)
  })

  it('are frozen, so that nobody can change them but by a command', async () => {
    await fc.assert(fc.asyncProperty(script(LINE, 15), async (lines) => {
      const bench = await benchAfter([...lines, '-A -t 10.0.0.77:80', '-a -t 10.0.0.77:80 -r 10.0.0.9'])
      const { rules } = present(findIpvs(bench.host), 'ipvs')
      for (const part of [rules, rules.services, ...rules.services, ...rules.services.map(({ destinations }) => destinations)]) {
        expect(Object.isFrozen(part)).toBe(true)
      }
    }), { seed, numRuns: 50 })
  })
})

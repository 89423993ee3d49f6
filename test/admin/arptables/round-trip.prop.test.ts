/**
 * What arptables-save writes, arptables-restore brings back. Left out is what the tools themselves cannot read back: hardware
 * types from 10 on (printed in decimal, read in hexadecimal) and masks of protocol types.
 * @module
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arptables } from '../../../src/admin/arptables/arptables.ts'
import { arptablesRestore, arptablesSave } from '../../../src/admin/arptables/save-restore.ts'
import { seed } from '../../support/seed.ts'
import { newToolHost, runTool } from '../../support/tool-host.ts'

const octet = fc.integer({ min: 0, max: 255 })
const address = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.'))
const mac = fc.tuple(octet, octet, octet, octet, octet, octet).map((parts) => parts.map((part) => part.toString(16)).join(':'))
const not = fc.constantFrom<string[]>([], ['!'])

function match(option: string, value: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  return fc.tuple(not, value).map(([inverted, text]) => [...inverted, option, text])
}

const word = fc.integer({ min: 1, max: 65_535 })
const network = fc.tuple(address, fc.integer({ min: 1, max: 32 })).map(([addr, bits]) => `${addr}/${bits}`)
const matches = fc.tuple(
  ...[
    match('-s', network), match('-d', network), match('--src-mac', mac),
    match('--dst-mac', fc.tuple(mac, mac).filter(([, mask]) => !/^[0:]+$/.test(mask)).map((pair) => pair.join('/'))),
    match('--opcode', fc.tuple(word, word).map((pair) => pair.join('/'))),
    match('--h-type', fc.integer({ min: 0, max: 9 }).map(String)), match('--proto-type', fc.nat(65_535).map(String)),
  ].map((one) => fc.oneof(fc.constant<string[]>([]), one)),
).map((parts) => parts.flat())
const target = fc.oneof(
  fc.constantFrom<string[]>([], ['-j', 'ACCEPT'], ['-j', 'DROP'], ['-j', 'RETURN'], ['-j', 'own']),
  fc.tuple(address, address, mac, fc.constantFrom('ACCEPT', 'DROP', 'CONTINUE')).map(([from, to, hardware, verdict]) => [
    '-l', '6', '-j', 'mangle', '--mangle-ip-s', from, '--mangle-ip-d', to, '--mangle-mac-s', hardware, '--mangle-target', verdict,
  ]),
)
const rule = fc.tuple(fc.constantFrom('INPUT', 'OUTPUT', 'FORWARD'), matches, target)
  .map(([chain, given, action]) => ['-A', chain, ...given, ...action])

describe(`arptables-save and arptables-restore (seed ${seed})`, () => {
  it('round-trips', async () => {
    await fc.assert(fc.asyncProperty(fc.array(rule, { maxLength: 6 }), async (rules) => {
      const [from, to] = [newToolHost('from'), newToolHost('to')]
      await runTool(arptables, from, ['-N', 'own'])
      for (const argv of rules) expect((await runTool(arptables, from, argv)).exitCode).toBe(0)
      const saved = await runTool(arptablesSave, from, [])
      expect(await runTool(arptablesRestore, to, [], saved.stdout)).toEqual({ stdout: '', stderr: '', exitCode: 0 })
      expect((await runTool(arptablesSave, to, [])).stdout).toBe(saved.stdout)
      const specsOf = ({ arp }: typeof from): unknown =>
        arp.filter.rules.chains.map((chain) => chain.rules.map(({ spec }) => spec))
      expect(specsOf(to)).toEqual(specsOf(from))
    }), { seed, numRuns: 60 })
  })
})

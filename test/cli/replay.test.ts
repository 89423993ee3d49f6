import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { builtCli, lvsim, workFolder } from './built.ts'

const CAPTURE = 'test/kernel/pcap/dr-lan.lb.eth0.pcap'
let folder = ''

/** A scenario whose replay, on line 6, names this file. */
const text = (file: string): string => `name: pair
segments: {lan: {}}
hosts:
  client: {interfaces: {eth0: {segment: lan, addresses: [10.0.0.10/24]}}}
  server: {interfaces: {eth0: {segment: lan, addresses: [10.0.0.11/24]}}, servers: [{port: 80}]}
traffic: [{kind: replay, from: client, to: 10.0.0.11:80, file: ${file}}]
`

beforeAll(() => {
  builtCli()
  folder = workFolder()
  mkdirSync(join(folder, 'below', 'captures'), { recursive: true })
  copyFileSync(CAPTURE, join(folder, 'below', 'captures', 'a.pcap'))
  copyFileSync(CAPTURE, join(folder, 'beside.pcap'))
  symlinkSync('../beside.pcap', join(folder, 'below', 'link.pcap'))
  symlinkSync('captures/a.pcap', join(folder, 'below', 'inner.pcap'))
  execFileSync('mkfifo', [join(folder, 'below', 'pipe.pcap')])
  writeFileSync(join(folder, 'below', 'large.pcap'), '')
  execFileSync('truncate', ['-s', '67108865', join(folder, 'below', 'large.pcap')])
  for (const file of ['captures/a.pcap', 'link.pcap', 'inner.pcap', 'pipe.pcap', 'large.pcap', 'captures', 'nowhere.pcap']) {
    writeFileSync(join(folder, 'below', `${file.replaceAll('/', '-')}.lvs.yaml`), text(file))
  }
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true }))

describe.concurrent('a scenario that names a capture', () => {
  it('reads it from beside itself, wherever the command runs, and says on stderr what was not used', async ({ expect }) => {
    const note = '5 connections from 1 source in 72 frames; not used: 8 frames without TCP or UDP, 5 repeated SYNs\n'
    const { code, out, err } = await lvsim(['run', 'below/captures-a.pcap.lvs.yaml'], { cwd: folder })
    expect([code, err]).toEqual([EXIT.ok, `captures/a.pcap: ${note}`])
    expect(out).toContain('replay-1 (replay): 5 requests')
    const quiet = await lvsim(['run', 'captures-a.pcap.lvs.yaml', '--quiet'], { cwd: join(folder, 'below') })
    expect(quiet).toEqual({ code: EXIT.ok, out: '', err: '' })
    const inner = await lvsim(['validate', 'below/inner.pcap.lvs.yaml'], { cwd: folder })
    expect(inner.out).toBe('below/inner.pcap.lvs.yaml: fine\n')
  })

  it('reads it from the folder of the command when the scenario comes by stdin', async ({ expect }) => {
    const { code, out } = await lvsim(['run', '-'], { cwd: folder, stdin: text('beside.pcap') })
    expect(code).toBe(EXIT.ok)
    expect(out).toContain('replay-1 (replay): 5 requests')
  })

  it.each([
    ['nowhere.pcap', 'no such file or directory'],
    ['captures', 'is a directory'],
    ['pipe.pcap', 'is no plain file'],
    ['link.pcap', 'it is a link to another folder'],
    ['large.pcap', 'its 67108865 bytes are more than the 67108864 left for files'],
  ])('is refused when %s is not to be read: %s', async (file, reason) => {
    const name = `below/${file}.lvs.yaml`
    for (const verb of ['run', 'validate']) {
      const { code, out, err } = await lvsim([verb, name], { cwd: folder })
      expect([code, out]).toEqual([EXIT.invalid, ''])
      expect(err.split('\n')[0]).toBe(`${name}:6:64: error LVS1070: \`${file}\` cannot be read: ${reason}`)
    }
  })

  it('can be recorded, and the record replayed', async ({ expect }) => {
    const first = await lvsim(['run', '-', '--pcap', 'recorded', '--json'], { cwd: folder, stdin: text('beside.pcap') })
    const again = await lvsim(['run', '-', '--json'], { cwd: folder, stdin: text('recorded/client.eth0.pcapng') })
    const bytes = (json: string): number[] => (
      JSON.parse(json) as { traffic: { requests: { bytes: number }[] }[] }).traffic[0]?.requests.map((one) => one.bytes) ?? []
    expect(bytes(again.out)).toEqual(bytes(first.out))
    expect(bytes(again.out)).toEqual([64, 64, 64, 64, 128])
  })
})

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { verifyCommand, type VerifyOptions } from '../../src/cli/verify-command.ts'

const KERNEL = new URL('../kernel/labs/', import.meta.url)
const UNMODELLED = new URL('../unmodelled/labs/', import.meta.url)
let folder = ''

/** Runs the command and catches what it prints. */
async function verify(
  paths: readonly string[],
  options: VerifyOptions = {},
): Promise<{ code: number; out: string; err: string }> {
  const printed = { out: '', err: '' }
  for (const [name, stream] of [
    ['out', process.stdout],
    ['err', process.stderr],
  ] as const) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      printed[name] += String(text)
      return true
    })
  }
  const code = await verifyCommand(paths, options)
  vi.restoreAllMocks()
  return { code, ...printed }
}

function kernelLab(name: string): string {
  return new URL(`${name}.json`, KERNEL).pathname
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lvsim-verify-'))
  mkdirSync(join(folder, 'forward'))
  mkdirSync(join(folder, 'keepalived'))
  copyFileSync(kernelLab('forward/nat2-udp'), join(folder, 'forward/nat2-udp.json'))
  copyFileSync(new URL('keepalived/tcp.json', UNMODELLED), join(folder, 'keepalived/tcp.json'))
  const refused = readFileSync(kernelLab('forward/nat2-refused'), 'utf8')
  writeFileSync(join(folder, 'forward/changed.json'), refused.replace('"refused"', '"timeout"'))
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('lvsim verify', () => {
  it('is fine when what was played is what was recorded', async () => {
    expect(await verify([kernelLab('forward/nat2-udp')])).toEqual({
      code: EXIT.ok,
      out: '  forward         1 passed    0 failed\n1 passed, 0 failed\n',
      err: '',
    })
  })

  it('names the first difference of each lab that fails, and why a lab cannot be played', async () => {
    const { code, out } = await verify([folder])
    expect(code).toBe(EXIT.failed)
    const lines = out.split('\n')
    expect(lines[0]).toMatch(/^FAIL forward\/changed: step \d+ outcome: expected "timeout", got "refused"/)
    expect(lines.slice(1)).toEqual([
      'FAIL keepalived/tcp: step 2: lb: keepalived: this command is not modelled',
      '  forward         1 passed    1 failed',
      '  keepalived      0 passed    1 failed',
      '1 passed, 2 failed',
      '',
    ])
  })

  it('looks at one family when it is told to', async () => {
    expect((await verify([folder], { family: 'keepalived' })).out).toContain('0 passed, 1 failed')
  })

  it('is not fine when nothing was compared', async () => {
    expect(await verify([folder], { family: 'sched' })).toEqual({
      code: EXIT.failed,
      out: '0 passed, 0 failed\n',
      err: '',
    })
  })

  it('prints one JSON document, and the sum beside it', async () => {
    const { code, out, err } = await verify([folder], { json: true })
    expect([code, err]).toEqual([EXIT.failed, '1 passed, 2 failed\n'])
    const document = JSON.parse(out)
    expect(document).toMatchObject({
      schemaVersion: 1,
      kind: 'verify',
      passed: false,
      passedCount: 1,
      failedCount: 2,
      families: { forward: { passed: 1, failed: 1 }, keepalived: { passed: 0, failed: 1 } },
    })
    expect(document.labs.map(({ lab, passed }: { lab: string; passed: boolean }) => [lab, passed])).toEqual([
      ['forward/changed', false],
      ['forward/nat2-udp', true],
      ['keepalived/tcp', false],
    ])
    expect(document.labs[0].differences[0]).toMatchObject({ field: 'outcome', expected: 'timeout', got: 'refused' })
    expect(document.labs[2].problem).toBe('step 2: lb: keepalived: this command is not modelled')
  })

  it('fails a broken file, and says that JSON of another kind is passed over', async () => {
    const other = mkdtempSync(join(folder, 'other-'))
    writeFileSync(join(other, 'broken.json'), '{')
    writeFileSync(join(other, 'package.json'), '{"name":"x"}')
    const { code, out, err } = await verify([other])
    expect(code).toBe(EXIT.failed)
    expect(out).toMatch(/^FAIL broken: not JSON: /)
    expect(err).toBe(`lvsim: ${join(other, 'package.json')}: passed over: a lab has a name and a family\n`)
    rmSync(other, { recursive: true })
  })

  it('says which path cannot be read', async () => {
    const path = join(folder, 'nothing')
    expect(await verify([path])).toEqual({
      code: EXIT.io,
      out: '',
      err: `lvsim: ${path}: no such file or directory\n`,
    })
  })
})

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { builtCli, lvsim, shell, workFolder } from './built.ts'

const PAIR = `name: pair
segments: {lan: {}}
hosts:
  client: {interfaces: {eth0: {segment: lan, addresses: [10.0.0.10/24]}}}
  server: {interfaces: {eth0: {segment: lan, addresses: [10.0.0.11/24]}}, servers: [{port: 80}]}
traffic:
  - {kind: connect, from: client, to: 10.0.0.11:80, count: 3, arrivals: poisson 10/s}
`
const CLUSTER = `name: cluster
cluster: {vip: 10.0.0.100, service: tcp 80, scheduler: rr, real_servers: [{name: rs, replicas: 2}], server: {protocol: http}}
traffic:
  - {kind: http, from: client, to: http://10.0.0.100/, count: 4}
`
const BROKEN = `${PAIR}expects: []\nevents: [{at: 1s, on: sever, run: hostname}]\n`

let folder = ''

beforeAll(() => {
  builtCli()
  folder = workFolder()
  writeFileSync(join(folder, 'pair.lvs.yaml'), PAIR)
  writeFileSync(join(folder, 'broken.lvs.yaml'), BROKEN)
  writeFileSync(join(folder, 'empty.lvs.yaml'), '')
  writeFileSync(join(folder, 'binary.lvs.yaml'), new Uint8Array([0x6e, 0x61, 0x6d, 0x65, 0xff, 0xfe, 0x00, 0x80]))
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true }))

/** Runs `lvsim run -` with a scenario on its stdin. */
function runText(text: string, ...options: string[]): ReturnType<typeof lvsim> {
  return lvsim(['run', '-', ...options], { stdin: text, cwd: folder })
}

function hashOf(text: string): string | undefined {
  return /hash ([0-9a-f]{16})/.exec(text)?.[1]
}

describe.concurrent('streams', () => {
  it('has the report on stdout, and nothing on stderr', async () => {
    const expected = readFileSync('scenarios/tutorial-dr.expected.txt', 'utf8')
    expect(await lvsim(['run', 'scenarios/tutorial-dr.lvs.yaml'])).toEqual({ code: EXIT.ok, out: expected, err: '' })
  })

  it('is plain ASCII where the locale is, colours where they are forced, and none where they are refused', async () => {
    const text = `${PAIR}expect: [{requests: {ok: 3}}]\n`
    const run = async (env: Record<string, string>): Promise<string> =>
      (await lvsim(['run', '-'], { stdin: text, env })).out
    const [plain, ascii, coloured, refused] = await Promise.all([
      run({}),
      run({ LANG: 'C' }),
      run({ FORCE_COLOR: '1' }),
      run({ FORCE_COLOR: '1', NO_COLOR: '1' }),
    ])
    expect(plain).toContain('  \u2713 requests: ok = 3: 3\n')
    expect(ascii).toContain('  ok   requests: ok = 3: 3\n')
    expect(ascii).toMatch(/^[\n\x20-\x7e]*$/)
    expect(coloured).toContain('\x1b[32m\u2713\x1b[39m')
    expect(refused).toBe(plain)
  })

  it('ends quietly when its reader has seen enough', async () => {
    expect(await shell('lvsim run scenarios/first.lvs.yaml --trace | head -1', { cwd: folder })).toMatchObject({
      code: EXIT.ok,
      out: '# dr\n',
      err: '',
    })
    expect(await shell('lvsim schema | true', { cwd: folder })).toEqual({ code: EXIT.ok, out: '', err: '' })
  })

  it('is silent with --quiet when everything held', async () => {
    expect(await runText(`${PAIR}expect: [{requests: {ok: 3}}]\n`, '--quiet')).toEqual({
      code: EXIT.ok,
      out: '',
      err: '',
    })
  })

  it('prints one JSON document, or one a line', async () => {
    const [one, lines] = await Promise.all([runText(PAIR, '--json'), runText(PAIR, '--jsonl')])
    expect(JSON.parse(one.out)).toMatchObject({ schemaVersion: 1, kind: 'run', passed: true, scenario: 'pair' })
    const kinds = lines.out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { kind: string }).kind)
    expect(kinds).toEqual(['run', 'request', 'request', 'request', 'summary'])
    expect([one.err, lines.err]).toEqual(['', ''])
  })
})

describe.concurrent('exit codes', () => {
  it('1 and the place of the expectation when one fails', async () => {
    const text = `${PAIR}expect:\n  - requests: {ok: 3}\n  - requests: {ok: 4}\n`
    const [whole, quiet, json] = await Promise.all([runText(text), runText(text, '--quiet'), runText(text, '--json')])
    const failure = '\u2717 requests: ok = 4: 3 (-:10)\n'
    expect(whole).toMatchObject({ code: EXIT.failed, err: '' })
    expect(whole.out).toContain(`expectations: 1 of 2 held\n  \u2713 requests: ok = 3: 3\n  ${failure}`)
    expect(quiet).toEqual({ code: EXIT.failed, out: failure, err: '' })
    expect(json.code).toBe(EXIT.failed)
    expect(JSON.parse(json.out)).toMatchObject({
      passed: false,
      checks: [{ passed: true }, { passed: false, line: 10 }],
    })
  })

  it('1 when no expectation was meant for what ran', async () => {
    const text = `${CLUSTER}expect: [{requests: {ok: 4}, modes: [dr]}]\n`
    const [dr, nat, compared] = await Promise.all([
      runText(text, '--mode', 'dr'),
      runText(text, '--mode', 'nat'),
      lvsim(['compare', '-'], { stdin: text }),
    ])
    expect([dr.code, dr.err]).toEqual([EXIT.ok, ''])
    expect([nat.code, nat.err]).toEqual([EXIT.failed, 'lvsim: -: no expectation is meant for mode nat\n'])
    expect([compared.code, compared.err]).toEqual([EXIT.ok, ''])
  })

  it('1 when an expectation has nothing to look at', async () => {
    const { code, out } = await runText(PAIR.replace(/traffic:[^]*/, 'expect: [{latency: {p99: <= 1s}}]\n'))
    expect(code).toBe(EXIT.failed)
    expect(out).toContain('latency p99 <= 1.00 s: no request was answered (-:6)')
  })

  it('3 with file, line and column of every mistake', async () => {
    const { code, out, err } = await lvsim(['run', 'broken.lvs.yaml'], { cwd: folder })
    expect([code, out]).toEqual([EXIT.invalid, ''])
    expect(err.split('\n')).toEqual([
      'broken.lvs.yaml:8:1: error LVS1020: unknown key `expects`',
      '8 | expects: []',
      '  | ^^^^^^^',
      expect.stringMatching(/^ {2}expected: one of name, about, /),
      '  did you mean `expect`?',
      'broken.lvs.yaml:9:23: error LVS1040: no host is called `sever`',
      '9 | events: [{at: 1s, on: sever, run: hostname}]',
      '  |                       ^^^^^',
      '  expected: one of client, server',
      '  did you mean `server`?',
      '',
    ])
  })

  it('3 at a word that is not modelled, with its place and the nearest command', async () => {
    const { code, out, err } = await runText(
      `${PAIR}events:\n  - at: 10ms\n    on: client\n    run: |\n      hostname\n      ifconifg eth0\n`,
    )
    expect(code).toBe(EXIT.invalid)
    expect(out + err).toContain('-:13:7: error LVS1060: client: ifconifg: this command is not modelled')
    expect(out + err).toContain('did you mean `ifconfig`?')
  })

  it('3 inside a file that the setup runs, and at a prompt that was copied', async () => {
    const inFile = PAIR.replace(
      'client: {',
      'client: {files: {/root/a.sh: "#!/bin/sh\\necho one\\nnft list"}, setup: sh /root/a.sh, ',
    )
    const prompt = PAIR.replace('client: {', 'client: {setup: "[root@lb ~]# hostname", ')
    const [file, copied] = await Promise.all([runText(inFile), runText(prompt)])
    expect([file.code, copied.code]).toEqual([EXIT.invalid, EXIT.invalid])
    // Column 54 is the n of nft, behind the \\n that stands for a line break.
    expect(file.out).toContain('-:4:54: error LVS1060: client: nft: this command is not modelled\n')
    expect(copied.out).toContain('-:4:20: error LVS1060: client: [root@lb: this command is not modelled\n')
    expect(copied.out).toContain('  expected: a command without the prompt before it\n')
  })

  it('3 for a word of the command line that is not modelled', async () => {
    const { code, out, err } = await lvsim(['show', 'pair.lvs.yaml', '--on', 'client', '--', 'tc', 'qdisc'], {
      cwd: folder,
    })
    expect([code, out]).toEqual([EXIT.invalid, ''])
    expect(err).toBe(
      'command line:1:1: error LVS1060: client: tc: this command is not modelled\n1 | tc qdisc\n  | ^^\n',
    )
  })

  it.each([
    ['events: 20', '20 events'],
    ['time: 10ms', '0.01 s of simulated time'],
    ['packets: 1', '1 live packets'],
  ])('4 and which limit it was: %s', async (limits, words) => {
    const { code, out } = await runText(
      `${PAIR.replace('count: 3', 'count: 300')}limits: {${limits}}\nexpect: [{requests: {ok: 3}}]\n`,
    )
    expect([code, out]).toEqual([
      EXIT.limit,
      expect.stringMatching(new RegExp(`^stopped at [0-9.]+ s: the limit of ${words} was reached$`, 'm')),
    ])
  })

  it.each([
    [['run', 'nothing.lvs.yaml'], 'nothing.lvs.yaml: no such file or directory'],
    [['run', 'scenarios'], 'scenarios: is a directory'],
    [['validate', 'nothing.lvs.yaml'], 'nothing.lvs.yaml: no such file or directory'],
    [['verify', 'nothing'], 'nothing: no such file or directory'],
    [['run', 'binary.lvs.yaml'], 'binary.lvs.yaml: not UTF-8 text'],
    [['record', 'nothing'], 'nothing: no such file or directory'],
    [['init', 'pair.lvs.yaml/x.yaml'], 'pair.lvs.yaml/x.yaml: not a directory'],
  ])('5 for what cannot be read or written: %s', async (words, message) => {
    expect(await lvsim(words, { cwd: folder })).toEqual({ code: EXIT.io, out: '', err: `lvsim: ${message}\n` })
  })

  it('5 when a capture cannot be written, and then nothing is left of it', async () => {
    mkdirSync(join(folder, 'out', 'client.eth0.pcapng'), { recursive: true })
    const { code, err } = await lvsim(['run', 'pair.lvs.yaml', '--pcap', 'out'], { cwd: folder })
    expect([code, err]).toEqual([EXIT.io, expect.stringMatching(/^lvsim: out\/client.eth0.pcapng: /)])
    expect(readdirSync(join(folder, 'out'))).toEqual(['client.eth0.pcapng'])
    expect(await lvsim(['run', 'pair.lvs.yaml', '--pcap', 'pair.lvs.yaml'], { cwd: folder })).toMatchObject({
      code: EXIT.io,
    })
    expect(await lvsim(['run', 'pair.lvs.yaml', '--pcap', '/proc/captures'], { cwd: folder })).toMatchObject({
      code: EXIT.io,
    })
  })

  it('are the worst of all files that are validated', async () => {
    const { code, out, err } = await lvsim(['validate', 'pair.lvs.yaml', 'broken.lvs.yaml', 'empty.lvs.yaml'], {
      cwd: folder,
    })
    expect([code, out]).toEqual([EXIT.invalid, 'pair.lvs.yaml: fine\n'])
    expect(err).toContain('empty.lvs.yaml:1:1: error LVS1006: the file is empty\n')
    expect(err).toContain('broken.lvs.yaml:8:1: error LVS1020')
  })
})

describe.concurrent('JSON on failure', () => {
  it.each([
    [['run', 'broken.lvs.yaml'], EXIT.invalid, 'problems'],
    [['compare', 'broken.lvs.yaml'], EXIT.invalid, 'problems'],
    [['validate', 'broken.lvs.yaml'], EXIT.invalid, 'problems'],
    [['explain', 'broken.lvs.yaml', '--packet', '1'], EXIT.invalid, 'problems'],
    [['run', 'nothing.lvs.yaml'], EXIT.io, 'failure'],
    [['run', 'pair.lvs.yaml', '--mode', 'dr'], EXIT.usage, 'failure'],
    [['explain', 'pair.lvs.yaml', '--packet', '99999'], EXIT.failed, 'failure'],
    [['run', '--sede'], EXIT.usage, 'failure'],
    [['show', 'pair.lvs.yaml', '--on', 'client', '--', 'cat', 'nothing'], EXIT.failed, 'run'],
  ])('is still a document: %s', async (words, code, kind) => {
    const [verb = '', ...rest] = words
    const ran = await lvsim([verb, '--json', ...rest], { cwd: folder })
    expect(ran.code).toBe(code)
    expect(JSON.parse(ran.out)).toMatchObject({ schemaVersion: 1, kind, ...(kind === 'run' ? {} : { passed: false }) })
  })
})

describe.concurrent('the seed', () => {
  it('makes the hash: the same one the same, another one another', async () => {
    const [first, again, other] = await Promise.all([runText(PAIR), runText(PAIR), runText(PAIR, '--seed', '7')])
    expect(hashOf(first.out)).toBeDefined()
    expect(hashOf(again.out)).toBe(hashOf(first.out))
    expect(hashOf(other.out)).not.toBe(hashOf(first.out))
    expect(other.out).toContain('seed 7, ')
  })
})

describe.concurrent('init', () => {
  it('writes a scenario that holds, and never over a file', async () => {
    expect((await lvsim(['init', 'new/first.lvs.yaml'], { cwd: folder })).code).toBe(EXIT.ok)
    const written = readFileSync(join(folder, 'new/first.lvs.yaml'), 'utf8')
    expect(await lvsim(['init', 'new/first.lvs.yaml'], { cwd: folder })).toMatchObject({ code: EXIT.usage, out: '' })
    expect(readFileSync(join(folder, 'new/first.lvs.yaml'), 'utf8')).toBe(written)
    expect((await lvsim(['init', '-'])).out).toBe(written)
    expect(readdirSync(join(folder, 'new'))).toEqual(['first.lvs.yaml'])
    expect(await runText(written, '--quiet')).toEqual({ code: EXIT.ok, out: '', err: '' })
  })
})

describe.concurrent('setup, show and explain', () => {
  it.each([
    ['nat', '-m'],
    ['dr', '-g'],
    ['tun', '-i'],
  ])('setup prints the commands of mode %s', async (mode, option) => {
    const { code, out } = await lvsim(['setup', '-', '--mode', mode], { stdin: CLUSTER })
    expect(code).toBe(EXIT.ok)
    expect(out.match(/^ipvsadm -a .*$/gm)).toHaveLength(2)
    for (const line of out.match(/^ipvsadm -a .*$/gm) ?? []) expect(line.split(' ')).toContain(option)
  })

  it('setup without a mode is that of the file, else dr', async () => {
    const [named, usual] = await Promise.all([
      lvsim(['setup', '-', '--host', 'lb'], { stdin: CLUSTER.replace('scheduler: rr', 'mode: tun, scheduler: rr') }),
      lvsim(['setup', '-', '--host', 'lb'], { stdin: CLUSTER }),
    ])
    expect(named.out).toContain(' -i')
    expect(usual.out).toContain(' -g')
  })

  it('show stops at its moment, and passes on what the command says', async () => {
    const at = (time: string): ReturnType<typeof lvsim> =>
      lvsim(['show', '-', '--at', time, '--on', 'lb', '--', 'ipvsadm -Lnc | wc -l'], { stdin: CLUSTER })
    const [early, late] = await Promise.all([at('0s'), at('500ms')])
    // Two lines of heading, and one for each of four connections.
    expect([early.out.trim(), late.out.trim()]).toEqual(['2', '6'])
    const failed = await lvsim(['show', 'pair.lvs.yaml', '--on', 'client', '--', 'cat', 'nothing'], { cwd: folder })
    expect(failed).toEqual({ code: EXIT.failed, out: '', err: 'cat: nothing: No such file or directory\n' })
  })

  it('explain tells the way of a packet, of a connection, and the meaning of a code', async () => {
    const [packet, connection, code] = await Promise.all([
      lvsim(['explain', 'scenarios/tutorial-nat.lvs.yaml', '--packet', '5']),
      lvsim(['explain', 'scenarios/arp-problem-cured.lvs.yaml', '--connection', '10.0.0.10:40001']),
      lvsim(['explain', 'lvs1060']),
    ])
    expect(packet).toMatchObject({ code: EXIT.ok, err: '' })
    expect(packet.out).toMatch(/^Packet 5 went from pc by director to rs2 and was taken by tcp of rs2 after /)
    expect(connection.out).toMatch(/^Connection 10\.0\.0\.10:40001: \d+ packets, received by /)
    const lab = await lvsim(['explain', 'test/kernel/labs/forward/nat2-vip-missing.json'])
    expect(lab).toMatchObject({ code: EXIT.ok, err: '' })
    expect(lab.out).toContain('  Cure: on lb: ip addr add 10.0.0.100/32 dev eth0.')
    expect(code.out).toMatch(/^LVS1060: A command uses a word that lvsim does not model/)
  })
})

describe.concurrent('a hostile scenario', () => {
  it('cannot send escape sequences to a terminal', async () => {
    const escape = '\\e]0;owned\\a\\e[2J\\x9b31m\\u202e'
    const text = `name: "x${escape}"
about: "x${escape}"
seed: "s${escape}"
segments: {lan: {}}
hosts:
  client:
    interfaces: {eth0: {segment: lan, addresses: [10.0.0.10/24]}}
    files: {/root/evil: "${escape}\\n"}
    setup: "cat /root/evil >&2; false"
  server:
    interfaces: {eth0: {segment: lan, addresses: [10.0.0.11/24]}}
    servers: [{port: 80, protocol: http, page: "${escape}"}]
traffic: [{name: "t${escape}", kind: http, from: client, to: http://10.0.0.11/}]
observe: [{name: "o${escape}", at: end, on: client, run: "cat evil; curl -s 10.0.0.11; nope${escape}"}]
expect: [{output: "o${escape}", contains: "${escape}"}]
`
    const [run, trace, json, validated, setup] = await Promise.all([
      runText(text),
      runText(text, '--trace'),
      runText(text, '--json'),
      lvsim(['validate', '-'], { stdin: `${text}"bad${escape}": 1\n` }),
      runText(text.replace('; false', '')),
    ])
    for (const { out, err } of [run, trace, json, validated, setup]) {
      expect(out.length + err.length).toBeGreaterThan(50)
      expect(out).toMatch(/^[^\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]*$/)
      expect(err).toMatch(/^[^\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]*$/)
    }
    expect(validated.err).toContain('LVS1020')
  })
})

describe.concurrent('a capture', () => {
  it('is written for each nic, with the number of files told', async () => {
    const { code, err } = await lvsim(['run', 'pair.lvs.yaml', '--pcap', 'captures/deep'], { cwd: folder })
    expect([code, err]).toEqual([EXIT.ok, 'wrote 2 captures to captures/deep\n'])
    for (const name of ['client.eth0.pcapng', 'server.eth0.pcapng'])
      expect(existsSync(join(folder, 'captures/deep', name))).toBe(true)
  })
})

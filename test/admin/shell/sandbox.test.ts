import { describe, expect, it } from 'vitest'
import { findChance } from '../../../src/admin/shell/chance.ts'
import { findWord } from '../../../src/admin/shell/script-position.ts'
import { Lan } from '../support.ts'

describe('the sandbox', () => {
  it('shows nothing of the machine: files, environment, time', async () => {
    const lan = new Lan(['a'])
    for (const path of ['/etc/passwd', '/etc/hostname', '/proc/cpuinfo', '/proc/self/environ', '../../etc/passwd']) {
      expect((await lan.run('a', `cat ${path}`)).exitCode, path).toBe(1)
    }
    const env = await lan.output('a', 'env')
    expect(env).not.toContain(process.env['PATH'] ?? 'no path')
    expect(env).toMatch(/^USER=root$/m)
    expect(await lan.output('a', 'date; date +%s; touch /tmp/f; ls -l /tmp/f')).toBe(
      'Thu Jan  1 00:00:00 UTC 1970\n0\n-rw-r--r-- 1 root root     0 Jan  1  1970 /tmp/f\n',
    )
  })

  it.each([
    ['echo $RANDOM', 'RANDOM'], ['x=${SECONDS}', 'SECONDS'], ['echo $(( RANDOM % 3 ))', 'RANDOM'],
    ["printf '%(%s)T\\n'", '%(%s)T'],
    ["awk 'BEGIN { print rand() }'", 'rand'], ['time ls', 'time'],
  ])('refuses chance and the machine\'s clock: %s', async (script, word) => {
    const lan = new Lan(['a'])
    expect((await lan.run('a', script)).stop).toMatchObject({ word, line: 1 })
  })

  it('refuses chance in a script that is read from a file', async () => {
    const lan = new Lan(['a'])
    lan.host('a').files.set('/root/x.sh', '#!/bin/sh\necho $RANDOM\n')
    expect((await lan.run('a', './x.sh')).stop?.word).toBe('RANDOM')
  })

  it('does not take other words for chance', () => {
    for (const text of [
      'echo RANDOM', 'timeout 3 x', 'echo "time is up"', 'operand(x)', 'sleep $TIME',
    ]) expect(findChance(text), text).toBeUndefined()
  })

  it('bounds loops, recursion and output', async () => {
    const lan = new Lan(['a'])
    for (const script of ['while true; do :; done', 'f() { f; }; f', 'x=aaaaaaaaaa; while true; do x=$x$x; done']) {
      expect((await lan.run('a', script)).stop, script).toMatchObject({ isLimit: true })
    }
  })

  it('has no command that reaches out: curl is lvsim\'s own', async () => {
    const lan = new Lan(['a'])
    expect(await lan.run('a', 'curl -s -S http://example.com/')).toEqual(
      { stdout: '', stderr: 'curl: (6) Could not resolve host: example.com\n', exitCode: 6 },
    )
    for (const command of ['node', 'sqlite3', 'js-exec', 'wget', 'ssh', 'jq', 'tar']) {
      expect((await lan.run('a', `${command} x`)).stop, command).toMatchObject({ word: command })
    }
  })
})

describe('what lvsim does not model', () => {
  it('stops the run with its place, whatever the script does about errors', async () => {
    const lan = new Lan(['a'])
    const script = 'echo one\nif true; then\n  # foo is not here\n  foo -x 2>/dev/null || true\nfi\n'
    expect((await lan.run('a', script)).stop).toEqual(
      { word: 'foo', what: 'foo: this command is not modelled', command: 'foo', line: 4, column: 3 },
    )
    expect((await lan.run('a', 'ip addr show\nip link set eth0 down\nip link set eth0 name lan0')).stop).toEqual({
      word: 'name', what: 'ip link set: "name" is not modelled', command: 'ip', line: 3, column: 18,
    })
  })

  it('does not stop for a question whether a command exists, or a refusal by a tool', async () => {
    const lan = new Lan(['a'])
    expect(
      await lan.output(
        'a',
        'command -v foo || echo none; [ -x /usr/sbin/foo ] || echo none; command -v ip; ip addr show dev x 2>/dev/null; true',
      ),
    ).toBe(
      'none\nnone\n/usr/bin/ip\n',
    )
    expect((await lan.run('a', 'ip link set eth9 up; echo $?')).stdout).toBe('1\n')
  })

  it('finds a word by line and column: with its command, else anywhere, else the command, else 1:1', () => {
    const script = 'echo rule # rule\nip rule add\nfoo'
    expect(findWord(script, 'ip', 'rule')).toEqual({ line: 2, column: 4 })
    expect(findWord(script, 'nft', 'rule')).toEqual({ line: 1, column: 6 })
    expect(findWord(script, 'foo', 'gone')).toEqual({ line: 3, column: 1 })
    expect(findWord(script, 'nft', 'gone')).toEqual({ line: 1, column: 1 })
  })
})

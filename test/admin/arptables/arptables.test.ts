/**
 * arptables, arptables-save and arptables-restore: what they print, what they refuse, and what comes of it on the wire.
 * @module
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { arptables } from '../../../src/admin/arptables/arptables.ts'
import { arptablesRestore, arptablesSave } from '../../../src/admin/arptables/save-restore.ts'
import { Lan } from '../support.ts'

const TRY_HELP = "Try `arptables -h' or 'arptables --help' for more information.\n"

let lan: Lan

beforeEach(() => {
  lan = new Lan(['a', 'b'], [
    ['arptables', arptables], ['arptables-save', arptablesSave], ['arptables-restore', arptablesRestore],
  ])
})

const on = (script: string): Promise<string> => lan.output('b', script)

/** What one command says on stderr, and its exit code. */
async function refusal(command: string): Promise<[string | undefined, number | undefined]> {
  const { stderr, exitCode } = await lan.run('b', command)
  return [stderr, exitCode]
}

describe('arptables', () => {
  it('lists chains and rules', async () => {
    expect(await on('arptables -A INPUT -d 10.0.0.100 -j DROP;'
      + 'arptables -A OUTPUT -s 10.0.0.100 -j mangle --mangle-ip-s 10.0.0.2; arptables -L')).toBe(
      'Chain INPUT (policy ACCEPT)\n-j DROP -d 10.0.0.100 \n\nChain OUTPUT (policy ACCEPT)\n'
      + '-j mangle -s 10.0.0.100 --mangle-ip-s 10.0.0.2 \n\nChain FORWARD (policy ACCEPT)\n',
    )
    expect(await on('arptables -nvL INPUT --line-numbers')).toBe(
      'Chain INPUT (policy ACCEPT 0 packets, 0 bytes)\n1 -j DROP -i * -o * -d 10.0.0.100 , pcnt=0 -- bcnt=0 \n',
    )
    expect(await on('echo 10.0.0.100 vip >> /etc/hosts; arptables -L INPUT -v')).toContain('\n-j DROP -i any -o any -d vip ,')
  })

  it.each([
    ['! -s 10.1.0.0/16 -i eth+', '-i eth+ ! -s 10.1.0.0/16 '],
    ['-s ! 10.1.0.0/255.255.0.0', '! -s 10.1.0.0/16 '],
    ['--src-ip 10.1.2.3/0', ''],
    ['--source-mac 2:0:0:0:1:0 --dst-mac Broadcast', '--src-mac 02:00:00:00:01:00 --dst-mac ff:ff:ff:ff:ff:ff '],
    ['--src-mac 02:11:22:33:44:55/ff:ff:ff:0:0:0', '--src-mac 02:11:22:00:00:00/ff:ff:ff:00:00:00 '],
    ['--src-mac unicast', '--src-mac 00:00:00:00:00:00/01:00:00:00:00:00 '],
    ['--opcode request --h-type 1 --proto-type 0x800', '--opcode Request --h-type Ethernet --proto-type IPv4 '],
    ['! --opcode 2/3 -l 6', '--h-length 6 ! --opcode Reply/3 '],
    ['--h-length 4 --h-type 10 --proto-type 2054/0xff', '--h-length 4 --h-type 16 --proto-type 0x806/ff '],
  ])('takes and shows %s', async (given, shown) => {
    expect((await on(`arptables -A INPUT ${given} -j ACCEPT; arptables -L INPUT`)).split('\n')[1]).toBe(`-j ACCEPT ${shown}`)
  })

  it('says with -v what it does', async () => {
    expect(await on('arptables -vA INPUT --opcode request; arptables -v -D INPUT --opcode 1; arptables -vF INPUT;'
      + 'arptables -vZ INPUT')).toBe(
      '-i * -o * --opcode 1 \n-i * -o * --opcode 1 \nFlushing chain `INPUT\'\nZeroing chain `INPUT\'\n')
    expect(await on('arptables -V')).toBe('arptables v0.0.5\n')
  })

  it('mangles hardware addresses where the length is given', async () => {
    const mangle = '--mangle-mac-s 02:0:0:0:0:9 --mangle-ip-d 10.0.0.9 --mangle-target CONTINUE'
    expect(await on(`arptables -A OUTPUT -l 6 -j mangle ${mangle}; arptables -L OUTPUT -n`)).toContain(
      '-j mangle --h-length 6 --mangle-mac-s 02:00:00:00:00:09 --mangle-ip-d 10.0.0.9 --mangle-target CONTINUE \n')
    expect(await refusal('arptables -A OUTPUT -j mangle --mangle-mac-s 02:00:00:00:00:09'))
      .toEqual([`arptables v0.0.5: no --h-length defined\n${TRY_HELP}`, 2])
  })

  it('inserts, replaces, deletes, renames and counts by hand', async () => {
    expect(await on('arptables -N two; arptables -N one; arptables -A INPUT -s 1.1.1.1 -j two; arptables -I INPUT -s 2.2.2.2;'
      + 'arptables -I INPUT 2 -c 3 84 -s 3.3.3.3; arptables -R INPUT 1 -s 4.4.4.4 -j one; arptables -E two zwei;'
      + 'arptables -L -n -v | grep -v "^$"')).toBe(`Chain INPUT (policy ACCEPT 0 packets, 0 bytes)
-j one -i * -o * -s 4.4.4.4 , pcnt=0 -- bcnt=0 
-i * -o * -s 3.3.3.3 , pcnt=3 -- bcnt=84 
-j zwei -i * -o * -s 1.1.1.1 , pcnt=0 -- bcnt=0 
Chain OUTPUT (policy ACCEPT 0 packets, 0 bytes)
Chain FORWARD (policy ACCEPT 0 packets, 0 bytes)
Chain one (1 references)
Chain zwei (1 references)
`)
    expect(await on('arptables -D INPUT 1; arptables -X one; arptables -D INPUT -s 3.3.3.3; arptables -P INPUT DROP;'
      + 'arptables -L')).toBe(
      'Chain INPUT (policy DROP)\n-j zwei -s 1.1.1.1 \n\nChain OUTPUT (policy ACCEPT)\n\nChain FORWARD (policy ACCEPT)\n\n'
        + 'Chain zwei (1 references)\n')
  })

  it('knows no chain IN, OUT or any other that is not there', async () => {
    const noChain = ['arptables: No chain/target/match by that name\n', 1]
    expect(await refusal('arptables -A IN -d 10.0.0.100 -j DROP')).toEqual(noChain)
    expect(await refusal('arptables -A OUT -s 10.0.0.100 -j mangle --mangle-ip-s 10.0.0.2')).toEqual(noChain)
    expect(await refusal('arptables -F IN')).toEqual(noChain)
    expect(await refusal('arptables -X IN')).toEqual(noChain)
    expect(await refusal('arptables -L IN')).toEqual(['arptables: Table does not exist (do you need to insmod?)\n', 1])
  })

  it.each([
    ['arptables -D INPUT -j DROP', 'Bad rule (does a matching rule exist in that chain?)'],
    ['arptables -D INPUT 1', 'Index of deletion too big'],
    ['arptables -I INPUT 2 -j DROP', 'Index of insertion too big'],
    ['arptables -R INPUT 1 -j DROP', 'Index of replacement too big'],
    ['arptables -X INPUT', "Can't delete built-in chain"],
    ['arptables -N INPUT', 'Chain already exists'],
    ['arptables -P INPUT REJECT', 'Bad policy name'],
    ['arptables -P IN DROP', 'Bad built-in chain name'],
    ['arptables -A OUTPUT -j mangle', 'Invalid argument'],
    ['arptables -I OUTPUT -j mangle', 'Target problem'],
    ['arptables -A OUTPUT -j INPUT', 'Invalid argument'],
  ])('%s is refused by the kernel or the library', async (command, text) => {
    expect(await refusal(command)).toEqual([`arptables: ${text}\n`, 1])
  })

  it.each([
    ['arptables', 'no command specified'],
    ['arptables -A INPUT -j NOPE', "Couldn't find target `NOPE'\n"],
    ['arptables -A INPUT -L', "Can't use -L with -A\n"],
    ['arptables -A INPUT -o eth0 -j DROP', "Can't use -o with INPUT\n"],
    ['arptables -A OUTPUT -i eth0 -j DROP', "Can't use -i with OUTPUT\n"],
    ['arptables -A INPUT -s 1.1.1.1 -s 1.1.1.1', 'multiple -s flags not allowed'],
    ['arptables -A INPUT -s nosuch', "host/network `nosuch' not found"],
    ['arptables -A INPUT -s 1.1.1.1/33', "invalid mask `33' specified"],
    ['arptables -A INPUT --src-mac 1:2', 'Problem with specified source mac'],
    ['arptables -A INPUT --opcode hello', 'Problem with specified opcode'],
    ['arptables -D INPUT x', "Invalid rule number `x'"],
    ['arptables -R INPUT -j DROP', '-R requires a rule number'],
    ['arptables -P INPUT', '-P requires a chain and a policy'],
    ['arptables -N mangle', 'chain name may not clash with target name\n'],
    ['arptables -A INPUT ! -j DROP', 'cannot have ! before -j'],
  ])('%s is refused as arptables does', async (command, text) => {
    expect(await refusal(command)).toEqual([`arptables v0.0.5: ${text}\n${TRY_HELP}`, 2])
  })

  it('tells a bad argument on stdout, and stops at what is not modelled', async () => {
    expect(await lan.run('b', 'arptables -A INPUT foo')).toEqual(
      { stdout: "Bad argument `foo'\n", stderr: TRY_HELP, exitCode: 2 })
    expect((await lan.run('b', 'arptables -A INPUT -j MARK')).stop?.word).toBe('MARK')
    expect((await lan.run('b', 'arptables -A INPUT --nosuch')).stop?.word).toBe('--nosuch')
    expect((await lan.run('b', 'arptables -t nat -L')).stop?.word).toBe('nat')
  })
})

describe('the rules of arptables', () => {
  it('keep a VIP from answering, and put another address into questions', async () => {
    await on('ip addr add 10.0.0.100/32 dev lo; arptables -A INPUT -d 10.0.0.100 -j DROP;'
      + 'arptables -A OUTPUT -s 10.0.0.100 -j mangle --mangle-ip-s 10.0.0.2')
    const asked = await lan.run('a', 'arping -c2 -I eth0 10.0.0.100')
    expect([asked.exitCode, asked.stdout]).toEqual([1, expect.stringContaining('Received 0 response(s)')])
    // The host asks for 10.0.0.1 with 10.0.0.2, though its packet comes from the VIP; nobody learns the VIP.
    await lan.run('b', 'ping -c1 -W1 -I 10.0.0.100 10.0.0.1')
    expect(await lan.output('a', 'ip neigh show 10.0.0.2')).toContain('lladdr 02:00:00:00:02:00')
    expect(await lan.output('a', 'ip neigh show 10.0.0.100')).not.toContain('lladdr')
    // Two questions of arping, and one of the neighbor table, which wants to answer the ping.
    expect(await on('arptables -L INPUT -nv')).toContain('-d 10.0.0.100 , pcnt=3 -- bcnt=84 \n')
  })

  it('are not for the packets of arping, which come from a packet socket', async () => {
    await on('arptables -P OUTPUT DROP')
    expect(await on('arping -c1 -I eth0 10.0.0.1')).toContain('Received 1 response(s)')
    expect((await lan.run('b', 'ping -c1 -W1 10.0.0.1')).exitCode).toBe(1)
  })
})

describe('arptables-save and arptables-restore', () => {
  it('give the rules, and bring them back', async () => {
    const saved = `*filter
:INPUT ACCEPT
:OUTPUT DROP
:FORWARD ACCEPT
:own -
-A INPUT -j DROP -d 10.0.0.100 
-A INPUT -j own -i eth0 
-A own -j mangle --mangle-ip-s 10.0.0.2 

`
    await on('arptables -A INPUT -d 10.0.0.100 -j DROP; arptables -N own; arptables -P OUTPUT DROP;'
      + 'arptables -A INPUT -i eth0 -j own; arptables -A own -j mangle --mangle-ip-s 10.0.0.2')
    expect(await on('arptables-save')).toBe(saved)
    expect(await on('arptables-save > /tmp/rules; arptables -F; arptables -X; arptables -P OUTPUT ACCEPT;'
      + 'arptables -A INPUT -j ACCEPT; arptables-restore < /tmp/rules; arptables-save')).toBe(saved)
  })

  it('keep counters with -c, and stop at a line that fails', async () => {
    await on('arptables -A INPUT -c 3 84 -j DROP; arptables-save -c > /tmp/rules; arptables-restore < /tmp/rules')
    expect(await on('arptables -L INPUT -nv')).toContain(', pcnt=3 -- bcnt=84 \n')
    expect(await refusal('printf "*filter\\n-A IN -j DROP\\n" | arptables-restore')).toEqual(
      ['arptables: No chain/target/match by that name\narptables-restore: line 2 failed\n', 1])
  })
})

describe('names that JavaScript knows', () => {
  it('are no targets', async () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      expect((await refusal(`arptables -A INPUT -j ${name}`))[0]).toContain(`Couldn't find target \`${name}'`)
    }
    expect(await on('arptables -nL INPUT')).toBe('Chain INPUT (policy ACCEPT)\n')
  })
})

import { describe, expect, it } from 'vitest'
import type { Tool } from '../../../src/admin/tool.ts'
import { InvariantError } from '../../../src/base/assert.ts'
import { Lan } from '../support.ts'

/** A LAN with a tool `mark`, which notes the second, the host and its words. */
function lanWithLog(names: readonly string[]): { lan: Lan, log: string[] } {
  const log: string[] = []
  const mark: Tool = ({ host, argv }) => {
    log.push(`${host.sim.nowNs / 1e9} ${host.name} ${argv.join(' ')}`)
    return { stdout: '', stderr: '', exitCode: 0 }
  }
  return { lan: new Lan(names, [['mark', mark]]), log }
}

describe('shells in simulated time', () => {
  it('interleave by their waits, in the order in which they were started where times are equal', async () => {
    const run = async (): Promise<string[]> => {
      const { lan, log } = lanWithLog(['a', 'b'])
      lan.start('a', 'mark 1; sleep 1; mark 2; sleep 2; mark 3')
      lan.start('b', 'mark 1; sleep 0.5; mark 2; sleep 0.5; mark 3; sleep 2; mark 4')
      expect(await lan.driver.runUntil(60e9)).toBe('time')
      return log
    }
    const log = await run()
    expect(log).toEqual(['0 a 1', '0 b 1', '0.5 b 2', '1 a 2', '1 b 3', '3 a 3', '3 b 4'])
    expect(await run()).toEqual(log)
  })

  it('stop the clock while they think, and end where their last wait ended', async () => {
    const { lan } = lanWithLog(['a'])
    const task = lan.start('a', 'for i in 1 2 3; do sleep 0.1; done; echo done')
    expect(await lan.driver.runUntil(Infinity, task)).toBe('done')
    expect(task.result).toEqual({ stdout: 'done\n', stderr: '', exitCode: 0 })
    expect([task.startedNs, task.endedNs, lan.sim.nowNs]).toEqual([0, 300_000_000, 300_000_000])
  })

  it('are left as they are when the time is up', async () => {
    const { lan, log } = lanWithLog(['a'])
    const task = lan.start('a', 'while true; do mark tick; sleep 10; done')
    expect(await lan.driver.runUntil(25e9)).toBe('time')
    expect(task.result).toBeUndefined()
    expect(log).toEqual(['0 a tick', '10 a tick', '20 a tick'])
    expect(await lan.driver.runUntil(30e9)).toBe('time')
    expect(log).toHaveLength(4)
  })

  it('put a command behind & beside the script, and wait for it', async () => {
    const { lan, log } = lanWithLog(['a'])
    const { stdout } = await lan.run(
      'a', 'x=5; { sleep 3; mark late; echo job $x; } & mark now; sleep 1; mark then; wait $!; echo $?; mark end',
    )
    expect(log).toEqual(['0 a now', '1 a then', '3 a late', '3 a end'])
    expect(stdout).toBe('job 5\n0\n')
  })

  it('end a job that is killed, with what it had printed', async () => {
    const { lan } = lanWithLog(['a', 'b'])
    const { stdout } = await lan.run('a', 'ping 10.0.0.2 & sleep 1.5; kill $!; wait $!; echo $?; kill $!')
    expect(stdout?.split('\n').map((line) => line.replace(/time=.*/, ''))).toEqual([
      'PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.', '64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 ',
      '64 bytes from 10.0.0.2: icmp_seq=2 ttl=64 ', '143', '',
    ])
  })

  it('hand the input of timeout on', async () => {
    expect((await new Lan(['a']).run('a', 'echo é | timeout 1 cat')).stdout).toBe('é\n')
  })

  it('cut a command short by timeout', async () => {
    const { lan } = lanWithLog(['a'])
    expect(await lan.run('a', 'timeout 2 sleep 10; echo $?; timeout 2 echo in time; echo $?')).toEqual(
      { stdout: '124\nin time\n0\n', stderr: '', exitCode: 0 },
    )
    expect(lan.sim.nowNs).toBe(2e9)
    await lan.run('a', 'timeout 1 sh -c "sleep 0.5; timeout 5 sleep 10; echo never"')
    expect(lan.sim.nowNs).toBe(3e9)
  })

  it('refuse times that are none', async () => {
    const { lan } = lanWithLog(['a'])
    expect(await lan.run('a', 'sleep x')).toEqual(
      { stdout: '', stderr: "sleep: invalid time interval 'x'\nTry 'sleep --help' for more information.\n", exitCode: 1 },
    )
    expect((await lan.run('a', 'timeout x true')).exitCode).toBe(125)
    expect(await lan.output('a', 'sleep 1m 0.5s; date +%s.%N')).toBe('60.500000000\n')
  })

  it('hand a broken invariant on to whoever runs them', async () => {
    const lan = new Lan(['a'], [['broken', () => {
      throw new InvariantError('this cannot be')
    }]])
    lan.start('a', 'broken || echo hidden')
    await expect(lan.driver.runUntil(1e9)).rejects.toThrow('this cannot be')
  })

  it('come back when somebody stops the simulator', async () => {
    const { lan } = lanWithLog(['a'])
    lan.sim.schedule(1e9, { onEvent: () => lan.sim.stop() }, 0, undefined)
    expect(await lan.driver.runUntil(5e9)).toBe('stopped')
    expect(lan.sim.nowNs).toBe(1e9)
  })
})

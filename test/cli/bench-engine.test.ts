import { beforeAll, describe, expect, it } from 'vitest'
import { builtCli, lvsim } from './built.ts'

beforeAll(() => {
  builtCli()
}, 120_000)

describe('lvsim bench engine --traffic hold', () => {
  it('says how many bytes an open connection takes, with its entry on the director or without', async () => {
    const bytes = async (forward: string): Promise<number> => {
      const scenario = ['--traffic', 'hold', '--forward', forward, '--requests', '20000']
      const words = ['bench', 'engine', ...scenario, '--rounds', '1', '--json']
      const { code, out, err } = await lvsim(words)
      expect([code, err]).toEqual([0, ''])
      return JSON.parse(out).bytesPerConnection
    }
    const [plain, throughDirector] = [await bytes('route'), await bytes('dr')]
    // Two ends with their buffers' books and timers; and far from what a leak of packets would take.
    expect(plain).toBeGreaterThan(200)
    expect(plain).toBeLessThan(10_000)
    expect(throughDirector).toBeGreaterThan(plain)
  }, 60_000)
})

import { afterEach, describe, expect, it, vi } from 'vitest'
import { InvariantError } from '../../src/base/assert.ts'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { nowRunning, reportFailure } from '../../src/cli/failure.ts'
import { printForeign, say } from '../../src/cli/terminal.ts'
import { VERSION } from '../../src/cli/version.ts'

const argv = process.argv
const isTTY = process.stdout.isTTY

/** Catches what a stream is given. */
function caught(stream: NodeJS.WriteStream): string[] {
  const texts: string[] = []
  vi.spyOn(stream, 'write').mockImplementation((text) => {
    texts.push(String(text))
    return true
  })
  return texts
}

afterEach(() => {
  vi.restoreAllMocks()
  process.argv = argv
  process.stdout.isTTY = isTTY
})

describe('an internal error', () => {
  it('is told with its cause and the command that replays it, quoted for a shell', () => {
    const texts = caught(process.stderr)
    process.argv = ['node', 'lvsim', 'run', "it's mine.lvs.yaml", '--seed', '7']
    expect(reportFailure(new InvariantError('time never moves back'))).toBe(EXIT.bug)
    expect(texts.join('')).toBe(
      `lvsim ${VERSION}: internal error: an invariant broke: time never moves back\n` +
        "  replay: lvsim run 'it'\\''s mine.lvs.yaml' --seed 7\n",
    )
  })

  it('is told with seed, time and event number when a simulation was running', () => {
    const texts = caught(process.stderr)
    nowRunning({ seed: '42', moment: () => ({ timeNs: 1_000_000_001, events: 77 }) })
    reportFailure(new InvariantError('frames are all accounted for'))
    expect(texts.join('')).toContain('  seed 42, time 1000000001 ns, event 77\n')
  })

  it('shows where it came from when nobody expected it', () => {
    const texts = caught(process.stderr)
    expect(reportFailure(new TypeError('x is not a function'))).toBe(EXIT.bug)
    expect(texts.join('')).toMatch(/internal error: TypeError: x is not a function\n +at .*failure\.test\.ts/)
  })
})

describe('text that is not ours', () => {
  it('is said without what a terminal would obey', () => {
    const texts = caught(process.stderr)
    say('one\x1b[2J\ttwo\nthree\u009b31m')
    expect(texts).toEqual(['one\ufffd[2J\ttwo\nthree\ufffd31m\n'])
  })

  it('goes to a terminal without it, and to a file as it is', async () => {
    const texts = caught(process.stdout)
    process.stdout.isTTY = true
    await printForeign('a\x1b[2J\nb\n')
    await printForeign('')
    process.stdout.isTTY = false
    await printForeign('a\x1b[2J\nb')
    expect(texts).toEqual(['a\ufffd[2J\nb\n', '', 'a\x1b[2J\nb'])
  })
})

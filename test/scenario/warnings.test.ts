import { describe, expect, it } from 'vitest'
import { runScenarioText } from '../../src/index.ts'

/** What a run with this setup of its one host warns of. */
async function warningsOf(...commands: readonly string[]): Promise<{ command: string, text: string }[]> {
  const text = `hosts:\n  lb:\n    setup: |\n${commands.map((line) => `      ${line}\n`).join('')}`
  const ran = await runScenarioText(text, { fileName: 'warnings.lvs.yaml' })
  if (!ran.ok) throw new Error(JSON.stringify(ran.error))
  expect(ran.value.problem).toBeUndefined()
  return ran.value.warnings.map(({ command, text: warning }) => ({ command, text: warning }))
}

const SERVICE = 'ipvsadm -A -t 10.0.0.100:80 -s rr'
const server = (number: number, limits = ''): string => `ipvsadm -a -t 10.0.0.100:80 -r 10.0.0.${number} -m${limits}`
const LOST = 'ipvsadm does not save thresholds (-x, -y): 2 servers will have none when this is restored.'

describe('a run warns of what ipvsadm loses when it saves', () => {
  it('thresholds, by whichever command the rules are saved, and once for each command', async () => {
    const limited = [SERVICE, server(11, ' -x 9 -y 3'), server(12, ' -x 5'), server(13)]
    for (const command of ['ipvsadm -S -n', 'ipvsadm-save -n', 'service ipvsadm save', 'ipvsadm --save']) {
      expect(await warningsOf(...limited, command, command)).toEqual([{ command, text: LOST }])
    }
    expect(await warningsOf(...limited, 'ipvsadm-save | ipvsadm-restore', 'ipvsadm-save')).toEqual([
      { command: 'ipvsadm-save', text: LOST },
    ])
    // After the loss there is nothing left to lose.
    expect(await warningsOf(...limited, 'ipvsadm-save > rules', 'ipvsadm-restore < rules', 'ipvsadm -Sn')).toEqual([
      { command: 'ipvsadm-save', text: LOST },
    ])
  })

  it('marks that are printed as negative numbers', async () => {
    expect(await warningsOf('ipvsadm -A -f 4294967295', 'ipvsadm -S')).toEqual([{
      command: 'ipvsadm -S', text: 'ipvsadm saves the mark 4294967295 as -1, which it refuses when this is restored.',
    }])
  })

  it('nothing else', async () => {
    expect(await warningsOf(SERVICE, server(11), 'ipvsadm -A -f 2147483647', 'ipvsadm -Sn', 'ipvsadm -Ln')).toEqual([])
  })

  it('also where the command runs in the background or in a script of its own', async () => {
    const limited = [SERVICE, server(11, ' -x 9'), server(12, ' -x 9')]
    const saved = { command: 'ipvsadm -Sn', text: LOST }
    expect(await warningsOf(...limited, 'ipvsadm -Sn &', 'wait')).toEqual([saved])
    expect(await warningsOf(...limited, "echo 'ipvsadm -Sn' > save.sh", 'sh save.sh > /dev/null')).toEqual([saved])
  })
})

import { it } from 'vitest'
import { readdirSync, readFileSync } from 'node:fs'
import { playLab } from '../../src/scenario/lab/play-lab.ts'
it('labs', async () => {
  const root = '/work/shared/oracle/labs'
  const out: string[] = []
  let plays = 0
  for (const family of readdirSync(root)) for (const name of readdirSync(`${root}/${family}`)) {
    if (!name.endsWith('.json')) continue
    const lab = JSON.parse(readFileSync(`${root}/${family}/${name}`, 'utf8'))
    let r: any
    try { r = await playLab(lab) } catch (e) { out.push(`THREW ${family}/${name} ${String((e as Error).message).slice(0, 150)}`); continue }
    if (!r.ok) { out.push(`NO ${family}/${name} ${r.error}`); continue }
    plays++
    lab.steps.forEach((s: any, i: number) => {
      const sh = s.sh ?? s.show?.sh
      if (sh === undefined || /ipvsadm|iptables|conntrack|ping/.test(sh)) return
      const a = JSON.stringify(s.result), b = JSON.stringify(r.value.steps[i].result)
      if (a !== b) out.push(`DIFF ${family}/${name} step ${i} ${sh}\n   want ${a}\n   got  ${b}`)
    })
  }
  console.log(plays + ' played\n' + out.join('\n'))
}, 600000)

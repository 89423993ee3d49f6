import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { RoutedWorld } from '../../support/routed-world.ts'

/**
 * What Linux's conntrack made of segments without data, in either direction (`>` is that of the first): its state after
 * each, with sequence windows switched off (nf_conntrack_tcp_be_liberal=1). A dash is no entry.
 */
const RECORDS = JSON.parse(readFileSync(new URL('./tcp-recorded.json', import.meta.url), 'utf8')) as [
  segments: string,
  states: string,
][]

describe('conntrack follows TCP as recorded', () => {
  it.each(RECORDS)('%s', async (segments, states) => {
    const world = new RoutedWorld()
    await world.iptables('-A FORWARD -m conntrack --ctstate NEW')
    const { table } = world.router.netfilter.conntrack
    let [client, server] = [1000, 5000]
    const seen = segments.split(' ').map((segment) => {
      const flags = segment.slice(1)
      const uses = /[SF]/.test(flags) ? 1 : 0
      const sentNs = world.world.sim.nowNs
      if (segment.startsWith('>')) {
        world.tcp(`10.0.0.10:40001 > 192.168.1.11:80 ${flags} ${client} ${server}`)
        client += uses
      } else {
        world.tcp(`192.168.1.11:80 > 10.0.0.10:40001 ${flags} ${server} ${client}`)
        server += uses
      }
      const [entry] = table.entries(sentNs)
      if (entry === undefined) return '-'
      return `${entry.tcp.state}${entry.hasReply ? '' : ' unreplied'}${entry.isAssured ? ' assured' : ''}`
    })
    expect(seen.join(', ')).toBe(states)
  })
})

import { it } from 'vitest'
import { NS_PER_SECOND } from '../../src/base/units.ts'
import { Recorder } from '../../src/scenario/recorder.ts'
import { askSlowly, serveSlowly } from './apps.ts'
import { openCluster, runFor } from './clusters.ts'
import { listingOf, readListing } from './listing.ts'
it('big', async () => {
  const world = await openCluster({ layout: 'tun-one-lan' })
  serveSlowly(world.host('r1'), { sendBytes: 6000, replyBytes: 1000 })
  askSlowly(world.host('c'), 40000, 100)
  runFor(world, NS_PER_SECOND)
  const recorder = new Recorder({ recordsMax: 10_000, isDetailed: false })
  recorder.attach(world)
  askSlowly(world.host('c'), 54540, 6000)
  runFor(world, NS_PER_SECOND * 1)
  const l = listingOf(recorder.records, recorder.nics)
  const r = readListing('tun1lan_big')
  console.log('OURS\n' + l['c.eth0']!.join('\n') + '\nREC\n' + r['c.eth0']!.join('\n'))
})

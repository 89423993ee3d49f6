/**
 * The second model of every scheduler by its name.
 * @module
 */
import { dhModel, mhModel, shModel } from './hash-schedulers.ts'
import { foModel, lcModel, nqModel, ovfModel, rrModel, sedModel, wlcModel, wrrModel } from './list-schedulers.ts'
import { lblcModel, lblcrModel } from './locality-schedulers.ts'
import type { ModelServer, SchedulerModel } from './scheduler-model.ts'

/** Makes a scheduler for a list of servers. */
export const SCHEDULER_MODELS: Readonly<Record<string, (servers: readonly ModelServer[]) => SchedulerModel>> = {
  rr: rrModel, wrr: wrrModel, lc: lcModel, wlc: wlcModel, sed: sedModel, nq: nqModel, fo: foModel, ovf: ovfModel,
  dh: dhModel, sh: shModel, mh: mhModel, lblc: lblcModel, lblcr: lblcrModel,
}

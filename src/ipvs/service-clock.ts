/**
 * The time of a director, for all that its services and counters remember: now, how long locality lasts, and the rounds of the
 * estimator.
 * @module
 */
import { NS_PER_SECOND } from '../base/units.ts'
import type { Simulator } from '../sim/simulator.ts'
import type { ServiceClock } from './service.ts'
import { ESTIMATOR_PERIOD_NS } from './stats.ts'
import type { IpvsSettings } from './sysctls.ts'

/** The clock of one director, which starts when it is made. */
export class DirectorClock implements ServiceClock {
  /** False while run_estimation=0. Live. */
  isRunning = true
  readonly #sim: Simulator
  readonly #settings: IpvsSettings
  readonly #startNs: number
  #round = 0
  #nextRoundNs: number

  constructor(sim: Simulator, settings: IpvsSettings) {
    this.#sim = sim
    this.#settings = settings
    this.#startNs = sim.nowNs
    this.#nextRoundNs = this.#startNs + ESTIMATOR_PERIOD_NS
  }

  get nowNs(): number {
    return this.#sim.nowNs
  }

  get lblcExpirationNs(): number {
    return this.#settings.lblc_expiration * NS_PER_SECOND
  }

  get lblcrExpirationNs(): number {
    return this.#settings.lblcr_expiration * NS_PER_SECOND
  }

  /** Asked for each packet, and seldom another one. */
  get round(): number {
    if (this.#sim.nowNs >= this.#nextRoundNs) this.#advance()
    return this.#round
  }

  #advance(): void {
    this.#round = Math.floor((this.#sim.nowNs - this.#startNs) / ESTIMATOR_PERIOD_NS)
    this.#nextRoundNs = this.#startNs + (this.#round + 1) * ESTIMATOR_PERIOD_NS
  }
}

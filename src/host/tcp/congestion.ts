/**
 * Congestion control: Reno (RFC 5681) as Linux has it, with proportional rate reduction in recovery (RFC 6937) and the
 * window counted in segments. Reno rather than Linux's default CUBIC, because its results can be checked against
 * published formulas. Undo of spurious recoveries (DSACK, F-RTO), pacing and ECN are not modelled.
 * @module
 */

/** Initial window in segments (RFC 6928, TCP_INIT_CWND). */
export const INITIAL_WINDOW = 10

/** The congestion window of one endpoint. */
export class Congestion {
  /** Congestion window, in segments. Live. */
  window = INITIAL_WINDOW
  /** Slow start ends here. Live. */
  threshold = Infinity
  /** What is being repaired: nothing, losses seen by acknowledgements, or everything after a timeout. Live. */
  state: 'open' | 'recovery' | 'loss' = 'open'
  /** The repair is over when everything before this position is acknowledged. Live. */
  recoverTo = 0
  #credit = 0
  #priorWindow = 0
  #deliveredInRecovery = 0
  #sentInRecovery = 0

  /** Grows for `acked` segments, unless a recovery is on or the window was not the limit (RFC 2861). */
  acknowledged(acked: number, windowWasLimit: boolean): void {
    if (this.state === 'recovery' || !windowWasLimit) return
    let left = acked
    if (this.window < this.threshold) {
      const grow = Math.min(left, this.threshold - this.window)
      this.window += grow
      left -= grow
    }
    if (left === 0) return
    if (this.#credit >= this.window) {
      this.#credit = 0
      this.window++
    }
    this.#credit += left
    if (this.#credit >= this.window) {
      const grow = Math.floor(this.#credit / this.window)
      this.#credit -= grow * this.window
      this.window += grow
    }
  }

  /** Begins a fast recovery (tcp_enter_recovery()). */
  enterRecovery(recoverTo: number): void {
    this.state = 'recovery'
    this.recoverTo = recoverTo
    this.#priorWindow = this.window
    this.threshold = this.#halved()
    this.#credit = 0
    this.#deliveredInRecovery = 0
    this.#sentInRecovery = 0
  }

  /** Sets the window for what may be sent now: `delivered` segments have arrived, `inFlight` are on their way (RFC 6937). */
  reduce(delivered: number, inFlight: number): void {
    if (delivered <= 0) return
    this.#deliveredInRecovery += delivered
    const room = this.threshold - inFlight
    let send = 0
    if (room < 0) {
      send = Math.ceil(this.#deliveredInRecovery * this.threshold / this.#priorWindow) - this.#sentInRecovery
    } else {
      send = Math.min(room, Math.max(this.#deliveredInRecovery - this.#sentInRecovery, delivered) + 1)
    }
    // The segment that began the recovery is always resent.
    this.window = inFlight + Math.max(send, this.#sentInRecovery === 0 ? 1 : 0)
  }

  /** Counts a segment sent, for the balance of a recovery. */
  countSent(): void {
    if (this.state === 'recovery') this.#sentInRecovery++
  }

  /** Everything that was lost is repaired. */
  recovered(): void {
    if (this.state === 'recovery') this.window = this.threshold
    this.state = 'open'
  }

  /** The retransmission timer fired (tcp_enter_loss()). `fresh` unless it fired before for the same data. */
  timedOut(recoverTo: number, fresh: boolean): void {
    if (fresh) this.threshold = this.#halved()
    this.window = 1
    this.#credit = 0
    this.state = 'loss'
    this.recoverTo = recoverTo
  }

  /** The path became narrower: what was too big is resent with the window as it is (tcp_simple_retransmit()). */
  pathNarrowed(recoverTo: number): void {
    if (this.state === 'loss') return
    this.threshold = this.#halved()
    this.state = 'loss'
    this.recoverTo = recoverTo
  }

  /** Nothing was sent for `idleNs`: the window decays towards the initial one (tcp_cwnd_restart()). */
  restartAfterIdle(idleNs: number, rtoNs: number): void {
    if (this.threshold !== Infinity) this.threshold = Math.max(this.threshold, Math.floor(this.window * 3 / 4))
    const floor = Math.min(INITIAL_WINDOW, this.window)
    for (let left = idleNs - rtoNs; left > 0 && this.window > floor; left -= rtoNs) this.window = Math.floor(this.window / 2)
    this.window = Math.max(this.window, floor)
    this.#credit = 0
  }

  #halved(): number {
    return Math.max(Math.floor(this.window / 2), 2)
  }
}

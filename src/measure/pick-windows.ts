/**
 * The worst moment of a division that may be even in the long run: of all stretches of so many picks in a row, the one in which
 * somebody got most, and the one in which somebody got least, for what he should.
 * @module
 */
import { assert } from '../base/assert.ts'

/** A stretch of picks. */
export interface PickWindow {
  /** Who. */
  readonly member: number
  /** His picks in it. */
  readonly picks: number
  /** His picks over those that he should have had: 1 is even. */
  readonly ratio: number
  /** Index of its last pick, from 0. */
  readonly endIndex: number
}

/** Slides a window over picks. Takes the same time for each pick, however wide the window and many the members. */
export class PickWindows {
  /** Picks in a window. */
  readonly width: number
  /** Picks that each member should have in a window; whoever should have none is not looked at. */
  readonly #targets: readonly number[]
  readonly #last: Int32Array
  readonly #picks: number[]
  #count = 0
  #most: PickWindow | undefined
  #least: PickWindow | undefined

  /** `shares` of the members, 0..1 each, are 1 together. */
  constructor(width: number, shares: readonly number[]) {
    assert(Number.isInteger(width) && width >= 1, 'a window has a whole number of picks')
    this.width = width
    this.#targets = shares.map((share) => share * width)
    this.#last = new Int32Array(width)
    this.#picks = shares.map(() => 0)
  }

  /** The first window in which somebody got most for what he should. Undefined until one is full. */
  get most(): PickWindow | undefined {
    return this.#most
  }

  /** The first window in which somebody got least for what he should. Undefined until one is full. */
  get least(): PickWindow | undefined {
    return this.#least
  }

  /** Takes the next pick: the index of a member. */
  add(member: number): void {
    const place = this.#count % this.width
    const gone = this.#count >= this.width ? this.#last[place] as number : undefined
    this.#last[place] = member
    this.#picks[member] = (this.#picks[member] as number) + 1
    this.#count++
    if (gone !== undefined) {
      this.#picks[gone] = (this.#picks[gone] as number) - 1
      // Nobody else has more than before, and nobody else has less.
      if (gone !== member) this.#look([member, gone])
    } else if (this.#count === this.width) {
      this.#look(this.#picks.keys())
    }
  }

  #look(members: Iterable<number>): void {
    for (const member of members) {
      const target = this.#targets[member] as number
      if (target === 0) continue
      const picks = this.#picks[member] as number
      const ratio = picks / target
      const isMost = this.#most === undefined || ratio > this.#most.ratio
      const isLeast = this.#least === undefined || ratio < this.#least.ratio
      if (!isMost && !isLeast) continue
      const window = { member, picks, ratio, endIndex: this.#count - 1 }
      if (isMost) this.#most = window
      if (isLeast) this.#least = window
    }
  }
}

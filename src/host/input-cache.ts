/**
 * What a host has worked out about packets that come in: for a source, a destination and a device, whether they stay here or
 * which way they go on. The four newest of those that meet in one line are kept; where that is often too few the cache grows.
 * One look here takes the place of four, and of all checks that depend on nothing else.
 * @module
 */
import type { IpAddr } from '../wire/address.ts'
import type { Device } from './device.ts'
import type { Route } from './routing.ts'

/** The way of packets that nothing turns away. */
export interface InputRoute {
  readonly route: Route
  /** They are for this host. */
  readonly isLocal: boolean
  /** Their sender is a direct neighbor. */
  readonly isFromNeighbor: boolean
}

// A slot has four words: source, destination, number of the device, and number of the way + 1. Four slots are a line of memory.
const SLOT_WORDS = 4
const LINE_WORDS = 16
/** Powers of two, as is each step from one to the other. */
const WORDS_MIN = 256
const WORDS_MAX = 262_144
const GROWTH = 4

/** The input routes of one host, all of IPv4. */
export class InputCache {
  #words = new Int32Array(WORDS_MIN)
  /** Each once, however many sources and destinations it has: so few that they stay near. */
  readonly #ways: InputRoute[] = []
  /** Numbers of the ways of strangers, and of those of neighbors. */
  readonly #numbers = [new Map<Route, number>(), new Map<Route, number>()] as const
  /** How many were displaced since the cache last grew. */
  #displaced = 0

  /** The way of these packets, if it is known. */
  find(src: IpAddr, dst: IpAddr, { ifindex }: Device): InputRoute | undefined {
    const words = this.#words, from = src | 0, to = dst | 0
    const line = lineOf(from, to, ifindex) & words.length - LINE_WORDS
    for (let at = line; at < line + LINE_WORDS; at += SLOT_WORDS) {
      if (words[at] === from && words[at + 1] === to && words[at + 2] === ifindex) return this.#ways[words[at + 3] as number - 1]
    }
    return undefined
  }

  /** Takes note of a way. */
  add(src: IpAddr, dst: IpAddr, { ifindex }: Device, way: InputRoute): void {
    if (this.#displaced >= this.#words.length / LINE_WORDS && this.#words.length < WORDS_MAX) this.#grow()
    this.#put(src | 0, dst | 0, ifindex, this.#numberOf(way) + 1)
  }

  /** Forgets all. */
  clear(): void {
    if (this.#ways.length === 0) return
    this.#words.fill(0)
    this.#ways.length = 0
    for (const numbers of this.#numbers) numbers.clear()
  }

  #numberOf(way: InputRoute): number {
    const numbers = this.#numbers[way.isFromNeighbor ? 1 : 0]
    let number = numbers.get(way.route)
    if (number === undefined) numbers.set(way.route, number = this.#ways.push(way) - 1)
    return number
  }

  /** The newest of a line goes first, and the oldest of four has to go. */
  #put(src: number, dst: number, ifindex: number, numberPlus1: number): void {
    const words = this.#words
    const line = lineOf(src, dst, ifindex) & words.length - LINE_WORDS
    if (words[line + LINE_WORDS - 1] !== 0) this.#displaced++
    words.copyWithin(line + SLOT_WORDS, line, line + LINE_WORDS - SLOT_WORDS)
    words[line] = src
    words[line + 1] = dst
    words[line + 2] = ifindex
    words[line + 3] = numberPlus1
  }

  #grow(): void {
    const before = this.#words
    this.#words = new Int32Array(before.length * GROWTH)
    // From the last slot on: of each line the oldest first.
    for (let at = before.length - SLOT_WORDS; at >= 0; at -= SLOT_WORDS) {
      const [src = 0, dst = 0, ifindex = 0, numberPlus1 = 0] = before.subarray(at, at + SLOT_WORDS)
      if (numberPlus1 !== 0) this.#put(src, dst, ifindex, numberPlus1)
    }
    this.#displaced = 0
  }
}

/** Mixes all three: answers of one service to one client come in by as many devices as it has servers. */
function lineOf(src: number, dst: number, ifindex: number): number {
  const mixed = Math.imul(src ^ Math.imul(ifindex ^ Math.imul(dst, 0x9e3779b1), 0x9e3779b1), 0x85ebca6b)
  return mixed ^ mixed >>> 15
}

/**
 * Choices drawn from one seeded stream, and the content of every TCP stream of the fuzzer: a fixed pattern, so that
 * any byte
 * says where it belongs, and a forged segment can carry what the true one would.
 * @module
 */
import { randomStream, type RandomStream } from '../../src/sim/random.ts'

const PATTERN = Uint8Array.from({ length: 262_144 }, (_, at) => (at * 7 + (at >> 8) * 13) & 255)

/** The bytes of a stream from `from` on; fewer where the pattern ends. */
export function patternBytes(from: number, length: number): Uint8Array {
  return PATTERN.subarray(from, Math.max(from, from + length))
}

/** A source of choices. The same seed always gives the same ones. */
export class Chance {
  readonly #stream: RandomStream

  constructor(seed: string) {
    this.#stream = randomStream(seed, 'fuzz')
  }

  /** An integer in 0..below-1. */
  int(below: number): number {
    return this.#stream.int(below)
  }

  /** True this often. */
  flip(probability: number): boolean {
    return this.#stream.unit() < probability
  }

  /** One of these; the list must not be empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.#stream.int(list.length)] as T
  }

  /** One of these, or undefined when there is none. */
  pickAny<T>(list: readonly T[]): T | undefined {
    return list[this.#stream.int(Math.max(list.length, 1))]
  }

  /** Random bytes. */
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#stream.int(256))
  }

  /** One of these by weight. */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T {
    const entries = Object.entries(weights) as [T, number][]
    let left = this.#stream.int(entries.reduce((sum, [, weight]) => sum + weight, 0))
    for (const [name, weight] of entries) if ((left -= weight) < 0) return name
    throw new Error('no weights')
  }
}

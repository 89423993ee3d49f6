/**
 * The index of IPv6 connections: slots of 40 bytes, with both addresses whole. Words 0..3 are the client's address, 4..7 that of
 * the service (of the real server, where replies are found), 8 the ports, 9 code and number as in the index of IPv4.
 * There is no search by batch.
 * @module
 */
import { hashIpv6 } from './hash.ts'
import { isNatCode, replyCodeOf } from './key.ts'
import type { Records } from './records.ts'
import { SlotIndex, type SlotOptions } from './slot-index.ts'
import { homeOf } from './slots.ts'

const ID_MASK = 0x0fff_ffff
/** Words of a key: both addresses and the ports. */
export const IPV6_KEY_WORDS = 9
const LAST = 9
const SLOT_WORDS = 10

/** The index of IPv6 entries in slots. */
export class Ipv6Index extends SlotIndex {
  readonly #records: Records
  readonly #key = new Int32Array(IPV6_KEY_WORDS)

  constructor(records: Records, options: SlotOptions) {
    super(options, SLOT_WORDS, 1)
    this.#records = records
  }

  /** The newest entry of this key of `IPV6_KEY_WORDS` words, -1 when there is none. */
  find(key: Int32Array, wanted: number): number {
    const hash = hashIpv6(this.seed, key, 0)
    const slots = this.slotsOf(hash)
    const { words } = slots
    for (let at = homeOf(slots, hash) * SLOT_WORDS; ;) {
      const last = words[at + LAST] as number
      if (last === 0) return -1
      if (((last ^ wanted) & wanted << 4) === 0 && isKeyAt(words, at, key)) return (last & ID_MASK) - 1
      at += SLOT_WORDS
      if (at === words.length) at = 0
    }
  }

  /** Adds an entry, which has its record already. */
  add(id: number): void {
    const code = this.#records.codeOf(id)
    const key = this.#key
    this.#records.readIpv6Key(id, key, false)
    this.#insert(key, code << 28 | id + 1)
    if (!isNatCode(code)) return
    this.#records.readIpv6Key(id, key, true)
    this.#insert(key, replyCodeOf(code) << 28 | id + 1)
  }

  /** Takes an entry out, which still has its record. */
  drop(id: number): void {
    const code = this.#records.codeOf(id)
    const key = this.#key
    this.#records.readIpv6Key(id, key, false)
    this.removeSlot(hashIpv6(this.seed, key, 0), code << 28 | id + 1)
    if (!isNatCode(code)) return
    this.#records.readIpv6Key(id, key, true)
    this.removeSlot(hashIpv6(this.seed, key, 0), replyCodeOf(code) << 28 | id + 1)
  }

  protected override hashAt(words: Int32Array, at: number): number {
    return hashIpv6(this.seed, words, at)
  }

  #insert(key: Int32Array, code: number): void {
    this.beforeInsert()
    const hash = hashIpv6(this.seed, key, 0)
    const slots = this.slotsOf(hash)
    const { words } = slots
    let at = homeOf(slots, hash) * SLOT_WORDS
    for (let last = code; ;) {
      const there = words[at + LAST] as number
      if (there === 0) {
        words.set(key, at)
        words[at + LAST] = last
        return
      }
      // As with IPv4: the newest of one key comes first.
      if (isKeyAt(words, at, key)) {
        words[at + LAST] = last
        last = there
      }
      at += SLOT_WORDS
      if (at === words.length) at = 0
    }
  }
}

function isKeyAt(words: Int32Array, at: number, key: Int32Array): boolean {
  for (let i = 0; i < IPV6_KEY_WORDS; i++) if (words[at + i] !== key[i]) return false
  return true
}

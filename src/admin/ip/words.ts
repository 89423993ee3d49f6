/**
 * The words of an `ip` command, and the ways in which iproute2 refuses them. iproute2 lets most words be cut short.
 * @module
 */
import type { Errno } from '../../host/errno.ts'
import { errnoText } from '../../host/errno.ts'
import { parseIpv4, type IpAddr } from '../../wire/address.ts'
import { refused, type ToolResult } from '../tool.ts'

/** The words that are left to read. */
export class Words {
  readonly #words: readonly string[]
  #index = 0

  constructor(words: readonly string[]) {
    this.#words = words
  }

  /** The next word, not yet taken; undefined at the end. */
  peek(): string | undefined {
    return this.#words[this.#index]
  }

  /** Takes the next word; undefined at the end. */
  take(): string | undefined {
    return this.#words[this.#index++]
  }

  /** True, and taken, when the next word is `full` or a beginning of it of at least `least` letters. */
  takeIf(full: string, least = full.length): boolean {
    const word = this.peek()
    if (word === undefined || !isShortFor(word, full, least)) return false
    this.#index++
    return true
  }

  /** True when nothing is left. */
  get isEmpty(): boolean {
    return this.#index >= this.#words.length
  }
}

/** True for `full` or a beginning of it with at least `least` letters. */
export function isShortFor(word: string, full: string, least = 1): boolean {
  return word.length >= least && full.startsWith(word)
}

/** An address with the length of its prefix. */
export interface Prefix {
  readonly addr: IpAddr
  readonly prefixLength: number
  /** False when no length was written: then it is the whole address. */
  readonly hasLength: boolean
}

/** Reads `10.0.0.1`, `10.0.0.0/24` or `10.0.0.0/255.255.255.0`; octets left out at the end are 0, as iproute2 has it (`10/8`). */
export function parsePrefix(text: string): Prefix | undefined {
  const [address = '', length] = text.split('/')
  if (text === 'default' || text === 'any' || text === 'all') return { addr: 0 as IpAddr, prefixLength: 0, hasLength: true }
  const octets = address.split('.').length
  const addr = /^\d+(\.\d+){0,3}$/.test(address) ? parseIpv4(address + '.0'.repeat(4 - octets)) : undefined
  if (addr === undefined) return undefined
  if (length === undefined) {
    return octets < 4 ? { addr, prefixLength: octets * 8, hasLength: true } : { addr, prefixLength: 32, hasLength: false }
  }
  const prefixLength = parsePrefixLength(length)
  return prefixLength === undefined ? undefined : { addr, prefixLength, hasLength: true }
}

/** 0..32 from `24` or `255.255.255.0`. */
function parsePrefixLength(text: string): number | undefined {
  if (/^\d{1,2}$/.test(text)) return Number(text) <= 32 ? Number(text) : undefined
  const mask = parseIpv4(text)
  return mask === undefined ? undefined : maskLength(mask)
}

/** The length of a network mask; undefined when its ones are not all in front. */
export function maskLength(mask: number): number | undefined {
  for (let length = 0; length <= 32; length++) {
    if ((length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0) === mask) return length
  }
  return undefined
}

/** `Error: inet prefix is expected rather than "x".` */
export function expected(what: string, word: string): ToolResult {
  return refused(`Error: ${what} is expected rather than "${word}".\n`, 1)
}

/** `Error: argument "x" is wrong: ...` (invarg); iproute2's own texts for it mostly end with a newline of theirs. */
export function wrong(word: string, why: string): ToolResult {
  return refused(`Error: argument "${word}" is wrong: ${why}\n`, 255)
}

/** A number of 32 bits, decimal, hexadecimal or octal (get_u32 with base 0). */
export function parseNumber(text: string): number | undefined {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(text)) return undefined
  const isOctal = /^0\d/.test(text)
  if (isOctal && /[89]/.test(text)) return undefined
  const number = isOctal ? Number.parseInt(text, 8) : Number(text)
  return number <= 0xffffffff ? number : undefined
}

/** `Cannot find device "x"`. */
export function noDevice(name: string): ToolResult {
  return refused(`Cannot find device "${name}"\n`, 1)
}

/** What the kernel answered. */
export function answered(errno: Errno): ToolResult {
  return refused(`RTNETLINK answers: ${errnoText(errno)}\n`, 2)
}

/** What the kernel answered in words of its own (extack). */
export function answeredInWords(text: string): ToolResult {
  return refused(`Error: ${text}.\n`, 2)
}

/** A word was missing at the end. */
export function incomplete(): ToolResult {
  return refused('Command line is not complete. Try option "help"\n', 255)
}

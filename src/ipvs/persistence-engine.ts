/**
 * Persistence engines: what beside a client's address tells which template a packet belongs to. The kernel has one: `sip`
 * takes the Call-ID of a SIP message over UDP (RFC 3261 section 20.8), so that each call may go to another server, and stays
 * there.
 * Follows ip_vs_pe_sip.c, and ct_sip_get_header() and callid_len() in nf_conntrack_sip.c.
 * @module
 */
import type { IpPacket } from '../wire/ip-packet.ts'

/** What tells one template from another of the same addresses and ports (pe_data). */
export interface EngineData {
  /** Name of the engine. */
  readonly engine: string
  /** 1..255 bytes, as Latin-1 text. */
  readonly text: string
}

/** Reads a packet: undefined for one that the engine can make nothing of. */
export type PersistenceEngine = (packet: IpPacket) => EngineData | undefined

const ENGINES: ReadonlyMap<string, PersistenceEngine> = new Map([['sip', readCallId]])
const TEXT_BYTES_MAX = 255

/** A header's name at the start of a line, but for the first line; the short form `i` is no part of a longer word. */
const CALL_ID = /(?:\r\n|\r|\n)(?:call-id|i(?![a-z]))/gi
/** Blanks, the end of the line among them where the next one continues it. */
const BLANK = '(?:[ \\t]*(?:(?:\\r\\n|\\r|\\n)[ \\t]+)?)'
const COLON = new RegExp(`${BLANK}:${BLANK}`, 'y')
const WORD = '[a-z0-9!"%\'()*+\\-./:<>?\\[\\\\\\]_`{}~]+'
/** The value, as far as it has characters that it may have; `@` without anything after it spoils it. */
const VALUE = new RegExp(`${WORD}(?:@(?:${WORD})?)?`, 'iy')

/** The engine of this name. */
export function findEngine(name: string): PersistenceEngine | undefined {
  return ENGINES.get(name)
}

function readCallId({ payload }: IpPacket): EngineData | undefined {
  if (payload.kind !== 'udp' || payload.data.length === 0) return undefined
  const text = findCallId(latin1(payload.data))
  return text === undefined ? undefined : { engine: 'sip', text }
}

/** The value of the first Call-ID header that has one and is ended by a line break. */
function findCallId(message: string): string | undefined {
  CALL_ID.lastIndex = 0
  for (let name = CALL_ID.exec(message); name !== null; name = CALL_ID.exec(message)) {
    COLON.lastIndex = CALL_ID.lastIndex
    if (!COLON.test(message)) return undefined
    VALUE.lastIndex = COLON.lastIndex
    const value = VALUE.exec(message)?.[0]
    if (value === undefined || value.endsWith('@')) continue
    const isEnded = message[VALUE.lastIndex] === '\r' || message[VALUE.lastIndex] === '\n'
    return isEnded && value.length <= TEXT_BYTES_MAX ? value : undefined
  }
  return undefined
}

function latin1(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

/**
 * What the clients and servers of labs say to each other. A request begins with a line of text, its own size
 * and the size of the reply that it wants (`32 64`, with `!` behind when the server is to close first); a reply
 * begins with the server's name and the client as the server saw it (`rs1 10.0.0.10:40001 `). Both are filled
 * up to their size with dots.
 * @module
 */
import { formatIp, type IpAddr, isIpv6 } from '../wire/address.ts'

const DOT = 0x2e
const NEWLINE = 0x0a
/** No first line is longer. */
const LINE_BYTES_MAX = 40
/** Size of the reply to a request that is too small to say. */
const REPLY_BYTES_DEFAULT = 64

/** No beginning of a reply that names server and client is longer. */
export const REPLY_HEAD_BYTES = 200

/** A request as its first line describes it. */
export interface LabRequest {
  readonly sendBytes: number
  readonly replyBytes: number
  readonly serverCloses: boolean
}

/** An address and a port, as `10.0.0.10:40001` or `[fd00::10]:40001`. */
export function formatEndpoint(addr: IpAddr, port: number): string {
  return isIpv6(addr) ? `[${formatIp(addr)}]:${port}` : `${formatIp(addr)}:${port}`
}

/** The bytes of a request: `sendBytes` of them, dots only when the first line does not fit. */
export function encodeLabRequest(request: LabRequest): Uint8Array {
  const line = `${request.sendBytes} ${request.replyBytes}${request.serverCloses ? '!' : ''}\n`
  return filled(line.length <= request.sendBytes ? line : '', request.sendBytes)
}

/** Reads the first line; undefined while it is not whole. A request of dots alone is all of what came in. */
export function readLabRequest(bytes: Uint8Array): LabRequest | undefined {
  if (bytes.length === 0) return undefined
  if (bytes[0] === DOT) return { sendBytes: bytes.length, replyBytes: REPLY_BYTES_DEFAULT, serverCloses: false }
  const end = bytes.subarray(0, LINE_BYTES_MAX).indexOf(NEWLINE)
  const match = /^(\d{1,12}) (\d{1,12})(!?)$/.exec(textOf(bytes.subarray(0, Math.max(end, 0))))
  if (match === null) return undefined
  return { sendBytes: Number(match[1]), replyBytes: Number(match[2]), serverCloses: match[3] === '!' }
}

/** The bytes of a reply, `bytes` of them. */
export function encodeLabReply(
  name: string, client: { readonly addr: IpAddr, readonly port: number }, bytes: number,
): Uint8Array {
  return filled(`${name} ${formatEndpoint(client.addr, client.port)} `, bytes)
}

/** Who answered and whom it saw, from the beginning of a reply. */
export function readLabReply(bytes: Uint8Array): { readonly by: string, readonly seen: string } {
  const [by = '', seen = ''] = textOf(bytes).split(' ')
  return { by, seen }
}

function filled(text: string, bytes: number): Uint8Array {
  const result = new Uint8Array(bytes).fill(DOT)
  result.set(new TextEncoder().encode(text).subarray(0, bytes))
  return result
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

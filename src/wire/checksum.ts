/**
 * The internet checksum (RFC 1071) and the pseudo header that TCP and UDP put before it (RFC 9293 3.1, RFC 768); that of IPv6
 * is also put before ICMPv6 (RFC 8200 8.1).
 * @module
 */
import { ipWords, isIpv6, type IpAddr } from './address.ts'

/**
 * Ones' complement sum of the big-endian 16-bit words of `bytes[start..end)`, on top of `sum`; an odd last byte counts as if
 * a zero byte followed it. 0..0xffff. Over data that contains its own valid checksum it is 0xffff.
 */
export function onesComplementSum(bytes: Uint8Array, start: number, end: number, sum: number): number {
  let total = sum
  for (let i = start; i + 1 < end; i += 2) total += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)
  if ((end - start) % 2 === 1) total += (bytes[end - 1] ?? 0) << 8
  while (total > 0xffff) total = (total % 0x10000) + Math.floor(total / 0x10000)
  return total
}

/** The checksum of `bytes[start..end)`, with its own field there still zero; `sum` is what a pseudo header adds. 0..0xffff. */
export function internetChecksum(bytes: Uint8Array, start: number, end: number, sum = 0): number {
  return onesComplementSum(bytes, start, end, sum) ^ 0xffff
}

/** What the pseudo header adds to the sum: both addresses, the protocol, and the length of header and data. */
export function pseudoHeaderSum(
  addrs: { readonly src: IpAddr, readonly dst: IpAddr }, protocol: number, lengthBytes: number,
): number {
  const { src, dst } = addrs
  if (isIpv6(dst)) {
    const sum = [...ipWords(src), ...ipWords(dst)].reduce((total, word) => total + (word >>> 16) + (word & 0xffff), 0)
    return sum + protocol + (lengthBytes >>> 16) + (lengthBytes & 0xffff)
  }
  return (src >>> 16) + (src & 0xffff) + (dst >>> 16) + (dst & 0xffff) + protocol + lengthBytes
}

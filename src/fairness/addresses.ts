/**
 * Addresses of a simulation without packets, which hash schedulers and persistence act upon: clients lie scattered over
 * 10.0.0.0/8, as if they were anybody; the service and its servers lie in 192.168.0.0/16.
 * @module
 */
import { assert } from '../base/assert.ts'
import type { IpAddr } from '../wire/address.ts'

/** 192.168.255.1. */
export const VIP = 0xc0a8ff01 as IpAddr
/** Port of the service and of its servers. */
export const SERVICE_PORT = 80
/** Most real servers, included. */
export const SERVER_COUNT_MAX = 10_000
/** Most clients, included. */
export const CLIENT_COUNT_MAX = 1 << 24

const FIRST_SERVER = 0xc0a80001
const FIRST_CLIENT = 0x0a000000
const BITS_24 = 0xff_ffff

/** The real server with this index: 192.168.0.1, 192.168.0.2, ... */
export function realServerAddress(index: number): IpAddr {
  assert(index >= 0 && index < SERVER_COUNT_MAX, 'a real server has a number')
  return (FIRST_SERVER + index) as IpAddr
}

/** The client with this index: another one for each, with nothing in common between neighbors. */
export function clientAddress(index: number): IpAddr {
  assert(index >= 0 && index < CLIENT_COUNT_MAX, 'a client has a number')
  // Each step can be undone, so no two numbers come to the same address. The first is the golden ratio, so that 0 moves too.
  let bits = (index + 0x9e3779) & BITS_24
  for (let round = 0; round < 3; round++) {
    bits = Math.imul(bits ^ (bits >>> 11), 0x5bd1e9) & BITS_24
    bits ^= bits >>> 13
  }
  return (FIRST_CLIENT + bits) as IpAddr
}

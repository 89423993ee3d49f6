/**
 * The library: what a program may import from lvsim. Runs in a browser as it is.
 * @module
 */
export { formatIp, type IpAddr, parseIpv4 } from './wire/address.ts'

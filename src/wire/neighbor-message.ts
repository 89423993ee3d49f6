/**
 * Neighbor solicitation and advertisement (RFC 4861 4.3, 4.4) as an immutable value: ICMPv6's counterpart of ARP. Of their
 * options, only the link-layer address is modelled. Router discovery and redirects are not.
 * @module
 */
import type { IpAddr, MacAddr } from './address.ts'

/** Asks who has the target: type 135. */
export const NEIGHBOR_SOLICITATION = 135
/** Says who has it: type 136. */
export const NEIGHBOR_ADVERTISEMENT = 136

/** The ICMPv6 header with its flags, and the target. */
const FIXED_BYTES = 24
/** The option, on Ethernet. */
const LINK_ADDRESS_BYTES = 8

/** One message. The checksum is valid by construction. */
export interface NeighborMessage {
  readonly kind: 'neighbor'
  readonly type: typeof NEIGHBOR_SOLICITATION | typeof NEIGHBOR_ADVERTISEMENT
  readonly target: IpAddr
  /** The sender's in a solicitation, the target's in an advertisement. */
  readonly linkAddress: MacAddr | undefined
  /** Of an advertisement: sent by a router. */
  readonly isRouter: boolean
  /** Of an advertisement: it answers a solicitation. */
  readonly isSolicited: boolean
  /** Of an advertisement: it may change an entry that exists. */
  readonly isOverride: boolean
}

/** Asks for `target`, and tells the asker's own link-layer address unless it must stay unknown. */
export function neighborSolicitation(target: IpAddr, linkAddress: MacAddr | undefined): NeighborMessage {
  const noFlags = { isRouter: false, isSolicited: false, isOverride: false }
  return { kind: 'neighbor', type: NEIGHBOR_SOLICITATION, target, linkAddress, ...noFlags }
}

/** Tells of `target`. */
export function neighborAdvertisement(
  target: IpAddr, linkAddress: MacAddr | undefined,
  flags: { readonly isRouter: boolean, readonly isSolicited: boolean, readonly isOverride: boolean },
): NeighborMessage {
  const { isRouter, isSolicited, isOverride } = flags
  return { kind: 'neighbor', type: NEIGHBOR_ADVERTISEMENT, target, linkAddress, isRouter, isSolicited, isOverride }
}

/** Header, target and option. */
export function neighborBytes({ linkAddress }: NeighborMessage): number {
  return FIXED_BYTES + (linkAddress === undefined ? 0 : LINK_ADDRESS_BYTES)
}

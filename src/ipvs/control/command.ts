/**
 * What ipvsadm can ask the kernel for, as values.
 * @module
 */
import type { IpAddr } from '../../wire/address.ts'
import type { DaemonRole, DestinationRule, ServiceId, ServiceOptions, TimeoutRule } from './rules.ts'

/** One request. */
export type IpvsCommand =
  | { readonly kind: 'add-service', readonly service: ServiceId, readonly options: ServiceOptions }
  | { readonly kind: 'edit-service', readonly service: ServiceId, readonly options: ServiceOptions }
  | { readonly kind: 'delete-service', readonly service: ServiceId }
  | { readonly kind: 'flush' }
  | { readonly kind: 'add-destination', readonly service: ServiceId, readonly destination: DestinationRule }
  | { readonly kind: 'edit-destination', readonly service: ServiceId, readonly destination: DestinationRule }
  | { readonly kind: 'delete-destination', readonly service: ServiceId, readonly addr: IpAddr, readonly port: number }
  /** A timeout of 0 stays as it is. */
  | { readonly kind: 'set-timeouts', readonly timeouts: TimeoutRule }
  | { readonly kind: 'start-daemon', readonly role: DaemonRole, readonly wish: DaemonWish }
  | { readonly kind: 'stop-daemon', readonly role: DaemonRole }
  /** Counters of one service, or of all: no rule changes. */
  | { readonly kind: 'zero', readonly service: ServiceId | undefined }

/** What is asked of a sync daemon; the kernel fills in what is undefined. */
export interface DaemonWish {
  readonly deviceName: string
  readonly syncId: number
  readonly messageBytesMax: number | undefined
  readonly group: IpAddr | undefined
  readonly port: number | undefined
  readonly ttl: number | undefined
}

/** Errors that the kernel answers with: what they mean depends on the command. */
export type IpvsErrno =
  'EEXIST' | 'ESRCH' | 'ENOENT' | 'EINVAL' | 'ERANGE' | 'EOPNOTSUPP' | 'ENODEV' | 'ENETUNREACH'

/** A refusal. Nothing was changed. */
export interface IpvsError {
  readonly code: IpvsErrno
  /** What lvsim would say of it; ipvsadm has its own words. */
  readonly message: string
}

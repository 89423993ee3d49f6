/**
 * The options that stand between `ip` and its object.
 * @module
 */

/** What was asked for. */
export interface IpOptions {
  /** 4 or 6 with `-4` or `-6`; undefined for both. */
  readonly family: 4 | 6 | undefined
  readonly brief: boolean
  readonly oneLine: boolean
  readonly statistics: boolean
}

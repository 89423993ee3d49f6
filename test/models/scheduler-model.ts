/**
 * The second model of IPVS: what a scheduler of it sees and answers. It is written from descriptions of the schedulers alone, in
 * the plainest way and without a thought for speed, and shares no code with what it is compared with.
 * @module
 */

/** A real server in the model. Live. */
export interface ModelServer {
  readonly addr: number
  readonly port: number
  weight: number
  /** The latest weight that was not 0, or the one it was added with. */
  lastWeight: number
  upper: number
  lower: number
  active: number
  inactive: number
  isOverloaded: boolean
  /** It is in the list of its service. */
  isListed: boolean
}

/** Who asks, for what. */
export interface ModelFlow {
  readonly client: number
  readonly clientPort: number
  readonly target: number
}

/** What a scheduler is asked with: the servers (the newest first), the flags of `-b` and the time in seconds. */
export interface Question {
  readonly servers: readonly ModelServer[]
  readonly flow: ModelFlow
  readonly mayFallBack: boolean
  readonly usesPort: boolean
  readonly now: number
}

/** One scheduler of one service. */
export interface SchedulerModel {
  pick(question: Question): ModelServer | undefined
  /** A server was added, edited or deleted; `gone` is the one deleted, with the place it had in the list. */
  changed?(servers: readonly ModelServer[], gone?: { readonly server: ModelServer, readonly place: number }): void
  /** True when time decides something that the description leaves open (an entry is being collected). */
  isUnsure?(now: number): boolean
}

/** True when a server may get new connections. */
export function isFree(server: ModelServer): boolean {
  return server.isListed && server.weight > 0 && !server.isOverloaded
}

/** An active connection weighs as much as 256 inactive ones. */
export function overhead(server: ModelServer): number {
  return server.active * 256 + server.inactive
}

/** The first server of the list that has the smallest `load / weight`, by exact fractions. */
export function lightest(
  servers: readonly ModelServer[], load: (server: ModelServer) => number,
): ModelServer | undefined {
  const isLess = (a: ModelServer, b: ModelServer): boolean => (
    BigInt(load(a)) * BigInt(b.weight) < BigInt(load(b)) * BigInt(a.weight)
  )
  return servers.reduce<ModelServer | undefined>((best, other) => (best && !isLess(other, best) ? best : other), undefined)
}

/** Greatest common divisor of positive numbers; 1 of none. */
export function gcdOf(numbers: readonly number[]): number {
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))
  return numbers.reduce(gcd, 0) || 1
}

/**
 * A trial of a scheduler as plain data: the servers of a service, and what happens to it, step by step. Servers are numbers in
 * the order of their adding, printed as A, B, C, ...; clients are numbers that become addresses. Packets are not part of it.
 * @module
 */

/** What becomes of a connection after its pick: it stays active; it ends, and is inactive; it leaves nothing behind. */
export type Fate = 'held' | 'closed' | 'gone'

/** A new connection. */
export interface Connect {
  readonly kind: 'connect'
  /** 0 is 10.0.0.2, 1 is 10.0.0.3, ... */
  readonly client: number
  /** Port of the client, 0..65535. */
  readonly port: number
  /** 0 is the virtual address 10.0.0.100; for laws of persistence 0 is its port 80, and 1 its port 443. */
  readonly target: number
  readonly fate: Fate
}

/** One thing that happens. A step for a server that was removed does nothing; numbers too great begin anew at A. */
export type Step =
  | Connect
  /** One of the connections that are held becomes inactive; nothing when there is none. */
  | { readonly kind: 'end', readonly connection: number }
  | { readonly kind: 'load', readonly server: number, readonly active: number, readonly inactive: number }
  | { readonly kind: 'overload', readonly server: number, readonly overloaded: boolean }
  | { readonly kind: 'weigh', readonly server: number, readonly weight: number }
  | { readonly kind: 'add', readonly weight: number }
  | { readonly kind: 'remove', readonly server: number }
  | { readonly kind: 'wait', readonly seconds: number }

/** One trial. */
export interface Trial {
  /** Weights of the servers, in the order of their adding. */
  readonly weights: readonly number[]
  /** Bits 1, 2 and 4 of `ipvsadm -b`: flag-1, flag-2 and flag-3. */
  readonly flags: number
  /** Number of the stream that the scheduler draws from. */
  readonly draw: number
  readonly steps: readonly Step[]
}

/** A trial of servers with these weights; without flags, and with the first stream, unless told. */
export function trialOf(weights: readonly number[], steps: readonly Step[], more: Partial<Trial> = {}): Trial {
  return { weights, flags: 0, draw: 0, ...more, steps }
}

/** One connection; of the client 10.0.0.2, and held, unless told. */
export function connect(more: Partial<Connect> = {}): Connect {
  return { kind: 'connect', client: 0, port: 1024, target: 0, fate: 'held', ...more }
}

/** So many connections, all alike. */
export function connects(count: number, more: Partial<Connect> = {}): Connect[] {
  return Array.from({ length: count }, () => connect(more))
}

/** One connection from each of so many clients, of which 0 is the first unless told; each asks for a target of its own. */
export function crowd(count: number, fate: Fate, first = 0): Connect[] {
  return Array.from({ length: count }, (_, i) => connect({ client: first + i, target: first + i, fate }))
}

/** The name of a server in texts. */
export function letterOf(server: number): string {
  return 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.charAt(server) || `S${server + 1}`
}

/** The name of who was picked in texts: a letter, or nobody. */
export function whoOf(picked: number | undefined): string {
  return picked === undefined ? 'nobody' : letterOf(picked)
}

/** The sum of weights. */
export function sumOf(weights: readonly number[]): number {
  return weights.reduce((a, b) => a + b, 0)
}

/** The picks of a row of connections in a text: letters, and a dash for nobody. */
export function lettersOf(picks: readonly (number | undefined)[]): string {
  return picks.map((server) => (server === undefined ? '-' : letterOf(server))).join('')
}

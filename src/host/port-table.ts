/**
 * What is kept by port: pages of ports next to each other, since a host has either a few ports in use or thousands in a row, and
 * each packet asks for one.
 * @module
 */

/** Ports of a page: so many bits of the number. */
const PAGE_BITS = 6
const PAGE_MASK = 63

/** Values by port, 0..65535. */
export class PortTable<T extends object> {
  readonly #pages: ((T | undefined)[] | undefined)[] = []
  readonly #ports = new Set<number>()

  /** What was set for a port. */
  get(port: number): T | undefined {
    return this.#pages[port >>> PAGE_BITS]?.[port & PAGE_MASK]
  }

  /** Sets the value of a port. */
  set(port: number, value: T): void {
    const page = this.#pages[port >>> PAGE_BITS] ??= new Array<T | undefined>(PAGE_MASK + 1).fill(undefined)
    page[port & PAGE_MASK] = value
    this.#ports.add(port)
  }

  /** Frees a port. */
  delete(port: number): void {
    const page = this.#pages[port >>> PAGE_BITS]
    if (page === undefined) return
    page[port & PAGE_MASK] = undefined
    this.#ports.delete(port)
  }

  /** The ports in use, in the order in which they came into it. */
  get ports(): Iterable<number> {
    return this.#ports
  }
}

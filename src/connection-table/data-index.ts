/**
 * Templates that are told apart by what a persistence engine has read (a SIP call, say), found by the text of their whole key.
 * They are few, and texts have no place in slots.
 * @module
 */
import { present } from '../base/assert.ts'
import type { Address, RequestKey } from './key.ts'

/** Templates by key and data. */
export class DataIndex {
  /** Numbers of the templates of one key and data, the oldest first. */
  readonly #ids = new Map<string, number[]>()
  /** What each template is found by. */
  readonly #texts = new Map<number, string>()

  /** The newest template of this key and data, -1 when there is none. */
  find(key: RequestKey<Address>, data: string): number {
    return this.#ids.get(textOf(key, data))?.at(-1) ?? -1
  }

  /** Adds a template. */
  add(id: number, key: RequestKey<Address>, data: string): void {
    const text = textOf(key, data)
    const ids = this.#ids.get(text)
    if (ids === undefined) this.#ids.set(text, [id])
    else ids.push(id)
    this.#texts.set(id, text)
  }

  /** Takes a template out, which must be here. */
  drop(id: number): void {
    const text = present(this.#texts.get(id), 'the template')
    this.#texts.delete(id)
    const rest = (this.#ids.get(text) ?? []).filter((other) => other !== id)
    if (rest.length === 0) this.#ids.delete(text)
    else this.#ids.set(text, rest)
  }

  /** The data of a template, which must be here. */
  dataOf(id: number): string {
    const text = present(this.#texts.get(id), 'the template')
    return text.slice(text.indexOf(' ') + 1)
  }
}

/**
 * Numbers and commas, then a blank, then the data. Unsigned, so that both ways to write an address are one. The two families have
 * not equally many numbers.
 */
function textOf({ protocol, caddr, cport, vaddr, vport }: RequestKey<Address>, data: string): string {
  const words = [protocol, cport, vport, ...[caddr, vaddr].flat()]
  return `${words.map((word) => word >>> 0).join(',')} ${data}`
}

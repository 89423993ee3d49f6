import { describe, expect, it } from 'vitest'
import { PortTable } from '../../src/host/port-table.ts'

describe('a table of ports', () => {
  const [one, two, three] = [{}, {}, {}]

  it('gives what was set for a port, next to others or far from them', () => {
    const table = new PortTable<object>()
    table.set(0, one)
    table.set(65_535, two)
    table.set(63, three)
    expect([0, 65_535, 63].every((port, i) => table.get(port) === [one, two, three][i])).toBe(true)
    expect([1, 62, 64, 65_534, 30_000].map((port) => table.get(port))).toEqual(Array(5).fill(undefined))
  })

  it('replaces and frees', () => {
    const table = new PortTable<object>()
    table.delete(9)
    table.set(9, one)
    table.set(9, two)
    expect(table.get(9)).toBe(two)
    table.delete(9)
    expect([table.get(9), [...table.ports]]).toEqual([undefined, []])
  })

  it('lists ports in the order in which they came into use', () => {
    const table = new PortTable<object>()
    for (const port of [700, 5, 6, 5]) table.set(port, {})
    table.delete(700)
    table.set(700, {})
    expect([...table.ports]).toEqual([5, 6, 700])
  })
})

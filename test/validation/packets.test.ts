import { describe, it } from 'vitest'
import { checkInactive } from './packet-rows.ts'

describe('clusters wait as theory says, packet by packet', () => {
  it('V38: connections that are over', () => checkInactive([1, 2]))
})

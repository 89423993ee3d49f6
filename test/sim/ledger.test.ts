/**
 * Ledgers balance when every account is kept, and say by how much they are off when one is not.
 * @module
 */
import { describe, expect, it } from 'vitest'
import { FrameLedger, PacketLedger } from '../../src/sim/ledger.ts'

describe('the ledger of frames', () => {
  it('balances 10 sent and 2 copied as 7 delivered, 4 lost for three reasons and 1 in flight', () => {
    const ledger = new FrameLedger()
    Object.assign(ledger, { sent: 10, duplicated: 2, delivered: 7, inFlight: 1 })
    Object.assign(ledger.lost, { queueFull: 1, loss: 2, linkDown: 1 })
    expect(ledger.balance()).toBe(0)
  })

  it.each(['sent', 'duplicated', 'delivered', 'inFlight'] as const)('is off when %s is bumped alone', (account) => {
    const ledger = new FrameLedger()
    ledger[account]++
    expect(Math.abs(ledger.balance())).toBe(1)
  })

  it.each(['queueFull', 'loss', 'linkDown'] as const)('is off when a loss by %s is counted for no frame', (reason) => {
    const ledger = new FrameLedger()
    ledger.lost[reason]++
    expect(ledger.balance()).toBe(-1)
  })
})

describe('the ledger of packets', () => {
  it('balances 9 received, 3 made and 2 cut off as 5 sent, 4 used, 2 dropped, 2 put together and 1 held', () => {
    const ledger = new PacketLedger()
    Object.assign(ledger, {
      received: 9, originated: 3, fragmented: 2, sent: 5, consumed: 4, dropped: 2, reassembled: 2, held: 1,
    })
    expect(ledger.balance()).toBe(0)
  })

  it.each(['received', 'originated', 'fragmented', 'sent', 'consumed', 'dropped', 'reassembled', 'held'] as const)(
    'is off when %s is bumped alone', (account) => {
      const ledger = new PacketLedger()
      ledger[account]++
      expect(Math.abs(ledger.balance())).toBe(1)
    })

  it.each(['encapsulated', 'decapsulated'] as const)('does not mind what is %s: one packet stays one', (account) => {
    const ledger = new PacketLedger()
    ledger[account]++
    expect(ledger.balance()).toBe(0)
  })
})

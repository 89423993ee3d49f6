import fc from 'fast-check'
import { applyPatches, enablePatches, type Patch } from 'immer'
import { describe, expect, it } from 'vitest'
import { applyCommand, type Kernel } from '../../../src/ipvs/control/apply.ts'
import type { IpvsCommand } from '../../../src/ipvs/control/command.ts'
import { addressId, INITIAL_RULES, IPIP_TUNNEL, type IpvsRules } from '../../../src/ipvs/control/rules.ts'
import type { IpAddr } from '../../../src/wire/address.ts'
import { seed } from '../../support/seed.ts'

enablePatches()

const KERNEL: Kernel = {
  hasScheduler: (name) => name === 'rr' || name === 'wlc', hasEngine: (name) => name === 'sip', isUnicast: (addr) => addr !== 3,
  findDevice: (name) => name === 'eth1' ? undefined : { mtuBytes: 9000, isUp: name === 'eth0' },
}

const service = fc.record({ addr: fc.nat(2), port: fc.constantFrom(53, 80) }).map(
  ({ addr, port }) => addressId(6, addr as IpAddr, port)
)
const options = fc.record({
  scheduler: fc.constantFrom('rr', 'wlc', 'nosuch'), schedulerFlags: fc.nat(7),
  persistenceSeconds: fc.constantFrom(undefined, 50), netmask: fc.constant(0xffffffff),
  engine: fc.constantFrom('', 'sip', 'nosuch'), onePacket: fc.boolean(),
})
const destination = fc.record({
  addr: fc.nat(3).map((addr) => addr as IpAddr), port: fc.constantFrom(80, 81), method: fc.constantFrom('nat', 'dr', 'tun'),
  weight: fc.integer({ min: -1, max: 3 }), upperThreshold: fc.nat(2), lowerThreshold: fc.nat(2),
  tunnel: fc.constant(IPIP_TUNNEL),
})
const command: fc.Arbitrary<IpvsCommand> = fc.oneof(
  fc.record({ kind: fc.constantFrom('add-service', 'edit-service'), service, options }),
  fc.record({ kind: fc.constantFrom('add-destination', 'edit-destination'), service, destination }),
  fc.record({
    kind: fc.constant('delete-destination'), service, addr: fc.nat(3).map((addr) => addr as IpAddr),
    port: fc.constantFrom(80, 81),
  }),
  fc.record({ kind: fc.constant('delete-service'), service }),
  fc.record({
    kind: fc.constant('start-daemon'), role: fc.constantFrom('master', 'backup'),
    wish: fc.record({
      deviceName: fc.constantFrom('eth0', 'eth1', 'eth2'), syncId: fc.nat(255), group: fc.constant(undefined),
      messageBytesMax: fc.option(fc.integer({ min: 1, max: 65_507 }), { nil: undefined }),
      port: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }), ttl: fc.constant(undefined),
    }),
  }),
  fc.record({ kind: fc.constant('stop-daemon'), role: fc.constantFrom('master', 'backup') }),
  fc.record({ kind: fc.constant('flush') }),
  fc.record({ kind: fc.constant('zero'), service: fc.option(service, { nil: undefined }) }),
  fc.record({
    kind: fc.constant('set-timeouts'),
    timeouts: fc.record({ tcpSeconds: fc.integer({ min: -1, max: 9 }), tcpFinSeconds: fc.nat(9), udpSeconds: fc.nat(9) }),
  }),
)

/** All that follow from these commands, the first being the empty table. */
function play(commands: readonly IpvsCommand[]): IpvsRules {
  return commands.reduce((rules, next) => {
    const result = applyCommand(rules, next, KERNEL)
    return result.ok ? result.value.rules : rules
  }, INITIAL_RULES)
}

describe(`commands on rules (seed ${seed})`, () => {
  it('never change a table they are applied to, refused or not', () => {
    fc.assert(fc.property(fc.array(command, { maxLength: 30 }), command, (before, last) => {
      const rules = play(before)
      const text = JSON.stringify(rules)
      applyCommand(rules, last, KERNEL)
      expect(JSON.stringify(rules)).toBe(text)
    }), { seed })
  })

  it('never leave two services, or two destinations of one service, of the same name', () => {
    fc.assert(fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
      const rules = play(commands)
      const names = rules.services.map(({ addr, port }) => `${addr}:${port}`)
      expect(new Set(names).size).toBe(names.length)
      for (const { destinations } of rules.services) {
        const servers = destinations.map(({ addr, port }) => `${addr}:${port}`)
        expect(new Set(servers).size).toBe(servers.length)
        expect(destinations.every(
          ({ weight, lowerThreshold, upperThreshold }) => weight >= 0 && lowerThreshold <= upperThreshold
        )).toBe(true)
      }
    }), { seed })
  })

  it('put a new destination first', () => {
    fc.assert(fc.property(fc.array(command, { maxLength: 30 }), service, destination, (before, id, added) => {
      const rules = play(before)
      const result = applyCommand(rules, { kind: 'add-destination', service: id, destination: added }, KERNEL)
      if (!result.ok) return
      const changed = result.value.rules.services.find((other) => other.addr === id.addr && other.port === id.port)
      expect(changed?.destinations[0]).toEqual(added)
    }), { seed })
  })

  it('round-trips by patches: forward to the table after, back to the one before', () => {
    fc.assert(fc.property(fc.array(command, { maxLength: 30 }), command, (commands, last) => {
      const before = play(commands)
      const result = applyCommand(before, last, KERNEL)
      if (!result.ok) return
      const { rules, patches, inversePatches } = result.value
      expect(applyPatches(before, patches as Patch[])).toEqual(rules)
      expect(applyPatches(rules, inversePatches as Patch[])).toEqual(before)
      expect(patches.length === 0).toBe(rules === before)
    }), { seed })
  })

  it('share what they do not change with the table before', () => {
    const first = play([
      { kind: 'add-service', service: addressId(6, 1 as IpAddr, 80), options: OPTIONS },
      { kind: 'add-service', service: addressId(6, 2 as IpAddr, 80), options: OPTIONS },
    ])
    const result = applyCommand(first, { kind: 'delete-service', service: addressId(6, 1 as IpAddr, 80) }, KERNEL)
    expect(result.ok && result.value.rules.services[0]).toBe(first.services[1])
    const flushed = applyCommand(INITIAL_RULES, { kind: 'flush' }, KERNEL)
    expect(flushed.ok && flushed.value.rules).toBe(INITIAL_RULES)
  })
})

const OPTIONS = {
  scheduler: 'rr', schedulerFlags: 0, persistenceSeconds: undefined, netmask: 0xffffffff, engine: '', onePacket: false,
}

/**
 * The steps of a run, by name: each draws from a seed of its own, so that a step can be left out and the others stay as they are.
 * @module
 */
import { readCapture } from '../../src/wire/pcap.ts'
import { framingOfLinkType } from '../../src/wire/capture.ts'
import { concatBytes } from '../../src/wire/bytes.ts'
import { decodeFrame, decodePacket } from '../../src/wire/decode.ts'
import { encodeFrame, framingOf } from '../../src/wire/encode.ts'
import { formatFrameBytes, formatPacket } from '../../src/wire/text.ts'
import { formatIp, formatMac, parseIpv4, parseMac } from '../../src/wire/address.ts'
import { pcapngFrame, pcapngHeader } from '../../src/report/pcapng.ts'
import type { Chance } from './chance.ts'
import {
  changeAddresses, changeDevices, changeLinks, changeNeighbors, changePolicy, changeRoutes, changeSysctls, flushThings,
} from './changes.ts'
import { changeArpRules } from './arp-tables.ts'
import { changeIpv6 } from './ipv6.ts'
import { forgeSegment, inject, injectArp, replay, somePacket, somePieces, withIpOptions } from './packets.ts'
import { changeRules, changeServices } from './rules.ts'
import { actOnConnection, connect, sendDatagrams, sendPings, serve, someAddr, someTarget } from './traffic.ts'
import { complain, type World } from './world.ts'

/** How often each step is taken. */
export const STEP_WEIGHTS = {
  serve: 4, connect: 12, act: 6, datagrams: 6, pings: 5,
  packet: 8, pieces: 4, forge: 10, arp: 4, replay: 5, options: 1,
  addresses: 3, routes: 3, devices: 4, sysctls: 5, neighbors: 3, links: 2, flush: 3, rules: 8, services: 6, ipv6: 4,
  policy: 2, arptables: 3, capture: 1,
} as const

/** A step by its name. */
export type StepName = keyof typeof STEP_WEIGHTS

/** What each step does. */
export const STEPS: Readonly<Record<StepName, (world: World, chance: Chance) => void>> = {
  serve: (world, chance) => serve(world, chance.pick(world.hosts), chance),
  connect: (world, chance) => connect(world, chance.pick(world.hosts), someTarget(world, chance), chance),
  act: actOnConnection,
  datagrams: (world, chance) => sendDatagrams(world, chance.pick(world.hosts), someTarget(world, chance), chance),
  pings: (world, chance) => sendPings(world, chance.pick(world.hosts), someTarget(world, chance), chance),
  packet: (world, chance) => {
    for (let i = chance.pick([1, 1, 3]); i > 0; i--) inject(world, somePacket(world, chance), chance)
  },
  pieces: (world, chance) => {
    for (const piece of somePieces(world, chance)) inject(world, piece, chance)
  },
  forge: (world, chance) => {
    for (let i = chance.pick([1, 1, 4]); i > 0; i--) {
      const packet = forgeSegment(world, chance)
      if (packet !== undefined) inject(world, packet, chance)
    }
  },
  arp: injectArp,
  replay,
  options: (world, chance) => {
    const read = decodePacket(withIpOptions(somePacket(world, chance), chance), world.lan.sim.nextPacketUid())
    if (read.ok) inject(world, read.value, chance)
  },
  addresses: changeAddresses, routes: changeRoutes, devices: changeDevices, sysctls: changeSysctls,
  neighbors: changeNeighbors, links: changeLinks, flush: flushThings, rules: changeRules, services: changeServices, ipv6: changeIpv6,
  policy: changePolicy, arptables: changeArpRules,
  capture: captureFile,
}

/** What was seen, as a file that reads back; then as one with bytes changed, which may be refused and must not throw. */
function captureFile(world: World, chance: Chance): void {
  const framing = chance.pick(['ethernet', 'ppp'] as const)
  const frames = world.seen.filter((frame) => framingOf(frame) === framing)
  const isClassic = chance.flip(0.5)
  const file = isClassic ? classicFile(frames.map(encodeFrame), framing, chance) : concatBytes([
    pcapngHeader([{ name: 'h0.eth0', framing }]),
    ...frames.map((frame, index) => pcapngFrame({
      timeNs: index * 1_000, nicIndex: 0, direction: chance.pick(['in', 'out']), frame, comment: chance.pick(['', 'drop']),
    })),
  ])
  const read = readCapture(file)
  if (!read.ok || read.value.frames.length !== frames.length) return complain(world, 'a capture does not read back')
  for (const frame of read.value.frames) {
    const told = framingOfLinkType(read.value.interfaces[frame.interfaceIndex]?.linkType ?? -1)
    if (told !== framing) complain(world, 'a capture has another link type')
    mangle(frame.bytes, chance)
    formatFrameBytes(frame.bytes.subarray(0, chance.flip(0.5) ? chance.int(frame.bytes.length + 1) : frame.bytes.length), framing, { linkLevel: chance.flip(0.5) })
    const again = decodeFrame(frame.bytes, framing, 1)
    if (again.ok && again.value.payload.kind === 'ip') formatPacket(again.value.payload)
    formatFrameBytes(chance.bytes(chance.int(80)), framing)
  }
  mangle(file, chance)
  readCapture(file.subarray(0, chance.flip(0.5) ? file.length : chance.int(file.length + 1)))
  const addr = someAddr(world, chance)
  if (parseIpv4(formatIp(addr)) !== addr) complain(world, `${formatIp(addr)} does not read back`)
  for (const text of ['10.0.0.256', '10.0.0.01', '10.0.0', formatMac(chance.pick(world.nics).mac)]) if (parseIpv4(text) === undefined) parseMac(text)
}

function mangle(bytes: Uint8Array, chance: Chance): void {
  for (let i = chance.pick([0, 1, 1, 3, 12]); i > 0 && bytes.length > 0; i--) bytes[chance.int(Math.min(bytes.length, 120))] = chance.int(256)
}

/** A classic pcap file in either byte order. */
function classicFile(frames: readonly Uint8Array[], framing: 'ethernet' | 'ppp', chance: Chance): Uint8Array {
  const isLittle = chance.flip(0.5)
  const words = (...values: number[]): Uint8Array => {
    const out = new Uint8Array(4 * values.length)
    values.forEach((value, index) => new DataView(out.buffer).setUint32(4 * index, value, isLittle))
    return out
  }
  return concatBytes([
    words(chance.flip(0.5) ? 0xa1b2c3d4 : 0xa1b23c4d, 0x0002_0004, 0, 0, 65_535, framing === 'ppp' ? 9 : 1),
    ...frames.flatMap((bytes, index) => [words(index, 500, bytes.length, bytes.length), bytes]),
  ])
}

/**
 * The steps of a run, by name: each draws from a seed of its own, so that a step can be left out and the others stay
 * as they are.
 * @module
 */
import { readCapture } from '../../src/wire/pcap.ts'
import { framingOfLinkType } from '../../src/wire/capture.ts'
import { readCapturedFlow } from '../../src/wire/captured-flow.ts'
import { ethernetFrame } from '../../src/wire/frame.ts'
import { concatBytes } from '../../src/wire/bytes.ts'
import { decodeFrame, decodePacket } from '../../src/wire/decode.ts'
import { encodeFrame, framingOf } from '../../src/wire/encode.ts'
import { formatFrameBytes, formatPacket } from '../../src/wire/text.ts'
import { formatIp, formatMac, MAC_BROADCAST, MAC_ZERO, parseIpv4, parseMac } from '../../src/wire/address.ts'
import { pcapngFrames, pcapngHeader } from '../../src/report/pcapng.ts'
import type { Chance } from './chance.ts'
import {
  changeAddresses, changeDevices, changeLinks, changeNeighbors, changePolicy, changeRoutes, changeSysctls, flushThings,
} from './changes.ts'
import { changeArpRules } from './arp-tables.ts'
import { changeIpv6, VIP6 } from './ipv6.ts'
import { VIP } from './network.ts'
import { forgeRedirect, forgeSegment, inject, injectArp, replay, somePacket, somePieces, withIpOptions } from './packets.ts'
import { changeRules, changeServices } from './rules.ts'
import { actOnConnection, connect, poke, sendDatagrams, sendPings, serve, someAddr, someTarget } from './traffic.ts'
import { complain, type World } from './world.ts'

/** How often each step is taken. */
export const STEP_WEIGHTS = {
  serve: 4, connect: 12, act: 6, datagrams: 6, pings: 5,
  packet: 8, pieces: 4, forge: 10, arp: 4, replay: 5, options: 1,
  addresses: 3, routes: 3, devices: 4, sysctls: 5, neighbors: 3, links: 2, flush: 3, rules: 8, services: 6, ipv6: 4,
  policy: 4, arptables: 4, capture: 3, redirect: 2,
} as const

/** A step by its name. */
export type StepName = keyof typeof STEP_WEIGHTS

type Act = (world: World, chance: Chance) => void

/** What each step does. */
export const STEPS: Readonly<Record<StepName, Act>> = {
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
  addresses: changeAddresses, routes: changeRoutes, devices: changeDevices, sysctls: then(changeSysctls, poke),
  neighbors: changeNeighbors, links: changeLinks, flush: flushThings, rules: then(changeRules, poke),
  services: then(changeServices,
    (world, chance) => poke(world, chance, world.addrs6.length > 0 ? [VIP, VIP6] : [VIP])),
  ipv6: then(changeIpv6, poke),
  policy: then(changePolicy, poke), arptables: then(changeArpRules, poke),
  capture: captureFile,
  redirect: (world, chance) => {
    // The first one only makes the new gateway known.
    for (let i = chance.pick([1, 3]); i > 0; i--) {
      const packet = forgeRedirect(world, chance)
      if (packet !== undefined) inject(world, packet, chance)
    }
  },
}

/** One after the other. */
function then(first: Act, second: Act): Act {
  return (world, chance) => {
    first(world, chance)
    second(world, chance)
  }
}

/** What was seen, as a file that reads back; then as one with bytes changed, which may be refused and must not throw. */
function captureFile(world: World, chance: Chance): void {
  const framing = chance.pick(['ethernet', 'ppp'] as const)
  const frames = world.seen.filter((frame) => framingOf(frame) === framing)
  const isClassic = chance.flip(0.5)
  const file = isClassic ? classicFile(frames.map(encodeFrame), framing, chance) : concatBytes([
    pcapngHeader([{ name: 'h0.eth0', framing }]),
    pcapngFrames(frames.map((frame, index) => ({
      timeNs: index * 1_000, nicIndex: 0, direction: chance.pick(['in', 'out']), frame, comment: chance.pick(['', 'drop']),
    }))),
  ])
  const read = readCapture(file)
  if (!read.ok || read.value.frames.length !== frames.length) return complain(world, 'a capture does not read back')
  for (const frame of read.value.frames) {
    const told = framingOfLinkType(read.value.interfaces[frame.interfaceIndex]?.linkType ?? -1)
    if (told !== framing) complain(world, 'a capture has another link type')
    mangle(frame.bytes, chance)
    formatFrameBytes(frame.bytes.subarray(0, chance.flip(0.5) ? chance.int(frame.bytes.length + 1)
      : frame.bytes.length), framing, { linkLevel: chance.flip(0.5) })
    const again = decodeFrame(frame.bytes, framing, 1)
    if (again.ok && again.value.payload.kind === 'ip') formatPacket(again.value.payload)
    formatFrameBytes(chance.bytes(chance.int(80)), framing)
  }
  printAny(world, chance)
  mangle(file, chance)
  readCapture(file.subarray(0, chance.flip(0.5) ? file.length : chance.int(file.length + 1)))
  const addr = someAddr(world, chance)
  if (parseIpv4(formatIp(addr)) !== addr) complain(world, `${formatIp(addr)} does not read back`)
  for (const text of ['10.0.0.256', '10.0.0.01', '10.0.0', formatMac(chance.pick(world.nics).mac)])
    if (parseIpv4(text) === undefined) parseMac(text)
}

/** Packets that nobody sent, whole, cut and mangled, as text and as flows: every word of it must be printable. */
function printAny(world: World, chance: Chance): void {
  for (let i = 0; i < 12; i++) {
    const frame = ethernetFrame(MAC_BROADCAST, MAC_ZERO, somePacket(world, chance))
    const bytes = encodeFrame(frame)
    // Type and code of ICMP, options of TCP, and what a header says of lengths.
    for (let k = chance.int(4); k > 0; k--)
      bytes[chance.pick([14, 16, 17, 23, 34, 35, 36, 40, 46, 47, 54, 55, 56, 62, 70])] =
      chance.pick([chance.int(256), chance.int(16), 0x45])
    const part = bytes.subarray(0, chance.flip(0.6) ? bytes.length : chance.int(bytes.length + 1))
    const text = formatFrameBytes(part, 'ethernet', { linkLevel: chance.flip(0.3) })
    if (/undefined|NaN/.test(text)) complain(world, `a frame prints as ${text}`)
    const linkType = chance.pick([1, 1, 9, 0, 101, 108, 113, 276, 12, 50])
    const tag = chance.flip(0.2) ? [part.subarray(0, 12), Uint8Array.of(0x81, 0, 0, 5), part.subarray(12)] : [part]
    const header =
      { 0: [2, 0, 0, 0], 108: [0, 0, 0, 2], 113: [...new Array<number>(14).fill(0), 8, 0],
      276: [8, 0, ...new Array<number>(18).fill(0)] }
    const before = (header as Record<number, number[]>)[linkType]
    const captured = linkType === 1 ? concatBytes(tag) : concatBytes([Uint8Array.from(before ?? []), part.subarray(14)])
    readCapturedFlow(captured, linkType, captured.length + chance.pick([0, 0, 100]))
  }
}

function mangle(bytes: Uint8Array, chance: Chance): void {
  for (let i = chance.pick([0, 1, 1, 3, 12]); i > 0 && bytes.length > 0; i--)
    bytes[chance.int(Math.min(bytes.length, 120))] = chance.int(256)
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

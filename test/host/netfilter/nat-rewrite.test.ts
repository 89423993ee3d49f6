import { describe, expect, it } from 'vitest'
import { withQuotedRewritten } from '../../../src/host/netfilter/nat-rewrite.ts'
import { encodePacket } from '../../../src/wire/encode.ts'
import { ICMP_UNREACHABLE, icmpBytes, icmpError, UNREACHABLE_PORT } from '../../../src/wire/icmp-message.ts'
import { fragmentOf, IPPROTO_ICMP, IPPROTO_UDP, ipPacket } from '../../../src/wire/ip-packet.ts'
import { udpBytes, udpDatagram } from '../../../src/wire/udp-datagram.ts'
import { ip } from '../../support/lan.ts'

describe('NAT of an ICMP error that came in pieces', () => {
  it('turns what is quoted in the whole, and leaves every piece a piece', () => {
    const datagram = udpDatagram({ sport: 1000, dport: 53 }, new Uint8Array(500))
    const quoted = ipPacket({
      uid: 1, src: ip('192.0.2.1'), dst: ip('10.0.0.9'), protocol: IPPROTO_UDP, payload: datagram,
      payloadBytes: udpBytes(datagram),
    })
    const message = icmpError({ type: ICMP_UNREACHABLE, code: UNREACHABLE_PORT, rest: 0 }, quoted, 528)
    const whole = ipPacket({
      uid: 2, src: ip('10.0.0.9'), dst: ip('192.0.2.1'), protocol: IPPROTO_ICMP, payload: message,
      payloadBytes: icmpBytes(message), dontFragment: false,
    })
    const inside = { protocol: IPPROTO_UDP, src: ip('10.1.0.1'), dst: ip('10.0.0.9'), sport: 2000, dport: 53 }
    const piece = fragmentOf(whole, { offsetBytes: 0, payloadBytes: 272, more: true })
    const turned = withQuotedRewritten(piece, message, inside, 'source')
    expect([turned.payload.kind, turned.payloadBytes, encodePacket(turned).length]).toEqual(['fragment', 272, 292])
    const inner = turned.payload.kind === 'fragment' ? turned.payload.whole.payload : undefined
    expect(inner).toMatchObject({ kind: 'icmp', dataBytes: 528, quoted: { src: ip('10.1.0.1'), payload: { sport: 2000 } } })
  })
})

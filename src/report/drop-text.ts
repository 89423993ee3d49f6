/**
 * What each reason of a drop means, and what cures it, one plain sentence each.
 * @module
 */
import type { DropReason } from '../host/ip-service.ts'
import type { LossReason } from '../link/link.ts'

/** Why something died, and what to do about it. */
export interface Explained {
  readonly cause: string
  readonly cure: string
}

/** Every reason for which a host drops a packet. */
export const DROP_EXPLANATIONS: Readonly<Record<DropReason, Explained>> = {
  'martian-source': {
    cause: 'the source is an address that no packet from a wire may have: of this host itself, loopback, multicast, broadcast.',
    cure: 'look for two hosts with one address; answers from the VIP must not be routed through the director that has it.',
  },
  'martian-destination': {
    cause: 'the packet came from a wire and is for 127.0.0.0/8 or 0.0.0.0/8, which exist inside a host only.',
    cure: 'correct the address that the sender or a NAT rule uses.',
  },
  'rp-filter': {
    cause: 'reverse-path filter: the way back to the source does not lead out by the device that the packet came in by.',
    cure: 'add the route back, or set net.ipv4.conf.X.rp_filter=0|2 for that device and for all (the larger one counts).',
  },
  'no-route': {
    cause: 'no route leads to the destination.',
    cure: 'add a route, or a default gateway, on this host (ip route add default via GATEWAY).',
  },
  'not-forwarding': {
    cause: 'the packet is for another host, and this one does not forward.',
    cure: 'set net.ipv4.ip_forward=1 if it is to (a NAT director must), or add the address here if it is meant (the VIP).',
  },
  'ttl-exceeded': {
    cause: 'the packet has passed as many routers as its TTL allows, which mostly means that it goes round in a circle.',
    cure: 'look for routes that point at each other, or for a real server that sends the VIP back to the director.',
  },
  'too-big': {
    cause: 'the packet is larger than the MTU of the next link, and must not be fragmented; the sender was told.',
    cure: 'let ICMP "fragmentation needed" through; for tunnels lower the MSS, or raise the MTU behind the director by 20.',
  },
  'not-for-us': {
    cause: 'the frame came to this host, but what is in it is not for it: a unicast packet in a broadcast frame, or multicast.',
    cure: 'find who sends it to a wrong MAC address; multicast is not modelled.',
  },
  'neighbor-failed': {
    cause: 'nobody answered when this host asked by ARP for the MAC address of the next hop.',
    cure: 'check that the next hop is up, on this segment and has the address; and that its arp_ignore lets it answer for it.',
  },
  'neighbor-queue-full': {
    cause: 'too much was waiting for the MAC address of one next hop.',
    cure: 'mostly the next hop is dead: see why nobody answers ARP for it.',
  },
  'device-down': {
    cause: 'the device that the packet came in by, or was to leave by, is down.',
    cure: 'bring it up (ip link set DEVICE up).',
  },
  'cpu-queue-full': {
    cause: 'more frames came in than the processor of this host could work off, and its queue was full.',
    cure: 'send less through it (under DR and TUN no answer passes a director), or give it a faster processor.',
  },
  'netfilter-drop': {
    cause: 'a netfilter rule, the policy of a chain, or conntrack threw it away.',
    cure: 'see the decision before this one for the rule; iptables -L -nv shows its counters.',
  },
  'netfilter-reject': {
    cause: 'a REJECT rule threw it away and told the sender.',
    cure: 'change the rule if this traffic is wanted.',
  },
  'no-listener': {
    cause: 'no program listens on this address and port, and none has asked for this answer.',
    cure: 'start the server (under DR and TUN on the VIP and the port of the service); if it is an answer, see who sent it.',
  },
  'no-protocol': {
    cause: 'this host has nobody for packets of this protocol.',
    cure: 'for IPIP and GUE load the module (modprobe ipip) and bring tunl0 up; for GRE, ip_gre and gre0.',
  },
  'tunnel-down': {
    cause: 'a packet of a tunnel came in, but no tunnel device that is up takes it.',
    cure: 'bring it up on the real server: ip link set tunl0 up (ifconfig tunl0 VIP netmask 255.255.255.255 up).',
  },
  'tcp-out-of-window': {
    cause: 'its sequence numbers are not what the receiver expects: an old duplicate, or another connection of the same ports.',
    cure: 'none is needed for single ones: TCP repeats what is missing.',
  },
  'tcp-closed': {
    cause: 'the segment belongs to no connection of this host: its connection is over, or was opened on another one.',
    cure: 'on a server, see why the director sent it here: an entry that timed out, or servers that changed in between.',
  },
  'tcp-backlog-full': {
    cause: 'the server did not accept connections as fast as they came, and its queue of new ones was full.',
    cure: 'raise the backlog of the server and net.core.somaxconn, or add servers.',
  },
  'ipvs-no-destination': {
    cause: 'IPVS had no destination for it: none is left with a weight above 0, or the entry that it belongs to is gone.',
    cure: 'look at ipvsadm -Ln: add a real server, or give one a weight.',
  },
  'ipvs-destination-gone': {
    cause: 'the connection belongs to a destination that was removed.',
    cure: 'set net.ipv4.vs.expire_nodest_conn=1 to end such connections at once, or drain a server by weight 0 first.',
  },
  'ipvs-drop-packet': {
    cause: 'IPVS threw it away to defend itself or by a setting: a drop rate, low memory, or a packet that belongs to nobody.',
    cure: 'look at net.ipv4.vs.drop_packet, drop_entry, amemthresh and sloppy_tcp.',
  },
  'tunnel-header': {
    cause: 'this end of the tunnel does not take such a header: not GUE at a GUE port, or a GRE checksum too many or too few.',
    cure: 'make both ends the same: --tun-type, --tun-port and --tun-csum of ipvsadm, ip fou and ip tunnel on the real server.',
  },
  'ipvs-no-route': {
    cause: 'the director has no usable route to the real server.',
    cure: 'add a route to the address of the real server on the director.',
  },
  'reassembly-timeout': {
    cause: 'pieces of a packet waited 30 s for the rest of it.',
    cure: 'find where the other pieces were lost; smaller packets need no pieces.',
  },
  'reassembly-overflow': {
    cause: 'the piece was there already, or too many pieces were waiting.',
    cure: 'find who sends so many pieces; smaller packets need none.',
  },
  'icmp-ignored': {
    cause: 'this host does not answer this kind of ICMP message, or cannot tell what it is about.',
    cure: 'see net.ipv4.icmp_echo_ignore_all and icmp_echo_ignore_broadcasts.',
  },
  blackhole: {
    cause: 'a blackhole route, or a dummy device, swallowed it.',
    cure: 'remove the route if this traffic is wanted (ip route).',
  },
  prohibited: {
    cause: 'a prohibit route refused it, and the sender was told.',
    cure: 'remove the route if this traffic is wanted (ip route).',
  },
  'unreachable-route': {
    cause: 'an unreachable route refused it, and the sender was told.',
    cure: 'remove the route if this traffic is wanted (ip route).',
  },
  'ipv6-disabled': {
    cause: 'the device does not speak IPv6 (net.ipv6.conf.*.disable_ipv6=1).',
    cure: 'sysctl -w net.ipv6.conf.all.disable_ipv6=0.',
  },
  muted: {
    cause: 'the scenario has this host ignore everything that comes in.',
    cure: 'unmute it.',
  },
  'ipvs-not-modelled': {
    cause: 'IPVS of Linux would send it to a real server, which lvsim does not model: SCTP, a tunnel of IPv6, or IPsec (ESP, AH)'
      + ' beside UDP 500.',
    cure: 'none here: study it with TCP or UDP, or on real machines.',
  },
}

/** Every reason for which a link loses a frame. */
export const LOSS_EXPLANATIONS: Readonly<Record<LossReason, Explained>> = {
  loss: { cause: 'the link loses a share of its frames by chance, as the scenario says.', cure: 'lower the loss of this link.' },
  'queue-full': {
    cause: 'frames came faster than the rate of the link lets them go, and its queue was full.',
    cure: 'send less, raise the rate, or lengthen the queue.',
  },
  'link-down': { cause: 'the cable, or the nic at one of its ends, was down.', cure: 'bring it up.' },
}

/**
 * The scenario that `lvsim init` writes: small, valid, commented, something to start from.
 * @module
 */

/** Text of a first scenario: a cluster of three web servers, compared in the three forwarding modes. */
export function initText(): string {
  return INIT_TEXT
}

const INIT_TEXT = `# yaml-language-server: $schema=lvs.schema.json
# $schema: lvs.schema.json
# (lvsim schema > lvs.schema.json gives an editor the words of this file)
#
# covers: a cluster block, expectations, NAT, DR and TUN side by side
# topology: client1..client4 -- router -- lb (10.0.0.2, VIP 10.0.0.100), with rs1..rs3 where the mode needs them
# what to look at: lvsim compare FILE; then lvsim setup FILE --mode dr, the same cluster for real machines

name: first
about: Three web servers behind one virtual address.
seed: 42

cluster:
  vip: 10.0.0.100
  service: tcp 80
  scheduler: rr              # rr, wrr, lc, wlc, sh, ...
  mode: dr                   # for lvsim run; lvsim compare runs the modes listed at the end
  real_servers:
    - {name: rs, replicas: 3}
  server:                    # what each real server runs, on the port of the service
    protocol: http
    page: {size: 8kB}
    service_time: 2ms
  director:
    cpu: {per_packet: 12us, per_byte: 30ns}
  clients: 4
  network:
    wan: {rate: 100mbit, delay: 5ms}

traffic:
  - name: visitors
    kind: http
    from: client             # all four of them
    to: http://10.0.0.100/
    count: 60
    arrivals: poisson 100/s

events: []
# - {at: 300ms, on: lb, run: 'ipvsadm -e -t 10.0.0.100:80 -r 10.0.0.11 -g -w 0'}   # drain a server, in mode dr
# - {at: 500ms, nic: rs2.eth0, state: down}                                       # pull a cable

observe:
  - {name: table, at: end, on: lb, run: ipvsadm -Ln}

expect:
  - requests: {all: 60, ok: 60}
  - answered_by: {rs1: 20, rs2: 20, rs3: 20}
  - latency: {p99: <= 100ms}
  - output: table
    contains: TCP  10.0.0.100:80 rr

compare:
  modes: [nat, dr, tun]
`

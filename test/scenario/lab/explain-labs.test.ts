import { describe, expect, it } from 'vitest'
import { explainLab, type LabFailure } from '../../../src/scenario/lab/explain-lab.ts'
import type { Lab, LabStep } from '../../../src/scenario/lab/lab.ts'
import { commandsOf } from '../../support/cure-commands.ts'
import { kernelLabNames, readKernelLab } from './kernel-labs.ts'

/** The first step of a lab that fails, and what is said first of it. */
const CAUSES: readonly (readonly [lab: string, step: number, cause: string])[] = [
  ['forward/dr-across-router', 9,
    'router and lb send it to each other until its TTL is used up: lb forwards to 10.9.0.11:80 by DR, which leaves the'
      + ' VIP in packets, and that real server is behind the router 10.0.0.1, which sends what is for the VIP back to lb.'],
  ['forward/dr-gateway-is-director', 17,
    'rs2 sends its answers from 10.0.0.100 through lb, which has 10.0.0.100 itself and takes them for forged (martian'
      + ' source, accept_local=0).'],
  ['forward/dr-no-vip', 5,
    'rs2 does not have the VIP 10.0.0.100, so what lb sends it by DR (which leaves the VIP in packets) is not for it,'
      + ' and it drops it.'],
  ['forward/dr-routed-refused', 15,
    'nobody listens on port 80 of rs2, to which IPVS sends what is for 10.0.0.100:80 by DR or TUN.'],
  ['forward/dr-server-down', 24,
    'IPVS on lb picked rs1 (10.0.0.11), which does not answer ARP, as its eth0 is down: IPVS does not look whether its'
      + ' servers live, and ping to the VIP is answered by lb itself.'],
  ['forward/dr-vip-mask-24', 15,
    'rs2 takes 10.0.0.10 for itself and keeps the answer, as it has 10.0.0.100/24 on lo, and on lo that makes every'
      + ' address of the network its own.'],
  ['forward/from-director-g', 17,
    'lb asks its own service, so its source is the VIP 10.0.0.100, and by DR rs2 gets that with the VIP, which it has'
      + ' too: it takes the packet, and the ARP question before it, for forged.'],
  ['forward/mixed-nat-dr', 27,
    'lb asks by ARP for the VIP 10.0.0.100 and not for rs1 (10.0.0.11): this destination was NAT before it was DR, its'
      + ' old connections looked the route up in the way of NAT, and IPVS keeps that for DR.'],
  ['forward/nat1-lan-gw-lb', 5,
    'rs2 answers past the director (lb), as 10.0.0.10 is on its own network, eth0; so the answer comes from'
      + ' 10.0.0.12:80 and not from 10.0.0.100:80, which client asked, and client refuses it.'],
  ['forward/nat1-lan-gw-lb-masq-ct0', 7,
    'rs2 answers past the director (lb), as 10.0.0.10 is on its own network, eth0 (the MASQUERADE rule of lb does not'
      + ' apply, for net.ipv4.vs.conntrack is 0 there); so the answer comes from 10.0.0.12:80 and not from 10.0.0.100:80,'
      + ' which client asked, and client refuses it.'],
  ['forward/nat1-lan-gw-router', 5,
    'rs2 answers past the director (lb), as 10.0.0.10 is on its own network, eth0; so the answer comes from'
      + ' 10.0.0.12:80 and not from 10.0.0.100:80, which client asked, and client refuses it.'],
  ['forward/nat1-routed-gw-router', 5,
    'rs2 answers past the director (lb), as its route to 172.16.0.10 is via 10.0.0.1 (router) dev eth0; so the answer'
      + ' comes from 10.0.0.12:80 and not from 10.0.0.100:80, which client asked, and client refuses it.'],
  ['forward/nat1-routed-gw-router-masq-ct0', 7,
    'rs2 answers past the director (lb), as its route to 172.16.0.10 is via 10.0.0.1 (router) dev eth0 (the MASQUERADE'
      + ' rule of lb does not apply, for net.ipv4.vs.conntrack is 0 there); so the answer comes from 10.0.0.12:80 and not'
      + ' from 10.0.0.100:80, which client asked, and client refuses it.'],
  ['forward/nat2-conntrack-0', 8,
    'lb drops the answer by rule 2 of FORWARD (table filter, -A FORWARD -j DROP), and rule 1, which lets ESTABLISHED'
      + ' pass, does not know the connections of IPVS, as net.ipv4.vs.conntrack is 0.'],
  ['forward/nat2-from-server', 5,
    'rs2 answers past the director (lb), as 192.168.1.11 is on its own network, eth0; so the answer comes from'
      + ' 192.168.1.12:80 and not from 10.0.0.100:80, which rs1 asked, and rs1 refuses it.'],
  ['forward/nat2-gateway-none', 5,
    'rs2 takes the request, but has no route to 10.0.0.10, so it cannot answer, and NAT needs the answer to come'
      + ' through lb.'],
  ['forward/nat2-gateway-other', 5,
    'rs2 answers past the director (lb), as its route to 10.0.0.10 is via 192.168.1.254 (gw) dev eth0; so the answer'
      + ' comes from 192.168.1.12:80 and not from 10.0.0.100:80, which client asked, and client refuses it.'],
  ['forward/nat2-ip-forward-0', 6,
    'lb gets the answer of rs2, and may not pass it on to 10.0.0.10: net.ipv4.ip_forward is 0, and a NAT director must'
      + ' forward.'],
  ['forward/nat2-link-down', 11,
    'IPVS on lb picked rs1 (192.168.1.11), and eth0 of rs1 is down: IPVS does not look whether its servers live.'],
  ['forward/nat2-no-servers', 1,
    'the service 10.0.0.100:80 on lb has no real server.'],
  ['forward/nat2-refused', 3,
    'nobody listens on port 80 of rs2.'],
  ['forward/nat2-udp', 4,
    'nobody listens on UDP port 5353 of rs2.'],
  ['forward/nat2-vip-missing', 5,
    'nobody has the VIP 10.0.0.100, for which client asks by ARP: the service 10.0.0.100:80 on lb is there, but the'
      + ' address was never added.'],
  ['forward/tun-far-rp-filter-1', 17,
    'rs2 drops what comes in by tunl0 from 172.16.0.10, as its way back there is eth0, and rp_filter is 1 for tunl0'
      + ' (the larger one of all=1 and tunl0=1 counts).'],
  ['forward/tun-lan-rp-filter-1', 17,
    'rs2 drops what comes in by tunl0 from 10.0.0.10, as its way back there is eth0, and rp_filter is 1 for tunl0 (the'
      + ' larger one of all=1 and tunl0=1 counts).'],
  ['forward/tun-no-module', 5,
    'rs2 does not open the IPIP packets that come to it from 10.0.0.2: the module ipip is not loaded, and tunl0 is not'
      + ' up.'],
  ['forward/tun-no-vip', 17,
    'rs2 does not have the VIP 10.0.0.100, so what lb sends it by TUN (which leaves the VIP in packets) is not for it,'
      + ' and it drops it.'],
  ['ipv6/dr-no-vip', 5,
    'rs2 does not have the VIP fd00::100, so what lb sends it by DR (which leaves the VIP in packets) is not for it,'
      + ' and it drops it.'],
  ['persist/fwmark', 28,
    'IPVS on lb has no service for 10.0.0.100:81 (it has mark 20), and nobody on lb itself listens there.'],
  ['persist/fwmark-not-persistent', 28,
    'IPVS on lb has no service for 10.0.0.100:81 (it has mark 20), and nobody on lb itself listens there.'],
  ['persist/nodest-0', 17,
    'rs3 (192.168.1.13) was deleted from the service 10.0.0.100:80 on lb, and its connections stay in the table without'
      + ' an answer, as net.ipv4.vs.expire_nodest_conn is 0.'],
  ['persist/nodest-1', 17,
    'lb has no entry for this connection any more, and answers with a RST by itself: rs3 (192.168.1.13) was deleted'
      + ' from the service 10.0.0.100:80 on lb, and net.ipv4.vs.expire_nodest_conn=1 ends the connections of deleted servers.'],
  ['persist/server-dead', 9,
    'the server on port 80 of rs3 was stopped on purpose, and lb still sends to it, this client for 50 s and longer'
      + ' (-p): IPVS does not look whether its servers live.'],
  ['sched/dh-marked-2-0-1', 11,
    'the service of mark 7 on lb picks by dh, that is by the address that is asked, and 10.0.0.102 falls on a real'
      + ' server that takes nobody new (192.168.1.12:80 has weight 0); dh looks for no other one.'],
  ['sched/fo-0-0-refuse', 6,
    'the service 10.0.0.100:80 on lb has nobody to pick, as every real server has weight 0, which takes nobody new'
      + ' (192.168.1.12:80 has weight 0 and 192.168.1.11:80 has weight 0).'],
  ['sched/fo-threshold', 18,
    'the service 10.0.0.100:80 on lb has nobody to pick, as every real server is full: it reached its upper threshold'
      + ' (-x), and counts as full until it is below the lower one (192.168.1.13:80 has 2 connections, -x 2,'
      + ' 192.168.1.12:80 has 3 connections, -x 3 and 192.168.1.11:80 has 3 connections, -x 3).'],
  ['sched/lblc-threshold', 24,
    'the service 10.0.0.100:80 on lb has nobody to pick, as every real server is full: it reached its upper threshold'
      + ' (-x), and counts as full until it is below the lower one (192.168.1.13:80 has 2 connections, -x 2,'
      + ' 192.168.1.12:80 has 3 connections, -x 3 and 192.168.1.11:80 has 5 connections, -x 3).'],
  ['sched/ovf-0-0-refuse', 6,
    'the service 10.0.0.100:80 on lb has nobody to pick, as every real server has weight 0, which takes nobody new'
      + ' (192.168.1.12:80 has weight 0 and 192.168.1.11:80 has weight 0).'],
  ['sched/ovf-1-1-1-held', 15,
    'the service 10.0.0.100:80 on lb picks by ovf, which gives nobody more active connections than its weight and one,'
      + ' and every real server has that many (192.168.1.13:80 has weight 1 and 2 active, 192.168.1.12:80 has weight 1 and'
      + ' 2 active and 192.168.1.11:80 has weight 1 and 2 active).'],
  ['sched/ovf-3-2-1-mixed', 34,
    'the service 10.0.0.100:80 on lb picks by ovf, which gives nobody more active connections than its weight and one,'
      + ' and every real server has that many (192.168.1.13:80 has weight 1 and 2 active, 192.168.1.12:80 has weight 2 and'
      + ' 3 active and 192.168.1.11:80 has weight 3 and 4 active).'],
  ['sched/ovf-edit-b', 35,
    'the service 10.0.0.100:80 on lb picks by ovf, which gives nobody more active connections than its weight and one,'
      + ' and every real server has that many (192.168.1.13:80 has weight 1 and 2 active and 192.168.1.12:80 has weight 1'
      + ' and 2 active).'],
  ['sched/ovf-threshold', 18,
    'the service 10.0.0.100:80 on lb has nobody to pick, as every real server is full: it reached its upper threshold'
      + ' (-x), and counts as full until it is below the lower one (192.168.1.13:80 has 2 connections, -x 2,'
      + ' 192.168.1.12:80 has 3 connections, -x 3 and 192.168.1.11:80 has 3 connections, -x 3).'],
  ['sched/rr-0-0-refuse', 6,
    'the service 10.0.0.100:80 on lb has nobody to pick, as every real server has weight 0, which takes nobody new'
      + ' (192.168.1.12:80 has weight 0 and 192.168.1.11:80 has weight 0).'],
  ['sched/rr-edit-c', 24,
    'the service 10.0.0.100:80 on lb has no real server.'],
  ['sched/sed-edit-c', 24,
    'the service 10.0.0.100:80 on lb has no real server.'],
  ['sched/sed-threshold', 18,
    'the service 10.0.0.100:80 on lb has nobody to pick, as every real server is full: it reached its upper threshold'
      + ' (-x), and counts as full until it is below the lower one (192.168.1.13:80 has 2 connections, -x 2,'
      + ' 192.168.1.12:80 has 3 connections, -x 3 and 192.168.1.11:80 has 3 connections, -x 3).'],
  ['sched/sh-0-0-0', 8,
    'the service 10.0.0.100:80 on lb has nobody to pick, as every real server has weight 0, which takes nobody new'
      + ' (192.168.1.13:80 has weight 0, 192.168.1.12:80 has weight 0 and 192.168.1.11:80 has weight 0).'],
  ['sched/sh-2-0-1', 9,
    'the service 10.0.0.100:80 on lb picks by sh, that is by the address of the client, and 10.0.0.11 falls on a real'
      + ' server that takes nobody new (192.168.1.12:80 has weight 0); sh looks for no other one (it does with sh-fallback).'],
  ['sched/sh-nofallback-zero', 21,
    'the service 10.0.0.100:80 on lb picks by sh, that is by the address of the client, and 10.0.0.10 falls on a real'
      + ' server that takes nobody new (192.168.1.12:80 has weight 0); sh looks for no other one (it does with sh-fallback).'],
  ['sched/wlc-threshold', 18,
    'the service 10.0.0.100:80 on lb has nobody to pick, as every real server is full: it reached its upper threshold'
      + ' (-x), and counts as full until it is below the lower one (192.168.1.13:80 has 2 connections, -x 2,'
      + ' 192.168.1.12:80 has 3 connections, -x 3 and 192.168.1.11:80 has 3 connections, -x 3).'],
  ['sched/wrr-edit-c', 24,
    'the service 10.0.0.100:80 on lb has no real server.'],
  ['sched/wrr-threshold', 18,
    'the service 10.0.0.100:80 on lb has nobody to pick, as every real server is full: it reached its upper threshold'
      + ' (-x), and counts as full until it is below the lower one (192.168.1.13:80 has 2 connections, -x 2,'
      + ' 192.168.1.12:80 has 3 connections, -x 3 and 192.168.1.11:80 has 3 connections, -x 3).'],
  ['state/local-127.0.0.1-m', 8,
    'IPVS on lb picked 127.0.0.1:80, and what comes in by a wire may not be turned to 127.0.0.0/8.'],
  ['state/nat-udp-refused', 2,
    'nobody listens on UDP port 5353 of rs1.'],
]

/**
 * Labs whose first failure no command cures: programs that nobody has started, or servers of which nobody says where they are;
 * a connection that is over; and a director that asks its own service by DR.
 */
const WITHOUT_COMMAND: readonly string[] = [
  'forward/dr-routed-refused', 'forward/from-director-g', 'forward/nat2-no-servers', 'forward/nat2-refused', 'forward/nat2-udp',
  'persist/fwmark', 'persist/fwmark-not-persistent', 'persist/nodest-1', 'sched/rr-edit-c', 'sched/sed-edit-c',
  'sched/wrr-edit-c',
  'state/nat-udp-refused',
]
/** Mistakes that may lie behind one another. */
const ROUNDS_MAX = 3

async function failuresOf(lab: Lab): Promise<readonly LabFailure[]> {
  const explained = await explainLab(lab)
  return explained.ok ? explained.value.failures : []
}

const told = new Map<string, Promise<readonly LabFailure[]>>()

/** The failures of a lab as it was recorded; each is played once. */
function failuresOfLab(name: string): Promise<readonly LabFailure[]> {
  let failures = told.get(name)
  if (failures === undefined) told.set(name, failures = failuresOf(readKernelLab(name)))
  return failures
}

/** The steps of a lab that failed when it was recorded: traffic that came to something else than `ok`. */
function recordedFailures({ steps }: Lab): number[] {
  return steps.flatMap((step, index) => {
    const { outcome } = (step.result ?? {}) as { readonly outcome?: string }
    return outcome === undefined || outcome === 'ok' || outcome === 'not-open' ? [] : [index]
  })
}

const LABS = CAUSES.map(([name]) => name)

describe('a lab in which something fails', () => {
  it('is in the table, if it can be played', async () => {
    const failing = kernelLabNames().filter((name) => recordedFailures(readKernelLab(name)).length > 0)
    const played = await Promise.all(failing.map(async (name) => (await failuresOfLab(name)).length > 0 ? [name] : []))
    expect(LABS).toEqual(played.flat())
  })

  it.each(CAUSES)('%s, step %i: %s', async (name, step, cause) => {
    const lab = readKernelLab(name)
    const failures = await failuresOfLab(name)
    expect(failures.map((failure) => failure.step)).toEqual(recordedFailures(lab))
    expect([failures[0]?.step, failures[0]?.findings[0]?.cause]).toEqual([step, cause])
    for (const { findings } of failures) {
      expect(findings.length).toBeGreaterThan(0)
      for (const finding of findings) {
        // One sentence each, which ends as one.
        expect(finding.cause).toMatch(/^[^\n]+\.$/)
        expect(finding.cause).not.toMatch(/[.] [A-Z]/)
        expect(finding.cure).toMatch(/^[^\n]+\.$/)
      }
    }
  })

  it.each(LABS.filter((name) => !WITHOUT_COMMAND.includes(name)))('%s is cured by the command of its cure', async (name) => {
    const lab = readKernelLab(name)
    const [first] = await failuresOfLab(name)
    const at = first?.step ?? 0
    let before: LabStep[] = []
    let failure = first
    for (let round = 0; round < ROUNDS_MAX && failure !== undefined; round++) {
      const commands = failure.findings.flatMap(({ cure }) => commandsOf(cure)).slice(0, 1).flat()
      expect(commands).not.toEqual([])
      before = [...before, ...commands.map(({ host, command }) => ({ on: host, sh: command }))]
      const steps = [...lab.steps.slice(0, at), ...before, ...lab.steps.slice(at)]
      failure = (await failuresOf({ ...lab, steps })).find(({ step }) => step === at + before.length)
    }
    expect(failure).toBeUndefined()
  })
})

describe('a lab in which nothing fails', () => {
  it.each(['forward/dr-lan', 'forward/nat2-port-map', 'state/nat-stray', 'state/tun-syn-only'])(
    '%s has no failure to tell of, injected packets that nobody answers included', async (name) => {
      expect(await failuresOf(readKernelLab(name))).toEqual([])
    })
})

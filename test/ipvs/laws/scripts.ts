/**
 * Random scripts of ipvsadm: command lines of every kind, right and wrong, over few enough names that they meet each other.
 * @module
 */
import fc from 'fast-check'
import { ToolBench } from '../../admin/ipvsadm/run-tool.ts'

/** Addresses of services and servers. Three of them are in a circle: 10 < 100 < 192 < 10 where differences wrap. */
export const CIRCLE = ['10.0.0.100', '100.64.0.1', '192.168.1.11'] as const
/** Addresses that the tool puts in one order, whatever the order it meets them in. */
export const LINE = ['10.0.0.100', '10.0.0.9', '10.0.0.200'] as const

const IPV6 = ['fd00::100', 'fd00::9'] as const
const SCHEDULERS = ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'sed', 'nq', 'fo', 'ovf', 'mh'] as const
/** Refused: not built for this kernel, no name at all, flags and options that do not go together. */
const WRONG_OPTIONS = [
  '-s twos', '-s nosuch', '-s rr -b sh-port', '-p 0', '-M 300.1.1.1', '-s', '-w 3', '--pe nosuch -p', '-o -o',
]
const WRONG_LINES = [
  '-A', '-D -t nonsense', '-a -t 10.0.0.100:80', '-L -c --stats', '-L --timeout --daemon', '--set 1 2', '--set 1 2 x', '-Z -n',
  '-X', '--stop-daemon boss', '-C -n', '-f 20 -A', '-A -f 0', '-A -t 10.0.0.100:80 -6', '-E -f 5 -s rr extra', '-E -u 10.9.9.9:1',
]

interface Pools {
  readonly addresses: readonly string[]
}

function service(pools: Pools): fc.Arbitrary<string> {
  const port = fc.constantFrom(0, 21, 53, 80, 443)
  const ipv4 = fc.constantFrom(...pools.addresses)
  const ipv6 = fc.constantFrom(...IPV6).map((text) => `[${text}]`)
  const named = (words: readonly string[], address: fc.Arbitrary<string>): fc.Arbitrary<string> => (
    fc.tuple(fc.constantFrom(...words), address, port).map(([word, text, number]) => `${word} ${text}:${number}`))
  return fc.oneof(
    { weight: 6, arbitrary: named(['-t', '-u', '--sctp-service'], ipv4) }, { weight: 2, arbitrary: named(['-t', '-u'], ipv6) },
    { weight: 2, arbitrary: fc.constantFrom('-f 20', '-f 1', '-f 20 -6', '-f 2147483647') },
  )
}

const persistence = fc.constantFrom(
  '', '', ' -p', ' -p 50', ' -p 120 -M 255.255.255.0', ' -p 1200 -M 48', ' -M 255.255.0.0', ' -p --pe sip',
)
const scheduling = fc.oneof(
  fc.constantFrom(...SCHEDULERS).map((name) => ` -s ${name}`),
  fc.constantFrom('', ' -s sh -b sh-fallback,sh-port', ' -s mh -b mh-port', ' -s rr -b flag-1,flag-3', ' -s wrr -b flag-2'),
)
const serviceOptions = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(scheduling, persistence, fc.constantFrom('', '', '', ' -o')).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.constantFrom(...WRONG_OPTIONS).map((option) => ` ${option}`) },
)

const method = fc.constantFrom(
  '', ' -g', ' -m', ' -i', ' -i --tun-type ipip', ' -i --tun-type gue --tun-port 6080',
  ' -i --tun-type gue --tun-port 6080 --tun-csum', ' -i --tun-type gue --tun-port 7 --tun-remcsum', ' -i --tun-type gre',
  ' -i --tun-type gre --tun-csum', ' -i --tun-type gue',
  ' -m --tun-type ipip',
)
const load = fc.constantFrom('', ' -w 0', ' -w 3', ' -w 65536', ' -w 2147483648', ' -w x')
const thresholds = fc.constantFrom('', '', '', ' -x 9', ' -x 9 -y 3', ' -y 3')

/** `-r` and what comes with it. */
function server(pools: Pools): fc.Arbitrary<string> {
  const address = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...pools.addresses) },
    { weight: 1, arbitrary: fc.constantFrom(...IPV6).map((text) => `[${text}]`) },
    { weight: 1, arbitrary: fc.constantFrom('224.0.0.1', '0.0.0.0') },
  )
  return fc.tuple(address, fc.constantFrom('', ':80', ':8080')).map(([text, port]) => (
    ` -r ${port === '' ? text.replace(/^\[(.*)\]$/, '$1') : text + port}`))
}

/** One command line, without `ipvsadm`: of each kind, some of them wrong. */
export function commandLine(addresses: readonly string[]): fc.Arbitrary<string> {
  const pools = { addresses }
  const [services, servers] = [service(pools), server(pools)]
  const joined = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> => fc.tuple(...parts).map((texts) => texts.join(''))
  return fc.oneof(
    { weight: 8, arbitrary: joined(fc.constant('-A '), services, serviceOptions) },
    { weight: 3, arbitrary: joined(fc.constant('-E '), services, serviceOptions) },
    { weight: 1, arbitrary: joined(fc.constant('-D '), services) },
    { weight: 10, arbitrary: joined(fc.constant('-a '), services, servers, method, load, thresholds) },
    { weight: 3, arbitrary: joined(fc.constant('-e '), services, servers, method, load, thresholds) },
    { weight: 2, arbitrary: joined(fc.constant('-d '), services, servers) },
    { weight: 1, arbitrary: joined(fc.constantFrom('-Z', '-Z '), services).map((line) => line.replace(/^-Z-.*/, '-Z')) },
    { weight: 1, arbitrary: fc.constantFrom('--set 100 0 0', '--set 0 60 400', '-C') },
    { weight: 2, arbitrary: fc.constantFrom(...WRONG_LINES) },
  )
}

/** A director of Debian 12 on which one line after the other was typed. */
export async function benchAfter(lines: readonly string[]): Promise<ToolBench> {
  const bench = new ToolBench([...LINE, ...CIRCLE.slice(1)])
  for (const line of lines) await bench.run(`ipvsadm ${line}`)
  return bench
}

/** Every text that shows the rules; counters and connections are not among them. */
export const RULE_VIEWS = [
  'ipvsadm -S', 'ipvsadm -S -n', 'ipvsadm -L', 'ipvsadm -Ln', 'ipvsadm -Ln --tun-info', 'ipvsadm -Ln --persistent-conn',
] as const
/** What is seen beside them. */
const OTHER_VIEWS = [
  'ipvsadm -Ln --nosort', 'ipvsadm -Ln --thresholds', 'ipvsadm -Ln --stats --exact', 'ipvsadm -Ln --rate', 'ipvsadm -Lnc',
  'ipvsadm -L --timeout', 'ipvsadm -L --daemon', 'cat /proc/net/ip_vs', 'cat /proc/net/ip_vs_conn', 'cat /proc/net/ip_vs_stats',
] as const

/** What these command lines print, each under its own name. */
export async function textsOf(bench: ToolBench, views: readonly string[]): Promise<Record<string, string>> {
  const texts: Record<string, string> = {}
  for (const view of views) texts[view] = (await bench.run(view)).stdout
  return texts
}

/** Everything that an admin can see of IPVS. */
export function wholeState(bench: ToolBench): Promise<Record<string, string>> {
  return textsOf(bench, [...RULE_VIEWS, ...OTHER_VIEWS])
}

/**
 * Broken scenario files, each with what must be said about it, in the order of the file.
 * @module
 */

/** A file, and its problems as `CODE line:column`. */
export interface BrokenFile {
  readonly title: string
  readonly text: string
  readonly problems: readonly string[]
}

const LAN = 'segments: {lan: {}}\n'
const TWO = `${LAN}hosts:
  a: {interfaces: {eth0: {segment: lan, addresses: [10.0.0.1/24]}}}
  b: {interfaces: {eth0: {segment: lan, addresses: [10.0.0.2/24]}}}
`
const CLUSTER = 'cluster: {vip: 10.0.0.100, service: tcp 80, real_servers: [{name: rs, replicas: 2}]}\n'

/** A host with one interface, on line 2. */
const nic = (rest: string): string => `${LAN}hosts: {a: {interfaces: {eth0: {segment: lan, ${rest}}}}}\n`
/** A host with one server, on line 2. */
const server = (rest: string): string => `${LAN}hosts: {a: {servers: [{${rest}}]}}\n`

/** Lines of TWO and of CLUSTER: what follows them begins on line 5 and 2. */
export const BROKEN_FILES: readonly BrokenFile[] = [
  // The file as a whole.
  { title: 'an empty file', text: '', problems: ['LVS1006 1:1'] },
  { title: 'a file of comments', text: '# nothing\n# here\n', problems: ['LVS1006 1:1'] },
  { title: 'a list', text: '- a\n- b\n', problems: ['LVS1008 1:1'] },
  { title: 'a text', text: 'hello\n', problems: ['LVS1008 1:1'] },
  { title: 'a number', text: '42\n', problems: ['LVS1008 1:1'] },
  { title: 'two documents', text: 'name: a\n---\nname: b\n', problems: ['LVS1007 2:1'] },
  { title: 'a NUL', text: 'name: a\u0000b\n', problems: ['LVS1005 1:8'] },
  { title: 'an escape sequence', text: 'name: x\nabout: \u001b[31m\n', problems: ['LVS1005 2:8'] },
  { title: 'too many bytes', text: `about: ${'x'.repeat(1_048_576)}\n`, problems: ['LVS1001 1:1'] },
  { title: 'too deep a flow', text: `about: ${'['.repeat(64)}\n`, problems: ['LVS1002 1:71'] },
  { title: 'too deep a block', text: `${'- '.repeat(65)}x\n`, problems: ['LVS1002 1:129'] },
  {
    title: 'too many aliases',
    text: `about: &x y\nexpect: [${'*x, '.repeat(51)}]\n`,
    problems: ['LVS1003 2:210'],
  },
  { title: 'an alias bomb', text: bomb(), problems: ['LVS1004 6:7'] },
  { title: 'too many values', text: `expect:\n${'- 1\n'.repeat(10_001)}`, problems: ['LVS1004 2:1'] },

  // YAML.
  { title: 'an unclosed quote', text: 'name: "a\nseed: 1\n', problems: ['LVS1010 2:8'] },
  { title: 'an unclosed list', text: 'name: a\nlinks: [a, b\n', problems: ['LVS1010 2:13'] },
  { title: 'a colon in plain text', text: 'name: a\nabout: see: this\n', problems: ['LVS1010 2:8'] },
  { title: 'a tab as indentation', text: 'hosts:\n\ta: {}\n', problems: ['LVS1011 2:1'] },
  { title: 'a tab behind spaces', text: 'hosts:\n  a: {}\n \tb: {}\n', problems: ['LVS1011 3:2'] },
  { title: 'bad indentation', text: 'hosts:\n    a: {}\n  b: {}\n', problems: ['LVS1010 3:1'] },
  { title: 'a key twice', text: 'name: a\nseed: 1\nname: b\n', problems: ['LVS1012 3:1'] },
  {
    title: 'a key three times in a flow',
    text: 'limits: {events: 1, events: 2, events: 3}\n',
    problems: ['LVS1012 1:21', 'LVS1012 1:32'],
  },
  { title: 'a __proto__ key', text: 'name: a\n__proto__: {x: 1}\n', problems: ['LVS1013 2:1'] },
  { title: 'a list as a key', text: 'name: a\n? [x]\n: y\n', problems: ['LVS1014 2:3'] },
  { title: 'an alias without anchor', text: 'name: a\nabout: *b\n', problems: ['LVS1015 2:8'] },
  { title: 'an alias of itself', text: 'hosts: &h {a: *h}\n', problems: ['LVS1015 1:15'] },
  { title: 'a tag', text: 'name: !!js/function x\n', problems: ['LVS1016 1:7'] },

  // Keys.
  { title: 'a mistyped key', text: 'naem: a\n', problems: ['LVS1020 1:1'] },
  {
    title: 'a key of a host at the top',
    text: 'hosts:\n  a: {}\ninterfaces: {}\n',
    problems: ['LVS1020 3:1'],
  },
  {
    title: 'a mistyped key deep inside',
    text: `${LAN}hosts:\n  a:\n    interfaces:\n      eth0: {segment: lan, adresses: []}\n`,
    problems: ['LVS1020 5:28'],
  },
  { title: 'a merge key', text: 'x: &x {}\nlimits:\n  <<: *x\n', problems: ['LVS1020 1:1', 'LVS1020 3:3'] },
  { title: 'a key named toString', text: 'toString: 1\n', problems: ['LVS1020 1:1'] },
  {
    title: 'a server without port',
    text: `${LAN}hosts:\n  a:\n    servers:\n      - {protocol: http}\n`,
    problems: ['LVS1021 5:9'],
  },
  {
    title: 'traffic without kind',
    text: `${TWO}traffic:\n  - {from: a, to: 10.0.0.2:80}\n`,
    problems: ['LVS1021 6:5'],
  },
  {
    title: 'traffic without from',
    text: `${TWO}traffic:\n  - {kind: ping, to: 10.0.0.2}\n`,
    problems: ['LVS1021 6:5'],
  },
  {
    title: 'a cluster without VIP',
    text: 'cluster: {service: tcp 80, real_servers: [{name: rs}]}\n',
    problems: ['LVS1021 1:1'],
  },
  {
    title: 'rules that ipvsadm refuses',
    text: 'cluster:\n  rules: |\n    -A -t 10.0.0.100:80 -s rr\n    -a -t 10.0.0.100:80 -r 10.0.0.300:80 -g\n    -A -f 0\n',
    problems: ['LVS1057 4:5', 'LVS1057 5:11'],
  },
  { title: 'an observation without command', text: `${TWO}observe:\n  - on: a\n`, problems: ['LVS1021 6:5'] },

  // Types and words.
  { title: 'a list for a name', text: 'name: [a]\n', problems: ['LVS1022 1:7'] },
  { title: 'a mapping for a list', text: 'traffic: {kind: ping}\n', problems: ['LVS1022 1:10'] },
  { title: 'nothing for hosts', text: 'name: a\nhosts:\n', problems: ['LVS1022 2:1'] },
  { title: 'text for a number', text: server('port: http'), problems: ['LVS1022 2:30'] },
  { title: 'an octal port', text: server('port: 0080'), problems: ['LVS1022 2:30'] },
  { title: 'a fraction for a count', text: 'limits: {events: 1.5}\n', problems: ['LVS1022 1:18'] },
  { title: 'yes for true', text: nic('up: yes'), problems: ['LVS1022 2:51'] },
  {
    title: 'a mistyped kind',
    text: `${TWO}traffic:\n  - {kind: htpp, from: a, to: http://10.0.0.2/}\n`,
    problems: ['LVS1023 6:12'],
  },
  {
    title: 'a mistyped scheduler',
    text: CLUSTER.replace('real', 'scheduler: wcl, real'),
    problems: ['LVS1023 1:56'],
  },
  { title: 'a mistyped mode', text: `${CLUSTER}compare: {modes: [nat, drr]}\n`, problems: ['LVS1023 2:24'] },
  { title: 'a port of 0', text: server('port: 0'), problems: ['LVS1024 2:30'] },
  { title: 'a port of 65536', text: server('port: 65536'), problems: ['LVS1024 2:30'] },
  { title: 'an MTU of 20', text: 'segments: {lan: {mtu: 20}}\n', problems: ['LVS1024 1:23'] },
  {
    title: 'a cluster without real servers',
    text: 'cluster: {vip: 10.0.0.100, service: tcp 80, real_servers: []}\n',
    problems: ['LVS1024 1:59'],
  },
  {
    title: 'three ends of a link',
    text: `${TWO}links: [{endpoints: [a.eth1, b.eth1, a.eth2]}]\n`,
    problems: ['LVS1024 5:21'],
  },

  // Quantities, addresses, laws.
  { title: 'a duration without unit', text: 'duration: 5\n', problems: ['LVS1022 1:11'] },
  { title: 'a duration in m', text: 'duration: 5m\n', problems: ['LVS1025 1:11'] },
  { title: 'a negative duration', text: 'duration: -5s\n', problems: ['LVS1025 1:11'] },
  { title: 'a huge duration', text: 'duration: 999999999h\n', problems: ['LVS1025 1:11'] },
  { title: 'a rate in bytes', text: 'segments: {lan: {rate: 100mbps}}\n', problems: ['LVS1025 1:24'] },
  { title: 'a loss without %', text: 'segments: {lan: {loss: 1}}\n', problems: ['LVS1022 1:24'] },
  { title: 'a loss of 101%', text: 'segments: {lan: {loss: 101%}}\n', problems: ['LVS1025 1:24'] },
  {
    title: 'a size in kilobits',
    text: `${TWO}traffic:\n  - {kind: udp, from: a, to: 10.0.0.2:53, send: 4kbit}\n`,
    problems: ['LVS1025 6:49'],
  },
  { title: 'an address without prefix', text: nic('addresses: [10.0.0.1]'), problems: ['LVS1026 2:59'] },
  {
    title: 'an address with leading zeros',
    text: 'cluster: {vip: 010.0.0.100, service: tcp 80, real_servers: [{name: rs}]}\n',
    problems: ['LVS1026 1:16'],
  },
  { title: 'a prefix of 33', text: nic('addresses: [10.0.0.1/33]'), problems: ['LVS1026 2:59'] },
  {
    title: 'an endpoint without port',
    text: `${TWO}traffic: [{kind: connect, from: a, to: 10.0.0.2}]\n`,
    problems: ['LVS1026 5:40'],
  },
  {
    title: 'an https URL',
    text: `${TWO}traffic: [{kind: http, from: a, to: "https://10.0.0.2/"}]\n`,
    problems: ['LVS1026 5:37'],
  },
  { title: 'a short MAC address', text: nic('mac: 02:00:00'), problems: ['LVS1026 2:52'] },
  { title: 'a host name with a dot', text: 'hosts: {a.b: {}}\n', problems: ['LVS1027 1:9'] },
  {
    title: 'a nic name of 16 letters',
    text: `${LAN}hosts: {a: {interfaces: {abcdefghijklmnop: {segment: lan}}}}\n`,
    problems: ['LVS1027 2:26'],
  },
  {
    title: 'a law of its own',
    text: server('port: 80, service_time: about 5ms'),
    problems: ['LVS1028 2:48'],
  },
  {
    title: 'arrivals without law',
    text: `${TWO}traffic: [{kind: ping, from: a, to: 10.0.0.2, arrivals: 200/s}]\n`,
    problems: ['LVS1028 5:57'],
  },
  {
    title: 'arrivals whose mean is infinite',
    text: `${TWO}traffic: [{kind: ping, from: a, to: 10.0.0.2, arrivals: pareto 2/s shape 1}]\n`,
    problems: ['LVS1028 5:57'],
  },
  {
    title: 'a comparison that is none',
    text: `${TWO}expect: [{requests: {ok: about 5}}]\n`,
    problems: ['LVS1028 5:26'],
  },
  {
    title: 'an event that does nothing',
    text: `${TWO}events: [{at: 1s, on: a}]\n`,
    problems: ['LVS1029 5:10'],
  },
  {
    title: 'an event that does two things',
    text: `${TWO}events: [{at: 1s, on: a, run: ls, nic: a.eth0, state: down}]\n`,
    problems: ['LVS1029 5:10'],
  },
  {
    title: 'a check of two kinds',
    text: `${TWO}expect: [{requests: {ok: 1}, fails: timeout}]\n`,
    problems: ['LVS1029 5:10'],
  },
  {
    title: 'a check of an unknown outcome',
    text: `${TWO}expect: [{requests: {okay: 1}}]\n`,
    problems: ['LVS1020 5:22'],
  },

  // Meaning.
  {
    title: 'traffic from an unknown host',
    text: `${TWO}traffic: [{kind: ping, from: c, to: 10.0.0.2}]\n`,
    problems: ['LVS1040 5:30'],
  },
  {
    title: 'an observation on a group',
    text: `${LAN}hosts: {c: {replicas: 2}}\nobserve: [{on: c, run: ls}]\n`,
    problems: ['LVS1040 3:16'],
  },
  {
    title: 'answers of an unknown host',
    text: `${TWO}expect: [{answered_by: {a: 1, bb: 1}}]\n`,
    problems: ['LVS1040 5:31'],
  },
  {
    title: 'an unknown segment',
    text: `${LAN}hosts: {a: {interfaces: {eth0: {segment: lna}}}}\n`,
    problems: ['LVS1041 2:42'],
  },
  {
    title: 'an event on an unknown segment',
    text: `${TWO}events: [{at: 1s, segment: wan, loss: 5%}]\n`,
    problems: ['LVS1041 5:28'],
  },
  {
    title: 'an event on an unknown nic',
    text: `${TWO}events: [{at: 1s, nic: a.eth1, state: down}]\n`,
    problems: ['LVS1042 5:24'],
  },
  {
    title: 'a nic of one mode only',
    text: `${CLUSTER}events: [{at: 1s, nic: lb.eth1, state: down}]\n`,
    problems: ['LVS1042 2:24'],
  },
  {
    title: 'a link to a nic that is not there',
    text: `${TWO}links: [{endpoints: [a.eth1, b.eth1]}]\n`,
    problems: ['LVS1042 5:22', 'LVS1042 5:30'],
  },
  {
    title: 'a nic in a segment and a link',
    text: `${TWO}links: [{endpoints: [a.eth0, b.eth0]}]\n`,
    problems: ['LVS1043 3:20', 'LVS1043 4:20'],
  },
  {
    title: 'a nic plugged in nowhere',
    text: 'hosts: {a: {interfaces: {eth0: {addresses: [10.0.0.1/24]}}}}\n',
    problems: ['LVS1043 1:26'],
  },
  {
    title: 'lo plugged in',
    text: `${LAN}hosts: {a: {interfaces: {lo: {segment: lan}}}}\n`,
    problems: ['LVS1043 2:26'],
  },
  { title: 'an address twice', text: TWO.replace('10.0.0.2', '10.0.0.1'), problems: ['LVS1044 4:53'] },
  {
    title: 'a MAC address twice',
    text: TWO.replaceAll('segment: lan', 'segment: lan, mac: 02:00:00:00:00:01'),
    problems: ['LVS1045 4:46'],
  },
  {
    title: 'an event after the end',
    text: `${TWO}duration: 5s\nevents: [{at: 6s, on: a, run: ls}]\n`,
    problems: ['LVS1046 6:15'],
  },
  {
    title: 'an expectation of an unknown output',
    text: `${TWO}observe: [{name: table, on: a, run: ls}]\nexpect: [{output: tabel, contains: x}]\n`,
    problems: ['LVS1047 6:19'],
  },
  {
    title: 'an expectation of two outputs',
    text: `${TWO}observe: [{on: a, run: ls}, {on: b, run: ls}]\nexpect: [{output: ls, contains: x}]\n`,
    problems: ['LVS1047 6:19'],
  },
  {
    title: 'two observations of one name',
    text: `${TWO}observe: [{name: x, on: a, run: ls}, {name: x, on: b, run: ls}]\n`,
    problems: ['LVS1048 5:45'],
  },
  {
    title: 'a host that is also a replica',
    text: 'hosts: {a: {replicas: 2}, a2: {}}\n',
    problems: ['LVS1048 1:27'],
  },
  { title: 'compare without a cluster', text: `${TWO}compare: {modes: [nat]}\n`, problems: ['LVS1049 5:1'] },
  {
    title: 'a check in a mode that is not run',
    text: `${CLUSTER}compare: {modes: [dr]}\nexpect: [{requests: {ok: 1}, modes: [nat]}]\n`,
    problems: ['LVS1049 3:38'],
  },
  {
    title: 'a host with a name of the cluster',
    text: `${CLUSTER}hosts:\n  rs2: {}\n`,
    problems: ['LVS1050 3:3'],
  },
  {
    title: 'a real server called as the director',
    text: CLUSTER.replace('name: rs, replicas: 2', 'name: lb'),
    problems: ['LVS1050 1:67'],
  },
  {
    title: 'a segment with a name of the cluster',
    text: `${CLUSTER}segments: {wan: {}}\n`,
    problems: ['LVS1050 2:12'],
  },
  { title: 'a network address', text: TWO.replace('10.0.0.2', '10.0.0.0'), problems: ['LVS1051 4:53'] },
  { title: 'a broadcast address', text: TWO.replace('10.0.0.2', '10.0.0.255'), problems: ['LVS1051 4:53'] },
  {
    title: 'IPv6 on a link that is too narrow for it',
    text: nic('mtu: 1279, addresses: [fd00::1/64]'),
    problems: ['LVS1051 2:70'],
  },
  {
    title: 'ports of rules that are not there',
    text: CLUSTER.replace('service: tcp 80', 'service: tcp 80, ports: [8080]'),
    problems: ['LVS1029 1:52'],
  },
  {
    title: 'a VIP that is a broadcast address',
    text: CLUSTER.replace('10.0.0.100', '10.0.0.255'),
    problems: ['LVS1051 1:16'],
  },
  {
    title: 'a check of unknown traffic',
    text: `${TWO}expect: [{requests: {ok: 1}, traffic: web}]\n`,
    problems: ['LVS1052 5:39'],
  },
  {
    title: 'shares that make up 90%',
    text: `${TWO}traffic: [{kind: http, from: a, to: http://10.0.0.2/, pages: {/a: 50%, /b: 40%}}]\n`,
    problems: ['LVS1053 5:62'],
  },
  {
    title: 'a page that no real server has',
    text: CLUSTER.replace('service', 'server: {protocol: http, pages: {/index.html: hello}}, service')
      + 'traffic: [{kind: http, from: client, to: http://10.0.0.100/index.htm}]\n',
    problems: ['LVS1054 2:42'],
  },
  {
    title: 'replicas that outgrow their network',
    text: `${LAN}hosts: {a: {replicas: 300, interfaces: {eth0: {segment: lan, addresses: [10.0.0.1/24]}}}}\n`,
    problems: ['LVS1055 2:74'],
  },
  {
    title: 'too many hosts',
    text: 'hosts: {a: {replicas: 1000}, b: {replicas: 1000}, c: {replicas: 1}}\n',
    problems: ['LVS1056 1:1'],
  },
  {
    title: 'too many real servers',
    text: CLUSTER.replace('replicas: 2', 'replicas: 200}, {name: x'),
    problems: ['LVS1056 1:59'],
  },
]

/** Seven lists, each six times the one before: 1 + 6 * (1 + 6 * ...) passes 10,000 values at the sixth. */
function bomb(): string {
  const lines = ['a: &a [x, x, x, x, x, x]']
  for (const [before, name] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg']) lines.push(`${name}: &${name} [${`*${before}, `.repeat(6)}]`)
  return `${lines.join('\n')}\n`
}

import { describe, expect, it } from 'vitest'
import { renderProblem, runScenarioText, validateScenarioText, type Mode, type RunResult } from '../../src/index.ts'

const FILE = { fileName: 'shop.lvs.yaml' }

/** A scenario with a cluster of these rules; `more` stands in the block, `rest` behind it. */
function clusterOf(rules: readonly string[], more = '', rest = ''): string {
  return `cluster:\n${more === '' ? '' : `  ${more}\n`}  rules: |\n${rules.map((line) => `    ${line}\n`).join('')}${rest}`
}

function problemsOf(text: string): string[] {
  return validateScenarioText(text, FILE).map(({ code, line, column, endColumn, message }) => (
    `${code} ${line}:${column}-${endColumn} ${message}`))
}

/** Plays rules with so many visits of `url`. */
async function played(rules: readonly string[], options: {
  readonly url?: string, readonly count?: number, readonly more?: string, readonly mode?: Mode,
} = {}): Promise<{ result: RunResult, answers: string, saved: string }> {
  const { url = 'http://10.0.0.100/', count = 4, more = 'server: {protocol: http}', mode } = options
  const rest = `traffic: [{kind: http, from: client, to: '${url}', count: ${count}, timeout: 2s}]
observe: [{name: saved, on: lb, run: ipvsadm -Sn}]\n`
  const ran = await runScenarioText(clusterOf(rules, more, rest), { ...FILE, ...(mode === undefined ? {} : { mode }) })
  if (!ran.ok) throw new Error(ran.error.map(renderProblem).join('\n'))
  expect(ran.value.setup.map(({ stderr }) => stderr).join('')).toBe('')
  const requests = ran.value.traffic.flatMap((item) => item.requests)
  return {
    result: ran.value, answers: requests.map(({ answeredBy }) => answeredBy ?? '-').join(' '),
    saved: ran.value.observations[0]?.stdout ?? '',
  }
}

const SERVICE = '-A -t 10.0.0.100:80 -s rr'
const server = (rip: string, letter = '-m'): string => `-a -t 10.0.0.100:80 -r ${rip} ${letter} -w 1`

describe('the saved rules of a real director', () => {
  it('are taken as they are printed, and make hosts at their own addresses', async () => {
    const rules = [SERVICE, server('192.168.7.21:8080'), server('192.168.7.22:8080')]
    const { result, answers, saved } = await played(['# saved by ipvsadm-save', '', ...rules])
    expect(answers).toBe('rs2 rs1 rs2 rs1')
    expect(saved).toBe(`${rules.join('\n')}\n`)
    expect(result.mode).toBe('nat')
    expect((await played(rules.map((line) => `ipvsadm ${line}`))).saved).toBe(saved)
  })

  it.each(['nat', 'dr', 'tun'] as const)('can be played in another mode: %s', async (mode) => {
    const { result, answers, saved } = await played([SERVICE, server('192.168.7.21:8080'), server('10.0.0.7:80', '-g')], { mode })
    expect([result.mode, answers]).toEqual([mode, 'rs2 rs1 rs2 rs1'])
    expect(saved.match(/ -[mgi] /g)).toEqual(new Array(2).fill({ nat: ' -m ', dr: ' -g ', tun: ' -i ' }[mode]))
  })

  it('may reach each server in another way', async () => {
    const rules = [SERVICE, server('10.0.0.11:80', '-g'), server('192.168.7.21:80'), server('10.9.1.11:80', '-i --tun-type ipip')]
    const { result, answers } = await played(rules, { count: 6 })
    expect([result.mode, answers]).toEqual([undefined, 'rs3 rs2 rs1 rs3 rs2 rs1'])
  })

  it('may have servers of NAT in the network of the director, with one nic and no redirects', async () => {
    const { answers, result } = await played([SERVICE, server('10.0.0.1:80'), server('10.0.0.2:80')], { count: 8 })
    expect(answers).toBe('rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs1')
    expect(result.hosts.find(({ name }) => name === 'lb')?.nics).toHaveLength(1)
  })

  it('may name the director as a server of its own', async () => {
    expect((await played([SERVICE, server('10.0.0.11:80', '-g'), server('10.0.0.100:80', '-g')])).answers).toBe('lb rs1 lb rs1')
  })

  it('may have virtual addresses in several networks', async () => {
    const other = ['-A -t 203.0.113.5:80 -s rr', '-a -t 203.0.113.5:80 -r 10.0.0.11:80 -g -w 1']
    const rules = [SERVICE, server('10.0.0.11:80', '-g'), ...other]
    expect((await played(rules, { url: 'http://203.0.113.5/' })).answers).toBe('rs1 rs1 rs1 rs1')
  })

  it('may be of a mark or of every port: the file says which ports, and the address', async () => {
    const mark = 'director: {setup: iptables -t mangle -A PREROUTING -p tcp -j MARK --set-mark 7}'
    const rules = ['-A -f 7 -s rr', '-a -f 7 -r 10.0.0.11:0 -g -w 1']
    const more = ['vip: 10.0.0.50', 'ports: [8000]', mark, 'server: {protocol: http}'].join('\n  ')
    expect((await played(rules, { url: 'http://10.0.0.50:8000/', more })).answers).toBe('rs1 rs1 rs1 rs1')
    const anyPort = ['-A -t 10.0.0.100:0 -s rr -p 300', '-a -t 10.0.0.100:0 -r 10.0.0.11:0 -g -w 1']
    expect((await played(anyPort, { url: 'http://10.0.0.100:81/', more: 'ports: [80, 81]\n  server: {protocol: http}' })).answers)
      .toBe('rs1 rs1 rs1 rs1')
  })
})

describe('rules that cannot be taken', () => {
  it('are named by line and column, each of them, in the words of ipvsadm', () => {
    expect(problemsOf(clusterOf([
      SERVICE, server('192.168.7.21:8080'), '-A -t 10.0.0.100:80 -s rr', '-a -t 10.0.0.9:80 -r 192.168.7.21:80 -m',
      '-A -f 0', '-A -t 10.0.0.100:81 -s twos', '-A -t vip.example.org:http -s rr', 'ipvsadm -C', '-A -t 10.0.0.100:82 -x',
      '-a -t 10.0.0.100:80 -r 192.168.7.22 -m -w 1 --weight',
    ]))).toEqual([
      'LVS1057 5:5-30 Service already exists', 'LVS1057 6:5-44 Service not defined',
      'LVS1057 7:11-12 invalid fwmark value `0\' specified',
      'LVS1057 8:5-32 Scheduler or persistence engine not found',
      'LVS1057 9:5-37 illegal virtual server address[:port] specified',
      'LVS1057 10:5-15 -C is not a rule: ipvsadm-save prints -A and -a', 'LVS1057 11:25-27 -x: missing argument',
      'LVS1057 12:49-57 --weight: missing argument',
    ])
  })

  it('are those for which no cluster can be built', () => {
    expect(problemsOf(clusterOf([
      SERVICE, server('192.168.7.21:80'), '-A -t [fd00::1]:80 -s rr', '-a -t 10.0.0.100:80 -r 10.9.1.1 -i --tun-type gre -w 1',
    ]))).toEqual([
      'LVS1057 5:5-29 a cluster is built in IPv4 only',
      'LVS1057 6:5-59 a cluster is built with IPIP tunnels only, and this is gre',
    ])
    expect(problemsOf(clusterOf([SERVICE]))).toEqual(['LVS1029 2:10-11 the rules lack a real server'])
    expect(problemsOf(clusterOf(['-A -f 1 -s rr', '-a -f 1 -r 10.0.0.1 -g']))).toEqual(
      ['LVS1029 2:10-11 the rules lack a virtual address, here or as `vip`'])
  })

  it('are those that are too many', () => {
    const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `-A -t 10.0.0.100:${i + 1} -s rr`)
    expect(problemsOf(clusterOf(many(500)))).toEqual(['LVS1024 2:10-11 501 lines'])
    expect(problemsOf(clusterOf(many(400)))).toEqual(['LVS1029 2:10-11 the rules lack a real server'])
    const servers = Array.from({ length: 201 }, (_, i) => server(`10.1.0.${i + 1}:80`))
    expect(problemsOf(clusterOf([SERVICE, ...servers]))).toEqual(['LVS1056 2:10-11 201 real servers'])
  })

  it('do not go with what they say themselves', () => {
    const doubled = 'service: tcp 80\n  scheduler: rr\n  real_servers: [{name: a}]'
    expect(problemsOf(clusterOf([SERVICE, server('10.0.0.11:80')], doubled)).map((one) => one.replace(/:\d+-\d+/, ''))).toEqual(
      [2, 3, 4].map((line) => `LVS1029 ${line} \`rules\` say this already`))
  })

  it('and without rules a cluster needs its address, its service and its real servers', () => {
    expect(problemsOf('cluster: {}')).toEqual(['real_servers', 'service', 'vip'].map((key) => (
      `LVS1021 1:1-8 \`${key}\` is missing in \`cluster\``)))
  })
})

/**
 * `ip -6 address` and `ip -6 route`: flags of addresses, and what the kernel answers to routes that cannot be.
 * @module
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { Lan } from './support.ts'

let lan: Lan

beforeEach(async () => {
  lan = new Lan(['a'])
  lan.host('a').ipv6.switchOn()
  await lan.output('a', 'ip -6 addr add fd00::1/64 dev eth0 nodad')
})

async function complaint(command: string): Promise<string> {
  const { stderr = '', exitCode, stop } = await lan.run('a', command)
  return stop?.what ?? `${exitCode} ${stderr.trimEnd()}`
}

describe('ip -6 address', () => {
  it('shows how an address was added, and keeps its state when it is replaced', async () => {
    await lan.output('a', 'ip -6 addr replace fd00::2/64 dev eth0')
    expect(await lan.output('a', 'ip -6 addr show dev eth0 scope global | grep inet6')).toBe(
      '    inet6 fd00::2/64 scope global tentative \n    inet6 fd00::1/64 scope global nodad \n')
    await lan.output('a', 'ip -6 addr replace fd00::1/64 dev eth0 preferred_lft 0')
    expect(await lan.output('a', 'ip -6 addr show dev eth0 scope global | grep fd00::1')).toBe(
      '    inet6 fd00::1/64 scope global deprecated \n')
    expect(await lan.output('a', 'ip -6 addr add ::ffff:10.0.0.9/128 dev lo; ip -6 addr show dev lo | grep ffff')).toBe(
      '    inet6 ::ffff:10.0.0.9/128 scope global \n')
  })

  it('is refused by the kernel in the words of errno', async () => {
    expect(await complaint('ip -6 addr add ::/64 dev eth0')).toBe('2 RTNETLINK answers: Cannot assign requested address')
    await lan.output('a', 'sysctl -q -w net.ipv6.conf.eth0.disable_ipv6=1')
    expect(await complaint('ip -6 addr add fd00::3/64 dev eth0')).toBe('2 RTNETLINK answers: Permission denied')
    await lan.output('a', 'sysctl -q -w net.ipv6.conf.eth0.disable_ipv6=0; ip link set eth0 mtu 1200')
    expect(await complaint('ip -6 addr add fd00::3/64 dev eth0')).toBe('2 RTNETLINK answers: Invalid argument')
  })
})

describe('ip -6 route', () => {
  it.each([
    ['add fd02::/64 via fd00::1', '2 Error: Gateway can not be a local address.'],
    ['add fd02::/64 via ff02::1', '2 Error: Invalid gateway address.'],
    ['add fd02::/64 via fe80::9', '2 Error: Egress device not specified.'],
    ['add fd02::/64 via fd09::9', '2 RTNETLINK answers: No route to host'],
    ['add fd02::/64 dev eth0 src fd00::9', '2 Error: Invalid source address.'],
    ['add fd02::/64', '2 RTNETLINK answers: No such device'],
    ['change fd02::/64 via fd00::9', '2 Error: Can not replace route - no match found.'],
    ['change fd00::/64 via fd00::9', '2 RTNETLINK answers: No such file or directory'],
  ])('%s is refused', async (words, answer) => {
    expect(await complaint(`ip -6 route ${words}`)).toBe(answer)
  })

  it('is refused by way of a device that is down or speaks no IPv6', async () => {
    await lan.output('a', 'ip link set eth0 down')
    expect(await complaint('ip -6 route add fd02::/64 dev eth0')).toBe('2 Error: Nexthop device is not up.')
    await lan.output('a', 'sysctl -q -w net.ipv6.conf.eth0.disable_ipv6=1')
    expect(await complaint('ip -6 route add fd02::/64 dev eth0')).toBe('2 Error: IPv6 is disabled on nexthop device.')
  })

  it('has no second next hop', async () => {
    await lan.output('a', 'ip -6 route add default via fd00::8')
    expect(await complaint('ip -6 route add default via fd00::9')).toBe('2 RTNETLINK answers: File exists')
    expect(await complaint('ip -6 route append default via fd00::9')).toBe(
      'ip route: several next hops of one route are not modelled for IPv6')
  })

  it('is shown by device, and by networks inside and around a prefix', async () => {
    await lan.output('a', 'ip -6 route add fd02:0:0:1::/64 via fd00::8; ip -6 route add fd02::/32 via fd00::8 metric 0')
    const shown = async (words: string): Promise<string> =>
      (await lan.output('a', `ip -6 route show ${words} | cut -d " " -f 1`)).trimEnd().replaceAll('\n', ' ')
    expect(await shown('dev eth0')).toBe('fd00::/64 fd02:0:0:1::/64 fd02::/32 fe80::/64')
    expect([await shown('root fd02::/32'), await shown('to match fd02:0:0:1::7'), await shown('fd02::/32')])
      .toEqual(['fd02:0:0:1::/64 fd02::/32', 'fd02:0:0:1::/64 fd02::/32', 'fd02::/32'])
    expect(await lan.output('a', 'ip -6 route show exact fd02::/32')).toBe(
      'fd02::/32 via fd00::8 dev eth0 metric 1024 pref medium\n')
    expect(await complaint('ip -6 route flush')).toBe('1 "ip route flush" requires arguments.')
    expect(await complaint('ip -6 route del fd02::/32 proto static')).toBe('2 RTNETLINK answers: No such process')
    await lan.output('a', 'ip -6 route flush root fd02::/32')
    expect(await shown('root fd02::/32')).toBe('')
  })

  it('get says by whom the route is there', async () => {
    await lan.output('a', 'ip -6 route add fd02::/64 via fd00::8 proto static')
    const found = [
      ['fd02::1', 'fd02::1 from :: via fd00::8 dev eth0 proto static src fd00::1 metric 1024 pref medium\n'],
      ['fe80::9 oif eth0', 'fe80::9 from :: dev eth0 proto kernel src fe80::ff:fe00:100 metric 256 pref medium\n'],
      ['ff02::1 oif eth0', 'multicast ff02::1 from :: dev eth0 table local proto kernel src fe80::ff:fe00:100 metric 256'
        + ' pref medium\n'],
      ['fd00::1', 'local fd00::1 from :: dev lo table local proto kernel src fd00::1 metric 0 pref medium\n'],
    ] as const
    for (const [words, text] of found) expect(await lan.output('a', `ip -6 route get ${words}`)).toBe(text)
  })
})

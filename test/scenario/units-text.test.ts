import { describe, expect, it } from 'vitest'
import { parseEndpoint, parseHttpUrl, parsePrefix } from '../../src/scenario/address-text.ts'
import { parseComparison } from '../../src/scenario/schema-check.ts'
import { parseServiceTime } from '../../src/scenario/schema-server.ts'
import { parseArrivals } from '../../src/scenario/schema-traffic.ts'
import { parseDuration, parsePercent, parseRate, parseSize } from '../../src/scenario/units-text.ts'
import { formatIp, parseIp, parseIpv4 } from '../../src/wire/address.ts'

const refused = Symbol('refused')

describe('quantities', () => {
  it.each([
    ['0s', 0], ['5s', 5e9], ['250ms', 250e6], ['10us', 10e3], ['7ns', 7], ['2min', 120e9], ['1h', 3600e9], ['2.5s', 25e8],
    ['0.4ns', 0], ['100min', 6000e9],
    ['5', refused], ['5 s', refused], ['5m', refused], ['-5s', refused], ['5S', refused], ['', refused], ['s', refused],
    ['1e3s', refused], ['9999h', refused], ['.5s', refused],
  ])('reads the duration %s', (text, ns) => {
    expect(parseDuration(text) ?? refused).toBe(ns)
  })

  it.each([
    ['100mbit', 100e6], ['1gbit', 1e9], ['1Gbit', 1e9], ['64kbit', 64e3], ['300bit', 300], ['10tbit', 10e12], ['0bit', refused],
    ['11tbit', refused], ['1mbps', refused], ['1mbit/s', refused], ['1M', refused],
  ])('reads the rate %s', (text, bitsPerSecond) => {
    expect(parseRate(text) ?? refused).toBe(bitsPerSecond)
  })

  it.each([
    ['64kB', 64_000], ['1MB', 1e6], ['1MiB', 1_048_576], ['1.5KiB', 1_536], ['1500B', 1_500], ['0B', 0], ['1500', refused],
    ['64kb', refused], ['2000GiB', refused],
  ])('reads the size %s', (text, bytes) => {
    expect(parseSize(text) ?? refused).toBe(bytes)
  })

  it.each([['1%', 0.01], ['0%', 0], ['100%', 1], ['0.5%', 0.005], ['101%', refused], ['1', refused], ['-1%', refused]])(
    'reads the share %s', (text, share) => {
      expect(parsePercent(text) ?? refused).toBe(share)
    })
})

describe('addresses', () => {
  it.each(['10.0.0.1', 'fd00::1', '::', '::ffff:1.2.3.4'])('reads %s as it prints it', (text) => {
    expect(formatIp(parseIp(text) ?? (0 as never))).toBe(text)
  })

  it.each(['010.0.0.1', '1.2.3', '0x7f.1', '1.2.3.4.5', '256.0.0.1', 'fe80::1%eth0', 'fd00::1::2', 'g::', '', ':'])(
    'refuses %s', (text) => {
      expect(parseIp(text)).toBeUndefined()
    })

  it.each([['10.0.0.1/24', 24], ['10.0.0.1/0', 0], ['10.0.0.1/32', 32], ['fd00::1/64', 64], ['10.0.0.1/33', refused],
    ['10.0.0.1', refused], ['10.0.0.1/024', refused], ['fd00::1/129', refused], ['10.0.0.1/24/24', refused]])(
    'reads the prefix %s', (text, length) => {
      expect(parsePrefix(text)?.prefixLength ?? refused).toBe(length)
    })

  it.each([['10.0.0.1:80', 80], ['[fd00::1]:8080', 8080], ['10.0.0.1:0', refused], ['10.0.0.1:65536', refused],
    ['10.0.0.1:080', refused], ['fd00::1:80', refused], ['www:80', refused]])('reads the endpoint %s', (text, port) => {
    expect(parseEndpoint(text)?.port ?? refused).toBe(port)
  })

  it.each([
    ['http://10.0.0.1/', { address: parseIpv4('10.0.0.1'), port: 80, path: '/' }],
    ['http://10.0.0.1', { address: parseIpv4('10.0.0.1'), port: 80, path: '/' }],
    ['http://10.0.0.1:81/a?b=c', { address: parseIpv4('10.0.0.1'), port: 81, path: '/a?b=c' }],
    ['http://[fd00::1]/x', { address: parseIp('fd00::1'), port: 80, path: '/x' }],
    ['https://10.0.0.1/', refused], ['http://www/', refused], ['10.0.0.1', refused], ['http://10.0.0.1/ x', refused],
  ])('reads the URL %s', (text, url) => {
    expect(parseHttpUrl(text) ?? refused).toEqual(url)
  })
})

describe('laws', () => {
  it.each([
    ['in turn', { law: 'in-turn' }],
    ['every 100ms', { law: 'constant', everyNs: 100e6 }],
    // 1 s / 200 = 5 ms; 60 s / 30 = 2 s; 1 ms / 4 = 250 us.
    ['poisson 200/s', { law: 'poisson', everyNs: 5e6 }],
    ['constant 30/min', { law: 'constant', everyNs: 2e9 }],
    ['constant 4/ms', { law: 'constant', everyNs: 250e3 }],
    ['200/s', refused], ['every 0s', refused], ['poisson 0/s', refused], ['poisson', refused],
    ['closed', { law: 'closed', thinkNs: 0 }], ['closed 50ms', { law: 'closed', thinkNs: 5e7 }], ['closed 1 2', refused],
    ['pareto 200/s', { law: 'pareto', everyNs: 5e6, shape: 1.5 }],
    ['pareto 200/s shape 2', { law: 'pareto', everyNs: 5e6, shape: 2 }],
    ['pareto 1/ms shape 1.05', { law: 'pareto', everyNs: 1e6, shape: 1.05 }],
    // With a shape of 1 the mean is infinite.
    ['pareto 200/s shape 1', refused], ['pareto 200/s shape 101', refused], ['pareto 200/s 1.5', refused],
    ['pareto 200/s shape', refused], ['pareto 0/s', refused], ['pareto 5ms', refused], ['poisson 200/s shape 2', refused],
  ])('reads the arrivals %s', (text, arrivals) => {
    expect(parseArrivals(text) ?? refused).toEqual(arrivals)
  })

  it.each([
    ['5ms', { law: 'constant', meanNs: 5e6 }],
    ['constant 5ms', { law: 'constant', meanNs: 5e6 }],
    ['exponential 5ms', { law: 'exponential', meanNs: 5e6 }],
    ['uniform 2ms 8ms', { law: 'uniform', fromNs: 2e6, toNs: 8e6 }],
    ['uniform 8ms 2ms', refused], ['uniform 8ms', refused], ['exponential', refused], ['normal 5ms', refused],
  ])('reads the service time %s', (text, time) => {
    expect(parseServiceTime(text) ?? refused).toEqual(time)
  })

  it.each([
    ['5', 'count', { relation: '=', value: 5, unit: 'count' }],
    ['>= 5', 'count', { relation: '>=', value: 5, unit: 'count' }],
    ['<5', 'count', { relation: '<', value: 5, unit: 'count' }],
    ['>= 95%', 'count', { relation: '>=', value: 0.95, unit: 'share' }],
    ['<= 5ms', 'ns', { relation: '<=', value: 5e6, unit: 'ns' }],
    ['<= 5', 'ns', refused], ['<= 5ms', 'count', refused], ['=> 5', 'count', refused], ['-5', 'count', refused],
    ['', 'count', refused],
  ] as const)('reads the comparison %s of a %s', (text, unit, comparison) => {
    expect(parseComparison(text, unit) ?? refused).toEqual(comparison)
  })
})

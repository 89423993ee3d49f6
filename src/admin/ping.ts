/**
 * ping(8) of iputils 20221126: -c -i -W -w -s -t -M -I -q -n -4 -6. Without -c it goes on until it is killed. An answer shows the
 * name of its sender when the target was given by name.
 * @module
 */
import { secondsToNs } from '../base/units.ts'
import type { Device } from '../host/device.ts'
import { errnoText, type Errno } from '../host/errno.ts'
import type { Host } from '../host/host.ts'
import { refusal } from '../host/ip-output.ts'
import { IPV4_ANY, IPV6_ANY, isIpv6, isLinkLocal, isMulticast, parseIp, type IpAddr } from '../wire/address.ts'
import { isOfFamily, resolve, type Family } from './names.ts'
import { readOptions } from './options.ts'
import { PingRun } from './ping-run.ts'
import { refused, unsupported, type Tool, type ToolContext, type ToolResult } from './tool.ts'

/** The tool. */
export const ping: Tool = (context) => runPing(context, undefined)

/** ping under its name of old for IPv6. */
export const ping6: Tool = async (context) => {
  const result = await runPing(context, 6)
  return { ...result, stderr: result.stderr.replace(/^ping:/gm, 'ping6:') }
}

async function runPing({ host, argv, waiter }: ToolContext, named: Family | undefined): Promise<ToolResult> {
  const read = readOptions(argv, { valued: 'cisWwtMIQlmpST', flags: 'qn46bvDUOaARLdr' })
  if (!read.ok) return refused(`ping: invalid option -- '${read.error}'\n`, 2)
  const { values, flags, operands } = read.value
  const other = [...flags].find((flag) => !'qn46v'.includes(flag)) ?? [...values.keys()].find((key) => !'cisWwtMI'.includes(key))
  if (other !== undefined) return unsupported(`-${other}`, `ping: option -${other} is not modelled`)
  const [target] = operands
  if (target === undefined) return refused('ping: usage error: Destination address required\n', 1)
  if (flags.has('4') && (flags.has('6') || named === 6)) return refused('ping: only one -4 or -6 option may be specified\n', 2)
  const family = flags.has('4') ? 4 : flags.has('6') ? 6 : named
  const to = destination(host, target, { family, deviceName: values.get('I') })
  if (typeof to === 'string') return refused(to, 2)
  const { dst, zone } = to
  const source = sourceAddress(host, values.get('I'), dst)
  if (typeof source === 'string') return refused(source, 2)
  for (const key of ['c', 'i', 'W', 'w', 's', 't']) {
    const value = values.get(key)
    if (value !== undefined && !/^\d+(\.\d+)?$/.test(value)) return refused(`ping: invalid argument: '${value}'\n`, 1)
  }
  const noRoute = sourceTo(host, dst, zone)
  if (!/^(do|dont|want)$/.test(values.get('M') ?? 'want')) return refused(`ping: invalid -M argument: ${values.get('M')}\n`, 2)
  if (typeof noRoute === 'string') return refused(`ping: connect: ${errnoText(noRoute)}\n`, 2)
  const hasDeadline = values.has('w')
  const run = new PingRun({
    host, dst, shownAs: target, src: source, device: host.findDevice(values.get('I') ?? '')?.name, zone,
    count: values.has('c') ? Number(values.get('c')) : Infinity,
    intervalNs: secondsToNs(Number(values.get('i') ?? 1)), lingerNs: secondsToNs(Number(values.get('W') ?? 10)),
    deadlineNs: hasDeadline ? secondsToNs(Number(values.get('w'))) : Infinity,
    dataBytes: Number(values.get('s') ?? 56), ttl: values.has('t') ? Number(values.get('t')) : undefined,
    discovery: values.get('M') ?? 'want', isQuiet: flags.has('q'),
    isNumeric: flags.has('n') || target.includes(':') || parseIp(target) !== undefined,
  })
  return run.run(waiter)
}

/** Where to, and by which link if the address means something on one link only. A text is ping's refusal. */
function destination(
  host: Host, target: string, { family, deviceName }: { family: Family | undefined, deviceName: string | undefined },
): { readonly dst: IpAddr, readonly zone: Device | undefined } | string {
  const [name = '', zoneName] = target.includes(':') ? target.split(/%(.*)/s) : [target]
  const literal = parseIp(name)
  if (literal !== undefined && !isOfFamily(literal, family)) {
    return `ping: ${target}: Address family for hostname not supported\n`
  }
  const dst = literal ?? resolve(host, name, family)
  const zone = zoneName === undefined ? undefined : host.findDevice(zoneName)
  if (dst === undefined || (zoneName !== undefined && zone === undefined)) return `ping: ${target}: Name or service not known\n`
  if (!isIpv6(dst) || !(isLinkLocal(dst) || isMulticast(dst))) return { dst, zone: undefined }
  const device = zone ?? host.findDevice(deviceName ?? '')
  // connect() wants to know the link of such an address.
  return device === undefined ? `ping: connect: ${errnoText('EINVAL')}\n` : { dst, zone: device }
}

/** What -I asks for: an address, or that of a device. A text is ping's refusal. */
function sourceAddress(host: Host, option: string | undefined, dst: IpAddr): IpAddr | string {
  if (option === undefined) return IPV4_ANY
  const literal = parseIp(option)
  if (literal !== undefined) {
    if (isIpv6(literal) !== isIpv6(dst)) return IPV4_ANY
    if (host.isLocalAddress(literal)) return literal
    return `ping: bind${isIpv6(dst) ? ' icmp socket' : ''}: Cannot assign requested address\n`
  }
  const device = host.findDevice(option)
  if (isIpv6(dst)) return device === undefined ? `ping: unknown iface: ${option}\n` : IPV4_ANY
  if (device === undefined) return `ping: SO_BINDTODEVICE ${option}: No such device\n`
  return device.config.addresses[0]?.addr ?? IPV4_ANY
}

/** The source that the route gives, or why there is no way. */
function sourceTo(host: Host, dst: IpAddr, zone: Device | undefined): IpAddr | Errno {
  if (zone === undefined) return host.sourceFor(dst)
  const route = host.ipv6.routing.lookup(dst, zone)
  return refusal(route) ?? (route.source === IPV6_ANY ? 'EADDRNOTAVAIL' : route.source)
}

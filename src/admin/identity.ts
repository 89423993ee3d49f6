/**
 * Who and where: hostname, uname, whoami, id, arch, date, uptime. Time is simulated: a run begins on 1 January 1970 at 00:00 UTC.
 * @module
 */
import { NS_PER_SECOND } from '../base/units.ts'
import { ipv6AddressesOf } from '../host/config/ipv6-config.ts'
import { formatIp, isLinkLocal } from '../wire/address.ts'
import { readOptions } from './options.ts'
import { printed, refused, unsupported, type Tool } from './tool.ts'

/** hostname(1); it cannot be set. */
export const hostname: Tool = ({ host, argv }) => {
  const [option] = argv
  if (option === '-I' || option === '--all-ip-addresses') {
    const shown = host.net.devices.filter(({ kind, isUp }) => kind !== 'loopback' && isUp)
    const addresses = [
      ...shown.flatMap((device) => device.addresses),
      ...shown.flatMap(({ name }) => ipv6AddressesOf(host.net, name)).filter(({ addr }) => !isLinkLocal(addr)),
    ]
    return printed(`${addresses.map((address) => `${formatIp(address.addr)} `).join('')}\n`)
  }
  if (option === undefined || option === '-s' || option === '-f') return printed(`${host.name}\n`)
  return unsupported(option, 'hostname: names of hosts cannot be changed')
}

/** uname(1). */
export const uname: Tool = ({ host, argv }) => {
  const read = readOptions(argv, { valued: '', flags: 'asnrvmpio' })
  if (!read.ok) return refused(`uname: invalid option -- '${read.error}'\nTry 'uname --help' for more information.\n`, 1)
  const { flags } = read.value
  const release = host.profile.kernelRelease
  const fields: readonly (readonly [string, string])[] = [
    ['s', 'Linux'], ['n', host.name], ['r', release], ['v', '#1 SMP PREEMPT_DYNAMIC Debian'], ['m', 'x86_64'], ['o', 'GNU/Linux'],
  ]
  const wanted = flags.size === 0 ? 's' : [...flags].join('')
  return printed(`${fields.filter(([letter]) => flags.has('a') || wanted.includes(letter)).map(([, text]) => text).join(' ')}\n`)
}

/** whoami(1). */
export const whoami: Tool = () => printed('root\n')

/** id(1). */
export const id: Tool = ({ argv }) => {
  const [option] = argv
  if (option === undefined) return printed('uid=0(root) gid=0(root) groups=0(root)\n')
  if (option === '-u' || option === '-g') return printed('0\n')
  return option === '-un' || option === '-nu' ? printed('root\n') : unsupported(option, `id: option ${option} is not modelled`)
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
/** 1 January 1970 was a Thursday. */
const WEEKDAYS = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed']

/** date(1): now, in UTC; it cannot be set, and knows no other moment. */
export const date: Tool = ({ host, argv }) => {
  const words = argv.filter((word) => word !== '-u' && word !== '--utc')
  const [format] = words
  if (format !== undefined && !format.startsWith('+')) return unsupported(format, `date: "${format}" is not modelled`)
  const text = format?.slice(1) ?? '%a %b %e %H:%M:%S UTC %Y'
  const nowNs = host.sim.nowNs
  const unknown = /%(?![aAbBdeHMSsNFTYmyjZzDRcnt%])-?./.exec(text)
  if (unknown !== null) return unsupported(format ?? '', `date: ${unknown[0]} is not modelled`)
  return printed(`${text.replace(/%([a-zA-Z%])/g, (_, letter: string) => dateField(letter, nowNs))}\n`)
}

/** One field of a date by its strftime(3) letter, in UTC; `c` is the whole, as ctime(3) gives it. */
export function dateField(letter: string, nowNs: number): string {
  const seconds = Math.floor(nowNs / NS_PER_SECOND)
  const dayOfRun = Math.floor(seconds / 86_400)
  let day = dayOfRun
  let month = 0
  // A run lasts 104 days at most, so that the year is always 1970.
  while (day >= (DAYS_IN_MONTH[month] ?? 31)) day -= DAYS_IN_MONTH[month++] ?? 31
  const two = (value: number): string => String(value).padStart(2, '0')
  const hour = Math.floor(seconds / 3600) % 24
  const minute = Math.floor(seconds / 60) % 60
  const second = seconds % 60
  switch (letter) {
    case 's': return String(seconds)
    case 'N': return String(nowNs % NS_PER_SECOND).padStart(9, '0')
    case 'H': return two(hour)
    case 'M': return two(minute)
    case 'S': return two(second)
    case 'T': return `${two(hour)}:${two(minute)}:${two(second)}`
    case 'R': return `${two(hour)}:${two(minute)}`
    case 'F': return `1970-${two(month + 1)}-${two(day + 1)}`
    case 'D': return `${two(month + 1)}/${two(day + 1)}/70`
    case 'Y': return '1970'
    case 'y': return '70'
    case 'm': return two(month + 1)
    case 'd': return two(day + 1)
    case 'e': return String(day + 1).padStart(2)
    case 'j': return String(dayOfRun + 1).padStart(3, '0')
    case 'a': case 'A': return WEEKDAYS[dayOfRun % 7] ?? ''
    case 'b': case 'B': return MONTHS[month] ?? ''
    case 'Z': return 'UTC'
    case 'z': return '+0000'
    case 'c':
      return `${WEEKDAYS[dayOfRun % 7]
        ?? ''} ${MONTHS[month] ?? ''} ${String(day + 1).padStart(2)} ${two(hour)}:${two(minute)}:${two(second)} 1970`
    case 'n': return '\n'
    case 't': return '\t'
    default: return '%'
  }
}

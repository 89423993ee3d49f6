/**
 * Rules of IPVS, and commands that change them, as commands of ipvsadm by numbers. More than `ipvsadm -S` prints: thresholds,
 * timeouts and sync daemons are in it.
 * @module
 */
import type { DaemonWish, IpvsCommand } from '../../ipvs/control/command.ts'
import type { DaemonRole, DestinationRule, IpvsRules, ServiceId, TimeoutRule } from '../../ipvs/control/rules.ts'
import { formatIp } from '../../wire/address.ts'
import { serverName, serverRule, serviceOption, serviceRule } from './list.ts'

/**
 * The commands that make a tree and do not make another one: timeouts, daemons, each service with its destinations, the newest
 * first. A tree shares what did not change with the one that it came from, so that a large one is compared quickly.
 */
export function linesBeyond(rules: IpvsRules, other: IpvsRules): string[] {
  const known = new Set<unknown>(other.services)
  const strange = rules.services.filter((service) => !known.has(service))
  if (strange.length > 0) for (const { destinations } of other.services) for (const one of destinations) known.add(one)
  const lines = [
    ...(rules.timeouts === other.timeouts ? [] : [timeoutsText(rules.timeouts)]),
    ...(['master', 'backup'] as const).flatMap((role) => {
      const daemon = rules.daemons[role]
      return daemon === undefined || daemon === other.daemons[role] ? [] : [startText(role, daemon)]
    }),
    ...strange.flatMap((service) => [
      serviceRule({ id: service, options: service }),
      ...service.destinations.filter((server) => !known.has(server)).map((server) => serverText(service, server)),
    ]),
  ]
  return lines
}

/** A command with all its options, without the name of the tool. */
export function commandText(command: IpvsCommand): string {
  switch (command.kind) {
    case 'add-service': return serviceRule({ id: command.service, options: command.options })
    case 'edit-service': return serviceRule({ id: command.service, options: command.options }, '-E')
    case 'delete-service': return `-D ${serviceOption(command.service)}`
    case 'flush': return '-C'
    case 'add-destination': return serverText(command.service, command.destination)
    case 'edit-destination': return serverText(command.service, command.destination, '-e')
    case 'delete-destination': {
      const { service, addr, port } = command
      return `-d ${serviceOption(service)} -r ${serverName(service, addr, port)}`
    }
    case 'set-timeouts': return timeoutsText(command.timeouts)
    case 'start-daemon': return startText(command.role, command.wish)
    case 'stop-daemon': return `--stop-daemon ${command.role}`
    case 'zero': return command.service === undefined ? '-Z' : `-Z ${serviceOption(command.service)}`
  }
}

function timeoutsText({ tcpSeconds, tcpFinSeconds, udpSeconds }: TimeoutRule): string {
  return `--set ${tcpSeconds} ${tcpFinSeconds} ${udpSeconds}`
}

function serverText(id: ServiceId, server: DestinationRule, command = '-a'): string {
  const { upperThreshold, lowerThreshold } = server
  const upper = upperThreshold === 0 ? '' : ` -x ${upperThreshold}`
  return `${serverRule(id, server, command)}${upper}${lowerThreshold === 0 ? '' : ` -y ${lowerThreshold}`}`
}

function startText(role: DaemonRole, { deviceName, syncId, messageBytesMax, group, port, ttl }: DaemonWish): string {
  const options = [
    ['mcast-interface', deviceName], ['syncid', syncId], ['sync-maxlen', messageBytesMax],
    ['mcast-group', group === undefined ? undefined : formatIp(group)], ['mcast-port', port], ['mcast-ttl', ttl],
  ] as const
  const given = options.flatMap(([name, value]) => value === undefined ? [] : [` --${name} ${value}`])
  return `--start-daemon ${role}${given.join('')}`
}

/**
 * All tools by the names under which they are called.
 * @module
 */
import { arp } from './arp.ts'
import { arping } from './arping.ts'
import { curl } from './curl.ts'
import { date, hostname, id, uname, whoami } from './identity.ts'
import { ifconfig } from './ifconfig.ts'
import { ip } from './ip/ip.ts'
import { kill, killall, pgrep, pidof, pkill } from './kill.ts'
import { lsmod, modprobe } from './modules.ts'
import { apt, rpm, yum } from './packages.ts'
import { ping, ping6 } from './ping.ts'
import { registerNetFiles } from './proc-net.ts'
import { python } from './python.ts'
import { route } from './route.ts'
import { makeService, makeSystemctl } from './services.ts'
import { sleep } from './sleep.ts'
import { netstat, ss } from './sockets.ts'
import { sysctl } from './sysctl.ts'
import { tcpdump } from './tcpdump/tcpdump.ts'
import { sort } from './text-tools.ts'
import type { Tool } from './tool.ts'
import { traceroute, traceroute6 } from './traceroute/traceroute.ts'

const TOOLS: readonly (readonly [string, Tool])[] = [
  ['apt', apt], ['apt-get', apt], ['arp', arp], ['arping', arping], ['curl', curl], ['date', date], ['dnf', yum],
  ['hostname', hostname], ['id', id], ['ifconfig', ifconfig], ['ip', ip], ['kill', kill],
  ['killall', killall], ['lsmod', lsmod], ['modprobe', modprobe], ['netstat', netstat], ['pgrep', pgrep], ['pidof', pidof],
  ['ping', ping], ['ping6', ping6], ['pkill', pkill], ['python', python], ['python2', python],
  ['python3', python], ['route', route], ['rpm', rpm], ['sleep', sleep], ['sort', sort], ['ss', ss], ['sysctl', sysctl],
  ['tcpdump', tcpdump], ['traceroute', traceroute], ['traceroute6', traceroute6], ['uname', uname],
  ['whoami', whoami], ['yum', yum],
]

/**
 * The tools of this folder, and `more` (ipvsadm, iptables, keepalived and their kin), which take precedence. Enters the
 * files under /proc.
 */
export function toolbox(more: Iterable<readonly [string, Tool]> = []): ReadonlyMap<string, Tool> {
  registerNetFiles()
  const tools = new Map<string, Tool>([...TOOLS, ...more])
  tools.set('service', makeService(tools))
  tools.set('systemctl', makeSystemctl(tools))
  return tools
}

/**
 * yum, dnf, apt-get, apt, rpm and dpkg: everything a guide installs is there already, so that they change nothing.
 * @module
 */
import { printed, refused, unsupported, type Tool } from './tool.ts'

/** yum(8) and dnf(8). */
export const yum: Tool = ({ argv }) => {
  const [verb, ...names] = argv.filter((word) => !word.startsWith('-'))
  if (verb === 'install' || verb === 'update' || verb === 'upgrade' || verb === 'groupinstall') {
    const lines = names.map((name) => `Package ${name} is already installed.\n`)
    return printed(`${lines.join('')}Dependencies resolved.\nNothing to do.\nComplete!\n`)
  }
  if (verb === 'makecache' || verb === 'clean') return printed('')
  return unsupported(verb ?? 'yum', `yum: "${verb ?? ''}" is not modelled`)
}

/** apt(8) and apt-get(8). */
export const apt: Tool = ({ argv }) => {
  const [verb, ...names] = argv.filter((word) => !word.startsWith('-'))
  const reading = 'Reading package lists...\nBuilding dependency tree...\nReading state information...\n'
  const summary = '0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n'
  if (verb === 'install') {
    return printed(`${reading}${names.map((name) => `${name} is already the newest version.\n`).join('')}${summary}`)
  }
  if (verb === 'update') return printed('Reading package lists...\n')
  if (verb === 'upgrade' || verb === 'dist-upgrade') {
    return printed(reading + summary)
  }
  return unsupported(verb ?? 'apt', `apt: "${verb ?? ''}" is not modelled`)
}

/** Versions of packages that guides ask for; others are shown as 1.0. */
const VERSIONS: ReadonlyMap<string, string> = new Map([
  ['ipvsadm', '1.31-1'], ['keepalived', '2.2.7-1'], ['iproute', '6.1.0-1'], ['net-tools', '2.10-1'],
])

/** rpm(8): -q, -qa with names, and -i, of what is there. */
export const rpm: Tool = ({ argv }) => {
  const [option, ...names] = argv
  if (option === '-q' || (option === '-qa' && names.length > 0)) {
    return printed(names.map((name) => `${name}-${VERSIONS.get(name) ?? '1.0-1'}.x86_64\n`).join(''))
  }
  if (option !== undefined && /^-[iUF][vh]*$/.test(option)) {
    return refused(names.map((name) => `\tpackage ${name} is already installed\n`).join(''), 1)
  }
  return unsupported(option ?? 'rpm', `rpm: "${option ?? ''}" is not modelled`)
}

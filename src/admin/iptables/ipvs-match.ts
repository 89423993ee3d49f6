/**
 * The `ipvs` match of iptables (libxt_ipvs.c): which IPVS connection a packet belongs to.
 * @module
 */
import { ok, type Result } from '../../base/result.ts'
import type { IpvsMatch, RuleMatch } from '../../host/config/rule-config.ts'
import type { IpAddr } from '../../wire/address.ts'
import { parseAddress } from './addresses.ts'
import { problem, type Complaint } from './complaint.ts'
import { DONE, option, OptionValues, type BuildContext, type Builder, type Extension, type ExtensionOption } from './extension.ts'
import { parseProtocol } from './names.ts'
import { parseLoosePort } from './ports.ts'

const INVERTIBLE = { invertible: true }
const INVERSIONS = ['ipvs', 'vproto', 'vaddr', 'vport', 'vmethod', 'vportctl'] as const

/** The match. */
export const ipvsMatch: Extension<RuleMatch> = {
  name: 'ipvs',
  options: [
    { id: 'ipvs', long: ['ipvs'], argument: 'none', invertible: true }, option('vproto', INVERTIBLE), option('vaddr', INVERTIBLE),
    option('vport', INVERTIBLE), option('vdir'), option('vmethod', INVERTIBLE), option('vportctl', INVERTIBLE),
  ],
  begin: () => new IpvsBuilder(),
}

class IpvsBuilder implements Builder<RuleMatch> {
  readonly #values = new OptionValues('ipvs')
  #match: { -readonly [K in keyof IpvsMatch]: IpvsMatch[K] } = {
    kind: 'ipvs', protocol: undefined, vaddr: undefined, vaddrMask: 0xffffffff, vport: undefined,
    direction: undefined, method: undefined,
    vportControl: undefined, inverted: [],
  }

  set(given: ExtensionOption, value: string, inverted: boolean, context: BuildContext): Result<void, Complaint> {
    const taken = this.#values.take(given, value, inverted)
    if (!taken.ok) return taken
    const match = this.#match
    switch (given.id) {
      case 'vproto': {
        const protocol = parseProtocol(value)
        if (protocol === undefined) return problem(`unknown protocol "${value}" specified`)
        match.protocol = protocol
        return DONE
      }
      case 'vaddr': return this.#setAddress(value, context)
      case 'vport': case 'vportctl': {
        const port = parseLoosePort(value)
        if (!port.ok) return port
        if (given.id === 'vport') match.vport = port.value
        else match.vportControl = port.value
        return DONE
      }
      case 'vdir': {
        const direction = (['ORIGINAL', 'REPLY'] as const).find((name) => name === value.toUpperCase())
        if (direction === undefined) return problem(`ipvs: Bad value for "--vdir" option: "${value}"`)
        match.direction = direction
        return DONE
      }
      case 'vmethod': {
        const method = (['GATE', 'IPIP', 'MASQ'] as const).find((name) => name === value.toUpperCase())
        if (method === undefined) return problem(`ipvs: Bad value for "--vmethod" option: "${value}"`)
        match.method = method
        return DONE
      }
      default: return DONE
    }
  }

  build(): Result<RuleMatch, Complaint> {
    const given = [...INVERSIONS, 'vdir'].filter((id) => this.#values.find(id) !== undefined)
    if (given.length === 0) return problem('IPVS: At least one option is required')
    const inverted = INVERSIONS.filter((id) => this.#values.find(id)?.inverted === true)
    if (inverted.includes('ipvs') && given.length > 1) return problem('! --ipvs cannot be together with other options')
    return ok({ ...this.#match, inverted })
  }

  #setAddress(value: string, context: BuildContext): Result<void, Complaint> {
    const parsed = parseAddress(value, (name) => context.findHost(name))
    if (!parsed.ok) return parsed
    this.#match.vaddr = parsed.value.addr as IpAddr
    this.#match.vaddrMask = parsed.value.mask
    return DONE
  }
}

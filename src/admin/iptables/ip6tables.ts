/**
 * ip6tables(8), ip6tables-save(8) and ip6tables-restore(8): refused, whatever is asked. netfilter has no rules for IPv6 here, and
 * none of iptables is ever shown a packet of IPv6.
 * @module
 */
import { unsupported, type Tool } from '../tool.ts'

/** Each of the tools. */
export const ip6tables: Tool = ({ argv }) => unsupported(argv[0] ?? 'ip6tables', 'ip6tables: rules for IPv6 are not modelled')

/**
 * How iptables complains: the shapes of its messages and the exit codes that go with them (xtables_error, xtables_exit_tryhelp).
 * @module
 */
import { err, type Err } from '../../base/result.ts'
import type { NetfilterError } from '../../host/config/netfilter-changes.ts'
import type { KernelRefusal } from '../../host/config/netfilter-check.ts'
import { refused, unsupported, type ToolResult } from '../tool.ts'

/** One complaint. `problem` is about the command line; `kernel` is what the library or the kernel says of the request. */
export type Complaint =
  | { readonly kind: 'problem'; readonly text: string }
  | { readonly kind: 'bad-argument'; readonly word: string }
  | {
      readonly kind: 'kernel'
      readonly error: NetfilterError | KernelRefusal | 'no-counter-index'
      readonly action: 'insert' | 'replace' | 'delete' | 'other'
    }
  | { readonly kind: 'no-table'; readonly table: string }
  | { readonly kind: 'unsupported'; readonly word: string; readonly what: string }

/** A complaint about the command line. */
export function problem(text: string): Err<Complaint> {
  return err({ kind: 'problem', text })
}

/** Something that Linux has and lvsim does not model. */
export function notModelled(word: string, what: string): Err<Complaint> {
  return err({ kind: 'unsupported', word, what })
}

/** Version line of the tools. */
export const VERSION = 'v1.8.9 (legacy)'

/** The complaint as `iptables` prints it, with its exit code. */
export function complaintResult(complaint: Complaint): ToolResult {
  switch (complaint.kind) {
    case 'problem': return refused(`iptables ${VERSION}: ${complaint.text}\n${tryHelp('iptables')}`, 2)
    case 'bad-argument': return refused(`Bad argument \`${complaint.word}'\n${tryHelp('iptables')}`, 2)
    case 'kernel': return refused(`iptables: ${kernelText(complaint)}.\n`, 1)
    case 'no-table':
      return refused(`iptables ${VERSION}: can't initialize iptables table \`${complaint.table}': Table does not exist `
        + '(do you need to insmod?)\nPerhaps iptables or your kernel needs to be upgraded.\n', 3)
    case 'unsupported': return unsupported(complaint.word, complaint.what)
  }
}

/** The line that ends a complaint about the command line. */
export function tryHelp(program: string): string {
  return `Try \`${program} -h' or '${program} --help' for more information.\n`
}

/** iptc_strerror(). */
function kernelText({ error, action }: Complaint & { kind: 'kernel' }): string {
  switch (error) {
    case 'no-chain':
      return 'No chain/target/match by that name'
    case 'chain-exists':
      return 'File exists'
    case 'chain-in-use':
      return 'Too many links'
    case 'chain-not-empty':
      return 'Directory not empty'
    case 'not-built-in':
      return 'Bad built-in chain name'
    case 'no-rule':
      return 'Bad rule (does a matching rule exist in that chain?)'
    case 'no-counter-index':
      return 'Index of counter too big'
    case 'no-index':
      return `Index of ${action === 'insert' ? 'insertion' : action === 'replace' ? 'replacement' : 'deletion'} too big`
    case 'loop':
      return 'Too many levels of symbolic links'
    case 'built-in-chain':
    case 'invalid':
      return "Invalid argument. Run `dmesg' for more information"
  }
}

/**
 * How arptables complains, and the exit codes that go with it (exit_error() in arptables.c, arptc_strerror()).
 * @module
 */
import { err, type Err } from '../../base/result.ts'
import type { ArpRulesError } from '../../host/config/arp-rules.ts'
import { refused, unsupported, type ToolResult } from '../tool.ts'

/** One complaint. `problem` is about the command line, `refusal` what the library or the kernel says of the request. */
export type Complaint =
  | { readonly kind: 'problem', readonly text: string }
  | { readonly kind: 'bad-argument', readonly word: string }
  | { readonly kind: 'refusal', readonly text: string }
  | { readonly kind: 'unsupported', readonly word: string, readonly what: string }

/** Version of the tools, as -V and complaints name it. */
export const VERSION = 'v0.0.5'

const TRY_HELP = "Try `arptables -h' or 'arptables --help' for more information.\n"

/** A complaint about the command line. */
export function problem(text: string): Err<Complaint> {
  return err({ kind: 'problem', text })
}

/** Something that arptables has, or passes over, and lvsim does not model. */
export function notModelled(word: string, what: string): Err<Complaint> {
  return err({ kind: 'unsupported', word, what: `arptables: ${what}` })
}

/** The complaint as `arptables` prints it. A bad argument is told on stdout. */
export function complaintResult(complaint: Complaint): ToolResult {
  switch (complaint.kind) {
    case 'problem': return refused(`arptables ${VERSION}: ${complaint.text}\n${TRY_HELP}`, 2)
    case 'bad-argument': return { stdout: `Bad argument \`${complaint.word}'\n`, stderr: TRY_HELP, exitCode: 2 }
    case 'refusal': return refused(`arptables: ${complaint.text}\n`, 1)
    case 'unsupported': return unsupported(complaint.word, complaint.what)
  }
}

/** -L and -Z name no function of their own for the error to be looked up by: it is taken for one of opening the table. */
const NO_CHAIN: Readonly<Record<string, string>> = {
  D: 'Bad rule (does a matching rule exist in that chain?)', L: 'Table does not exist (do you need to insmod?)',
  Z: 'Table does not exist (do you need to insmod?)',
}

/** What libarptc or the kernel says of a command that was refused; the same error has other words under other commands. */
export function refusalText(verb: string, error: ArpRulesError | 'loop' | 'invalid' | 'bad-policy'): string {
  switch (error) {
    case 'no-chain': return NO_CHAIN[verb] ?? 'No chain/target/match by that name'
    case 'no-rule': return 'Bad rule (does a matching rule exist in that chain?)'
    case 'no-index': return `Index of ${verb === 'I' ? 'insertion' : verb === 'R' ? 'replacement' : 'deletion'} too big`
    case 'chain-exists': return verb === 'N' ? 'Chain already exists' : 'File exists'
    case 'chain-in-use': return "Can't delete chain with references left"
    case 'chain-not-empty': return 'Chain is not empty'
    case 'built-in-chain': return "Can't delete built-in chain"
    case 'not-built-in': return 'Bad built-in chain name'
    case 'bad-policy': return 'Bad policy name'
    case 'loop': return verb === 'I' ? 'Loop found in table' : 'Too many levels of symbolic links'
    case 'invalid': return verb === 'I' ? 'Target problem' : 'Invalid argument'
  }
}

/**
 * Rules about what code says: no clock, chance or input and output in the core; no constructs that the style has dropped.
 * A name is judged by its spelling, so a local variable may not be called `process` or `Date` either.
 * @module
 */
import ts from 'typescript'
import { type Complaint, isCore, lineOf, type ParsedFile, walk } from './tidy-file.ts'

/** What the core may not name, and what to use in its place. */
const IMPURE_NAMES = new Map([
  ['Date', 'the simulator has the time'],
  ['performance', 'the simulator has the time'],
  ['Intl', 'text may not depend on the locale'],
  ['localeCompare', 'text may not depend on the locale'],
  ['setTimeout', 'schedule an event'],
  ['setInterval', 'schedule an event'],
  ['setImmediate', 'schedule an event'],
  ['process', 'only src/cli and src/worker know the process'],
  ['Buffer', 'use Uint8Array'],
  ['console', 'return the text'],
  ['crypto', 'use a stream of src/sim/random.ts'],
  ['globalThis', 'name what you need'],
  ['require', 'use import'],
])

/** The functions of Math that give the same bits on every engine. */
const EXACT_MATH = new Set([
  'abs', 'ceil', 'clz32', 'floor', 'fround', 'imul', 'max', 'min', 'round', 'sign', 'sqrt', 'trunc',
])

/** Uses of a clock, chance, locale, timer, process or inexact arithmetic in the core. */
export function pureComplaints(file: ParsedFile): Complaint[] {
  if (!isCore(file.path)) return []
  const complaints: Complaint[] = []
  walk(file.tree, (node) => {
    const message = impurity(node)
    if (message !== undefined) complaints.push({ rule: 'pure', path: file.path, line: lineOf(file, node), message })
  })
  return complaints
}

function impurity(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AsteriskAsteriskToken || node.kind === ts.SyntaxKind.AsteriskAsteriskEqualsToken) {
    return '** differs between engines: multiply, or use src/base/exact-math.ts'
  }
  if (ts.isStringLiteralLike(node) && ts.isElementAccessExpression(node.parent)) return nameImpurity(node.text)
  if (!ts.isIdentifier(node)) return undefined
  if (node.text === 'Math' && !isMemberName(node)) return mathImpurity(node.parent)
  // A member called `process` is a field; one called `localeCompare` is the method, whatever it is called on.
  if (isMemberName(node) && !/^(toLocale|localeCompare$)/.test(node.text)) return undefined
  return nameImpurity(node.text)
}

function nameImpurity(name: string): string | undefined {
  const instead = name.startsWith('toLocale') ? 'text may not depend on the locale' : IMPURE_NAMES.get(name)
  return instead === undefined ? undefined : `${name} is not for the core: ${instead}`
}

/** `Math` may only be followed by a dot and an exact member: no alias, no destructuring, no computed name. */
function mathImpurity(parent: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(parent) && EXACT_MATH.has(parent.name.text)) return undefined
  const use = ts.isPropertyAccessExpression(parent) ? `Math.${parent.name.text}` : 'Math as a value'
  return `${use} is not for the core: use exact arithmetic, src/base/exact-math.ts, or a stream of src/sim/random.ts`
}

/** True for the name of a property, field or method, where no global is meant. */
function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isQualifiedName(parent)) return parent.right === node
  const named = ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent) || ts.isTypeElement(parent)
  return (named || ts.isClassElement(parent)) && parent.name === node
}

/** Constructs and comments that the style has dropped, in code of every kind, and a missing `@module` doc. */
export function shapeComplaints(file: ParsedFile): Complaint[] {
  const complaints: Complaint[] = []
  const complain = (line: number, message: string): void => {
    complaints.push({ rule: 'shape', path: file.path, line, message })
  }
  // The sentences of a test are its doc.
  if (!file.path.endsWith('.test.ts') && !/^(#!.*\n)?\/\*\*(?:(?!\*\/)[^])*@module\b/.test(file.text)) {
    complain(1, 'the file does not begin with an @module doc')
  }
  walk(file.tree, (node) => {
    const message = misshape(node)
    if (message !== undefined) complain(lineOf(file, node), message)
  })
  for (const comment of commentsOf(file.tree)) {
    const found = /\b(?:TODO|FIXME|XXX)\b|@ts-(?:ignore|nocheck)\b/.exec(comment.text)
    if (found !== null) complain(comment.line, `a comment says ${found[0]}`)
  }
  return complaints
}

function misshape(node: ts.Node): string | undefined {
  if (ts.isExportAssignment(node) || isDefaultDeclaration(node)) return 'a default export: give it a name'
  if (ts.isExportSpecifier(node) && node.name.text === 'default') return 'a default export: give it a name'
  if (ts.isExportDeclaration(node) && isStarExport(node)) return 'export *: name what is exported'
  if (ts.isEnumDeclaration(node)) return 'an enum: use a union of literals'
  if (ts.isModuleDeclaration(node) && ts.isIdentifier(node.name)) return 'a namespace: use a file'
  if ((ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)) && node.type.kind === ts.SyntaxKind.AnyKeyword) {
    return 'a cast to any: say what it is'
  }
  return undefined
}

/** `export default` of a function or class; not in `declare module 'x'`, which describes somebody else's code. */
function isDefaultDeclaration(node: ts.Node): boolean {
  if (!ts.canHaveModifiers(node) || ts.isModuleBlock(node.parent)) return false
  return ts.getModifiers(node)?.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword) ?? false
}

function isStarExport(node: ts.ExportDeclaration): boolean {
  return node.exportClause === undefined || ts.isNamespaceExport(node.exportClause)
}

/** All comments with their lines. Asks the syntax tree, so that a string that looks like a comment is none. */
function commentsOf(tree: ts.SourceFile): { text: string; line: number }[] {
  const starts = new Map<number, number>()
  const visit = (node: ts.Node): void => {
    const ranges = [
      ...(ts.getLeadingCommentRanges(tree.text, node.pos) ?? []),
      ...(ts.getTrailingCommentRanges(tree.text, node.end) ?? []),
    ]
    for (const range of ranges) starts.set(range.pos, range.end)
    for (const child of node.getChildren(tree)) visit(child)
  }
  visit(tree)
  return [...starts].map(([pos, end]) => ({
    text: tree.text.slice(pos, end),
    line: tree.getLineAndCharacterOfPosition(pos).line + 1,
  }))
}

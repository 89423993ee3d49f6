/**
 * Rules about who imports whom: the rows of the house, the rooms of the libraries, and files that nobody needs.
 * Type imports, re-exports, side-effect imports and `import()` count like any other.
 * @module
 */
import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import ts from 'typescript'
import { type Complaint, isCore, lineOf, type ParsedFile, walk } from './tidy-file.ts'

/** The row of each folder of src. A file may import from a row above its own, and from its own folder. */
const ROWS = new Map([
  ['base', 0],
  ['wire', 1], ['sim', 1], ['measure', 1], ['connection-table', 1],
  ['link', 2],
  ['host', 3],
  ['ipvs', 4],
  ['app', 5], ['fairness', 5], ['laws', 5],
  ['admin', 6],
  ['scenario', 7],
  ['report', 8],
  ['cli', 9], ['worker', 9],
])

/** Where in src each library may be imported. A package that is not here may not be imported at all. */
const PACKAGE_ROOMS: readonly (readonly [name: string, room: RegExp])[] = [
  ['immer', /^src\/(ipvs\/control|host\/config|scenario)\//],
  ['seedrandom', /^src\/sim\/random\.ts$/],
  ['just-bash', /^src\/admin\/shell([^/]*\.ts$|\/)/],
  ['yaml', /^src\/(admin|scenario|report|cli|worker)\//],
  ['zod', /^src\/(admin|scenario|report|cli|worker)\//],
  ['commander', /^src\/cli\//],
  ['fast-check', /^src\/laws\//],
]

const INDEX = 'src/index.ts'

/** Where execution starts: whatever these two do not lead to is dead. */
const ENTRIES = [INDEX, 'src/cli/main.ts']

/** What programs import beside the index, and nothing inside does: package.json exports it. */
const SUBPATHS = ['src/laws/laws.ts']

/** An import of any kind. The specifier is undefined when `import()` is given something that is not a literal. */
interface Import {
  readonly specifier: string | undefined
  readonly line: number
}

/** Imports that break the rows, leave their ending out, or bring a library into a room that is not its own. */
export function importComplaints(file: ParsedFile): Complaint[] {
  if (file.path.startsWith('src/') && file.path !== INDEX && !ROWS.has(folderOf(file.path) ?? '')) {
    return [{ rule: 'rows', path: file.path, line: 1, message: 'the file lies in no folder that has a row' }]
  }
  return importsOf(file).flatMap(({ specifier, line }): Complaint[] => {
    const found = specifier === undefined ? computedImport(file.path) : importFault(file.path, specifier)
    return found === undefined ? [] : [{ ...found, path: file.path, line }]
  })
}

/** Files of src that neither entry leads to. Nothing is said as long as one of the entries is not written yet. */
export function reachComplaints(files: readonly ParsedFile[]): Complaint[] {
  const byPath = new Map(files.map((file) => [file.path, file]))
  if (!ENTRIES.every((path) => byPath.has(path))) return []
  const reached = new Set([...ENTRIES, ...SUBPATHS])
  // A set grows while it is walked, and the new members are walked too.
  for (const path of reached) {
    const file = byPath.get(path)
    if (file === undefined) continue
    for (const { specifier } of importsOf(file)) {
      if (specifier?.startsWith('.')) reached.add(resolve(path, specifier))
    }
  }
  return files
    .filter(({ path }) => path.startsWith('src/') && !path.endsWith('.d.ts') && !reached.has(path))
    .map(({ path }) => ({ rule: 'reach', path, line: 1, message: `neither ${ENTRIES.join(' nor ')} leads here` }))
}

type Fault = Pick<Complaint, 'rule' | 'message'>

function computedImport(path: string): Fault | undefined {
  return isCore(path) ? { rule: 'packages', message: 'import() of something that is not a literal' } : undefined
}

function importFault(path: string, specifier: string): Fault | undefined {
  if (!specifier.startsWith('.')) return path.startsWith('src/') ? packageFault(path, specifier) : undefined
  if (path.endsWith('.ts') && !specifier.endsWith('.ts')) {
    return { rule: 'rows', message: `'${specifier}' does not end in .ts` }
  }
  return path.startsWith('src/') ? rowFault(path, resolve(path, specifier)) : undefined
}

function packageFault(path: string, specifier: string): Fault | undefined {
  if (isBuiltin(specifier)) {
    return isCore(path) ? { rule: 'packages', message: `${specifier} is for src/cli and src/worker only` } : undefined
  }
  const room = PACKAGE_ROOMS.find(([name]) => specifier === name || specifier.startsWith(`${name}/`))?.[1]
  if (room === undefined) return { rule: 'packages', message: `${specifier} has no room in this house` }
  return room.test(path) ? undefined : { rule: 'packages', message: `${specifier} is not for this room` }
}

/** Judges an import inside src. The index may import everything but the last row, and nobody imports the index. */
function rowFault(from: string, to: string): Fault | undefined {
  const fault = (message: string): Fault => ({ rule: 'rows', message })
  if (!to.startsWith('src/')) return fault(`${to} lies outside src`)
  const target = folderOf(to)
  if (target === undefined) return fault('the index is for users: import the file itself')
  const targetRow = ROWS.get(target)
  if (targetRow === undefined) return fault(`src/${target} has no row in this house`)
  const own = folderOf(from)
  if (own === undefined) return targetRow < 9 ? undefined : fault(`src/${target} is not for the index`)
  return own === target || targetRow < (ROWS.get(own) ?? 0) ? undefined : fault(`src/${own} may not know src/${target}`)
}

/** `host` for src/host/config/x.ts; undefined for a file of src itself. */
function folderOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1]
}

function resolve(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier)
}

function importsOf(file: ParsedFile): Import[] {
  const imports: Import[] = []
  walk(file.tree, (node) => {
    const target = importTarget(node)
    if (target === undefined) return
    imports.push({ specifier: ts.isStringLiteralLike(target) ? target.text : undefined, line: lineOf(file, node) })
  })
  return imports
}

/** The expression that says what a node imports; undefined when the node is no import. */
function importTarget(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument
  if (ts.isExternalModuleReference(node)) return node.expression
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return node.arguments[0]
  return undefined
}

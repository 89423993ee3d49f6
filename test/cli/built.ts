/**
 * The command as users have it: built by tsc and joined, once for each state of the sources, and run in a process of its own.
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = process.cwd()
const CACHE = join(ROOT, 'node_modules', '.cache', 'lvsim-cli')
const WAIT_MS_MAX = 90_000
const HOUR_MS = 3_600_000

/** What a run of the command came to. */
export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** How the command is run. */
export interface RunOptions {
  readonly cwd?: string
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Builds the command unless it is there already; the path of its main.js. */
export function builtCli(): string {
  const hash = createHash('sha256')
  for (const name of ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'bundle.mjs', ...sources('src')]) {
    hash.update(`${name}\0`).update(readFileSync(join(ROOT, name)))
  }
  const folder = join(CACHE, hash.digest('hex').slice(0, 16))
  const main = join(folder, 'dist', 'cli', 'main.js')
  // One test file builds, the others wait for it; should it die meanwhile, they build too.
  for (let waitedMs = 0; !existsSync(main) && !isFirst(`${folder}.building`) && waitedMs < WAIT_MS_MAX; waitedMs += 200) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  }
  if (!existsSync(main)) build(folder)
  return main
}

/** True for the one who makes the folder. */
function isFirst(path: string): boolean {
  mkdirSync(CACHE, { recursive: true })
  try {
    mkdirSync(path)
    return true
  } catch {
    return false
  }
}

function build(folder: string): void {
  for (const name of readdirSync(CACHE)) {
    const other = join(CACHE, name)
    if (Date.now() - statSync(other).mtimeMs > HOUR_MS) rmSync(other, { recursive: true, force: true })
  }
  const building = mkdtempSync(join(CACHE, 'half-'))
  copyFileSync(join(ROOT, 'package.json'), join(building, 'package.json'))
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', join(building, 'dist')], {
    encoding: 'utf8',
  })
  const { stderr, status } = spawnSync(process.execPath, ['bundle.mjs', join(building, 'dist')], { cwd: ROOT, encoding: 'utf8' })
  if (status !== 0) throw new Error(`the build failed: ${stdout}${stderr}`)
  if (!existsSync(folder)) renameSync(building, folder)
}

/** Runs `lvsim` with these words; text goes to its stdin, which else is empty. Of the environment it gets PATH. */
export function lvsim(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return run(process.execPath, [builtCli(), ...args], options)
}

/** Runs a line of a shell in which `lvsim` is the command. */
export function shell(line: string, options: RunOptions = {}): Promise<Ran> {
  const script = `lvsim() { '${process.execPath}' '${builtCli()}' "$@"; }\n${line}`
  return run('bash', ['--norc', '-o', 'pipefail', '-c', script], options)
}

/** A new folder with the `scenarios` and the `test` folder of the project in it. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lvsim-cli-'))
  for (const name of ['scenarios', 'test']) symlinkSync(join(ROOT, name), join(folder, name))
  return folder
}

function run(
  command: string,
  args: readonly string[],
  { cwd = ROOT, stdin = '', env = {} }: RunOptions,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', ...env },
    })
    const printed = { out: '', err: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.err += text))
    // Not every verb reads its stdin.
    child.stdin.on('error', () => {})
    child.stdin.end(stdin)
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...printed }))
  })
}

function sources(folder: string): string[] {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .sort()
}

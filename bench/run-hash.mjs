/**
 * What the run's hash costs: the scenario of `lvsim bench engine` with it and with the call taken out of the nic, turn by turn in
 * processes of their own. Exits 1 when it takes more than SHARE_MAX of the run.
 * Usage: node bench/run-hash.mjs [REQUESTS=500000] [ROUNDS=7]
 * @module
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CACHE = join(ROOT, 'node_modules', '.cache', 'lvsim-bench')
const SHARE_MAX = 0.1
const [requests = 500_000, rounds = 7] = process.argv.slice(2).map(Number)

/** Runs the scenario twice, the first time for the compiler, and prints the CPU seconds and the hash of the second. */
const ENTRY = `
  import { EngineBench } from ${JSON.stringify(join(ROOT, 'src', 'scenario', 'bench-engine.ts'))}
  const options = { servers: 10, requests: Number(process.argv[2]) }
  new EngineBench(options).run()
  const bench = new EngineBench(options)
  const before = process.cpuUsage()
  const { hash } = bench.run()
  const { user, system } = process.cpuUsage(before)
  console.log(JSON.stringify({ hash, cpuSeconds: (user + system) / 1e6 }))`

/** Takes the one statement out that hashes frames. */
const withoutHash = {
  name: 'without-hash',
  transform(text, id) {
    if (!/src.link.nic\.ts$/.test(id)) return undefined
    const code = text.replace(/^\s*hashFrame\(this\..*$/m, '')
    if (code === text) throw new Error('the nic no longer hashes frames where it did')
    return { code }
  },
}

async function bundle(name, plugins) {
  const input = join(CACHE, 'run-hash-entry.mjs'), file = join(CACHE, `run-hash-${name}.mjs`)
  writeFileSync(input, ENTRY)
  const made = await rolldown({ input, platform: 'node', plugins })
  await made.write({ file, format: 'esm', codeSplitting: false })
  return file
}

const measure = (file) => JSON.parse(execFileSync(process.execPath, [file, String(requests)], { encoding: 'utf8' }))

mkdirSync(CACHE, { recursive: true })
const files = { with: await bundle('with', []), without: await bundle('without', [withoutHash]) }
const best = { with: Infinity, without: Infinity }
const hashes = { with: new Set(), without: new Set() }
for (let round = 0; round < rounds; round++) {
  for (const kind of ['with', 'without']) {
    const { cpuSeconds, hash } = measure(files[kind])
    hashes[kind].add(hash)
    // The least of the rounds is the one that was disturbed least.
    best[kind] = Math.min(best[kind], cpuSeconds)
  }
}
const hops = requests * 4
const ns = (kind) => (best[kind] / hops * 1e9).toFixed(1)
const share = 1 - best.without / best.with
console.log(`hash ${[...hashes.with].join(' ')}, without ${[...hashes.without].join(' ')}`)
console.log(`${ns('with')} ns per hop with the hash, ${ns('without')} ns without: ${(share * 100).toFixed(1)} % of the run`)
if (hashes.with.size !== 1 || hashes.with.has([...hashes.without][0])) throw new Error('the hashes are not as they must be')
if (share > SHARE_MAX) {
  console.error(`That is more than ${SHARE_MAX * 100} %. (On a busy machine, ask for more rounds.)`)
  process.exitCode = 1
}

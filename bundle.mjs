/**
 * Joins the compiled files of the command, and the packages they use, into few: to find and link some six hundred small modules
 * takes node longer than a short run. Verbs stay apart, and are loaded when they are used. The library, `dist/index.js`, is left
 * as it is.
 * Usage: node bundle.mjs [DIST=dist], after tsc has written DIST
 * @module
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'

const [dist = 'dist'] = process.argv.slice(2)
const folder = join(dist, 'cli')

// It leaves a constant a constant, which V8 builds on: with `var` in its place a lookup in a large table takes a third longer.
const bundle = await rolldown({ input: join(folder, 'main.js'), platform: 'node' })
const { output } = await bundle.write({
  dir: folder, format: 'esm', entryFileNames: '[name].js', chunkFileNames: 'part-[hash].js',
  // Smaller text is read sooner; names stay, for reports of failures.
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
})
// All that was joined is in the parts now.
const written = new Set(output.map(({ fileName }) => fileName))
for (const name of readdirSync(folder)) if (!written.has(name)) rmSync(join(folder, name))

/** The licences of the packages that are in the parts, as these ask for. */
const packages = new Set(output.flatMap(({ moduleIds = [] }) => moduleIds)
  .map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/.][^/]*(?=\/)/.exec(path)?.[0]).filter((path) => path !== undefined))
const licences = [...packages].sort().map((path) => {
  const { name, version, license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
  const files = readdirSync(path).filter((file) => /^(licen[cs]e|notice)/i.test(file))
  return [`${name} ${version} (${license})`, ...files.map((file) => readFileSync(join(path, file), 'utf8'))].join('\n\n')
})
writeFileSync(join(folder, 'LICENCES.txt'), licences.join(`\n\n${'-'.repeat(80)}\n\n`))

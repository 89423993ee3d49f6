/**
 * Joins the compiled files of the command, and the packages they use, into few: to find and link some six hundred small modules
 * takes node longer than a short run. Verbs stay apart, and are loaded when they are used. The library, `dist/index.js`, is left
 * as it is.
 * Usage: node bundle.mjs [DIST=dist], after tsc has written DIST
 * @module
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'esbuild'

const [dist = 'dist'] = process.argv.slice(2)
const folder = join(dist, 'cli')

const { metafile } = await build({
  entryPoints: [join(folder, 'main.js')],
  bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20', outdir: folder, chunkNames: 'part-[hash]',
  // Smaller text is read sooner; names stay, for reports of failures.
  minifyWhitespace: true, minifySyntax: true,
  legalComments: 'none', metafile: true,
  // Some of them are CommonJS inside, and ask for modules of node.
  banner: { js: "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)" },
  allowOverwrite: true, logLevel: 'error',
})
// All that was joined is in the parts now.
const written = new Set(Object.keys(metafile.outputs).map((path) => basename(path)))
for (const name of readdirSync(folder)) if (!written.has(name)) rmSync(join(folder, name))

/** The licences of the packages that are in the parts, as these ask for. */
const packages = new Set(Object.keys(metafile.inputs)
  .map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/.][^/]*(?=\/)/.exec(path)?.[0]).filter((path) => path !== undefined))
const licences = [...packages].sort().map((path) => {
  const { name, version, license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
  const files = readdirSync(path).filter((file) => /^(licen[cs]e|notice)/i.test(file))
  return [`${name} ${version} (${license})`, ...files.map((file) => readFileSync(join(path, file), 'utf8'))].join('\n\n')
})
writeFileSync(join(folder, 'LICENCES.txt'), licences.join(`\n\n${'-'.repeat(80)}\n\n`))

/**
 * Joins the compiled files of the command, and the packages they use, into few: to find and link some six hundred small modules
 * takes node longer than a short run. Verbs stay apart, and are loaded when they are used. The library, `dist/index.js`, is left
 * as it is.
 * Usage: node bundle.mjs [DIST=dist], after tsc has written DIST
 * @module
 */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const [dist = 'dist'] = process.argv.slice(2)
const folder = join(dist, 'cli')
const before = readdirSync(folder).filter((name) => name !== 'main.js')

await build({
  entryPoints: [join(folder, 'main.js')],
  bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20', outdir: folder, chunkNames: 'part-[hash]',
  // Smaller text is read sooner; names stay, for reports of failures.
  minifyWhitespace: true, minifySyntax: true,
  // Packages may carry their licence in a comment.
  legalComments: 'inline',
  // Some of them are CommonJS inside, and ask for modules of node.
  banner: { js: "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)" },
  allowOverwrite: true, logLevel: 'error',
})
// All that was joined is in the parts now.
for (const name of before) rmSync(join(folder, name))

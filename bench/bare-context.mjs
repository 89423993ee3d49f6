/**
 * Runs the bundled core in a JavaScript context without process, require, Date or Intl: what a browser has, less its clock.
 * Only the sandboxed shell, which cannot be loaded without a clock, is given one, and that one stands still.
 * @module
 */
import { readFileSync } from 'node:fs'
import vm from 'node:vm'
import { rolldown } from 'rolldown'

/** What takes the place of the machine in the shell's own modules, and there alone. */
const SHELL_GLOBALS = 'globalThis, Date, performance, setTimeout, clearTimeout, setInterval, clearInterval'

/** Prepares a new context. TextEncoder gives arrays of the context's own realm, as it does in a browser. */
const PREPARE = `
  {
    const Encoder = TextEncoder
    globalThis.TextEncoder = class {
      encode(text) { return new Uint8Array(new Encoder().encode(text)) }
    }
    const RealDate = Date
    class StillDate extends RealDate {
      constructor(...parts) { super(...(parts.length === 0 ? [0] : parts)) }
      static now() { return 0 }
    }
    const never = () => 0
    globalThis.lvsimShellGlobals = Object.assign(Object.create(globalThis), {
      globalThis, Date: StillDate, performance: { now: () => 0 },
      setTimeout: never, clearTimeout: never, setInterval: never, clearInterval: never,
    })
    lvsimShellGlobals.globalThis = lvsimShellGlobals
    for (const name of ['Date', 'Intl', 'console', 'WebAssembly']) delete globalThis[name]
    // A draw from here would show in the hash: elsewhere this function is random.
    Math.random = () => 0.5
  }`

/** Built-in modules that a library names for Node are empty here; one that lvsim itself names stays an error. */
const bareWorld = {
  name: 'bare-world',
  resolveId(source, importer) {
    if (!source.startsWith('node:')) return undefined
    if (!importer?.includes('node_modules')) throw new Error(`${importer} asks for ${source}`)
    return `\0empty:${source}`
  },
  load(id) {
    if (id.startsWith('\0empty:')) return { code: 'module.exports = {}' }
    if (!/[\\/]just-bash[\\/]dist[\\/].*\.js$/.test(id)) return undefined
    return { code: `const { ${SHELL_GLOBALS} } = lvsimShellGlobals\n${readFileSync(id, 'utf8')}` }
  },
}

/** Bundles the library from its source, for no platform in particular, as one script that defines `lvsim`. */
export async function bundleCore(entry) {
  const bundle = await rolldown({
    input: entry, platform: 'browser', plugins: [bareWorld],
    transform: { target: 'es2022', define: { 'process.env.NODE_ENV': '"production"' } },
  })
  const { output } = await bundle.generate({ format: 'iife', name: 'lvsim', codeSplitting: false })
  return output[0].code
}

/** Runs or compares a scenario's text (`verb`) by the bundle, in a context of its own. Resolves to what the library gives. */
export async function runInBareContext(bundle, { verb, text, fileName }) {
  const context = vm.createContext({ TextEncoder, TextDecoder, URL, AbortController, text, fileName })
  vm.runInContext(PREPARE, context)
  const missing = vm.runInContext('[typeof process, typeof require, typeof Date].join()', context)
  if (missing !== 'undefined,undefined,undefined') throw new Error(`the context is not bare: ${missing}`)
  vm.runInContext(bundle, context, { filename: 'lvsim-bundle.js' })
  return await vm.runInContext(`lvsim.${verb}ScenarioText(text, { fileName })`, context)
}

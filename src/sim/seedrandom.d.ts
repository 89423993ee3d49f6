/**
 * The one function of seedrandom that lvsim uses; the package brings no types.
 * @module
 */
declare module 'seedrandom/lib/alea.js' {
  export default function alea(seed: string): () => number
}

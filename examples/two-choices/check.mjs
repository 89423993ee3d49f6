/** Tries the laws that this scheduler is meant to keep; says which are broken, and by what counterexample. */
import { checkScheduler } from 'lvsim/laws'
import { schedulers } from './scheduler.mjs'

const KEPT = [
  'drained', 'overloaded', 'removed', 'serves', 'fallback', 'replay', 'strangers',
  'busier-never-preferred', 'two-choices-tail', 'share-by-weight', 'scaled-weights', 'idle-edit',
  'persistent-client', 'persistent-network', 'persistent-ports',
]

const { text, broken } = checkScheduler(schedulers.twochoices, { laws: process.argv.includes('--all') ? 'all' : KEPT })
console.log(text)
if (KEPT.some((law) => broken.includes(law))) process.exitCode = 1

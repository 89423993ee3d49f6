/**
 * Every law there is, with its counterexamples.
 * @module
 */
import { COMMON_LAWS, type CommonLawName } from './common-laws.ts'
import { COUNTEREXAMPLES } from './counterexamples.ts'
import { HASH_LAWS, type HashLawName } from './hash-laws.ts'
import type { Law, LawText } from './law.ts'
import { LOAD_LAWS, type LoadLawName } from './load-laws.ts'
import { LOCALITY_LAWS, type LocalityLawName } from './locality-laws.ts'
import { ORDER_LAWS, type OrderLawName } from './order-laws.ts'
import { PERSISTENCE_LAWS, type PersistenceLawName } from './persistence-laws.ts'
import { SYMMETRY_LAWS, type SymmetryLawName } from './symmetry-laws.ts'
import { TURN_LAWS, type TurnLawName } from './turn-laws.ts'

/** The name of a law. */
export type LawName =
  | CommonLawName | TurnLawName | LoadLawName | OrderLawName | SymmetryLawName | HashLawName | LocalityLawName
  | PersistenceLawName

const TEXTS: readonly LawText<LawName>[] = [
  ...COMMON_LAWS, ...TURN_LAWS, ...LOAD_LAWS, ...ORDER_LAWS, ...SYMMETRY_LAWS, ...HASH_LAWS, ...LOCALITY_LAWS,
  ...PERSISTENCE_LAWS,
]

/** Every law, group by group. */
export const LAWS: readonly Law<LawName>[] = TEXTS.map((law) => ({ ...law, brokenBy: COUNTEREXAMPLES[law.name] ?? [] }))

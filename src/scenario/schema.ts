/**
 * The schema of `*.lvs.yaml`: the one source of its types, its validation and its JSON Schema.
 * @module
 */
import { z } from 'zod'
import { checkSchema } from './schema-check.ts'
import { clusterSchema } from './schema-cluster.ts'
import { hostSchema, linkSchema, segmentSchema } from './schema-network.ts'
import { compareSchema, eventSchema, limitsSchema, observationSchema } from './schema-run.ts'
import { trafficSchema } from './schema-traffic.ts'
import { durationValue, hostName, longTextValue, mapOf, segmentName, textValue } from './schema-values.ts'

/** Sections that map names to items. */
export const MAP_SECTIONS = { segments: segmentSchema, hosts: hostSchema } as const
/** Sections that list items. */
export const LIST_SECTIONS = {
  links: linkSchema,
  traffic: trafficSchema,
  events: eventSchema,
  observe: observationSchema,
  expect: checkSchema,
} as const
/** The rest: single values. */
export const SINGLE_SECTIONS = {
  name: textValue.optional().describe('Name of the scenario; that of the file unless given.'),
  about: longTextValue.optional().describe('What it shows.'),
  seed: textValue.prefault('1').describe('Seed of all chance; number or text.'),
  duration: durationValue.optional()
    .describe('How long the run lasts. Unless given, it ends 1 s after traffic, events and observations are over.'),
  limits: limitsSchema.prefault({}).describe('What stops a runaway run.'),
  cluster: clusterSchema.optional(),
  compare: compareSchema.optional().describe('The modes that `lvsim compare` runs side by side; all of them unless given.'),
} as const

/** A whole scenario file. */
export const scenarioSchema = z
  .strictObject({
    name: SINGLE_SECTIONS.name,
    about: SINGLE_SECTIONS.about,
    seed: SINGLE_SECTIONS.seed,
    duration: SINGLE_SECTIONS.duration,
    limits: SINGLE_SECTIONS.limits,
    segments: mapOf(segmentName, MAP_SECTIONS.segments).prefault({}).describe('Ethernet segments by name.'),
    links: z.array(LIST_SECTIONS.links).default([]).describe('Cables between two interfaces.'),
    hosts: mapOf(hostName, MAP_SECTIONS.hosts).prefault({}).describe('Hosts by name.'),
    cluster: SINGLE_SECTIONS.cluster,
    traffic: z.array(LIST_SECTIONS.traffic).default([]).describe('What clients do.'),
    events: z.array(LIST_SECTIONS.events).default([]).describe('What happens at given moments.'),
    observe: z.array(LIST_SECTIONS.observe).default([]).describe('Commands whose output is shown.'),
    expect: z.array(LIST_SECTIONS.expect).default([]).describe('What must hold at the end.'),
    compare: SINGLE_SECTIONS.compare,
  })
  .meta({ title: 'lvsim scenario' })

/** The JSON Schema (draft-07) of scenario files, for editors and for `lvsim schema`. */
export function scenarioJsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(scenarioSchema, { target: 'draft-7', io: 'input' })
}

/**
 * Schema of the frame of a run: its limits, timed events, observations, and what is compared.
 * @module
 */
import { z } from 'zod'
import { DEFAULT_LIMITS, type RunLimits } from '../sim/limits.ts'
import { cableChange } from './schema-network.ts'
import { MODES } from './schema-check.ts'
import { countValue, durationValue, hostName, labelName, nicRef, refuse, scriptValue, segmentName } from './schema-values.ts'

/** Limits of a run. */
export const limitsSchema = z
  .strictObject({
    events: countValue(1, 9_000_000_000_000).optional().describe('Events in all.'),
    time: durationValue.optional().describe('Simulated time.'),
    packets: countValue(1, 100_000_000).optional().describe('Packets alive at once.'),
    events_at_one_instant: countValue(1, 1_000_000_000).optional().describe('Events without the clock moving.'),
  })
  .transform((value): RunLimits => ({
    eventsMax: value.events ?? DEFAULT_LIMITS.eventsMax,
    timeNsMax: value.time ?? DEFAULT_LIMITS.timeNsMax,
    livePacketsMax: value.packets ?? DEFAULT_LIMITS.livePacketsMax,
    eventsAtOneInstantMax: value.events_at_one_instant ?? DEFAULT_LIMITS.eventsAtOneInstantMax,
  }))

/** Something done at a moment. */
export const eventSchema = z
  .strictObject({
    at: durationValue,
    on: hostName.optional().describe('The host that runs `run`.'),
    run: scriptValue.optional(),
    nic: nicRef.optional().describe('The interface whose cable changes.'),
    state: z.enum(['up', 'down']).optional().describe('The cable of `nic` is plugged in or pulled.'),
    segment: segmentName.optional().describe('The segment whose cables change.'),
    ...cableChange,
  })
  .transform((value, context) => {
    const { at: atNs, on, run, nic, segment, state, ...quantities } = value
    const change = {
      ...(state === undefined ? {} : { up: state === 'up' }),
      ...(quantities.rate === undefined ? {} : { rateBitsPerSecond: quantities.rate }),
      ...(quantities.delay === undefined ? {} : { delayNs: quantities.delay }),
      ...(quantities.loss === undefined ? {} : { lossProbability: quantities.loss }),
      ...(quantities.reorder === undefined ? {} : { reorderProbability: quantities.reorder }),
      ...(quantities.duplicate === undefined ? {} : { duplicateProbability: quantities.duplicate }),
    }
    const changes = Object.keys(change).length
    if (on !== undefined && run !== undefined && nic === undefined && segment === undefined && changes === 0) {
      return { kind: 'command' as const, atNs, on, run }
    }
    if (on === undefined && run === undefined && changes > 0) {
      if (nic !== undefined && segment === undefined) return { kind: 'nic' as const, atNs, ...nic, change }
      if (segment !== undefined && nic === undefined && state === undefined) {
        return { kind: 'segment' as const, atNs, segment, change }
      }
    }
    return refuse(context, 'an event is a command (`on`, `run`), or a change of cables (`nic` or `segment`, and what changes)')
  })

/** A command whose output is shown. */
export const observationSchema = z
  .strictObject({
    name: labelName.optional().describe('For expectations; the command unless given.'),
    at: z
      .union([z.literal('end'), durationValue])
      .meta({ title: '`end` or a duration such as 5s' })
      .default('end'),
    on: hostName,
    run: scriptValue,
  })
  .transform(({ name, at, on, run }) => ({ name: name ?? run.trim(), at: at === 'end' ? at : { ns: at }, on, run }))

/** What `compare` runs. */
export const compareSchema = z.strictObject({
  modes: z.array(z.enum(MODES)).min(1).max(MODES.length).default([...MODES]),
})

/** A timed event. */
export type EventSpec = z.output<typeof eventSchema>
/** An observation; `at` is the end of the run, or nanoseconds after its beginning. */
export type ObservationSpec = z.output<typeof observationSchema>

/**
 * A lab as the text of its file: one step or frame a line.
 * @module
 */
import type { Lab } from './lab.ts'

/** JSON with a line for each step and each frame. */
export function formatLab(lab: Lab): string {
  const { name, family, title, topology, capture, steps, packets, settle } = lab
  const lines = [`{"name":${json(name)},"family":${json(family)},`]
  if (title !== undefined) lines.push(`"title":${json(title)},`)
  lines.push(`"topology":${json(topology)},`)
  if (capture !== undefined) lines.push(`"capture":${json(capture)},`)
  if (settle !== undefined) lines.push(`"settle":${json(settle)},`)
  lines.push(`"steps":[\n${steps.map(json).join(',\n')}\n]${packets === undefined ? '' : ','}`)
  if (packets !== undefined) {
    const lists = Object.entries(packets).map(([nic, frames]) => `${json(nic)}:[\n${frames.map(json).join(',\n')}\n]`)
    lines.push(`"packets":{${lists.join(',\n')}}`)
  }
  return `${lines.join('\n')}\n}\n`
}

function json(value: unknown): string {
  return JSON.stringify(value)
}

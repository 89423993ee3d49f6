/**
 * Every command that a shell of lvsim has beside the shell's own.
 * @module
 */
import type { Tool } from './tool.ts'
import { toolbox } from './toolbox.ts'

/** Tools by name. */
export const TOOLS: ReadonlyMap<string, Tool> = toolbox([])

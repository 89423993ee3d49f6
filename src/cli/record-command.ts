/**
 * `lvsim record`: plays labs and writes what happened.
 * @module
 */
import { join } from 'node:path'
import { parseLab } from '../scenario/lab/lab.ts'
import { formatLab } from '../scenario/lab/lab-text.ts'
import { playLab } from '../scenario/lab/play-lab.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { filesBelow, isFolder, readText, writeWhole } from './files.ts'
import { badUsage } from './load.ts'
import { print, say } from './terminal.ts'

/** Plays one lab, or every lab below a folder; a lab that cannot be played is reported, and the others go on. */
export async function recordCommand(path: string, options: { readonly out?: string }): Promise<ExitCode> {
  const files = filesBelow(path, '.json')
  if (!files.ok) {
    say(`lvsim: ${files.error.path}: ${files.error.message}`)
    return EXIT.io
  }
  if (isFolder(path) && options.out === undefined) return badUsage('a folder of labs needs -o OUT')
  if (files.value.length === 0) return badUsage(`there is no lab below ${path}`)
  let code: ExitCode = EXIT.ok
  for (const file of files.value) {
    const from = file === '' ? path : join(path, file)
    const result = await recordOne(
      from,
      options.out === undefined ? undefined : file === '' ? options.out : join(options.out, file),
    )
    if (result !== EXIT.ok) code = result
  }
  return code
}

async function recordOne(from: string, to: string | undefined): Promise<ExitCode> {
  const text = readText(from)
  if (!text.ok) {
    say(`lvsim: ${text.error.path}: ${text.error.message}`)
    return EXIT.io
  }
  const lab = parseLab(text.value)
  const played = lab.ok ? await playLab(lab.value) : lab
  if (!played.ok) {
    say(`lvsim: ${from}: ${played.error}`)
    return EXIT.invalid
  }
  if (to === undefined) {
    await print(formatLab(played.value))
    return EXIT.ok
  }
  const written = writeWhole(to, formatLab(played.value))
  if (written.ok) return EXIT.ok
  say(`lvsim: ${written.error.path}: ${written.error.message}`)
  return EXIT.io
}

/**
 * Splits a line of a restore file into words: blanks separate, double quotes keep together, and within them a backslash takes the
 * next character as it is (add_param_to_argv).
 * @module
 */

/** The words of a line. An unfinished quotation ends with the line. */
export function wordsOf(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let isQuoted = false
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i)
    if (isQuoted) {
      if (char === '"') isQuoted = false
      else word = (word ?? '') + (char === '\\' ? line.charAt(++i) : char)
    } else if (char === '"') {
      isQuoted = true
      word ??= ''
    } else if (char === ' ' || char === '\t') {
      if (word !== undefined) words.push(word)
      word = undefined
    } else {
      word = (word ?? '') + char
    }
  }
  if (word !== undefined) words.push(word)
  return words
}

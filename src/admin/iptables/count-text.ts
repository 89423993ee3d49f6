/**
 * How iptables and arptables print a counter (xtables_print_num, print_num).
 * @module
 */

/** Five digits at most, then thousands, millions and so on, rounded. */
export function rounded(value: number): string {
  if (value <= 99_999) return String(value)
  let scaled = value
  for (const unit of ['K', 'M', 'G']) {
    scaled = Math.floor((scaled + 500) / 1000)
    if (scaled <= 9999) return `${scaled}${unit}`
  }
  return `${Math.floor((scaled + 500) / 1000)}T`
}

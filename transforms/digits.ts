/** A text of at least this many UTF-16 units is collected in bytes. */
const LONG = 64

/**
 * The ASCII digits of a text, in order. Time and memory grow with its length: a replacement of all else keeps a list of its
 * matches, which is slow to collect where there are hundreds of thousands.
 */
export function digitsOf(text: string): string {
  if (text.length < LONG) {
    let digits = ''
    for (let at = 0; at < text.length; at++) if (isDigit(text.charCodeAt(at))) digits += text[at]
    return digits
  }
  const digits = Buffer.allocUnsafe(text.length)
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (isDigit(unit)) digits[count++] = unit
  }
  return digits.toString('latin1', 0, count)
}

const isDigit = (unit: number): boolean => unit >= 0x30 && unit <= 0x39

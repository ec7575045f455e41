/** What stands in a CSV file before its table: a line `sep=;` for spreadsheets, and lines that the policy skips. */
import { DELIMITER } from '../policy/input-form.ts'

export interface Lead {
  /** What the line `sep=` names. */
  readonly delimiter: string | undefined
  /** How many lines and bytes were taken from the text. */
  readonly lines: number
  readonly bytes: number
  /** The text behind them. Each piece holds until the next is asked for. */
  readonly text: AsyncGenerator<Uint8Array>
}

const LF = 0x0a
/** `sep=;`, in quotes or not, with its line break. */
const SEPARATOR = /^"?sep=([^\r\n])"?\r?\n/i
const SEPARATOR_BYTES = 9

/** What a line `sep=` at the start of a text names, and how long the line is; undefined where there is none. */
export function separatorIn(
  text: string,
): { readonly delimiter: string; readonly length: number } | undefined {
  const [line, sign] = SEPARATOR.exec(text) ?? []
  return sign !== undefined && DELIMITER.test(sign) ? { delimiter: sign, length: line!.length } : undefined
}

/** Takes the lead of a text; `skipLines` counts from the first line of the file, that of `sep=` too. */
export async function takeLead(text: AsyncGenerator<Uint8Array>, skipLines: number): Promise<Lead> {
  let held: Buffer = Buffer.alloc(0)
  let isOver = false
  const more = async (): Promise<void> => {
    const { value, done } = await text.next()
    if (done === true) isOver = true
    else held = Buffer.concat([held, value])
  }
  while (!isOver && held.length < SEPARATOR_BYTES) await more()
  const separator = separatorIn(held.toString('latin1', 0, SEPARATOR_BYTES))
  let lines = separator === undefined ? 0 : 1
  let bytes = separator?.length ?? 0
  held = held.subarray(bytes)
  let isWithin = false
  while (lines < skipLines) {
    const end = held.indexOf(LF)
    const taken = end < 0 ? held.length : end + 1
    bytes += taken
    held = held.subarray(taken)
    isWithin = end < 0 && (isWithin || taken > 0)
    if (end >= 0) lines++
    else if (isOver) break
    else await more()
  }
  // The last line of a file may have no break.
  if (isWithin) lines++
  return { delimiter: separator?.delimiter, lines, bytes, text: joined(held, text) }
}

async function* joined(head: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head
    yield* rest
  } finally {
    await rest.return(undefined)
  }
}

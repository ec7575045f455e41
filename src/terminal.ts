/** What a terminal needs: colours where they are wanted, text that is safe to show, columns that align. */
import { graphemeStarts } from '../transforms/graphemes.ts'

/** Whether colours go to `stream`: FORCE_COLOR, then NO_COLOR (https://no-color.org), TERM, then is it a terminal. */
export function wantsColour(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  const force = env['FORCE_COLOR']
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false'
  if ((env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb') return false
  return stream.isTTY === true
}

export type Paint = Readonly<
  Record<'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', (text: string) => string>
>

/** Colours for one stream; they leave text as it is where the stream wants none. */
export function paint(stream: { readonly isTTY?: boolean }): Paint {
  const on = wantsColour(stream)
  const sgr = (open: number, close: number) => (text: string) =>
    on && text !== '' ? `\u001b[${open}m${text}\u001b[${close}m` : text
  return {
    bold: sgr(1, 22),
    dim: sgr(2, 22),
    red: sgr(31, 39),
    green: sgr(32, 39),
    yellow: sgr(33, 39),
    cyan: sgr(36, 39),
  }
}

const HOSTILE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** Text of others made safe to show: controls, direction marks and lone surrogates become visible escapes. */
export function printable(text: string): string {
  return text.replace(HOSTILE, (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, '0')}`)
}

const SGR = /\u001b\[[0-9;]*m/g
// East Asian Wide and Fullwidth (UAX #11), by block.
const WIDE =
  /^(?:[\u1100-\u115f\u231a\u231b\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{17000}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})/u
const NOTHING = /^[\p{M}\p{Cf}]+$/u
const PLAIN = /^[\x20-\x7e]*$/

/** The grapheme clusters of a text, one by one. */
function* clusters(text: string): Generator<string> {
  const starts = graphemeStarts(text)
  if (starts === undefined) yield* text
  else for (const [index, start] of starts.entries()) yield text.slice(start, starts[index + 1])
}

function clusterWidth(cluster: string): number {
  return NOTHING.test(cluster) ? 0 : WIDE.test(cluster) || cluster.includes('\ufe0f') ? 2 : 1
}

/** How many columns of a terminal `text` takes, colours not counted. */
export function displayWidth(text: string): number {
  const bare = text.replace(SGR, '')
  if (PLAIN.test(bare)) return bare.length
  let width = 0
  for (const cluster of clusters(bare)) width += clusterWidth(cluster)
  return width
}

/** `text` filled with spaces to `width` columns. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const gap = ' '.repeat(Math.max(0, width - displayWidth(text)))
  return align === 'left' ? text + gap : gap + text
}

/** Cuts `text` (no colours in it) to `width` columns, with an ellipsis where something was cut. */
export function shorten(text: string, width: number): string {
  let kept = ''
  let taken = 0
  /** What fits only if nothing comes behind it. */
  let last = ''
  for (const cluster of clusters(text)) {
    taken += clusterWidth(cluster)
    if (taken > width) return `${kept}…`
    if (taken <= width - 1 && last === '') kept += cluster
    else last += cluster
  }
  return text
}

/** Rows as aligned lines, two spaces between columns. `right` names the columns (from 0) that align right. */
export function columns(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, displayWidth(cell))
    })
  }
  return rows.map((row) =>
    row
      .map((cell, i) => pad(cell, widths[i]!, right.includes(i) ? 'right' : 'left'))
      .join('  ')
      .trimEnd(),
  )
}

/** Breaks plain text at spaces into lines of at most `width` columns; a longer word stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && displayWidth(line) + 1 + displayWidth(word) > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  if (line !== '') lines.push(line)
  return lines
}

/**
 * Text in Markdown (CommonMark, with the tables of GitHub) that cannot be taken for markup: no cell, link or tag comes of
 * it, and no other letter shows than those that were given.
 */
import { printable } from '../terminal.ts'

/** What ends or bends a code span in a table: these stand outside of it, as entities, which are never markup. */
const OUTSIDE = /([`|\\])/

/**
 * Text of others, as code on one line; `–` where it is empty. Within a code span nothing is markup but the backtick, and a
 * pipe or a backslash may end a cell.
 */
export function code(text: string): string {
  // Runs of blanks would be one when they are shown, and blanks alone nothing.
  const shown = printable(text)
  if (shown.trim() === '') return '–'
  return shown
    .split(OUTSIDE)
    .filter((piece) => piece !== '')
    .map((piece) => (OUTSIDE.test(piece) ? entity(piece) : span(piece)))
    .join('')
}

/** A sentence of ours, whose backticks mark code: on one line, with everything else that could be markup as an entity. */
export function prose(text: string): string {
  return printable(text.replace(/\s+/g, ' ')).replace(/[&<>|\\*_[\]~#]/g, entity)
}

/** A row of a table; each cell is Markdown already. */
export function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => (cell === '' ? '–' : cell)).join(' | ')} |`
}

/** A blank at either end would be taken away, or keep the span from being one beside an entity. */
function span(piece: string): string {
  return piece.trim() === '' ? entity('\u00a0') : `\`${piece}\``
}

function entity(character: string): string {
  return `&#${character.codePointAt(0)};`
}

/** The block `input:` of a draft: how such files are read, and what was seen of it, as counts. */
import type { TableForm } from './sample.ts'
import { comment } from './yaml-text.ts'

export interface DraftInput {
  readonly encoding: string | undefined
  /** Of CSV. */
  readonly table: TableForm | undefined
  /** The delimiter that the policy need not state. */
  readonly implied: string
  /** Words for nothing, and how often each was met. */
  readonly nulls: readonly (readonly [word: string, count: number])[]
  /** How many cells hold a backslash as text dumps of databases write it. */
  readonly dumped: number
}

const number = new Intl.NumberFormat('en-US')
const many = (count: number, one: string, more: string): string =>
  `${number.format(count)} ${count === 1 ? one : more}`

/** Its lines; none where such files need no words. */
export function inputLines({ encoding, table, implied, nulls, dumped }: DraftInput): string[] {
  const lines: string[] = []
  const say = (note: string | undefined, word: string): void => {
    if (note !== undefined) lines.push(...comment(note, '  '))
    lines.push(`  ${word}`)
  }
  if (encoding !== undefined) say(undefined, `encoding: ${encoding}`)
  if (table !== undefined) tableWords(table, implied, say)
  if (nulls.length > 0)
    say(
      `Words for nothing, and how often each was met: ${nulls.map(([word, count]) => `${JSON.stringify(word)} ${count}`).join(', ')}. They leave as they are written.`,
      `nulls: [${nulls.map(([word]) => JSON.stringify(word)).join(', ')}]`,
    )
  if (table?.mayEscape === true)
    lines.push(
      ...comment(
        'UNDECIDED: backslashes stand in quotes before quotes or others. Where they are escapes, add `escape: backslash`; both ways read all rows, to other values.',
        '  ',
      ),
    )
  if (table?.delimiter === '\t' && dumped > 0)
    lines.push(
      ...comment(
        `${many(dumped, 'cell holds a backslash sequence', 'cells hold backslash sequences')} such as \\t or \\\\, as text dumps of databases do. They stay as they are written: such a value gets another token than elsewhere, and JSON with quotes in its texts cannot be read. An export as CSV has the values themselves (docs/files.md).`,
        '  ',
      ),
    )
  if (lines.length === 0) return []
  // What has no word would make an empty block.
  const isBlock = lines.some((line) => !line.trimStart().startsWith('#'))
  return isBlock ? ['# How such files are read.', 'input:', ...lines] : lines.map((line) => line.trimStart())
}

function tableWords(
  table: TableForm,
  implied: string,
  say: (note: string | undefined, word: string) => void,
): void {
  const { delimiter, quote, escape: escapes, header, skipLines, comment: sign } = table
  if (delimiter !== implied) say(undefined, `delimiter: ${JSON.stringify(delimiter)}`)
  if (quote !== undefined)
    say(
      `${many(table.strayQuotes, 'cell holds', 'cells hold')} quotes that enclose nothing.`,
      `quote: ${quote}`,
    )
  if (escapes !== undefined) say('In quotes, a backslash stands before quotes.', `escape: ${escapes}`)
  if (skipLines !== undefined)
    say(`${many(skipLines, 'line stands', 'lines stand')} above the table.`, `skipLines: ${skipLines}`)
  if (sign !== undefined)
    say(`${many(table.comments, 'line begins', 'lines begin')} with it.`, `comment: ${JSON.stringify(sign)}`)
  if (header !== undefined)
    say(
      table.noHeader === undefined
        ? undefined
        : `The file has no header: ${table.noHeader}. Give the columns names, here and in the fields. Is it a header after all, draft again with --trust-header.`,
      `header: [${header.map((name) => JSON.stringify(name)).join(', ')}]`,
    )
}

/** The header of a CSV file: its names, and what is wrong where there are none. No name is shown. */
import { isUtf8 } from 'node:buffer'
import { LetheError, type RecordCode } from '../errors.ts'
import { likelyEncoding } from '../files/magic.ts'
import type { Records } from '../files/splitter.ts'
import { CsvWalker } from '../record/csv/csv-walker.ts'

export interface TableHeader {
  readonly names: readonly string[]
  readonly lineBreak: '\n' | '\r\n'
  /** What it takes of the piece, with its line break. */
  readonly bytes: number
  readonly lines: number
}

const WHY: Partial<Record<RecordCode, string>> = {
  'csv-quote-unclosed': 'a quote in its header never closes',
  'csv-syntax': 'a quote or a lone carriage return stands in its header where RFC 4180 does not allow one',
  'record-too-large': 'its header is longer than a record may be',
}

export function headerError(input: string, code: RecordCode): LetheError {
  return new LetheError(
    'header-invalid',
    `${input}: ${WHY[code] ?? 'its header cannot be read'}`,
    'correct line 1',
  )
}

function encodingError(input: string, row: Uint8Array): LetheError {
  const likely = likelyEncoding(row)
  return new LetheError(
    'header-invalid',
    `${input}: its header is not valid UTF-8`,
    likely === undefined
      ? 'name its encoding in `input:` of the policy, e.g. `encoding: windows-1251`, or convert it first with iconv -f'
      : `say \`encoding: ${likely}\` in \`input:\` of the policy if that is right, or convert it first: iconv -f ${likely.toUpperCase()} -t UTF-8 FILE`,
  )
}

/** Reads the header at the start of the first piece of a file. Throws `LetheError`. */
export function readHeader(input: string, delimiter: string, piece: Records): TableHeader {
  const walker = new CsvWalker({ delimiter })
  const end = Math.min(walker.row(piece.bytes, 0, piece.length), piece.length)
  if (walker.code !== undefined) throw headerError(input, walker.code)
  const row = piece.bytes.subarray(0, walker.end)
  if (!isUtf8(row)) throw encodingError(input, row)
  const names: string[] = []
  for (let field = 0; field < walker.fields; field++) {
    const text = Buffer.from(row.subarray(walker.starts[field]!, walker.ends[field]!)).toString('utf8')
    names.push(walker.quoted[field] === 1 ? text.replaceAll('""', '"') : text)
  }
  const lines = Buffer.from(row).toString('latin1').split('\n').length
  return { names, lineBreak: piece.bytes[walker.end] === 0x0d ? '\r\n' : '\n', bytes: end, lines }
}

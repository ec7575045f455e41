/** Lists of SHA-256 digests: one a line, or a column `Hash` of CSV as registers give it, with `ID` for the work item. */
import { invalid } from './file-lines.ts'

export type HashForm = 'sha256-hex' | 'sha256-base64'

export interface HashRow {
  /** Undefined where the file has no such column. */
  readonly id: string | undefined
  readonly digest: Buffer
}

const HEX = /^[0-9a-fA-F]{64}$/
/** 32 bytes are 43 characters, of which the last holds four bits, and one of padding. */
const BASE64 = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/
const BASE64URL = /^[A-Za-z0-9_-]{43}=?$/

const NAMES: Readonly<Record<HashForm, string>> = { 'sha256-hex': 'hex', 'sha256-base64': 'Base64' }

/** Reads the lines of one file. */
export class HashedLines {
  readonly #file: string
  readonly #form: HashForm
  #columns: { readonly hash: number; readonly id: number; readonly count: number } | undefined

  constructor(file: string, form: HashForm) {
    this.#file = file
    this.#form = form
  }

  /** Undefined for a header and for an empty line. @throws LetheError (usage) where it is no digest in the form */
  row(line: string, number: number): HashRow | undefined {
    if (line.trim() === '') return undefined
    if (number === 1 && this.#isHeader(line)) return undefined
    if (this.#columns === undefined) return { id: undefined, digest: this.#digest(line.trim(), number) }
    const { hash, id, count } = this.#columns
    const cells = cellsOf(line)
    if (cells.length !== count)
      throw invalid(this.#file, number, `it has ${cells.length} cells, and the header ${count}`)
    return { id: id < 0 ? undefined : cells[id]!, digest: this.#digest(cells[hash]!, number) }
  }

  #isHeader(line: string): boolean {
    const names = cellsOf(line).map((name) => name.toLowerCase())
    const hash = names.indexOf('hash')
    if (hash < 0) return false
    this.#columns = { hash, id: names.indexOf('id'), count: names.length }
    return true
  }

  #digest(text: string, number: number): Buffer {
    if (this.#form === 'sha256-hex' && HEX.test(text)) return Buffer.from(text, 'hex')
    if (this.#form === 'sha256-base64' && BASE64.test(text)) return Buffer.from(text, 'base64')
    const found = HEX.test(text)
      ? 'hex'
      : BASE64.test(text)
        ? 'Base64'
        : BASE64URL.test(text)
          ? 'Base64url'
          : undefined
    const other = found === 'hex' ? 'sha256-hex' : found === 'Base64' ? 'sha256-base64' : undefined
    throw invalid(
      this.#file,
      number,
      found === undefined
        ? `this is no SHA-256 digest in ${NAMES[this.#form]}`
        : `a digest in ${found} stands where the policy says ${NAMES[this.#form]}`,
      other === undefined
        ? 'one digest a line, or CSV with a column `Hash`'
        : `entries: ${other} in the policy`,
    )
  }
}

/** Cells of digests, ids and names hold neither commas nor quotes. */
const cellsOf = (line: string): string[] =>
  line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))

/** Reads `input:`: how the bytes of files become cells, and which words stand for nothing. */
import { entryOf, type TreeNode, textOf } from './document.ts'
import { type Findings, quote, type TextPosition } from './problems.ts'

/** How the bytes of a file become records. What is undefined, the file tells, or CSV as RFC 4180 writes it. */
export interface InputForm {
  /** The platform's name of it, lower-case. Undefined: UTF-8, or UTF-16 where a byte order mark says so. */
  readonly encoding?: string | undefined
  /** One ASCII character. Undefined: a comma, or a tab where the name of the file says so. */
  readonly delimiter?: string | undefined
  /** `none`: a quote is an ordinary character. */
  readonly quote?: 'none' | undefined
  /** `backslash`: in quotes it stands before a quote, or before itself. */
  readonly escape?: 'backslash' | undefined
  /** The names of the columns of files that have none. */
  readonly header?: readonly string[] | undefined
  /** Count of lines at the start of a file that do not belong to the table. */
  readonly skipLines?: number | undefined
  /** One ASCII character: a line that begins with it is not a row. */
  readonly comment?: string | undefined
  /** Words that stand for nothing, in records of any format; sorted. */
  readonly nulls?: readonly string[] | undefined
}

/** The platform's name for an encoding that it can decode; undefined where it has none for this label. */
export function encodingOf(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding
  } catch {
    return undefined
  }
}

/** One ASCII character that ends no line and is not a quote. */
export const DELIMITER: RegExp = /^[\t\x20\x21\x23-\x7e]$/

export const ENCODINGS_HINT =
  'a label of the WHATWG Encoding Standard, e.g. windows-1252, shift_jis, utf-16le'

/** One ASCII character that a row may not begin with by chance: no letter, digit, blank or quote. */
export const COMMENT: RegExp = /^[!#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]$/

/** Why these words cannot stand together, and which of them is at fault; undefined where they can. */
export function contradictionIn({
  delimiter,
  quote: quotes,
  escape: escapes,
  comment,
}: InputForm): { readonly word: 'escape' | 'comment'; readonly message: string } | undefined {
  if (quotes !== undefined && escapes !== undefined)
    return { word: 'escape', message: 'without quotes there is nothing to escape in them' }
  if (comment !== undefined && comment === delimiter)
    return { word: 'comment', message: 'the delimiter cannot begin a comment too' }
  return undefined
}

/** The most lines that may be skipped. */
export const MOST_SKIPPED = 1_000_000

/** Says what is wrong with the names of a header, if anything is. */
export function headerFault(names: readonly string[]): string | undefined {
  if (names.length === 0) return 'a header has a name at least'
  if (names.some((name) => /[\r\n]/.test(name))) return 'a name of a column holds no line break'
  return undefined
}

/** The words of `input:`; undefined where it says none. */
export function readInputForm(node: TreeNode | undefined, findings: Findings): InputForm | undefined {
  if (node?.kind !== 'map') return undefined
  const at = (word: string): TextPosition => entryOf(node, word)?.value.at ?? node.at
  const text = (word: string): string | undefined => textOf(entryOf(node, word)?.value)
  const label = text('encoding')
  const encoding = label === undefined ? undefined : encodingOf(label)
  if (label !== undefined && encoding === undefined)
    findings.add(
      at('encoding'),
      'bad-input',
      `${quote(label)} is not an encoding that this platform decodes`,
      ENCODINGS_HINT,
    )
  const names = entryOf(node, 'header')?.value
  const header =
    names?.kind === 'list' ? names.items.map((item) => (item.kind === 'scalar' ? item.text : '')) : undefined
  const fault = header && headerFault(header)
  if (fault !== undefined) findings.add(at('header'), 'bad-input', fault)
  const lines = entryOf(node, 'skipLines')?.value
  const words = entryOf(node, 'nulls')?.value
  const form: InputForm = {
    encoding,
    delimiter: text('delimiter'),
    quote: text('quote') === 'none' ? 'none' : undefined,
    escape: text('escape') === 'backslash' ? 'backslash' : undefined,
    header,
    skipLines: lines?.kind === 'scalar' && typeof lines.value === 'number' ? lines.value : undefined,
    comment: text('comment'),
    nulls:
      words?.kind === 'list'
        ? words.items.map((item) => (item.kind === 'scalar' ? item.text : '')).sort()
        : undefined,
  }
  const contradiction = contradictionIn(form)
  if (contradiction !== undefined)
    findings.add(at(contradiction.word), 'bad-input', contradiction.message, 'leave one of them out')
  return Object.values(form).every((word) => word === undefined) ? undefined : form
}

/** Reads `input:`: how the bytes of files become cells, and which words stand for nothing. */
import { entryOf, type TreeNode } from './document.ts'
import { type Findings, quote } from './problems.ts'

/** How the bytes of a file become records. What is undefined, the file tells, or CSV as RFC 4180 writes it. */
export interface InputForm {
  /** The platform's name of it, lower-case. Undefined: UTF-8, or UTF-16 where a byte order mark says so. */
  readonly encoding?: string | undefined
  /** One ASCII character. Undefined: a comma, or a tab where the name of the file says so. */
  readonly delimiter?: string | undefined
}

/** The platform's name for an encoding that it can decode; undefined where it has none for this label. */
export function encodingOf(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding
  } catch {
    return undefined
  }
}

/** One ASCII character that ends no line and is no quote. */
export const DELIMITER: RegExp = /^[\t\x20\x21\x23-\x7e]$/

export const ENCODINGS_HINT =
  'a label of the WHATWG Encoding Standard, e.g. windows-1252, shift_jis, utf-16le'

const textOf = (node: TreeNode | undefined): string | undefined =>
  node?.kind === 'scalar' && typeof node.value === 'string' ? node.text : undefined

/** The words of `input:`; undefined where it says none. */
export function readInputForm(node: TreeNode | undefined, findings: Findings): InputForm | undefined {
  if (node?.kind !== 'map') return undefined
  const label = entryOf(node, 'encoding')?.value
  let encoding: string | undefined
  if (label?.kind === 'scalar' && typeof label.value === 'string') {
    encoding = encodingOf(label.text)
    if (encoding === undefined)
      findings.add(
        label.at,
        'bad-input',
        `${quote(label.text)} is no encoding that this platform decodes`,
        ENCODINGS_HINT,
      )
  }
  const form: InputForm = { encoding, delimiter: textOf(entryOf(node, 'delimiter')?.value) }
  return Object.values(form).every((word) => word === undefined) ? undefined : form
}

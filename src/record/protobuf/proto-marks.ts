/**
 * What a text of a .proto file is made of, before it is parsed: its size, and its syntax. One pass, since a pattern of many
 * comments or quotes may take time without end.
 */

export interface ProtoMarks {
  /** How deep braces nest. */
  readonly depth: number
  /** How many statements end. */
  readonly statements: number
  /** How many of them stand side by side in one pair of braces, at most; those of enums and services aside. */
  readonly widest: number
  /** Commas and colons: entries of lists, such as those of `reserved`, and of values of options. */
  readonly entries: number
  /** The statement that stands first, with its text in quotes: `syntax = "proto3"`. */
  readonly first: string
}

/** As long as a first statement that says the syntax is, with its spaces. */
const MOST_FIRST = 200

/** What begins the statement that opens braces, where what stands in them is parsed in a time that grows with its length. */
const LINEAR = /^\s*(?:enum|service)\s/

/** Comments and texts in quotes are those of the parser: a text may hold line breaks. */
export function marksOf(text: string): ProtoMarks {
  let [deepest, statements, widest, entries] = [0, 0, 0, 0]
  /** Statements of each pair of braces that is open; first those outside of all. */
  const open = [0]
  /** Where the statement begins that is being read. */
  let began = 0
  let first = ''
  for (let at = 0; at < text.length; at++) {
    const mark = text[at]!
    const next = text[at + 1]
    let end = at
    if (mark === '/' && (next === '/' || next === '*')) {
      const close = next === '/' ? text.indexOf('\n', at) : text.indexOf('*/', at + 2)
      const isFirst = text.slice(began, Math.min(at, began + MOST_FIRST)).trim() === ''
      at = close < 0 ? text.length : next === '/' ? close : close + 1
      if (isFirst) began = at + 1
      if (statements === 0 && first.length < MOST_FIRST) first += ' '
      continue
    }
    if (mark === '"' || mark === "'") {
      for (end++; end < text.length && text[end] !== mark; end++) if (text[end] === '\\') end++
    } else if (mark === '{') {
      open.push(LINEAR.test(text.slice(began, began + MOST_FIRST)) ? Number.NEGATIVE_INFINITY : 0)
      deepest = Math.max(deepest, open.length - 1)
    } else if (mark === '}') {
      // One that closes nothing is the parser's to refuse.
      if (open.length > 1) open.pop()
    } else if (mark === ';') {
      statements++
      widest = Math.max(widest, ++open[open.length - 1]!)
    } else if (mark === ',' || mark === ':') entries++
    if (mark === '{' || mark === '}' || mark === ';') began = end + 1
    if (statements === 0 && first.length < MOST_FIRST) first += text.slice(at, end + 1)
    at = end
  }
  return { depth: deepest, statements, widest, entries, first: first.trim() }
}

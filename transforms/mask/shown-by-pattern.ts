/**
 * How many characters a pattern leaves readable at the start and at the end of a value, where that can be proved.
 * Most patterns say what they hide and not what they leave: `-` leaves a phone number as good as whole. Proved are
 * patterns that match any character, and anchored ones (`^…$`) whose open parts all lie in groups that are hidden.
 */
export interface Shown {
  readonly first: number
  readonly last: number
}

/** A piece of a pattern: the most characters of the value that it takes, and whether they are hidden. */
interface Piece {
  readonly most: number
  readonly hidden: boolean
}

/** Any character, with or without line breaks. */
const ANY = /^(?:\.|\[\\s\\S\]|\[\\S\\s\]|\[\\d\\D\]|\[\\w\\W\])(?:\+|\{1,\})?$/
const FLAGS = /^\(\?[is]+\)/
const QUANTIFIER = /^(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})[?]?/
const ATOM =
  /^(?:\\[pP](?:\{[^}]*\}|[A-Za-z])|\\[dDwWsS]|\[\^?\]?(?:\[:[^\]]*:\]|\\.|[^\\\]])*\]|\\[^A-Za-z0-9]|[^\\[\](){}*+?|^$])/u
/** An atom that stands for one certain character: it tells nothing that the pattern does not say itself. */
const LITERAL = /^(?:\\[^A-Za-z0-9]|[^\\[.])$/u

/** Undefined where it cannot be proved. `source` is a pattern that RE2 has compiled, or is refused anyway. */
export function shownByPattern(source: string, masks: 'match' | 'groups'): Shown | undefined {
  const flags = FLAGS.exec(source)?.[0] ?? ''
  const body = source.slice(flags.length)
  if (masks === 'match' && ANY.test(body)) return { first: 0, last: 0 }
  if (!body.startsWith('^') || !body.endsWith('$') || body.endsWith('\\$')) return undefined
  const pieces = piecesOf(body.slice(1, -1))
  if (pieces === undefined) return undefined
  if (masks === 'match') return { first: 0, last: 0 }
  const firstHidden = pieces.findIndex((piece) => piece.hidden)
  const lastHidden = pieces.findLastIndex((piece) => piece.hidden)
  if (firstHidden < 0) return undefined
  const count = (some: readonly Piece[]) =>
    some.reduce((sum, { most, hidden }) => sum + (hidden ? 0 : most), 0)
  const shown = { first: count(pieces.slice(0, lastHidden)), last: count(pieces.slice(lastHidden)) }
  return Number.isFinite(shown.first + shown.last) ? shown : undefined
}

/** The pieces of a sequence without alternatives and without groups inside groups. */
function piecesOf(source: string): Piece[] | undefined {
  const pieces: Piece[] = []
  let rest = source
  while (rest !== '') {
    let most: number
    let hidden = false
    if (rest.startsWith('(')) {
      const opening = /^\((\?:|\?P?<[A-Za-z0-9_]+>|(?!\?))/.exec(rest)
      if (opening === null) return undefined
      hidden = opening[1] !== '?:'
      let inner = rest.slice(opening[0].length)
      most = 0
      while (!inner.startsWith(')')) {
        const one = takeAtom(inner)
        if (one === undefined) return undefined
        most += one.most
        inner = one.rest
      }
      rest = inner.slice(1)
      const times = takeQuantifier(rest)
      most = most === 0 ? 0 : most * times.most
      rest = times.rest
    } else {
      const one = takeAtom(rest)
      if (one === undefined) return undefined
      most = one.most
      rest = one.rest
    }
    pieces.push({ most, hidden })
  }
  return pieces
}

function takeAtom(source: string): { most: number; rest: string } | undefined {
  const atom = ATOM.exec(source)?.[0]
  if (atom === undefined) return undefined
  const { most, rest } = takeQuantifier(source.slice(atom.length))
  // A certain character may still be counted: how often `a*` matched is the value's own.
  return { most: LITERAL.test(atom) && most === 1 ? 0 : most, rest }
}

function takeQuantifier(source: string): { most: number; rest: string } {
  const found = QUANTIFIER.exec(source)
  if (found === null) return { most: 1, rest: source }
  const rest = source.slice(found[0].length)
  const sign = found[0][0]
  if (sign === '?') return { most: 1, rest }
  if (sign !== '{') return { most: Number.POSITIVE_INFINITY, rest }
  const [, least, comma, most] = found
  return { most: comma === undefined ? Number(least) : most ? Number(most) : Number.POSITIVE_INFINITY, rest }
}

/**
 * Paths: which value of a record a rule means. `a.b` is a member of an object, `items[].sku` a member of
 * every element, `prices.*` every member of a map, `prices.$names` the names of that map. A name that
 * holds one of `. [ ] * "`, white space or a control character, is empty, or starts with `$` is written
 * as a JSON string: `a."b.c"`. `Comment[2]` is the second of several columns of that name, in CSV alone. Beside the
 * record's value stand `$key`, `$timestamp` and `$headers.name`; `$key.id` is a member of a key that is JSON. Of a change
 * event, in which paths speak of the row, `$change.op` and `$change.source.table` stand beside its images.
 *
 * A pattern is a path with `*` in a name (`address_*`, `"Custom field ("*")"`) or with `**`, which stands for any names
 * and elements, also none (`**.email`). What patterns match is in `patterns.ts`.
 */

export type Segment =
  | { readonly kind: 'name'; readonly name: string }
  /** `[]`: every element of an array. */
  | { readonly kind: 'element' }
  /** `.*`: every member of a map. */
  | { readonly kind: 'member' }
  /** `.$names`, last only: the names of the map's members. */
  | { readonly kind: 'names' }
  /** A name with `*` in it: the texts around each `*`, in order. */
  | { readonly kind: 'like'; readonly pieces: readonly string[] }
  /** `**`: any names and elements, or none. */
  | { readonly kind: 'any' }
  /** Whatever carries this tag in the schema that wrote the record. */
  | { readonly kind: 'tag'; readonly tag: string }

export interface Path {
  /** Canonical: two paths are the same if their texts are. */
  readonly text: string
  /** Of an envelope path: empty, but for a header, where it is the header's name, and for members of a JSON key or a change event. */
  readonly segments: readonly Segment[]
  /** Set where the path does not lead into the record's value. */
  readonly envelope?: 'key' | 'timestamp' | 'header' | 'change'
  /** Set where it is a column by name and number: its one segment is the whole text, and no JSON has it. */
  readonly isColumn?: true
  /** Set where it holds `*` in a name, or `**`. */
  readonly isPattern?: true
  /** Set where it stands for the fields that carry this tag: its one segment says so. */
  readonly tag?: string
}

/** What stands for the fields that carry a tag: no path that a policy writes has such a text. */
export const tagPath = (tag: string): Path => ({
  text: `$tags.${tag}`,
  segments: [{ kind: 'tag', tag }],
  tag,
})

/** Why a text is not a path. The sentence quotes at most the name at fault. */
export class PathError extends Error {
  readonly suggestion: string | undefined
  constructor(message: string, suggestion?: string) {
    super(message)
    this.suggestion = suggestion
  }
}

/** Records nest at most this deep, so a longer path would match nothing. */
export const MAX_SEGMENTS = 64
/** What one name costs is bounded by this. */
const MAX_STARS = 3
const BARE = /^[^$.[\]*"\s\p{Cc}][^.[\]*"\s\p{Cc}]*/u
/** With the `u` flag only half of a pair matches. */
const SURROGATE = /\p{Cs}/u
const QUOTED = /^"(?:[^"\\]|\\.)*"/su

/** Writes segments canonically: names bare where they can be, as JSON strings where they cannot. */
export function printSegments(segments: readonly Segment[]): string {
  let text = ''
  for (const segment of segments) {
    if (segment.kind === 'element') {
      text += '[]'
      continue
    }
    if (text !== '') text += '.'
    text += printSegment(segment)
  }
  return text
}

function printSegment(segment: Exclude<Segment, { kind: 'element' }>): string {
  switch (segment.kind) {
    case 'name':
      return printName(segment.name)
    case 'member':
      return '*'
    case 'names':
      return '$names'
    case 'like':
      return segment.pieces.map((piece) => (piece === '' ? '' : printName(piece))).join('*')
    case 'any':
      return '**'
    case 'tag':
      return `$tags.${segment.tag}`
  }
}

export function printName(name: string): string {
  return BARE.exec(name)?.[0] === name ? name : JSON.stringify(name)
}

/** The path of these segments within the record's value. */
export function pathOf(segments: readonly Segment[]): Path {
  const text = printSegments(segments)
  return segments.some(isWild) ? { text, segments, isPattern: true } : { text, segments }
}

const isWild = ({ kind }: Segment): boolean => kind === 'like' || kind === 'any'

/** Reads a path as a policy writes it; throws `PathError`. */
export function parsePath(text: string): Path {
  if (text === '') throw new PathError('a path is empty')
  if (text === '$key') return { text, segments: [], envelope: 'key' }
  if (text.startsWith('$key.')) return keyPath(text)
  if (text.startsWith('$change.')) return changePath(text)
  if (text === '$timestamp') return { text, segments: [], envelope: 'timestamp' }
  if (text.startsWith('$headers.')) {
    const { name, length } = readName(text, 9)
    if (9 + length !== text.length)
      throw new PathError('a header is `$headers.` and one name, which is no pattern', '$headers.name')
    const segments: Segment[] = [{ kind: 'name', name }]
    return { text: `$headers.${printName(name)}`, segments, envelope: 'header' }
  }
  if (text.startsWith('$') && text !== '$names')
    throw new PathError(
      'beside the value a record has `$key`, `$key.name`, `$timestamp`, `$headers.name` and `$change.name` only',
      'write a name that starts with `$` as a JSON string',
    )
  const path = columnPath(text) ?? pathOf(readSegments(text))
  if (path.isPattern) checkPattern(path.segments)
  return path
}

function checkPattern(segments: readonly Segment[]): void {
  if (segments.some(({ kind }) => kind === 'member' || kind === 'names'))
    throw new PathError('a pattern does not run over a map (`.*`)', 'write the map or the pattern')
  const any = segments.findIndex(({ kind }) => kind === 'any')
  if (any < 0) return
  if (segments.findLastIndex(({ kind }) => kind === 'any') !== any)
    throw new PathError('a path holds `**` more than once', '**.email')
  const next = segments[any + 1]?.kind
  if (next !== 'name' && next !== 'like') throw new PathError('`**` leads to no name', '**.email')
}

/** `$key.id`, `$key.payload.id`: a member of a record key that is a JSON object. */
function keyPath(text: string): Path {
  const segments = readSegments(text.slice('$key.'.length))
  if (segments.length === 0) throw new PathError('a path ends with a dot')
  if (segments.some((segment) => segment.kind !== 'name'))
    throw new PathError(
      'what a record key holds is named member by member, without [], .* and $names',
      '$key.id',
    )
  return { text: `$key.${printSegments(segments)}`, segments, envelope: 'key' }
}

/** `$change.op`, `$change.source.table`: a member of a change event, beside the images of the row. */
function changePath(text: string): Path {
  const segments = readSegments(text.slice('$change.'.length))
  const [first] = segments
  if (first === undefined) throw new PathError('a path ends with a dot')
  if (segments.some((segment) => segment.kind !== 'name'))
    throw new PathError(
      'what a change event holds beside its images is named member by member, without [], .* and $names',
      '$change.source.table',
    )
  if (first.kind === 'name' && isImage(first.name))
    throw new PathError(
      'the images of a change event are rows: their fields are named as those of any record',
      'write the path without `$change.`',
    )
  return { text: `$change.${printSegments(segments)}`, segments, envelope: 'change' }
}

/** The members of a change event that hold the row, in the order of their names in it. */
export const IMAGES = ['before', 'after'] as const

const isImage = (name: string): boolean => (IMAGES as readonly string[]).includes(name)

/** `Comment[2]`, `"Issue key"[2]`: the number counts from 1. */
function columnPath(text: string): Path | undefined {
  const number = /\[[1-9][0-9]{0,3}\]$/.exec(text)?.[0]
  if (number === undefined) return undefined
  const before = text.slice(0, -number.length)
  const bare = BARE.exec(before)?.[0] ?? QUOTED.exec(before)?.[0]
  if (bare !== before) return undefined
  const whole = `${printName(readName(before, 0).name)}${number}`
  return { text: whole, segments: [{ kind: 'name', name: whole }], isColumn: true }
}

function readSegments(text: string): Segment[] {
  const segments: Segment[] = []
  let at = 0
  while (at < text.length) {
    if (segments.length === MAX_SEGMENTS) throw new PathError(`a path has more than ${MAX_SEGMENTS} steps`)
    if (segments.at(-1)?.kind === 'names') throw new PathError('nothing may follow `$names`')
    if (text.startsWith('[]', at)) {
      if (segments.length === 0) throw new PathError('a record is an object, so no path starts with `[]`')
      segments.push({ kind: 'element' })
      at += 2
      continue
    }
    if (segments.length > 0) {
      if (text[at] !== '.') throw unreadable(text, at)
      at++
    }
    const stars = STARS.exec(text.slice(at))?.[0]
    if (stars === '**') {
      segments.push({ kind: 'any' })
      at += 2
      continue
    }
    if (stars === '*' || text.startsWith('$names', at)) {
      if (segments.length === 0)
        throw new PathError('a record is no map: every member at its top has to be named')
      segments.push({ kind: stars === '*' ? 'member' : 'names' })
      at += stars === '*' ? 1 : 6
      continue
    }
    const { segment, length } = readNamed(text, at)
    segments.push(segment)
    at += length
  }
  return segments
}

/** `*` or `**` that is all of a step. */
const STARS = /^\*\*?(?=[.[]|$)/

/** A name, or one with `*` in it: bare and quoted texts with a `*` between them. */
function readNamed(text: string, from: number): { segment: Segment; length: number } {
  const pieces: string[] = []
  let piece: string | undefined
  let at = from
  while (at < text.length && text[at] !== '.' && text[at] !== '[') {
    if (text[at] === '*') {
      if (pieces.length > 0 && piece === undefined) throw new PathError('a name holds `**`', 'a_*')
      pieces.push(piece ?? '')
      piece = undefined
      at++
      continue
    }
    if (piece !== undefined) throw unreadable(text, at)
    const { name, length } = readName(text, at)
    piece = name
    at += length
  }
  if (pieces.length === 0) {
    const { name, length } = readName(text, from)
    return { segment: { kind: 'name', name }, length }
  }
  if (pieces.length > MAX_STARS) throw new PathError(`a name holds more than ${MAX_STARS} of \`*\``)
  return { segment: { kind: 'like', pieces: [...pieces, piece ?? ''] }, length: at - from }
}

function readName(text: string, at: number): { name: string; length: number } {
  const rest = text.slice(at)
  const bare = BARE.exec(rest)?.[0]
  if (bare !== undefined) {
    if (SURROGATE.test(bare)) throw new PathError('a name holds half of a surrogate pair')
    return { name: bare, length: bare.length }
  }
  const quoted = QUOTED.exec(rest)?.[0]
  if (quoted === undefined) throw unreadable(text, at)
  let name: string
  try {
    name = JSON.parse(quoted) as string
  } catch {
    throw new PathError('a quoted name is not a JSON string')
  }
  if (SURROGATE.test(name)) throw new PathError('a name holds half of a surrogate pair')
  if (name.includes('\0')) throw new PathError('a name holds a NUL')
  return { name, length: quoted.length }
}

function unreadable(text: string, at: number): PathError {
  if (at >= text.length) return new PathError('a path ends with a dot')
  if (text.startsWith('[', at))
    return new PathError('an array is reached by `[]`, not by a number or name', 'items[].sku')
  if (text.startsWith('$', at))
    return new PathError('a name that starts with `$` is written as a JSON string', 'a."$name"')
  if (text.startsWith('.', at)) return new PathError('a name is missing before a dot')
  return new PathError(
    `the path cannot be read from its character ${at + 1} on`,
    'write a name that holds . [ ] * " or white space as a JSON string: a."b.c"',
  )
}

/** The segments up to and with the last `[]` or `.*`: which elements and members a path runs over. */
export function wildcardsOf(path: Path): readonly Segment[] {
  let last = -1
  path.segments.forEach((segment, i) => {
    if (segment.kind === 'element' || segment.kind === 'member') last = i
  })
  return path.segments.slice(0, last + 1)
}

export function sameSegment(a: Segment, b: Segment): boolean {
  return a.kind === b.kind && printSegments([a]) === printSegments([b])
}

/**
 * Which path of the policy each name of a header is. A name is the policy's as it stands, or without white space around it
 * where only one column has it; `NAME[2]` is the second column of that name.
 */
import { LetheError } from '../../errors.ts'
import { printName } from '../../policy/path.ts'
import type { Plan, PlanField } from '../../policy/plan.ts'
import type { ColumnPatterns } from './column-patterns.ts'

export interface NamedColumn {
  /** Canonical input path. */
  readonly path: string
  /** What the column is called where it leaves. */
  readonly name: string
  /** The field of the pattern that matches it, where the policy does not name it. */
  readonly matched?: PlanField
}

/** `columns 1, 3` of positions from 0. */
export const ordinals = (indexes: readonly number[]): string =>
  `column${indexes.length > 1 ? 's' : ''} ${indexes.map((index) => index + 1).join(', ')}`

/** The positions of each text, in order. */
function positions(texts: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>()
  for (const [index, text] of texts.entries()) {
    const before = found.get(text)
    if (before === undefined) found.set(text, [index])
    else before.push(index)
  }
  return found
}

/**
 * One for each column; undefined where the policy names it by nothing. `isKnown`: whether the policy reads a path. Throws
 * `LetheError` where what the policy names may be several columns, or a column several paths.
 */
export function nameColumns(
  plan: Plan,
  header: readonly string[],
  isKnown: (path: string) => boolean,
  patterns: ColumnPatterns,
  input: string,
): (NamedColumn | undefined)[] {
  const trimmed = header.map((name) => name.trim())
  const exact = positions(header)
  const alike = positions(trimmed)
  const fitsTwo = (index: number): LetheError =>
    new LetheError(
      'columns-mismatch',
      `${input}: ${ordinals([index])} fits two paths of the policy`,
      'say which in `columns:` of the policy',
    )
  /** By `columns:`, as a path, or as one name that has to be quoted in a path. */
  const pathOf = (index: number, text: string, quoted: string): string | undefined => {
    const stated = plan.columns.get(text)
    if (stated !== undefined)
      return isKnown(stated) || patterns.fieldOf(stated, index) !== undefined ? stated : undefined
    if (text !== quoted && isKnown(text) && isKnown(quoted)) throw fitsTwo(index)
    return isKnown(text) ? text : isKnown(quoted) ? quoted : undefined
  }
  const byName = (index: number, text: string, all: readonly number[]): NamedColumn | undefined => {
    const path = pathOf(index, text, JSON.stringify(text))
    if (path === undefined) return undefined
    if (all.length > 1)
      throw new LetheError(
        'header-invalid',
        `${input}: the policy names \`${path}\`, and ${ordinals(all)} have that name`,
        'say which: NAME[1] is the first of them, NAME[2] the second',
      )
    return { path, name: text }
  }
  const byPattern = (index: number, text: string, all: readonly number[]): NamedColumn | undefined => {
    const found = plan.columns.has(text) ? undefined : patterns.match(text, index)
    if (found === undefined) return undefined
    if (all.length > 1)
      throw new LetheError(
        'header-invalid',
        `${input}: the pattern \`${found.field.path.text}\` matches ${ordinals(all)}, which have one name`,
        'list the columns: NAME[1] is the first of them, NAME[2] the second',
      )
    return { path: found.path, name: found.name, matched: found.field }
  }
  return header.map((name, index) => {
    const bare = trimmed[index]!
    const group = alike.get(bare)!
    const isTrimmed = name !== bare && !exact.has(bare)
    const number = `[${group.indexOf(index) + 1}]`
    const named =
      byName(index, name, exact.get(name)!) ?? (isTrimmed ? byName(index, bare, group) : undefined)
    // A column of that very name is the one that is meant, and of a lone column its name says enough.
    const isNamed = exact.has(`${bare}${number}`) || (named !== undefined && group.length === 1)
    const path = isNamed ? undefined : pathOf(index, `${bare}${number}`, `${printName(bare)}${number}`)
    if (path === undefined)
      return named ?? (isTrimmed ? byPattern(index, bare, group) : byPattern(index, name, exact.get(name)!))
    if (named !== undefined) throw fitsTwo(index)
    return { path, name: `${bare}${number}` }
  })
}

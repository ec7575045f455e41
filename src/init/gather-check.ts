/** Whether patterns of a draft decide each path of the sample as the proposals do, told by what a policy does with patterns. */
import { pathOf, printSegments, type Segment } from '../policy/path.ts'
import { NONE, type Patterns, TIE } from '../policy/patterns.ts'
import { readingsOf } from '../record/csv/column-patterns.ts'
import type { DraftField } from './propose.ts'

/** What stands for several paths. */
export interface Gathered {
  readonly segments: readonly Segment[]
  readonly fields: readonly DraftField[]
}

export interface GatheredPaths {
  readonly gathered: readonly Gathered[]
  /** Those of `gathered`, by their numbers. */
  readonly patterns: Patterns
  readonly fields: readonly DraftField[]
  readonly containers: readonly (readonly Segment[])[]
  readonly leftOut: readonly (readonly Segment[])[]
}

export interface Failing {
  /** Numbers of patterns that may not be. */
  readonly patterns: ReadonlySet<number>
  /** Paths that are to be listed. */
  readonly fields: ReadonlySet<DraftField>
}

/** Texts of all containers that paths lead through. */
function containersOf(paths: readonly (readonly Segment[])[]): ReadonlySet<string> {
  const found = new Set<string>()
  for (const path of paths)
    for (let at = 1; at < path.length; at++) found.add(printSegments(path.slice(0, at)))
  return found
}

export function failing({ gathered, patterns, fields, containers, leftOut }: GatheredPaths): Failing {
  const bad = { patterns: new Set<number>(), fields: new Set<DraftField>() }
  if (gathered.length === 0) return bad
  const numberOf = new Map(
    gathered.flatMap(({ fields: own }, at) => own.map((field) => [field, at] as const)),
  )
  const listed = fields.filter((field) => !numberOf.has(field))
  const outputs = new Set(listed.map(({ path }) => path))
  const isCsv = fields.some(({ header }) => header !== undefined)
  const led = containersOf(listed.map(({ segments }) => segments))
  const textAt = new Map(gathered.map(({ segments }, at) => [printSegments(segments), at]))
  const blame = (texts: readonly string[]): void => {
    for (const text of texts) bad.patterns.add(textAt.get(text)!)
  }
  for (const [field, own] of numberOf) {
    const { segments, header } = field
    const endings =
      header === undefined
        ? endingsOf(segments, patterns, led)
        : (header.is === 'number' ? [segments] : readingsOf(header.text))
            .filter((reading) => !outputs.has(pathOf(reading).text))
            .map((reading) => patterns.ending(patterns.along(reading)))
            .filter((ending) => ending !== NONE)
    if (endings.length !== 1 || endings[0] !== own) bad.fields.add(field)
  }
  if (isCsv) return bad
  const isDrop = (at: number): boolean => gathered[at]!.fields[0]!.proposal.use === 'drop'
  for (const segments of containers) {
    const places = patterns.along(segments)
    const ending = patterns.ending(places)
    if (ending === TIE) blame(patterns.texts(places))
    else if (ending !== NONE && !led.has(printSegments(segments)) && !isDrop(ending)) bad.patterns.add(ending)
  }
  // The names of members that are left out do not leave, nor those of what stands around them.
  for (const segments of leftOut) {
    const places = patterns.along(segments)
    const ending = patterns.ending(places)
    if (ending >= 0 && isDrop(ending)) continue
    if (ending >= 0) bad.patterns.add(ending)
    else blame(patterns.texts(places))
  }
  for (const { segments } of listed)
    if (segments.some(({ kind }) => kind === 'member' || kind === 'names'))
      blame(patterns.texts(patterns.open(patterns.along(segments))))
  for (const { segments } of gathered)
    if (segments.at(-1)!.kind === 'member') {
      const open = patterns.texts(patterns.open(patterns.along(segments)))
      blame(open.filter((text) => text !== printSegments(segments)))
    }
  // No pattern may lead into another.
  for (const [at, { segments }] of gathered.entries())
    for (let end = 1; end < segments.length; end++)
      if (textAt.has(printSegments(segments.slice(0, end)))) bad.patterns.add(at)
  return bad
}

/** Which patterns end on the way to a path, where a container with no listed path in it ends the way. */
function endingsOf(segments: readonly Segment[], patterns: Patterns, led: ReadonlySet<string>): number[] {
  const endings: number[] = []
  for (let end = 1; end <= segments.length; end++) {
    const head = segments.slice(0, end)
    const ending = patterns.ending(patterns.along(head))
    if (ending !== NONE && (end === segments.length || !led.has(printSegments(head)))) endings.push(ending)
  }
  return endings
}

/**
 * Many paths with one proposal become one pattern: `address_*`, `*_email`, `**.email`. A pattern also takes what a producer
 * adds later under such a name. So it has a rule only where that tells nothing of a value, or gives a token; what
 * would be kept or generalized is left undecided, since an explicit list would not let a new name through.
 */
import { MAX_SEGMENTS, pathOf, printSegments, type Segment } from '../policy/path.ts'
import { isLike, Patterns } from '../policy/patterns.ts'
import { failing, type Gathered, type GatheredPaths } from './gather-check.ts'
import { type Like, lengthOf, patternsFor } from './name-patterns.ts'
import type { Proposal } from './proposal.ts'
import type { DraftField } from './propose.ts'

/** So many paths at least, where a pattern has the rule of each of them. */
const MANY = 10
/** So many, where a person has to decide again for all of them together. */
const VERY_MANY = 50
/** So many places of one name, for `**.name`. */
const SEVERAL_PLACES = 5

/** What has to be listed, and what the sample has beside its fields. */
export interface GatherLimits {
  /** Subject, event time and what else has to be listed. */
  readonly listed: ReadonlySet<string>
  /** Paths of objects and arrays. */
  readonly containers: readonly (readonly Segment[])[]
  /** Paths of members that are left out, since their names look like data. */
  readonly leftOut: readonly (readonly Segment[])[]
  /** Whether there are members that were not told apart: nothing is known of their names. */
  readonly isOpen: boolean
}

const TELLS_LITTLE = new Set(['drop', 'hash.hmac'])
/** Whether a rule tells nothing of a value, or gives a token. */
export const isClosed = ({ use }: Proposal): boolean => TELLS_LITTLE.has(use)

/** Nothing is decided for it, and what it is about is known. */
const isAsked = ({ use, category }: Proposal): boolean => use === 'undecided' && category !== undefined

/** Proposals that are one for a pattern. Of unknown values all that is open is decided again, whatever was proposed. */
function kindOf({ proposal }: DraftField): string {
  const { use, options, category, role } = proposal
  if (isClosed(proposal)) return JSON.stringify([use, Object.entries(options ?? {}).sort(), category, role])
  return JSON.stringify([
    isAsked(proposal),
    category,
    category === undefined && role === 'other' ? undefined : role,
  ])
}

interface View {
  readonly field: DraftField
  readonly segments: readonly Segment[]
  readonly at: number
  readonly name: string
}

/** A path, seen from each of its names, the last first; of a column with a header of its own, the header. */
function viewsOf(field: DraftField): View[] {
  const { segments, header } = field
  const views: View[] = []
  const add = (path: readonly Segment[]): void => {
    for (let at = path.length - 1; at >= 0; at--) {
      const segment = path[at]!
      if (segment.kind === 'name') views.push({ field, segments: path, at, name: segment.name })
    }
  }
  if (header?.is !== 'name') add(segments)
  if (header?.is === 'name' || (header?.is === 'path' && segments.length > 1))
    add([{ kind: 'name', name: header.text }])
  return views
}

/** All that is the same in the paths of a pattern but the one name. */
const frameOf = ({ segments, at }: View): string =>
  `${at}\n${printSegments(segments.slice(0, at))}\n${printSegments([{ kind: 'name', name: '' }, ...segments.slice(at + 1)])}`

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all) {
    const group = groups.get(keyOf(one))
    if (group === undefined) groups.set(keyOf(one), [one])
    else group.push(one)
  }
  return groups
}

const isPlain = ({ segments }: DraftField): boolean =>
  segments.every(({ kind }) => kind === 'name' || kind === 'element')

const enough = ([first]: readonly View[]): number =>
  isClosed(first!.field.proposal) || isAsked(first!.field.proposal) ? MANY : VERY_MANY

/** The pattern that takes most of these names, and of those the longest; most of what it matches has to be among them. */
function bestOf(kind: readonly View[], frame: readonly View[]): { like: Like; views: View[] } | undefined {
  const counts = new Map<string, { like: Like; views: View[] }>()
  for (const view of kind)
    for (const like of patternsFor(view.name)) {
      const key = like.pieces.join('\0')
      const known = counts.get(key)
      if (known === undefined) counts.set(key, { like, views: [view] })
      else known.views.push(view)
    }
  const likely = [...counts.values()]
    .filter(({ views }) => views.length >= enough(kind))
    .sort((a, b) => b.views.length - a.views.length || lengthOf(b.like) - lengthOf(a.like))
  return likely.find(({ like, views }) => {
    const matched = frame.filter(({ name }) => isLike(name, like.pieces)).length
    return views.length * 2 > matched
  })
}

/** Patterns for the names of each frame, of which none takes a path that another one has. */
function likeNames(fields: readonly DraftField[], taken: Set<DraftField>): Gathered[] {
  const found: Gathered[] = []
  const frames = [...grouped(fields.flatMap(viewsOf), frameOf).values()].filter(
    ({ length }) => length >= MANY,
  )
  // Patterns of last names come first; what they leave may be one by a name above.
  const depth = ([view]: readonly View[]): number => view!.segments.length - view!.at
  for (const frame of frames.sort((a, b) => depth(a) - depth(b)))
    for (const kind of grouped(frame, ({ field }) => kindOf(field) + isClosed(field.proposal)).values())
      for (;;) {
        const left = kind.filter(({ field }) => !taken.has(field))
        const best = left.length < MANY ? undefined : bestOf(left, frame)
        if (best === undefined) break
        const { segments, at } = best.views[0]!
        const views = best.views.filter(({ name }) => isLike(name, best.like.pieces))
        if (views.length < enough(kind)) break
        for (const { field } of views) taken.add(field)
        found.push({ segments: segments.with(at, best.like), fields: views.map(({ field }) => field) })
      }
  return found
}

/** `custom.*`: objects whose many members have nothing in common but what is proposed for them. */
function maps(
  fields: readonly DraftField[],
  taken: Set<DraftField>,
  { containers, leftOut }: GatherLimits,
): Gathered[] {
  const above = ({ segments }: DraftField): string => printSegments(segments.slice(0, -1))
  const free = fields.filter(
    (field) =>
      !taken.has(field) &&
      field.header === undefined &&
      field.segments.length > 1 &&
      field.segments.at(-1)!.kind === 'name',
  )
  return [...grouped(free, above)].flatMap(([object, members]): Gathered[] => {
    if (members.length < VERY_MANY || grouped(members, (field) => kindOf(field)).size > 1) return []
    const segments = members[0]!.segments.slice(0, -1)
    const leadsInto = (path: readonly Segment[]): boolean =>
      path.length > segments.length && printSegments(path.slice(0, segments.length)) === object
    if (containers.some(leadsInto) || leftOut.some(leadsInto)) return []
    if (fields.filter((field) => leadsInto(field.segments)).length > members.length) return []
    for (const field of members) taken.add(field)
    const isDropped = members[0]!.proposal.use === 'drop'
    return [{ segments: isDropped ? segments : [...segments, { kind: 'member' }], fields: members }]
  })
}

/** `**.email`: one name in several places. */
function likeEnds(fields: readonly DraftField[], taken: Set<DraftField>): Gathered[] {
  const endOf = ({ segments }: DraftField): readonly Segment[] =>
    segments.slice(segments.findLastIndex(({ kind }) => kind === 'name'))
  return [...grouped(fields, (field) => printSegments([{ kind: 'any' }, ...endOf(field)])).values()].flatMap(
    (all): Gathered[] => {
      const kinds = grouped(
        all.filter((field) => !taken.has(field) && isClosed(field.proposal)),
        kindOf,
      )
      const kind = [...kinds.values()].sort((a, b) => b.length - a.length)[0] ?? []
      if (kind.length < SEVERAL_PLACES || kind.length * 2 <= all.length) return []
      for (const field of kind) taken.add(field)
      return [{ segments: [{ kind: 'any' }, ...endOf(kind[0]!)], fields: kind }]
    },
  )
}

/** A path of names only is an object that is dropped as a whole. */
export const isMap = ({ segments }: Gathered): boolean =>
  segments.at(-1)!.kind === 'member' || segments.every(({ kind }) => kind === 'name' || kind === 'element')

/** What may be written as patterns, so that each path of the sample is decided as it would be where it is listed. */
export function gather(fields: readonly DraftField[], setting: GatherLimits): readonly Gathered[] {
  const free = fields.filter(
    (field) => isPlain(field) && field.segments.length < MAX_SEGMENTS && !setting.listed.has(field.path),
  )
  const taken = new Set<DraftField>()
  const named = [...likeNames(free, taken), ...maps(free, taken, setting)]
  // A pattern that leads everywhere leads into maps too, where each name has a rule.
  const hasMaps = !fields.every(isPlain) || named.some(({ segments }) => segments.at(-1)!.kind === 'member')
  let found = [...named, ...(hasMaps ? [] : likeEnds(free, taken))].filter(
    ({ fields: [first] }) => !setting.isOpen || first!.proposal.use === 'drop',
  )
  // What fails is listed, and what is listed may change what others match.
  for (;;) {
    const bad = failing(checkedOf(fields, found, setting))
    if (bad.patterns.size === 0 && bad.fields.size === 0) return found
    found = found
      .filter(
        (one, at) =>
          !bad.patterns.has(at) && !(isMap(one) && one.fields.some((field) => bad.fields.has(field))),
      )
      .map((one) => ({ ...one, fields: one.fields.filter((field) => !bad.fields.has(field)) }))
      .filter(({ fields: left }) => left.length >= SEVERAL_PLACES)
  }
}

function checkedOf(
  fields: readonly DraftField[],
  found: readonly Gathered[],
  { containers, leftOut }: GatherLimits,
): GatheredPaths {
  return {
    gathered: found,
    patterns: new Patterns(
      found.map(({ segments, fields: [first] }) => ({
        path: pathOf(segments),
        drops: first!.proposal.use === 'drop',
      })),
    ),
    fields,
    containers,
    leftOut,
  }
}

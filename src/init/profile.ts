/** The profile of each path of a sample: counts only. Values are counted and not kept. */
import { printSegments, type Segment } from '../policy/path.ts'
import { DateNotations } from './date-notations.ts'
import { detect, type ValueForm } from './detect.ts'
import { isDesigned, isMap } from './map-names.ts'
import { isWordForNothing } from './nothing.ts'
import type { Sample } from './sample.ts'
import { ValueTallies } from './value-tallies.ts'

/** More members than this in one object are counted together; a record itself is no map, and may have more. */
const MEMBERS_CAP = 2_000
const FIELDS_CAP = 20_000

export interface Profile {
  readonly segments: readonly Segment[]
  /** Scalars that are there. */
  values: number
  /** null, empty, or a word for nothing. */
  nothing: number
  strings: number
  numbers: number
  booleans: number
  /** Distinct values; at `DISTINCT_CAP` it means: that many or more. */
  distinct: number
  /** With how many data subjects the rarest value is met; records, where no subject is known. */
  fewest: number
  /** How many data subjects have a value here; 0 where no subject is known. */
  subjects: number
  /** Whether each of many data subjects has one value, and hardly any value is met with two of them. */
  isPerSubject: boolean
  shortest: number
  longest: number
  /** Cells of CSV that hold a line break. */
  folded: number
  matches: Map<ValueForm, number>
  /** Of values that look like a date in another notation. */
  notations: DateNotations
  /** Objects and arrays at this path, beside the scalars. */
  containers: number
  /** Its values, to compare them with those of another path: a draft shows none. */
  readonly tallies: ValueTallies
}

interface Node {
  values: ValueTallies
  counts: Omit<Profile, 'segments' | 'tallies' | 'distinct' | 'fewest' | 'subjects' | 'isPerSubject'>
  objects: number
  members: Map<string, Node>
  overflown: Node | undefined
  element: Node | undefined
  arrays: number
}

export interface Profiles {
  readonly profiles: readonly Profile[]
  readonly records: number
  /** Members of no map whose names look like data: not listed, because a draft must not show them. */
  readonly unnamed: number
  /** Paths of objects and arrays, but for those below members that are left out. */
  readonly containers: readonly (readonly Segment[])[]
  /** Paths of arrays in whose place some records hold one of their elements. */
  readonly either: readonly (readonly Segment[])[]
  /** Paths of members that are left out. */
  readonly leftOut: readonly (readonly Segment[])[]
  /** Whether members were left out that were not told apart. */
  readonly isOpen: boolean
}

function newNode(): Node {
  const counts = {
    values: 0,
    nothing: 0,
    strings: 0,
    numbers: 0,
    booleans: 0,
    shortest: Number.POSITIVE_INFINITY,
    longest: 0,
    folded: 0,
    matches: new Map<ValueForm, number>(),
    notations: new DateNotations(),
    containers: 0,
  }
  return {
    values: new ValueTallies(),
    counts,
    objects: 0,
    members: new Map(),
    overflown: undefined,
    element: undefined,
    arrays: 0,
  }
}

function addScalar(node: Node, value: string | number | boolean | null, subject: string | undefined): void {
  const { counts } = node
  if (value === null || (typeof value === 'string' && isWordForNothing(value))) {
    counts.nothing++
    return
  }
  const text = String(value)
  counts.values++
  if (typeof value === 'string') counts.strings++
  else if (typeof value === 'number') counts.numbers++
  else counts.booleans++
  counts.shortest = Math.min(counts.shortest, text.length)
  counts.longest = Math.max(counts.longest, text.length)
  for (const detector of detect(text.trim())) {
    counts.matches.set(detector, (counts.matches.get(detector) ?? 0) + 1)
    if (detector === 'other-date') counts.notations.add(text)
  }
  node.values.add(text, subject)
}

function addValue(node: Node, value: unknown, subject: string | undefined, depth: number): void {
  if (typeof value !== 'object' || value === null) {
    addScalar(node, value as string | number | boolean | null, subject)
  } else if (depth > 64) {
    // The walkers refuse such a record.
  } else if (Array.isArray(value)) {
    node.arrays++
    node.counts.containers++
    node.element ??= newNode()
    for (const element of value) addValue(node.element, element, subject, depth + 1)
  } else {
    node.objects++
    node.counts.containers++
    for (const [name, member] of Object.entries(value)) {
      let child = node.members.get(name)
      if (child === undefined) {
        if (node.members.size < (depth === 0 ? FIELDS_CAP : MEMBERS_CAP)) {
          child = newNode()
          node.members.set(name, child)
        } else {
          node.overflown ??= newNode()
          child = node.overflown
        }
      }
      addValue(child, member, subject, depth + 1)
    }
  }
}

function merge(into: Node, from: Node): void {
  const a = into.counts
  const b = from.counts
  a.values += b.values
  a.nothing += b.nothing
  a.strings += b.strings
  a.numbers += b.numbers
  a.booleans += b.booleans
  a.containers += b.containers
  a.folded += b.folded
  a.shortest = Math.min(a.shortest, b.shortest)
  a.longest = Math.max(a.longest, b.longest)
  for (const [detector, count] of b.matches) a.matches.set(detector, (a.matches.get(detector) ?? 0) + count)
  a.notations.merge(b.notations)
  into.values.merge(from.values)
  into.objects += from.objects
  into.arrays += from.arrays
  for (const [name, member] of from.members) mergeMember(into, name, member)
  if (from.overflown !== undefined) mergeMember(into, undefined, from.overflown)
  if (from.element !== undefined) {
    into.element ??= newNode()
    merge(into.element, from.element)
  }
}

function mergeMember(into: Node, name: string | undefined, member: Node): void {
  let child = name === undefined ? undefined : into.members.get(name)
  if (child === undefined && name !== undefined && into.members.size < MEMBERS_CAP) {
    child = newNode()
    into.members.set(name, child)
  }
  if (child === undefined) {
    into.overflown ??= newNode()
    child = into.overflown
  }
  merge(child, member)
}

/** A record's value at a path of names, as text; undefined where nothing stands there. */
function textAt(record: unknown, names: readonly string[]): string | undefined {
  let value = record
  for (const name of names)
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? Reflect.get(value, name)
        : null
  return typeof value === 'object' || value === undefined || isWordForNothing(String(value))
    ? undefined
    : String(value)
}

/**
 * Counts the records of a sample, path by path, in the order in which paths are first met. `subject` is the path that
 * says whose record it is, of names only: values are counted by data subjects then.
 */
export function profile(
  sample: Sample,
  paths: readonly (readonly Segment[])[],
  subject?: readonly Segment[],
): Profiles {
  const names = subject?.flatMap((segment) => (segment.kind === 'name' ? [segment.name] : []))
  const found: Profile[] = []
  const containers: (readonly Segment[])[] = []
  const either: (readonly Segment[])[] = []
  const leftOut: (readonly Segment[])[] = []
  let unnamed = 0
  let isOpen = false
  const visit = (node: Node, segments: readonly Segment[]): void => {
    const { counts } = node
    if (segments.length > 0 && isEither(node)) {
      either.push(segments)
      containers.push(segments)
      visit(asElement(node), [...segments, { kind: 'element' }])
      return
    }
    // A few of another kind are broken records, not another field: those would be dead letters.
    const isScalar = counts.values > 0 ? counts.containers < 9 * counts.values : counts.containers === 0
    if (isScalar && segments.length > 0) {
      found.push(toProfile(node, segments))
      return
    }
    if (segments.length > 0) containers.push(segments)
    if (node.element !== undefined) visit(node.element, [...segments, { kind: 'element' }])
    if (node.members.size === 0 && node.overflown === undefined) return
    if (segments.length > 0 && isMap(node, segments)) {
      const all = newNode()
      for (const member of node.members.values()) merge(all, member)
      if (node.overflown !== undefined) merge(all, node.overflown)
      found.push(namesProfile(node, [...segments, { kind: 'names' }]))
      visit(all, [...segments, { kind: 'member' }])
      return
    }
    for (const [name, member] of node.members) {
      const path: Segment[] = [...segments, { kind: 'name', name }]
      if (isDesigned(name, node)) visit(member, path)
      else {
        unnamed++
        leftOut.push(path)
      }
    }
    if (node.overflown !== undefined) {
      unnamed++
      isOpen = true
    }
  }
  if (sample.format === 'csv') {
    const nodes = paths.map(() => newNode())
    const whose = subjectCell(paths, subject)
    for (const row of sample.records as readonly (readonly unknown[])[]) {
      const who = whose(row)
      for (const [i, cell] of row.entries()) {
        addValue(nodes[i]!, cell, who, 1)
        if (typeof cell === 'string' && /[\r\n]/.test(cell)) nodes[i]!.counts.folded++
      }
    }
    for (const [i, node] of nodes.entries())
      if (node.counts.containers > 0) visit(node, paths[i]!)
      else found.push(toProfile(node, paths[i]!))
  } else {
    const root = newNode()
    for (const record of sample.records) addValue(root, record, names && textAt(record, names), 0)
    visit(root, [])
  }
  return { profiles: found, records: sample.records.length, unnamed, containers, either, leftOut, isOpen }
}

/** The text of the data subject in a row: a cell, or what the JSON in a cell holds. */
function subjectCell(
  paths: readonly (readonly Segment[])[],
  subject: readonly Segment[] | undefined,
): (row: readonly unknown[]) => string | undefined {
  const column = paths.findIndex(
    (path) => subject !== undefined && printSegments(path) === printSegments(subject.slice(0, path.length)),
  )
  if (subject === undefined || column < 0) return () => undefined
  const below = subject.slice(paths[column]!.length)
  const names = below.flatMap((segment) => (segment.kind === 'name' ? [segment.name] : []))
  return (row) => textAt(row[column], names)
}

/** Whether some records hold one value in place of an array of such: objects, or scalars where that is no rare fault. */
function isEither({ counts, objects, arrays, element }: Node): boolean {
  if (arrays === 0 || element === undefined) return false
  if (counts.values === 0) return objects > 0 && element.counts.values === 0 && element.arrays === 0
  const isSome = arrays < 9 * counts.values && counts.values < 9 * arrays
  return objects === 0 && element.counts.containers === 0 && isSome
}

/** What stands in the arrays, and in their place. */
function asElement(node: Node): Node {
  const all = newNode()
  merge(all, { ...node, arrays: 0, element: undefined, counts: { ...node.counts, containers: node.objects } })
  merge(all, node.element!)
  return all
}

function toProfile(node: Node, segments: readonly Segment[]): Profile {
  return {
    ...node.counts,
    segments,
    tallies: node.values,
    shortest: node.counts.values === 0 ? 0 : node.counts.shortest,
    distinct: node.values.distinct,
    fewest: node.values.fewest,
    subjects: node.values.subjects,
    isPerSubject: node.values.isPerSubject,
  }
}

/** Each name of a map counts once, however often it is met. */
function namesProfile(node: Node, segments: readonly Segment[]): Profile {
  const names = newNode()
  for (const name of node.members.keys()) addScalar(names, name === '' ? ' ' : name, undefined)
  return toProfile(names, segments)
}

/** What a sample says of each path: counts only. The values go into the counts and are forgotten. */
import type { Segment } from '../../policy/path.ts'
import { type Detector, detect, looksLikeData } from './detect.ts'
import type { Sample } from './sample.ts'

/** More distinct values than this are not told apart any more. */
export const DISTINCT_CAP = 2_000
/** More members than this in one object are counted together. */
const MEMBERS_CAP = 2_000

export interface Profile {
  readonly segments: readonly Segment[]
  /** Scalars that are there. */
  values: number
  /** null or empty. */
  nothing: number
  strings: number
  numbers: number
  booleans: number
  /** Distinct values; at `DISTINCT_CAP` it means: that many or more. */
  distinct: number
  /** How often the least frequent value occurs. */
  rarest: number
  shortest: number
  longest: number
  matches: Map<Detector, number>
  /** Objects and arrays at this path, beside the scalars. */
  containers: number
}

interface Node {
  values: Map<string, number>
  overflow: boolean
  counts: Omit<Profile, 'segments' | 'distinct' | 'rarest'>
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
  /** Paths of maps, as segments. */
  readonly maps: readonly (readonly Segment[])[]
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
    matches: new Map<Detector, number>(),
    containers: 0,
  }
  return {
    values: new Map(),
    overflow: false,
    counts,
    objects: 0,
    members: new Map(),
    overflown: undefined,
    element: undefined,
    arrays: 0,
  }
}

function addScalar(node: Node, value: string | number | boolean | null): void {
  const { counts } = node
  if (value === null || value === '') {
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
  for (const detector of detect(text.trim()))
    counts.matches.set(detector, (counts.matches.get(detector) ?? 0) + 1)
  const seen = node.values.get(text)
  if (seen !== undefined) node.values.set(text, seen + 1)
  else if (node.values.size < DISTINCT_CAP) node.values.set(text, 1)
  else node.overflow = true
}

function addValue(node: Node, value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) {
    addScalar(node, value as string | number | boolean | null)
  } else if (depth > 64) {
    // The walkers refuse such a record.
  } else if (Array.isArray(value)) {
    node.arrays++
    node.counts.containers++
    node.element ??= newNode()
    for (const element of value) addValue(node.element, element, depth + 1)
  } else {
    node.objects++
    node.counts.containers++
    for (const [name, member] of Object.entries(value)) {
      let child = node.members.get(name)
      if (child === undefined) {
        if (node.members.size < MEMBERS_CAP) {
          child = newNode()
          node.members.set(name, child)
        } else {
          node.overflown ??= newNode()
          child = node.overflown
        }
      }
      addValue(child, member, depth + 1)
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
  a.shortest = Math.min(a.shortest, b.shortest)
  a.longest = Math.max(a.longest, b.longest)
  for (const [detector, count] of b.matches) a.matches.set(detector, (a.matches.get(detector) ?? 0) + count)
  for (const [text, count] of from.values) {
    if (into.values.has(text) || into.values.size < DISTINCT_CAP)
      into.values.set(text, (into.values.get(text) ?? 0) + count)
    else into.overflow = true
  }
  into.overflow ||= from.overflow
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

const NAME = /^[\p{L}_][\p{L}\p{M}\p{N}_ -]{0,63}$/u
const CODE = /^(?:[A-Z]{2,3}|[a-z]{2,3}[-_][A-Za-z]{2,4})$/
const RANDOM = /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9]{10,}$|^[A-Za-z]{1,8}[-_]?\d{2,}$/

/** A member name that may be a value: it looks like data, an id or a code, or like no name of a field. */
export function isDoubtfulName(name: string): boolean {
  return !NAME.test(name) || looksLikeData(name) !== undefined || RANDOM.test(name)
}

/** A doubtful name is a field's all the same where most of many objects have it: `@timestamp`, `address2`. */
function isDesigned(name: string, node: Node): boolean {
  if (!isDoubtfulName(name)) return true
  const { values, nothing, containers } = node.members.get(name)!.counts
  return (
    looksLikeData(name) === undefined &&
    node.objects >= 10 &&
    (values + nothing + containers) * 2 > node.objects
  )
}

/** Whether an object is a map: its member names are data, or they differ from record to record. */
function isMap(node: Node): boolean {
  if (node.overflown !== undefined) return true
  const names = [...node.members.keys()]
  if (names.length === 0) return false
  const doubtful = names.filter((name) => CODE.test(name) || !isDesigned(name, node)).length
  if (doubtful * 5 >= names.length * 4) return true
  // Few fields in each object, many names over all: nobody designed these names.
  let met = 0
  for (const { counts } of node.members.values()) met += counts.values + counts.nothing + counts.containers
  return names.length >= 20 && met < node.objects * names.length * 0.2
}

/** Counts the records of a sample, path by path, in the order in which paths are first met. */
export function profile(sample: Sample, paths: readonly (readonly Segment[])[]): Profiles {
  if (sample.format === 'csv') {
    const nodes = paths.map(() => newNode())
    for (const row of sample.records as readonly (readonly string[])[]) {
      row.forEach((cell, i) => {
        addScalar(nodes[i]!, cell)
      })
    }
    const profiles = nodes.map((node, i) => toProfile(node, paths[i]!))
    return { profiles, records: sample.records.length, unnamed: 0, maps: [] }
  }
  const root = newNode()
  for (const record of sample.records) addValue(root, record, 0)
  const found: Profile[] = []
  const maps: (readonly Segment[])[] = []
  let unnamed = 0
  const visit = (node: Node, segments: readonly Segment[]): void => {
    const { values, containers } = node.counts
    // A few of another kind are broken records, not another field: those would be dead letters.
    const isScalar = values > 0 ? containers < 9 * values : containers === 0
    if (isScalar && segments.length > 0) {
      found.push(toProfile(node, segments))
      return
    }
    if (node.element !== undefined) visit(node.element, [...segments, { kind: 'element' }])
    if (node.members.size === 0 && node.overflown === undefined) return
    if (segments.length > 0 && isMap(node)) {
      const all = newNode()
      for (const member of node.members.values()) merge(all, member)
      if (node.overflown !== undefined) merge(all, node.overflown)
      maps.push(segments)
      found.push(namesProfile(node, [...segments, { kind: 'names' }]))
      visit(all, [...segments, { kind: 'member' }])
      return
    }
    for (const [name, member] of node.members) {
      if (!isDesigned(name, node)) unnamed++
      else visit(member, [...segments, { kind: 'name', name }])
    }
    if (node.overflown !== undefined) unnamed++
  }
  visit(root, [])
  return { profiles: found, records: sample.records.length, unnamed, maps }
}

function toProfile(node: Node, segments: readonly Segment[]): Profile {
  const counts = [...node.values.values()]
  return {
    ...node.counts,
    segments,
    shortest: node.counts.values === 0 ? 0 : node.counts.shortest,
    distinct: node.values.size,
    rarest: node.overflow ? 1 : counts.reduce((least, count) => Math.min(least, count), node.counts.values),
  }
}

/** Each name of a map counts once, however often it is met. */
function namesProfile(node: Node, segments: readonly Segment[]): Profile {
  const names = newNode()
  for (const name of node.members.keys()) addScalar(names, name === '' ? '-' : name)
  return toProfile(names, segments)
}

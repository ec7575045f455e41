/** Whether the names of an object's members were designed, or are data themselves: a draft must not show those. */
import { categoryOf } from '../identify/category-of.ts'
import { hasKnownWord, isOfKnownWords } from '../identify/known-words.ts'
import { splitName } from '../identify/words.ts'
import type { Segment } from '../policy/path.ts'
import { detect, looksLikeData } from './detect.ts'
import { isTypeName } from './extended-json.ts'

/** The objects at one path, and how often each of their members was met. */
export interface Members {
  readonly objects: number
  /** Set where there were too many names to count them apart. */
  readonly overflown: unknown
  readonly members: ReadonlyMap<
    string,
    { readonly counts: { readonly values: number; readonly nothing: number; readonly containers: number } }
  >
}

const NAME = /^[\p{L}_][\p{L}\p{M}\p{N}_ -]{0,63}$/u
const CODE = /^(?:[A-Z]{2,3}|[a-z]{2,3}[-_][A-Za-z]{2,4})$/
const RANDOM = /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9]{10,}$|^[A-Za-z]{1,8}[-_]?\d{2,}$/

/** A member name that may be a value: it looks like data, an id or a code, a person's name, or like no name of a field. */
export function isDoubtfulName(name: string): boolean {
  if (isTypeName(name)) return false
  if (!NAME.test(name) || looksLikeData(name) !== undefined || RANDOM.test(name)) return true
  // Field names of several words are written with blanks too, but of words that fields have.
  return /\s/.test(name) && detect(name).includes('name-like') && !hasKnownWord(name)
}

const metWith = (node: Members, name: string): number => {
  const { values, nothing, containers } = node.members.get(name)!.counts
  return values + nothing + containers
}

/** A doubtful name is a field's all the same where most of many objects have it: `@timestamp`, `address2`. */
export function isDesigned(name: string, node: Members): boolean {
  if (!isDoubtfulName(name)) return true
  return looksLikeData(name) === undefined && node.objects >= 10 && metWith(node, name) * 2 > node.objects
}

/** `friends`, `by_user`: what stands below goes by people, unless its names are those of fields. */
function goesByPeople(segments: readonly Segment[], names: readonly string[]): boolean {
  const last = segments.at(-1)
  if (last?.kind !== 'name') return false
  const words = splitName(last.name)
  if (words.length > 1 && (words[0] === 'by' || words[0] === 'per')) return true
  const isPlural = /s$/.test(words.at(-1) ?? '')
  return (
    isPlural &&
    categoryOf(last.name)?.of === 'person' &&
    names.filter(isOfKnownWords).length * 2 < names.length
  )
}

const MANY_OBJECTS = 10
const SEVERAL_NAMES = 5

/** Whether an object is a map: its member names are data, or they differ from record to record. */
export function isMap(node: Members, segments: readonly Segment[]): boolean {
  if (node.overflown !== undefined) return true
  const names = [...node.members.keys()]
  if (names.length === 0) return false
  if (goesByPeople(segments, names)) return true
  const doubtful = names.filter((name) => CODE.test(name) || !isDesigned(name, node)).length
  if (doubtful * 5 >= names.length * 4) return true
  // Few fields in each object, many names over all: these names were not designed.
  const met = names.reduce((sum, name) => sum + metWith(node, name), 0)
  if (names.length >= 20 && met < node.objects * names.length * 0.2) return true
  // No name is in half of the objects, and most are not words that fields have.
  return (
    node.objects >= MANY_OBJECTS &&
    names.length >= SEVERAL_NAMES &&
    names.every((name) => metWith(node, name) * 2 < node.objects) &&
    names.filter(hasKnownWord).length * 2 < names.length
  )
}

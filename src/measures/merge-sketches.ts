/** Sketches of several processes, days or shards, as one. */
import { LetheError } from '../errors.ts'
import { KHyperLogLog } from './khyperloglog.ts'
import type { SketchHead, StoredSketch } from './sketch-form.ts'

/** A sketch, and what to call it in errors. */
export interface NamedSketch extends StoredSketch {
  readonly file: string
}

/**
 * The sketch of all that the given ones saw; their order does not matter.
 * @throws LetheError `sketches-differ` where two are of other keys, policies, fields, sides or sizes
 */
export function mergeSketches(sketches: readonly NamedSketch[]): StoredSketch {
  const [first] = sketches
  if (first === undefined) throw new RangeError('no sketch is given')
  const merged = new KHyperLogLog(first.k)
  for (const sketch of sketches) {
    const [what] = DIFFERENCES.find(([, of]) => of(sketch) !== of(first)) ?? []
    if (what !== undefined)
      throw new LetheError(
        'sketches-differ',
        `${sketch.file} has another ${what} than ${first.file}; they do not add up, and nothing was merged`,
        'merge sketches of one keyset, policy, side and list of fields; give the others by themselves',
      )
    merged.merge(sketch.part)
  }
  const heads = sketches.map(({ head }) => head)
  const head: SketchHead = {
    ...first.head,
    // Of the versions of Lethe, one for any order.
    version: least(heads.map(({ version }) => version)),
    from: least(heads.map(({ from }) => from)),
    until: heads.map(({ until }) => until).reduce((a, b) => (a > b ? a : b)),
    // What is in it of the oldest has to go first.
    expires: least(heads.map(({ expires }) => expires)),
    parts: sum(heads.map(({ parts }) => parts)),
    open: sum(heads.map(({ open }) => open)),
  }
  return { head, k: first.k, part: merged.part() }
}

/** What two sketches have to have in common. The check value tells keys apart, whatever ids they have. */
const DIFFERENCES: readonly (readonly [string, (sketch: StoredSketch) => unknown])[] = [
  ['key', ({ head: { key } }) => `${key.id}:${key.check}`],
  ['policy', ({ head: { policy } }) => `${policy.name} ${policy.fingerprint}`],
  ['side', ({ head }) => head.side],
  ['list of fields', ({ head }) => JSON.stringify(head.over)],
  ['size', ({ k }) => k],
]

const least = (texts: readonly string[]): string => texts.reduce((a, b) => (a < b ? a : b))
const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0)

/** `lethe measure --sketches`: reads stored sketches, merges them, and says what they say. */
import { existsSync, realpathSync, statSync } from 'node:fs'
import { fileError, LetheError } from '../errors.ts'
import { placeOf } from '../files/place.ts'
import { TemporaryFile } from '../files/temporary-file.ts'
import { readRegular } from '../files/whole-file.ts'
import type { SketchMeasurement } from '../forms/sketch-measurement.ts'
import { sampleOf } from '../measures/khyperloglog.ts'
import { mergeSketches, type NamedSketch } from '../measures/merge-sketches.ts'
import { type Estimate, isTooClose, MOST_THRESHOLD, sketchFigures } from '../measures/sketch-figures.ts'
import { MOST_SKETCH_BYTES, readSketch, type StoredSketch, sketchBytes } from '../measures/sketch-form.ts'

export interface SketchFilesOptions {
  readonly sketches: readonly string[]
  /** Where they are written as one. */
  readonly merged?: string | undefined
  /** From 0 to 1: the share of subjects at risk has to be below it. */
  readonly maxAtRisk?: number | undefined
  /** Classes of fewer subjects are at risk. */
  readonly k: number
}

/** What `lethe measure` is given. */
export interface MeasuredNames {
  readonly names: readonly string[]
  readonly policy: string | undefined
  readonly sketches: readonly string[] | undefined
  readonly merged: string | undefined
  readonly maxAtRisk: number | undefined
}

/** Files under a policy, or sketches. @throws LetheError (usage) where it is both, or neither */
export function checkMeasured({ names, policy, sketches, merged, maxAtRisk }: MeasuredNames): void {
  const refuse = (message: string, fix: string): never => {
    throw new LetheError('bad-option', message, fix)
  }
  if (sketches !== undefined) {
    if (names.length > 0 || policy !== undefined)
      refuse(
        'a sketch was made under a policy already, and what it was made of is not read again',
        'leave out the other files, and -p',
      )
    return
  }
  if (merged !== undefined || maxAtRisk !== undefined)
    refuse('--merged and --max-at-risk are of sketches', 'say --sketches FILE…')
  if (names.length === 0) refuse('no input is named', 'name files, or - for standard input')
  if (policy === undefined) refuse('no policy is named', 'say -p POLICY')
}

/**
 * Merges stored sketches, and says what they say; `failure`: why that does not hold the limit. `now`: ms since the epoch.
 * @throws LetheError as `mergeSketchFiles` does; where `k` is more than a sketch counts
 */
export async function measureSketchFiles(
  { sketches, merged, maxAtRisk, k }: SketchFilesOptions,
  now: number,
): Promise<{ readonly measured: SketchMeasurement; readonly failure: string | undefined }> {
  if (k < 2 || k > MOST_THRESHOLD)
    throw new LetheError(
      'bad-option',
      `--k ${k}: a sketch counts classes one by one up to ${MOST_THRESHOLD - 1} subjects`,
      `say 2 to ${MOST_THRESHOLD}`,
    )
  const sketch = mergeSketchFiles(sketches, now)
  if (merged !== undefined) await writeSketchFile(merged, sketch)
  const measured = sketchMeasurement(sketch, k)
  const verdict = maxAtRisk === undefined ? 'below' : judged(measured.figures.atRisk, maxAtRisk)
  return { measured, failure: FAILURES[verdict] }
}

const FAILURES = {
  below: undefined,
  'not below': 'the share of subjects at risk is not below --max-at-risk',
  'not known':
    'the share of subjects at risk lies within two standard deviations of --max-at-risk: whether it is below is not known',
} as const

/**
 * The sketch of all that the files hold.
 * @throws LetheError where one cannot be read, is damaged, past its period at `now`, or of something else
 */
export function mergeSketchFiles(files: readonly string[], now: number): StoredSketch {
  const places = files.map((file) => (existsSync(file) ? realpathSync(file) : file))
  const twice = files.find((_, at) => places.indexOf(places[at]!) < at)
  if (twice !== undefined)
    throw new LetheError('bad-option', `${twice} is named twice; nothing was merged`, 'name it once')
  return mergeSketches(files.map((file) => readFile(file, now)))
}

function readFile(file: string, now: number): NamedSketch {
  const sketch = readSketch(bytesOf(file), file)
  const { expires } = sketch.head
  if (Date.parse(expires) <= now)
    throw new LetheError(
      'sketch-expired',
      `${file} was to be kept until ${expires}, and is used for no figure; nothing was merged`,
      'delete it, unless a legal hold keeps it, and leave it out',
    )
  return { ...sketch, file }
}

function bytesOf(file: string): Uint8Array {
  try {
    if (statSync(file).size > MOST_SKETCH_BYTES)
      throw new LetheError('file-too-large', `${file} is larger than a sketch can be`, 'name a sketch')
    return readRegular(file)
  } catch (error) {
    if (error instanceof LetheError) throw error
    throw fileError(file, error)
  }
}

/** Figures: paths of the policy and numbers, no value. `k`: classes of fewer subjects are at risk. */
export function sketchMeasurement({ head, k: size, part }: StoredSketch, k: number): SketchMeasurement {
  const { version, policy, side, over, key, from, until, expires, parts, open } = head
  return {
    lethe: 'sketch-measurement',
    v: 1,
    version,
    policy,
    side,
    over,
    key,
    from,
    until,
    expires,
    sketches: { parts, open },
    options: { k },
    figures: sketchFigures(sampleOf(size, part), k),
  }
}

/** What an estimate says of a limit: it lies below, at or above it, or within two standard deviations, which says nothing. */
export function judged(estimate: Estimate, limit: number): 'below' | 'not known' | 'not below' {
  if (estimate.error > 0 && isTooClose(estimate, limit)) return 'not known'
  return estimate.value < limit ? 'below' : 'not below'
}

/** Writes a sketch for its owner alone. @throws LetheError where it cannot be written */
export async function writeSketchFile(name: string, sketch: StoredSketch): Promise<void> {
  const { path, isFolder, isSpecial } = placeOf(name)
  if (isFolder || isSpecial) throw new LetheError('not-a-file', `${name} is no regular file`, 'name a file')
  const output = new TemporaryFile(path, undefined, name, 'owner')
  try {
    await output.append(sketchBytes(sketch))
    await output.finish()
    output.publish()
  } finally {
    output.discard()
  }
}

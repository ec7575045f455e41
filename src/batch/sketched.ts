/** `--sketch FILE`: a sketch of a batch, for `lethe measure --sketches`. */
import type { HashedSide } from '../engine/field-hashes.ts'
import { LetheError } from '../errors.ts'
import type { Output } from '../files/sink.ts'
import { sketchedFields } from '../groups/quasi-identifiers.ts'
import type { Keyring } from '../keys/keyring.ts'
import { refusePublished } from '../keys/real-data.ts'
import type { KHyperLogLog } from '../measures/khyperloglog.ts'
import { sketchBytes } from '../measures/sketch-form.ts'
import type { Plan } from '../policy/plan.ts'
import { sketchHead } from '../run/sketch-head.ts'
import type { SketchSetup } from '../run/sketching.ts'

/** How a batch is sketched. */
export interface SketchOptions {
  /** Where the sketch goes. It is personal data: its owner alone may read it. */
  readonly sketch?: string
  /** Which values: as they came, or as they leave (unless stated). */
  readonly sketchSide?: HashedSide
  /** How long it is kept, in ms: 30 days unless stated. */
  readonly sketchKeep?: number
}

const DEFAULT_KEEP = 30 * 86_400_000

/** What threads are to sketch. @throws LetheError (usage) where there is nothing to sketch, or no key to do it under */
export function sketchSetupOf(
  plan: Plan,
  keys: Keyring | undefined,
  { sketch, sketchSide = 'output' }: SketchOptions,
  isChange: boolean,
): SketchSetup | undefined {
  if (sketch === undefined) return undefined
  const refuse = (why: string, fix: string): never => {
    throw new LetheError('bad-option', `--sketch: ${why}; nothing was read`, fix)
  }
  if (keys === undefined)
    return refuse('a sketch is made under a key, and no keys are given', 'say --keys FILE')
  refusePublished(keys)
  if (isChange)
    return refuse(
      'it is of rows, and a change event has two of them',
      'sketch the table that the events lead to',
    )
  if (plan.subject === undefined)
    return refuse(
      `it counts data subjects, and the policy ${plan.name} names none`,
      'write `subject:` into the policy',
    )
  if (sketchedFields(plan)?.length === 0)
    return refuse(
      `no field of the policy ${plan.name} has \`role: quasi-identifier\``,
      'give the fields that single out a person that role',
    )
  return { sides: [sketchSide], over: undefined }
}

/** Writes the sketch of a run. `from`: when it began, ms since the epoch. */
export async function writeSketch(
  output: Output,
  sketch: KHyperLogLog,
  plan: Plan,
  keys: Keyring,
  { sides, over }: SketchSetup,
  { from, keep = DEFAULT_KEEP }: { readonly from: number; readonly keep?: number | undefined },
): Promise<void> {
  const head = sketchHead(
    plan,
    keys.keyset,
    { side: sides[0]!, over },
    { from, until: Date.now(), keep },
    true,
  )
  await output.append(sketchBytes({ head, k: sketch.k, part: sketch.part() }))
  await output.finish()
}

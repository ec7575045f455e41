/** One pass of a batch over its inputs, in the threads of a pool. */
import { type ClassPassSetup, counting, newClassCount } from '../engine/class-pass.ts'
import type { Observe } from '../engine/engine.ts'
import type { DeadLetterLimit } from '../engine/limit.ts'
import type { Input } from '../files/input.ts'
import type { Output } from '../files/sink.ts'
import type { ClassCount } from '../groups/class-count.ts'
import { quasiIdentifiers } from '../groups/quasi-identifiers.ts'
import { newGroupsKey } from '../groups/subject-groups.ts'
import { KHyperLogLog } from '../measures/khyperloglog.ts'
import type { Plan } from '../policy/plan.ts'
import type { PolicyFile } from '../policy/policy-file.ts'
import { type BatchProgress, type BatchResult, type LetterSealing, runBatch } from '../run/batch-run.ts'
import type { Pool, PreparedPool } from '../run/chunk-pool.ts'
import type { RunConfiguration } from '../run/configuration.ts'
import type { ReadForm } from '../run/input-flags.ts'
import type { SketchSetup } from '../run/sketching.ts'
import type { FileReplay } from './file-replay.ts'

/** What a pass is told of the options of its batch. */
export interface PassOptions {
  readonly maxDeadLetters: DeadLetterLimit
  readonly maxRecordBytes: number
  readonly chunkBytes: number
  readonly escapeFormulas?: boolean
  readonly showNames?: boolean
  readonly summary?: string
  readonly replay?: FileReplay
}

export interface BatchPass {
  readonly plan: Plan
  readonly file: PolicyFile
  readonly configuration: RunConfiguration
  readonly inputs: readonly Input[]
  readonly outputs: readonly Output[]
  readonly deadLetterFile: Output | undefined
  readonly sealing: LetterSealing | undefined
  readonly form: ReadForm
  readonly now: number
  readonly options: PassOptions
  readonly prepared: PreparedPool
  readonly progress: (made: BatchProgress) => void
  readonly observe: Observe | undefined
  /** Whether it is the only pass, or the last: groups of data subjects are counted then. */
  readonly countsGroups: boolean
  /** Where the policy states a crowd. */
  readonly crowd: ClassPassSetup | 'unjudged' | undefined
  /** Where what leaves, or came, is sketched. */
  readonly sketch: SketchSetup | undefined
}

export interface PassResult {
  readonly result: BatchResult
  /** The classes of what was published, where they are counted and the pass came to its end. */
  readonly classes: ClassCount | undefined
  /** Where it is sketched and came to its end. */
  readonly sketch: KHyperLogLog | undefined
}

/** @throws LetheError */
export async function runPass(pass: BatchPass): Promise<PassResult> {
  const { plan, file, inputs, now, options, crowd } = pass
  const countsGroups = pass.countsGroups && quasiIdentifiers(plan.fields).length > 0
  const isJudged = crowd !== undefined && crowd !== 'unjudged'
  const pool = await pass.prepared.open(plan, {
    kind: 'chunks',
    policyFile: file.file,
    fingerprint: plan.fingerprint,
    configuration: pass.configuration,
    groupsKey: countsGroups ? newGroupsKey() : undefined,
    seals: pass.sealing !== undefined,
    crowd,
    sketch: pass.sketch,
    options: {
      now,
      maxRecordBytes: options.maxRecordBytes,
      showNames: options.showNames,
      change: pass.form.change,
      observe: pass.observe,
    },
  })
  const result = await runBatch({
    plan,
    pool,
    inputs,
    outputs: pass.outputs,
    deadLetterFile: pass.deadLetterFile,
    sealing: pass.sealing,
    limit: options.maxDeadLetters,
    countsGroups,
    maxRecordBytes: options.maxRecordBytes,
    chunkBytes: options.chunkBytes,
    form: pass.form,
    escapeFormulas: options.escapeFormulas === true,
    showNames: options.showNames === true,
    // Of several passes, they tell that all read the same.
    digests: options.summary !== undefined || options.replay !== undefined || isJudged,
    only: options.replay?.picked,
    onProgress: pass.progress,
  })
  const classes = isJudged && !result.tooManyDeadLetters ? await allClasses(plan, pool) : undefined
  const isWhole = pass.sketch !== undefined && !result.tooManyDeadLetters
  return { result, classes, sketch: isWhole ? await wholeSketch(pool) : undefined }
}

async function wholeSketch(pool: Pool): Promise<KHyperLogLog> {
  const whole = new KHyperLogLog()
  for (const [part] of await pool.sketches()) if (part !== undefined) whole.merge(part)
  return whole
}

async function allClasses(plan: Plan, pool: Pool): Promise<ClassCount> {
  const all = newClassCount(plan, plan.crowd!)
  for (const part of await pool.classes()) counting(() => all.merge(part))
  return all
}

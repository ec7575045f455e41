/** A batch run: inputs to chunks, chunks to outputs, in order, with every record accounted for. */
import { type Account, addAccount, emptyAccount } from '../engine/account.ts'
import { type LetterSubject, letterSubject, type SubjectTokens } from '../engine/letter-subject.ts'
import { type DeadLetterLimit, LimitWatch } from '../engine/limit.ts'
import type { FileDigest } from '../files/digest.ts'
import { numberOf } from '../files/input.ts'
import type { Output } from '../files/sink.ts'
import type { Rejected } from '../files/splitter.ts'
import type { Figures } from '../groups/figures.ts'
import { SubjectGroups } from '../groups/subject-groups.ts'
import type { Plan } from '../policy/plan.ts'
import { countName, newNames } from '../record/names.ts'
import { Spares } from '../record/spares.ts'
import type { Sealer } from '../sealing/sealer.ts'
import { type BatchInputs, BatchSource } from './batch-source.ts'
import type { RewrittenChunk } from './chunk.ts'
import type { Pool } from './chunk-pool.ts'
import { runPipeline } from './in-order.ts'
import type { Batch } from './input-batch.ts'

export interface BatchRun extends BatchInputs {
  readonly pool: Pool
  readonly deadLetterFile: Output | undefined
  /** Undefined: dead letters carry no originals. */
  readonly sealing?: LetterSealing | undefined
  readonly limit: DeadLetterLimit
  /** Whether the pool counts the data subjects behind what is published. */
  readonly countsGroups: boolean
  readonly onProgress: (progress: BatchProgress) => void
}

export interface BatchProgress {
  /** Bytes read from the disk so far. */
  readonly bytes: number
  readonly records: number
}

export interface InputAccount {
  /** Records read from it. */
  records: number
  /** Of these, those that were published. */
  published: number
  /** Bytes read from it, as they lie on the disk. */
  bytes: number
  /** Physical lines settled so far. */
  lines: number
  /** Where a quote opened that never closes: its line, from 1, and how many lines became dead letters. */
  unclosed?: { readonly line: number; readonly lines: number }
  /** Of its bytes as they lie on the disk, where it was asked for and the input was read to its end. */
  digest?: FileDigest
}

export interface BatchResult {
  readonly account: Account
  readonly inputs: readonly InputAccount[]
  /** More dead letters than the limit allows: the outputs must not be published. */
  readonly tooManyDeadLetters: boolean
  /** Of all records that were published, where they are counted and the run came to its end. */
  readonly groups: Figures | undefined
  /** Where originals are sealed. */
  readonly originals?: SealCounts | undefined
}

/** A line of the list of dead letters. `forms/dead-letters.ts` has its form. */
export interface FileDeadLetter {
  readonly v: 1
  /** From 1, as they were named. */
  readonly input: number
  /** The line that the record begins at, from 1. */
  readonly line: number
  /** Of JSON that is not read a line at a time: which record of the input it is, from 1. */
  readonly record?: number
  /** Lines that an open quote took with it, where it is not one record. */
  readonly records?: number
  readonly code: string
  readonly rule?: string
  /** `name@version#fingerprint`. */
  readonly policy: string
  /** Whose the record was, where the original is there and match keys are given. */
  readonly subject?: LetterSubject
  /** The record, as an age file in base64. */
  readonly sealed?: string
}

/** How the originals of dead letters are sealed. */
export interface LetterSealing {
  readonly sealer: Sealer
  /** Undefined where there are no match keys. */
  readonly tokens: SubjectTokens | undefined
}

/** Dead letters with their originals, and those without. */
export interface SealCounts {
  sealed: number
  unsealed: number
}

class LimitReached extends Error {}

/** Chunks whose outputs may wait to be written. */
const WRITES_BEHIND = 4

/** Memory larger than this many chunks, as a long record needs, is not kept. */
const SPARE_CHUNKS = 4

/** Reads and de-identifies everything; the outputs are finished but not published. */
export async function runBatch(run: BatchRun): Promise<BatchResult> {
  const { plan, pool } = run
  const account = emptyAccount(plan)
  const inputs: InputAccount[] = run.inputs.map(() => ({ records: 0, published: 0, bytes: 0, lines: 0 }))
  const watch = new LimitWatch(run.limit)
  const originals: SealCounts = { sealed: 0, unsealed: 0 }
  let bytes = 0
  const ahead = pool.size * 3
  const spares = new Spares(ahead + 1, run.chunkBytes * SPARE_CHUNKS)
  const outputMemory = new Spares(ahead + WRITES_BEHIND, run.chunkBytes * SPARE_CHUNKS)
  const source = new BatchSource(run, spares, {
    read: (index, read) => {
      bytes += read
      inputs[index]!.bytes += read
    },
    ended: (index, digest) => {
      inputs[index]!.digest = digest
    },
  })

  const settle = async (batch: Batch, done: RewrittenChunk): Promise<void> => {
    const before = account.records
    const own = inputs[batch.input]!
    own.lines += batch.headerLines
    if ('unlisted' in batch && batch.unlisted !== undefined)
      countUnlisted(done.account, batch.unlisted, run.showNames === true)
    addAccount(account, done.account)
    own.records += done.account.records
    own.published += done.account.published
    if (run.deadLetterFile !== undefined && done.deadLetters.length > 0) {
      const letters = lettersOf(plan, numberOf(run.inputs[batch.input]!, batch.input), batch, own, done)
      await run.deadLetterFile.append(await letterLines(letters, done, run.sealing, originals))
    }
    if ('rejected' in batch && batch.rejected.code === 'csv-quote-unclosed')
      own.unclosed = { line: own.lines + 1, lines: batch.rejected.lines }
    own.lines += ('cut' in batch ? batch.cut?.total : undefined) ?? done.lines
    const over = watch.takes(before, account.records, deadOrdinals(before, batch, done))
    if (over) throw new LimitReached()
    if (done.spare !== undefined) spares.give(done.spare)
    const whole = endings.before(batch.input)
    written = written.then(async () => {
      for (const output of whole) await output.finish()
      await write(run.outputs[batch.input]!, done.output)
    })
    // A failure is thrown to the next call.
    written.catch(() => {})
    writing.push(written)
    if (writing.length > WRITES_BEHIND) await writing.shift()
    run.onProgress({ bytes, records: account.records })
  }

  /** Writes under way, in order: further chunks are de-identified meanwhile. */
  const writing: Promise<void>[] = []
  const endings = new Endings(run.outputs)
  let written = Promise.resolve()
  const write = async (output: Output, bytes: Uint8Array): Promise<void> => {
    if (bytes.length > 0) await output.append(bytes)
    outputMemory.give(bytes.buffer as ArrayBuffer)
  }

  let tooManyDeadLetters = false
  try {
    await runPipeline<Batch, RewrittenChunk>({
      batches: source.batches(),
      deidentify: (batch) =>
        'chunk' in batch
          ? pool.rewrite({ ...batch.chunk, memory: outputMemory.any() })
          : Promise.resolve(skipped(plan, batch.rejected)),
      help: () => pool.help(),
      settle,
      ahead,
    })
    await written
    for (const output of endings.before(run.outputs.length)) await output.finish()
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error
    tooManyDeadLetters = true
  } finally {
    // A file that is being written to may not be closed.
    await written.catch(() => {})
  }
  await run.deadLetterFile?.finish()
  return {
    account,
    inputs,
    tooManyDeadLetters,
    originals: run.sealing === undefined ? undefined : originals,
    groups: run.countsGroups && !tooManyDeadLetters ? await figuresOf(plan, pool) : undefined,
  }
}

/** Which outputs are whole: those whose inputs are all read. What a writer holds in memory is free then. */
class Endings {
  readonly #outputs: readonly Output[]
  readonly #last: ReadonlyMap<Output, number>
  #next = 0

  constructor(outputs: readonly Output[]) {
    this.#outputs = outputs
    this.#last = new Map(outputs.map((output, input) => [output, input]))
  }

  /** The outputs, each told once, that get nothing more where all inputs before `input` are settled. */
  before(input: number): Output[] {
    const whole: Output[] = []
    for (; this.#next < input; this.#next++) {
      const output = this.#outputs[this.#next]!
      if (this.#last.get(output) === this.#next) whole.push(output)
    }
    return whole
  }
}

/** What no rule names of every record of a chunk was not read: it counts as met. */
function countUnlisted(account: Account, paths: readonly string[], showNames: boolean): void {
  account.unlisted += paths.length * account.records
  if (!showNames || paths.length === 0) return
  account.unlistedNames ??= newNames()
  for (const path of paths) countName(account.unlistedNames, path, account.records)
}

/** Every chunk was settled: what the threads counted is what is published. */
async function figuresOf(plan: Plan, pool: Pool): Promise<Figures> {
  const groups = new SubjectGroups()
  for (const part of await pool.groups()) groups.merge(part)
  return groups.figures(plan.subject === undefined)
}

function skipped(plan: Plan, { code, records, lines }: Rejected): RewrittenChunk {
  const account = emptyAccount(plan)
  account.records = records
  account.deadLettered[code] = records
  return { output: new Uint8Array(0), deadLetters: [{ record: 0, line: 0, code, rule: -1 }], lines, account }
}

/** Ordinals in the run, from 1, of the records that died. */
function* deadOrdinals(before: number, batch: Batch, done: RewrittenChunk): Generator<number> {
  if ('rejected' in batch)
    for (let record = 1; record <= batch.rejected.records; record++) yield before + record
  else for (const { record } of done.deadLetters) yield before + record + 1
}

/** Coordinates, code, rule and fingerprint; never a value, nor a file's name, which may be one. */
function lettersOf(
  plan: Plan,
  input: number,
  batch: Batch,
  own: InputAccount,
  done: RewrittenChunk,
): FileDeadLetter[] {
  // Of JSON that is not one record a line, lines say little.
  const lines = 'rejected' in batch ? lineOf(batch.rejected) : batch.recordLines
  const before = own.records - done.account.records
  const ordinalOf = (record: number): number => batch.ordinals?.[record] ?? before + record + 1
  const cut = 'cut' in batch ? batch.cut : undefined
  return done.deadLetters.map(({ record, line, code, rule }) => ({
    v: 1,
    input,
    line: lines?.[record] ?? own.lines + (cut?.of(line) ?? line) + 1,
    ...(lines === undefined ? {} : { record: ordinalOf(record) }),
    ...('rejected' in batch && batch.rejected.records > 1 ? { records: batch.rejected.records } : {}),
    code,
    ...(rule >= 0 ? { rule: plan.rules[rule]!.label } : {}),
    policy: `${plan.name}@${plan.version}#${plan.fingerprint}`,
  }))
}

/** Dead letters as lines, with their originals where these are sealed and there; what goes without is counted. */
async function letterLines(
  letters: readonly FileDeadLetter[],
  { deadLetters, originals = [] }: RewrittenChunk,
  sealing: LetterSealing | undefined,
  counts: SealCounts,
): Promise<Uint8Array> {
  const lines = await Promise.all(
    letters.map(async (letter, at) => {
      const record = originals[at]
      if (sealing === undefined) return JSON.stringify(letter)
      const subject = letterSubject(sealing.tokens, deadLetters[at]!.subject)
      const whose = subject === undefined ? letter : { ...letter, subject }
      const sealed = record && (await sealing.sealer.seal(JSON.stringify(whose), { record }))
      counts[sealed === undefined ? 'unsealed' : 'sealed']++
      return JSON.stringify(sealed === undefined ? letter : { ...whose, sealed })
    }),
  )
  return Buffer.from(`${lines.join('\n')}\n`)
}

const lineOf = ({ line }: Rejected): readonly number[] | undefined =>
  line === undefined ? undefined : [line]

/** A stored file as a target: CSV, NDJSON and JSON, gz and zst, with the sidecar that the batch wrote beside it. */
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FAILURE_CODES } from '../../transforms/transform.ts'
import { sum } from '../engine/account.ts'
import { LetheError } from '../errors.ts'
import { ArrayOutput } from '../files/array-output.ts'
import { digestOf, type FileDigest } from '../files/digest.ts'
import { inspectInput } from '../files/input.ts'
import { takeLock } from '../files/lock-file.ts'
import { openNothing, openOutput } from '../files/output.ts'
import type { Output } from '../files/sink.ts'
import { discardParts } from '../files/temporary-file.ts'
import { writeWhole } from '../files/whole-file.ts'
import { loadZstd } from '../files/zstd.ts'
import { type BatchResult, runBatch } from '../run/batch-run.ts'
import { preparePool } from '../run/chunk-pool.ts'
import { deleteFile, replaceFile } from './delete-stored.ts'
import { stampOf } from './file-stamp.ts'
import type { TargetName } from './legal-hold.ts'
import { fileTarget, type HeldSetting, mayDelete, type Permit } from './may-delete.ts'
import { readSidecar, type Sidecar, sidecarName, sidecarText } from './sidecar.ts'
import { isErasure, judgeOf, refusalOf, type StoredJudge } from './stored-judge.ts'
import type { CannotStep } from './stored-plan.ts'
import {
  type Target,
  type TargetRequest,
  type TargetSurvey,
  UNTOUCHED,
  type Untouched,
  type UntouchedCode,
} from './target.ts'

/** A row that is longer is none that a batch wrote. */
const MAX_ROW_BYTES = 64 << 20
const CHUNK_BYTES = 1 << 20

interface Scan {
  readonly result: BatchResult
  readonly judge: StoredJudge
  readonly digest: FileDigest
}

export class StoredFile implements Target {
  readonly name: TargetName
  readonly #file: string

  constructor(file: string) {
    this.name = fileTarget(file)
    this.#file = this.name.slice('file:'.length)
  }

  async survey(request: TargetRequest): Promise<TargetSurvey | Untouched> {
    const sidecar = this.#sidecarFor(request)
    if ('code' in sidecar) return sidecar
    let scan: Scan
    try {
      scan = await this.#scanned(sidecar, request, () => openNothing(this.#file))
    } catch (error) {
      if (!(error instanceof LetheError)) throw error
      return this.#untouched('unreadable', error.message)
    }
    if (!isSame(scan.digest, sidecar.file)) return this.#untouched('changed-since')
    return this.#surveyOf(scan, request)
  }

  /** The sidecar, where it says all that is needed. */
  #sidecarFor(request: TargetRequest): Sidecar | Untouched {
    const sidecar = readSidecar(this.#file)
    if (sidecar === 'missing') return this.#untouched('no-sidecar')
    if (sidecar === 'malformed') return this.#untouched('sidecar-malformed')
    // What is written back are lines.
    if (sidecar.format === 'parquet') return this.#untouched('parquet-file')
    if (sidecar.change !== undefined) return this.#untouched('change-events')
    const refused = refusalOf(sidecar, request)
    return refused === undefined ? sidecar : this.#untouched(refused.code, refused.message)
  }

  #untouched(code: UntouchedCode, message: string = UNTOUCHED[code]): Untouched {
    return { target: this.name, code, message }
  }

  /**
   * Reads the file to its end, and writes what is left of it. Where a value cannot be taken to its step, and nothing is chosen for
   * that, no row is stepped.
   */
  async #scanned(sidecar: Sidecar, request: TargetRequest, open: () => Output): Promise<Scan> {
    const scan = await this.#scan(sidecar, request, open(), true)
    if (cannotStepOf(request) !== undefined || deadRows(scan.result.account.deadLettered).failed === 0)
      return scan
    return await this.#scan(sidecar, request, open(), false)
  }

  async #scan(sidecar: Sidecar, request: TargetRequest, output: Output, mayStep: boolean): Promise<Scan> {
    if (sidecar.format === 'parquet') throw this.#changed(UNTOUCHED['parquet-file'])
    if (sidecar.change !== undefined) throw this.#changed(UNTOUCHED['change-events'])
    const judge = judgeOf(this.name, sidecar, request, mayStep)
    const { stored, tally, gate, now } = judge
    const input = inspectInput(this.#file, sidecar.format)
    if (input.compression === 'zstd') await loadZstd()
    const prepared = preparePool([input], 1)
    try {
      const pool = await prepared.open(stored.plan, {
        kind: 'chunks',
        policyFile: '',
        fingerprint: stored.plan.fingerprint,
        configuration: { files: new Map(), keyset: undefined },
        options: { now, maxRecordBytes: MAX_ROW_BYTES, gates: [gate] },
      })
      const result = await runBatch({
        plan: stored.plan,
        pool,
        inputs: [input],
        outputs: [output],
        deadLetterFile: undefined,
        limit: { kind: 'share', most: 1 },
        countsGroups: false,
        maxRecordBytes: MAX_ROW_BYTES,
        chunkBytes: CHUNK_BYTES,
        form: sidecar.delimiter === undefined ? {} : { delimiter: sidecar.delimiter },
        escapeFormulas: false,
        digests: true,
        onProgress: () => {},
      })
      const digest = result.inputs[0]!.digest!
      const suppressed = sum(result.account.suppressed)
      const seen = result.account.published + suppressed + sum(result.account.deadLettered)
      if (suppressed !== tally.deleted || seen !== result.account.records)
        throw new LetheError('account-mismatch', `the rows of ${this.#file} do not add up; it is as it was`)
      return { result, judge, digest }
    } finally {
      await prepared.close()
    }
  }

  #surveyOf({ result, judge, digest }: Scan, request: TargetRequest): TargetSurvey | Untouched {
    const { stored, tally } = judge
    const { account } = result
    const { failed, unread } = deadRows(account.deadLettered)
    if (unread > 0)
      return this.#untouched(
        'unreadable-rows',
        `${unread} rows of it cannot be read, so that they cannot be judged`,
      )
    const isRowDropped = cannotStepOf(request) === 'drop-row'
    // Values that a step cannot take: of rows that would be stepped.
    const deleted = tally.deleted + (isRowDropped ? failed : 0)
    const stepped = total(tally.stepped) - failed
    const kept = account.records - deleted - stepped
    const rules = judge.rules(isRowDropped ? failed : 0).filter(({ rows }) => rows > 0)
    const timeOf = (time: number): string | null =>
      Number.isFinite(time) ? new Date(time).toISOString() : null
    return {
      target: this.name,
      digest,
      rows: account.records,
      kept,
      deleted,
      stepped,
      rules,
      held: heldOf(judge),
      undated: tally.undated,
      cannotStep: total(tally.left) + (isRowDropped ? 0 : failed),
      unsteppable: stored.unsteppable,
      whole: account.records > 0 && deleted === account.records,
      oldest: timeOf(tally.oldest),
      newest: timeOf(tally.newest),
      ...judge.told(),
    }
  }

  async apply(
    planned: TargetSurvey,
    order: string,
    request: TargetRequest,
  ): Promise<'applied' | 'was applied'> {
    const release = await takeLock(this.#file, { waitMs: 1000 })
    try {
      return await this.#apply(planned, order, request)
    } finally {
      release()
    }
  }

  async #apply(
    planned: TargetSurvey,
    order: string,
    request: TargetRequest,
  ): Promise<'applied' | 'was applied'> {
    const sidecarFile = sidecarName(this.#file)
    if (!existsSync(this.#file)) {
      if (!planned.whole || (isErasure(request) && !this.wasErasedBy(order)))
        throw this.#changed('it is gone')
      // Cut short between the two, or done.
      if (!existsSync(sidecarFile)) return 'was applied'
      deleteFile(sidecarFile, this.#permit(request, sidecarFile))
      return 'applied'
    }
    const staged = this.#staged(order)
    const now = await digestOf(this.#file)
    const sidecar = readSidecar(this.#file)
    if (typeof sidecar === 'string')
      throw this.#changed(UNTOUCHED[sidecar === 'missing' ? 'no-sidecar' : 'sidecar-malformed'])
    if (sidecar.order === order && isSame(now, sidecar.file)) return 'was applied'
    const begun = readSidecar(staged.data)
    if (typeof begun !== 'string' && begun.order === order && isSame(now, begun.file)) {
      // Cut short between the file and its sidecar.
      replaceFile(sidecarName(staged.data), sidecarFile, this.#permit(request, sidecarFile))
      return 'applied'
    }
    if (!isSame(now, planned.digest)) throw this.#changed('its bytes are others')
    for (const name of [staged.data, sidecarName(staged.data)]) {
      discardParts(name)
      if (existsSync(name)) deleteFile(name, this.#permit(request, name))
    }
    if (planned.whole) return await this.#deleteWhole(planned, order, sidecar, request)
    await this.#rewrite(planned, order, sidecar, request, staged.data)
    return 'applied'
  }

  async #deleteWhole(
    planned: TargetSurvey,
    order: string,
    sidecar: Sidecar,
    request: TargetRequest,
  ): Promise<'applied'> {
    const stamp = stampOf(this.#file)
    const scan = await this.#scanned(sidecar, request, () => openNothing(this.#file))
    this.#check(planned, scan, request)
    const sidecarFile = sidecarName(this.#file)
    // Each row was asked for: a hold on a time between them holds none.
    const permit = this.#permit(request, this.#file, request.lookAgain)
    const mark = isErasure(request) ? erasedName(this.#file, order) : undefined
    if (mark !== undefined) await writeWhole(mark, `${JSON.stringify({ lethe: 'erased', v: 1, order })}\n`)
    try {
      deleteFile(this.#file, permit, this.#still(stamp))
    } catch (error) {
      if (mark !== undefined) deleteFile(mark, this.#permit(request, mark))
      throw error
    }
    deleteFile(sidecarFile, this.#permit(request, sidecarFile))
    return 'applied'
  }

  async #rewrite(
    planned: TargetSurvey,
    order: string,
    sidecar: Sidecar,
    request: TargetRequest,
    staged: string,
  ): Promise<void> {
    const stamp = stampOf(this.#file)
    const { compression } = inspectInput(this.#file, sidecar.format)
    if (compression === 'zstd') await loadZstd()
    const opened: Output[] = []
    const open = (): Output => {
      for (const one of opened) void one.discard()
      const raw = openOutput(staged, compression ?? 'none', true)
      opened.push(raw)
      return sidecar.format === 'json' ? new ArrayOutput(raw) : raw
    }
    const sidecarStaged = sidecarName(staged)
    try {
      const scan = await this.#scanned(sidecar, request, open)
      this.#check(planned, scan, request)
      const data = opened.at(-1)!
      const asOf = asOfAfter(sidecar, scan, request)
      const made: Sidecar = { ...sidecar, file: data.digest!, asOf, order }
      const beside = openOutput(sidecarStaged, 'none')
      opened.push(beside)
      await beside.append(Buffer.from(sidecarText(made)))
      await beside.finish()
      this.#still(stamp)()
      await beside.publish()
      await data.publish()
      const sidecarFile = sidecarName(this.#file)
      replaceFile(
        staged,
        this.#file,
        this.#permit(request, this.#file, request.lookAgain),
        this.#still(stamp),
      )
      replaceFile(sidecarStaged, sidecarFile, this.#permit(request, sidecarFile))
    } finally {
      for (const one of opened) await one.discard()
    }
  }

  /** Throws where the file is not in the state that its stamp tells: a batch may have put another one in its place. */
  #still(stamp: string): () => void {
    return () => {
      if (stampOf(this.#file) !== stamp) throw this.#changed('it was written to meanwhile')
    }
  }

  /** Refuses where the rows are not what the order says: they changed, or are held now. */
  #check(planned: TargetSurvey, scan: Scan, request: TargetRequest): void {
    if (!isSame(scan.digest, planned.digest)) throw this.#changed('its bytes are others')
    const found = this.#surveyOf(scan, request)
    if ('code' in found) throw this.#changed(found.message)
    if (found.held.fromDeletion > planned.held.fromDeletion || found.held.fromStep > planned.held.fromStep)
      throw new LetheError(
        'target-held',
        `rows of ${this.#file} are under a legal hold that was added since the order was made; it is as it was`,
        'make another order',
      )
    const counts = ({ rows, kept, deleted, stepped }: TargetSurvey): string =>
      [rows, kept, deleted, stepped].join()
    if (counts(found) !== counts(planned))
      throw this.#changed(
        `${found.deleted} rows would go and ${found.stepped} be stepped, where the order says ${planned.deleted} and ${planned.stepped}`,
      )
    const { published } = scan.result.account
    if (published !== found.kept + found.stepped)
      throw new LetheError('account-mismatch', `the rows of ${this.#file} do not add up; it is as it was`)
  }

  /** Of what belongs to the file, and of its rewritten self: holds were asked for each row that goes. */
  #permit({ holds, heldAt }: TargetRequest, name: string, lookAgain?: HeldSetting['lookAgain']): Permit {
    const target = fileTarget(name)
    // Those that were asked hold nothing of it any more; `lookAgain` is asked for others.
    const asked = holds.map((hold) => ({ ...hold, released: heldAt }))
    const verdict = mayDelete({ target }, asked, heldAt, lookAgain)
    if (!verdict.allowed) throw new LetheError('target-held', `${name} is under a legal hold`)
    return verdict.permit
  }

  #staged(order: string): { readonly data: string } {
    return { data: join(dirname(this.#file), `.${basename(this.#file)}.${order.slice(0, 12)}.retain`) }
  }

  #changed(why: string): LetheError {
    return new LetheError(
      'target-changed',
      `${this.#file} is not what the order was made of: ${why}; it was not touched`,
      'make another order',
    )
  }

  isGone(): boolean {
    return !existsSync(this.#file) && !existsSync(sidecarName(this.#file))
  }

  /** Whether an order of erasure deleted it: one that is not there may also have been moved, with all its rows. */
  wasErasedBy(order: string): boolean {
    return existsSync(erasedName(this.#file, order))
  }
}

/** What is left of a file that an order erased as a whole: that it did. */
const erasedName = (file: string, order: string): string =>
  join(dirname(file), `.${basename(file)}.${order.slice(0, 12)}.erased`)

function heldOf({ tally, held }: StoredJudge): TargetSurvey['held'] {
  const { counts, whole } = held
  return {
    fromDeletion: tally.heldFromDeletion,
    fromStep: tally.heldFromStep,
    ...(counts.size === 0 ? {} : { by: Object.fromEntries(counts) }),
    ...(whole.length === 0 ? {} : { whole }),
  }
}

const cannotStepOf = (request: TargetRequest): CannotStep | undefined =>
  isErasure(request) ? undefined : request.cannotStep

/** The instant that the rows which stay were judged at last. */
function asOfAfter(sidecar: Sidecar, { judge }: Scan, request: TargetRequest): string {
  // Rows that a hold keeps from a step are still to be stepped.
  if (isErasure(request) || judge.tally.heldFromStep > 0) return sidecar.asOf
  const asOf = Math.max(Date.parse(sidecar.asOf), request.asOf - request.marginMs)
  return new Date(asOf).toISOString()
}

const isSame = (a: FileDigest, b: FileDigest): boolean => a.bytes === b.bytes && a.sha256 === b.sha256

const total = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0)

/** Rows that did not come through: because a value could not be stepped, or because they cannot be read. */
function deadRows(dead: Readonly<Record<string, number | undefined>>): { failed: number; unread: number } {
  let failed = 0
  let unread = 0
  for (const [code, count = 0] of Object.entries(dead))
    if (Object.hasOwn(FAILURE_CODES, code)) failed += count
    else unread += count
  return { failed, unread }
}

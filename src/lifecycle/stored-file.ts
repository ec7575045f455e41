/** A stored file as a target: CSV, NDJSON, JSON and Parquet. A keeper tells what made it. */
import { existsSync } from 'node:fs'
import { FAILURE_CODES } from '../../transforms/transform.ts'
import { LetheError } from '../errors.ts'
import { digestOf, isSameDigest } from '../files/digest.ts'
import { openNothing } from '../files/output.ts'
import type { Output } from '../files/sink.ts'
import { discardParts } from '../files/temporary-file.ts'
import { deleteFile, replaceFile } from './delete-stored.ts'
import { stampOf } from './file-stamp.ts'
import type { Keeper, Made, PermitFor, Rewrite, StoredChange } from './keeper.ts'
import { keeperOf } from './keeper-of.ts'
import type { TargetName } from './legal-hold.ts'
import { fileTarget, type HeldSetting, mayDelete, type Permit } from './may-delete.ts'
import { sidecarName } from './sidecar.ts'
import { stagedName } from './staged-name.ts'
import { isErasure, judgeOf, refusalOf, type StoredJudge } from './stored-judge.ts'
import { openerFor, refuseOtherColumns } from './stored-output.ts'
import type { CannotStep } from './stored-plan.ts'
import { type Scan, scanStored } from './stored-scan.ts'
import { type Target, type TargetRequest, type TargetSurvey, type Untouched, untouched } from './target.ts'

export class StoredFile implements Target {
  readonly name: TargetName
  readonly file: string

  constructor(file: string) {
    this.name = fileTarget(file)
    this.file = this.name.slice('file:'.length)
  }

  /** It changes with the file: a folder may become a data set. */
  get #keeper(): Keeper {
    return keeperOf(this.file)
  }

  async survey(request: TargetRequest): Promise<TargetSurvey | Untouched> {
    const made = this.#keeper.read(this.file)
    if ('code' in made) return { target: this.name, ...made }
    const refused = refusalOf(made, request)
    if (refused !== undefined) return { target: this.name, ...refused }
    let scan: Scan
    try {
      scan = await this.#scanned(made, request, () => openNothing(this.file))
    } catch (error) {
      if (!(error instanceof LetheError)) throw error
      return (await this.#isOf(made))
        ? untouched(this.name, 'unreadable', error.message)
        : untouched(this.name, 'changed-since')
    }
    if (!made.isOf(scan.digest)) return untouched(this.name, 'changed-since')
    return this.#surveyOf(scan, request)
  }

  /** Whether it is the file that is told of; one that cannot be read may be. */
  async #isOf(made: Made): Promise<boolean> {
    try {
      return made.isOf(await digestOf(this.file))
    } catch (error) {
      if (!(error instanceof LetheError)) throw error
      return true
    }
  }

  /**
   * Reads the file to its end, and writes what is left of it. Where a value cannot be taken to its step, and nothing is chosen for
   * that, no row is stepped.
   */
  async #scanned(made: Made, request: TargetRequest, open: () => Output): Promise<Scan> {
    const scan = await this.#scan(made, request, open(), true)
    if (cannotStepOf(request) !== undefined || deadRows(scan.result.account.deadLettered).failed === 0)
      return scan
    return await this.#scan(made, request, open(), false)
  }

  #scan(made: Made, request: TargetRequest, output: Output, mayStep: boolean): Promise<Scan> {
    return scanStored(this.file, made, judgeOf(this.name, made, request, mayStep), output)
  }

  #surveyOf({ result, judge, digest }: Scan, request: TargetRequest): TargetSurvey | Untouched {
    const { stored, tally } = judge
    const { account } = result
    const { failed, unread } = deadRows(account.deadLettered)
    if (unread > 0)
      return untouched(
        this.name,
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
      whole: account.records > 0 && deleted === account.records && this.#keeper.goesWhole,
      oldest: timeOf(tally.oldest),
      newest: timeOf(tally.newest),
      ...judge.told(),
    }
  }

  /**
   * Makes what is to take its place. What is done already is left as it is. The caller keeps the lock, and makes the change.
   * @throws LetheError: `target-changed`, `target-held`, (io); then the target is as it was
   */
  async stage(
    planned: TargetSurvey,
    order: string,
    request: TargetRequest,
  ): Promise<StoredChange | 'applied' | 'was applied'> {
    const { file } = this
    const keeper = this.#keeper
    const permitFor = permitsOf(request)
    if (!existsSync(file)) {
      if (!planned.whole || (isErasure(request) && !keeper.wasErased(file, order, planned.digest)))
        throw this.#changed('it is gone')
      return keeper.gone(file, permitFor)
    }
    const now = await digestOf(file)
    const made = keeper.read(file)
    if ('code' in made) throw this.#changed(made.message)
    const state = keeper.state(file, order, now, permitFor)
    if (state !== undefined) return state
    if (!isSameDigest(now, planned.digest)) throw this.#changed('its bytes are others')
    const staged = stagedName(file, order)
    this.#discard(staged, permitFor)
    const stamp = stampOf(file)
    const opened: Output[] = []
    const asOf = asOfAfter(made.judged, planned, request)
    const open = await this.#opener(made, planned, staged, { order, asOf })
    const next = (): Output => {
      for (const one of opened) void one.discard()
      opened.push(open())
      return opened.at(-1)!
    }
    try {
      const scan = await this.#scanned(made, request, next)
      const found = this.#check(planned, scan, request)
      const output = opened.at(-1)!
      await output.publish()
      if (made.format === 'parquet' && !planned.whole)
        refuseOtherColumns(file, staged, found.kept + found.stepped)
      return {
        file,
        order,
        kept: found.kept + found.stepped,
        deleted: found.deleted,
        before: now,
        stamp,
        after: planned.whole ? undefined : { staged, digest: output.digest! },
        asOf,
        isErasure: isErasure(request),
      }
    } catch (error) {
      this.#discard(staged, permitFor)
      throw error
    } finally {
      for (const one of opened) await one.discard()
    }
  }

  async #opener(
    made: Made,
    { whole }: TargetSurvey,
    staged: string,
    rewrite: Rewrite,
  ): Promise<() => Output> {
    if (whole) return () => openNothing(this.file)
    return (
      this.#keeper.opener?.(this.file, staged, rewrite) ?? (await openerFor(this.file, made.format, staged))
    )
  }

  /** Takes away what was made to take its place. */
  discard({ after }: StoredChange, request: TargetRequest): void {
    if (after !== undefined) this.#discard(after.staged, permitsOf(request))
  }

  /** What was left half-made under a name. */
  #discard(staged: string, permitFor: PermitFor): void {
    for (const name of [staged, sidecarName(staged)]) {
      discardParts(name)
      if (existsSync(name)) deleteFile(name, permitFor(name))
    }
  }

  /** Puts what was made in its place, or takes it away. @throws LetheError: then it is as it was */
  swap({ after, stamp }: StoredChange, request: TargetRequest): void {
    // Each row was asked for: a hold on a time between them holds none.
    const permit = permitOf(request, this.file, request.lookAgain)
    const isStill = (): void => {
      // A batch may have put another one in its place.
      if (stampOf(this.file) !== stamp) throw this.#changed('it was written to meanwhile')
    }
    if (after === undefined) deleteFile(this.file, permit, isStill)
    else replaceFile(after.staged, this.file, permit, isStill)
  }

  /** Refuses where the rows are not what the order says: they changed, or are held now. */
  #check(planned: TargetSurvey, scan: Scan, request: TargetRequest): TargetSurvey {
    if (!isSameDigest(scan.digest, planned.digest)) throw this.#changed('its bytes are others')
    const found = this.#surveyOf(scan, request)
    if ('code' in found) throw this.#changed(found.message)
    if (found.held.fromDeletion > planned.held.fromDeletion || found.held.fromStep > planned.held.fromStep)
      throw new LetheError(
        'target-held',
        `rows of ${this.file} are under a legal hold that was added since the order was made; it is as it was`,
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
      throw new LetheError('account-mismatch', `the rows of ${this.file} do not add up; it is as it was`)
    return found
  }

  #changed(why: string): LetheError {
    return new LetheError(
      'target-changed',
      `${this.file} is not what the order was made of: ${why}; it was not touched`,
      'make another order',
    )
  }

  isGone(): boolean {
    return !existsSync(this.file) && !this.#keeper.tells(this.file)
  }

  /** Whether an order of erasure deleted it: one that is not there may also have been moved, with all its rows. */
  wasErasedBy(order: string, digest: TargetSurvey['digest']): boolean {
    return this.#keeper.wasErased(this.file, order, digest)
  }
}

/** Of what belongs to a file, and of its rewritten self: holds were asked for each row that goes. */
function permitOf(
  { holds, heldAt }: TargetRequest,
  name: string,
  lookAgain?: HeldSetting['lookAgain'],
): Permit {
  const target = fileTarget(name)
  // Those that were asked hold nothing of it any more; `lookAgain` is asked for others.
  const asked = holds.map((hold) => ({ ...hold, released: heldAt }))
  const verdict = mayDelete({ target }, asked, heldAt, lookAgain)
  if (!verdict.allowed) throw new LetheError('target-held', `${name} is under a legal hold`)
  return verdict.permit
}

export const permitsOf =
  (request: TargetRequest): PermitFor =>
  (name) =>
    permitOf(request, name)

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

/** Up to when rows that stay were judged; undefined: as before, since some are still to be stepped. */
function asOfAfter(
  judged: Made['judged'],
  planned: TargetSurvey,
  request: TargetRequest,
): string | undefined {
  if (isErasure(request) || planned.held.fromStep > 0 || planned.cannotStep > 0) return undefined
  return new Date(Math.max(judged.until, request.asOf - request.marginMs)).toISOString()
}

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

/** A stored file as a target: CSV, NDJSON, JSON and Parquet. A keeper tells what made it. */
import { LetheError } from '../errors.ts'
import { isSameDigest } from '../files/digest.ts'
import { openNothing } from '../files/output.ts'
import type { Output } from '../files/sink.ts'
import type { Keeper, Made, PermitFor, RefusedFile, Rewrite, StoredChange } from './keeper.ts'
import { keeperOf } from './keeper-of.ts'
import type { TargetName } from './legal-hold.ts'
import { fileTarget, type HeldSetting, holdsOn, mayDelete, type Permit } from './may-delete.ts'
import { olderAlone, olderVersionsOf } from './older-versions.ts'
import { type OpenedFile, Overtaken, type Storage } from './storage/storage.ts'
import { isThere, storageOf } from './storage/storage-of.ts'
import { isErasure, judgeOf, refusalOf } from './stored-judge.ts'
import { canBeNamed, sidecarName } from './stored-names.ts'
import { openerFor, refuseOtherColumns } from './stored-output.ts'
import { type Scan, scanStored } from './stored-scan.ts'
import { cannotStepOf, deadRows, surveyOf } from './stored-survey.ts'
import {
  type Target,
  type TargetRequest,
  type TargetSurvey,
  UNTOUCHED,
  type Untouched,
  untouched,
} from './target.ts'

export class StoredFile implements Target {
  readonly name: TargetName
  readonly file: string
  readonly remoteBytes: number | undefined

  constructor(file: string, remoteBytes?: number) {
    this.remoteBytes = remoteBytes
    this.name = fileTarget(file)
    this.file = this.name.slice('file:'.length)
  }

  get #storage(): Storage {
    return storageOf(this.file)
  }

  /** Whether these bytes stand there, and are told of. */
  async isStill(digest: TargetSurvey['digest']): Promise<boolean> {
    if (await this.isGone()) return false
    const made = await (await keeperOf(this.file)).read(this.file)
    if ('code' in made || !made.isOf(digest)) return false
    const now = await this.#storage.digest(this.file)
    return now !== undefined && isSameDigest(now, digest)
  }

  async survey(request: TargetRequest): Promise<TargetSurvey | Untouched> {
    const older = await olderVersionsOf(this.name, request)
    if (typeof older !== 'number') return older
    if (older > 0 && !(await isThere(this.file))) return olderAlone(this.name, older)
    const survey = await this.#surveyNow(request)
    return 'code' in survey || older === 0 ? survey : { ...survey, olderVersions: older }
  }

  async #surveyNow(request: TargetRequest): Promise<TargetSurvey | Untouched> {
    const { file, name } = this
    // It changes with the file: a folder may become a data set.
    const keeper = await keeperOf(file)
    const made = await keeper.read(file)
    if ('code' in made) return { target: name, ...made }
    const refused = refusalOf(made, request)
    if (refused !== undefined) return { target: name, ...refused }
    let opened: OpenedFile | undefined
    try {
      opened = await this.#storage.open(file)
      if (opened === undefined) return untouched(name, 'unreadable', `${file} does not exist`)
      const exact = made.resolve?.(await opened.digest()) ?? made
      let scan = await this.#scanned(opened, exact, request, () => openNothing(file))
      if (!made.isOf(scan.digest)) {
        const begun = await keeper.begun(file, scan.digest)
        if (begun === undefined) return untouched(name, 'changed-since')
        scan = await this.#scanned(opened, begun, request, () => openNothing(file))
        if (!begun.isOf(scan.digest)) return untouched(name, 'changed-since')
      }
      return surveyOf(this.name, scan, request, keeper.goesWhole)
    } catch (thrown) {
      if (!(thrown instanceof LetheError)) throw thrown
      const error = opened === undefined ? thrown : this.#storage.named(thrown, file, [opened.path])
      return opened === undefined || (await isOf(made, opened))
        ? untouched(name, 'unreadable', withRemedy(error))
        : untouched(name, 'changed-since')
    } finally {
      opened?.close()
    }
  }

  /**
   * Reads the file to its end, and writes what is left of it. Where a value cannot be taken to its step, and nothing is chosen for
   * that, no row is stepped.
   */
  async #scanned(opened: OpenedFile, made: Made, request: TargetRequest, open: () => Output): Promise<Scan> {
    const scan = await this.#scan(opened, made, request, open(), true)
    if (cannotStepOf(request) !== undefined || deadRows(scan.result.account.deadLettered).failed === 0)
      return scan
    return await this.#scan(opened, made, request, open(), false)
  }

  #scan(
    { path }: OpenedFile,
    made: Made,
    request: TargetRequest,
    output: Output,
    mayStep: boolean,
  ): Promise<Scan> {
    const judge = judgeOf(this.name, made, request, mayStep)
    return scanStored({ name: this.file, path }, made, judge, output)
  }

  /**
   * Makes what is to take its place. What is done already is left as it is. The caller keeps the lock, and makes the change. `keeper`: who tells
   * of it now.
   * @throws LetheError: `target-changed`, `target-held`, (io); then the target is as it was
   */
  async stage(
    planned: TargetSurvey,
    order: string,
    request: TargetRequest,
    keeper: Keeper,
  ): Promise<StoredChange | 'applied' | 'was applied'> {
    const { file } = this
    const older = await olderVersionsOf(this.name, request)
    if (typeof older !== 'number') throw this.#changed(older.message)
    const opened = await this.#storage.open(file)
    if (opened === undefined) {
      if (!planned.whole || (isErasure(request) && !(await keeper.wasErased(file, order, planned.digest))))
        throw this.#changed('it is gone')
      return await keeper.gone(file, permitsOf(request))
    }
    try {
      return await this.#stageOpened(opened, keeper, planned, order, request)
    } finally {
      opened.close()
    }
  }

  async #stageOpened(
    opened: OpenedFile,
    keeper: Keeper,
    planned: TargetSurvey,
    order: string,
    request: TargetRequest,
  ): Promise<StoredChange | 'applied' | 'was applied'> {
    const { file } = this
    const permitFor = permitsOf(request)
    const now = await opened.digest()
    const told = await keeper.read(file)
    if ('code' in told) throw this.#changed(whyNot(told))
    const state = await keeper.state(file, order, now, permitFor)
    if (state !== undefined) return state
    if (!isSameDigest(now, planned.digest)) throw this.#changed('its bytes are others')
    await keeper.settle(file, now, permitFor)
    const read = await keeper.read(file)
    if ('code' in read) throw this.#changed(whyNot(read))
    const made = read.resolve?.(now) ?? read
    if (!made.isOf(now)) throw this.#changed(UNTOUCHED['changed-since'])
    await this.#storage.clear(file, order, permitFor)
    const staged = planned.whole ? undefined : await this.#storage.staging(file, order)
    const outputs: Output[] = []
    const asOf = asOfAfter(made.judged, planned, request)
    let isStaged = false
    try {
      const open = await this.#opener(opened, keeper, made, staged, { order, asOf })
      const next = (): Output => {
        for (const one of outputs) void one.discard()
        outputs.push(open())
        return outputs.at(-1)!
      }
      const scan = await this.#scanned(opened, made, request, next)
      const found = this.#check(planned, scan, request, keeper)
      const output = outputs.at(-1)!
      await output.publish()
      if (made.format === 'parquet' && staged !== undefined)
        refuseOtherColumns(file, opened.path, staged, found.kept + found.stepped)
      isStaged = true
      return {
        file,
        order,
        kept: found.kept + found.stepped,
        deleted: found.deleted,
        before: now,
        stamp: opened.stamp,
        after: staged === undefined ? undefined : { staged, digest: output.digest! },
        asOf,
        isErasure: isErasure(request),
      }
    } catch (error) {
      const copies = [opened.path, ...(staged === undefined ? [] : [staged])]
      throw error instanceof LetheError ? this.#storage.named(error, file, copies) : error
    } finally {
      for (const one of outputs) await one.discard()
      if (!isStaged && staged !== undefined) this.#storage.unstage(staged, permitFor)
    }
  }

  async #opener(
    opened: OpenedFile,
    keeper: Keeper,
    made: Made,
    staged: string | undefined,
    rewrite: Rewrite,
  ): Promise<() => Output> {
    if (staged === undefined) return () => openNothing(this.file)
    const open = keeper.opener?.(this.file, staged, rewrite)
    return await (open ?? openerFor(opened.path, made.format, staged))
  }

  /** Takes away what was made to take its place. */
  discard({ after }: StoredChange, request: TargetRequest): void {
    if (after !== undefined) this.#storage.unstage(after.staged, permitsOf(request))
  }

  /** Puts what was made in its place, or takes it away. @throws LetheError: then it is as it was */
  async swap({ after, stamp }: StoredChange, request: TargetRequest): Promise<void> {
    // Each row was asked for: a hold on a time between them holds none.
    const permit = permitOf(request, this.file, request.lookAgain)
    try {
      if (after === undefined) await this.#storage.delete(this.file, permit, stamp)
      else await this.#storage.replace(after.staged, this.file, permit, stamp)
    } catch (error) {
      // A batch may have put another one in its place.
      throw error instanceof Overtaken ? this.#changed('it was written to meanwhile') : error
    }
  }

  /** Refuses where the rows are not what the order says: they changed, or are held now. */
  #check(planned: TargetSurvey, scan: Scan, request: TargetRequest, { goesWhole }: Keeper): TargetSurvey {
    if (!isSameDigest(scan.digest, planned.digest)) throw this.#changed('its bytes are others')
    const found = surveyOf(this.name, scan, request, goesWhole)
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

  /** One that is told of, or of which older versions may be there, is not. */
  async isGone(): Promise<boolean> {
    if (await isThere(this.file)) return false
    const keeper = await keeperOf(this.file)
    if (await keeper.tells(this.file)) return false
    const found = await this.#storage.remainder(this.file)
    return 'older' in found && found.older === 0
  }

  /** Deletes its older versions where a hold keeps none, and those of what tells of it. How many. @throws LetheError: `target-held`, (io) */
  async purgeAlone(request: TargetRequest): Promise<number> {
    const older = await olderVersionsOf(this.name, request)
    if (typeof older !== 'number') throw new LetheError('target-held', `${this.file}: ${older.message}`)
    return await this.purge(request)
  }

  /** The same, right after its rows were asked for: what stood there is an older version now. */
  async purge(request: TargetRequest): Promise<number> {
    if (request.objectVersions !== 'delete') return 0
    const [hold] = holdsOn(this.name, request.holds, request.heldAt)
    if (hold !== undefined) {
      // Of what was asked for row by row there is one: others were written meanwhile.
      const found = await this.#storage.remainder(this.file)
      if (!('older' in found) || found.older > 1)
        throw new LetheError(
          'target-held',
          `older versions of ${this.file} came while the order was at work, and the legal hold ${hold.id} keeps them`,
          'make another order, once that hold has ended',
        )
    }
    const purged = await purgeVersions(this.file, request)
    return purged + (await purgeVersions(sidecarName(this.file), request))
  }

  /** Whether an order of erasure deleted it: one that is not there may also have been moved, with all its rows. */
  async wasErasedBy(order: string, digest: TargetSurvey['digest']): Promise<boolean> {
    return await (await keeperOf(this.file)).wasErased(this.file, order, digest)
  }
}

/** Deletes older versions of what an order changed, where it says so. How many. @throws LetheError: `target-held`, (io) */
export async function purgeVersions(name: string, request: TargetRequest): Promise<number> {
  if (request.objectVersions !== 'delete' || !canBeNamed(name)) return 0
  return await storageOf(name).purge(name, permitOf(request, name, request.lookAgain))
}

/** Of a target that something told of when the order was made. */
const whyNot = ({ code, message }: RefusedFile): string =>
  code === 'no-sidecar'
    ? 'no FILE.lethe.json stands beside it any more, as where another command has deleted or changed it meanwhile'
    : message

/** Orders and receipts tell of an error in one text. */
const withRemedy = ({ message, suggestion }: LetheError): string =>
  suggestion === undefined ? message : `${message}; ${suggestion}`

/** Whether it is the file that is told of; one that cannot be read may be. */
async function isOf(made: Made, opened: OpenedFile): Promise<boolean> {
  try {
    return made.isOf(await opened.digest())
  } catch (error) {
    if (!(error instanceof LetheError)) throw error
    return true
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

/** Up to when rows that stay were judged; undefined: as before, since some are still to be stepped. */
function asOfAfter(
  judged: Made['judged'],
  planned: TargetSurvey,
  request: TargetRequest,
): string | undefined {
  if (isErasure(request) || planned.held.fromStep > 0 || planned.cannotStep > 0) return undefined
  return new Date(Math.max(judged.until, request.asOf - request.marginMs)).toISOString()
}

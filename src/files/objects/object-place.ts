/**
 * A data set below a prefix of an object store, where nothing can take its name as a whole. Its files are made on a disk first. Then one claim
 * is written, which the store gives to one run alone; then the files; and last `_SUCCESS`: without that no reader may take what is there.
 */
import { randomBytes } from 'node:crypto'
import { createReadStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileError, LetheError } from '../../errors.ts'
import { type AtOnce, eachAtOnce } from '../at-once.ts'
import { type DataSetPlace, standsAlready } from '../data-set-place.ts'
import { outputError } from '../sink.ts'
import { type ObjectName, parseObjectName, printObjectName } from './object-name.ts'
import { ObjectOutput } from './object-output.ts'
import { ConditionFailed, type ObjectStore } from './object-store.ts'
import { objectsBelow } from './objects-below.ts'
import { openStore } from './open-store.ts'

/** While a run writes below a prefix. Readers pass by names that begin with an underscore. */
export const CLAIM = '_writing'
/** Files that are being written, while they are small. */
const WRITES: AtOnce = { most: 8, bytes: 16 << 20 }
const ANOTHER = 'name a prefix with nothing below it'

const isDone = (work: Promise<void>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )

export class ObjectPlace implements DataSetPlace {
  readonly name: string
  readonly #folder: ObjectName
  #staging: string | undefined
  /** What this run has published, or may have, the claim first. */
  readonly #written: ObjectName[] = []
  /** Names of what it began to write, but for the claim. */
  readonly #begun = new Set<string>()
  #publishing: Promise<void> | undefined
  #isGivenUp = false
  /** From then on it may count. */
  #isLast = false

  constructor(name: string) {
    const { bucket, key } = parseObjectName(name)
    const prefix = key === '' || key.endsWith('/') ? key : `${key}/`
    this.#folder = { bucket, key: prefix }
    this.name = printObjectName(this.#folder)
  }

  get staging(): string {
    if (this.#staging === undefined) throw new Error('a data set is made that was not begun')
    return this.#staging
  }

  #below(file: string): ObjectName {
    return { bucket: this.#folder.bucket, key: this.#folder.key + file }
  }

  async begin(): Promise<void> {
    await this.#refuseStanding(await openStore())
    try {
      this.#staging = mkdtempSync(join(tmpdir(), 'lethe-'))
    } catch (error) {
      throw outputError(this.name, error, tmpdir())
    }
  }

  /** What is there but the claim, unless it is what stands for an empty folder. */
  async #refuseStanding(store: ObjectStore): Promise<void> {
    const claim = this.#below(CLAIM).key
    for await (const { key, size } of store.list(this.#folder)) {
      if ((key === this.#folder.key && size === 0) || (key === claim && this.#written.length > 0)) continue
      if (key === claim) throw this.#claimed()
      throw standsAlready(this.name, ANOTHER)
    }
  }

  #claimed(): LetheError {
    return new LetheError(
      'output-conflict',
      `${this.name}: another run writes a data set there, or was cut short (${CLAIM} stands there and no _SUCCESS)`,
      `${ANOTHER}; or delete all below this one where no run goes on`,
    )
  }

  publish(files: readonly string[]): Promise<void> {
    this.#publishing ??= this.#publish(files)
    return this.#publishing
  }

  async #publish(files: readonly string[]): Promise<void> {
    const store = await openStore()
    const claim = this.#below(CLAIM)
    try {
      try {
        await this.#write(store, claim, undefined)
      } catch (error) {
        if (
          error instanceof ConditionFailed ||
          (error instanceof LetheError && error.code === 'output-exists')
        )
          throw this.#claimed()
        throw error
      }
      await this.#refuseStanding(store)
      const write = (file: string) => this.#write(store, this.#below(file), join(this.staging, file))
      const sizeOf = (file: string) => statSync(join(this.staging, file)).size
      // The manifest and `_SUCCESS` behind them, one after the other.
      await eachAtOnce(files.slice(0, -2), write, sizeOf, WRITES)
      for (const [at, file] of files.slice(-2).entries()) {
        this.#isLast = at === 1
        await write(file)
      }
    } catch (error) {
      throw await this.#takenBack(store, error)
    }
    // It says nothing any more: who may not delete leaves it.
    await store.deleteObject(claim).catch(() => {})
    this.#clean()
  }

  async #write(store: ObjectStore, name: ObjectName, path: string | undefined): Promise<void> {
    if (this.#isGivenUp && !this.#isLast)
      throw new LetheError('file-unwritable', `${this.name} cannot be written: the run was given up`)
    const output = new ObjectOutput({ store, name, digester: undefined, standing: 'nothing' })
    if (path !== undefined) this.#begun.add(name.key)
    try {
      if (path === undefined) await output.append(Buffer.from(randomBytes(12).toString('hex')))
      else
        for await (const bytes of createReadStream(path, { highWaterMark: 1 << 20 }))
          await output.append(bytes as Buffer)
      await output.finish()
      await output.publish()
    } catch (error) {
      // Whether it stands there is not known.
      if (path !== undefined && error instanceof LetheError && error.code === 'store-unavailable')
        this.#written.push(name)
      throw error instanceof LetheError ? error : fileError(path ?? this.name, error)
    } finally {
      await output.discard()
    }
    this.#written.push(name)
  }

  /** Deletes what this run has published: none of it counts, as `_SUCCESS` is not there. */
  async #takenBack(store: ObjectStore, error: unknown): Promise<unknown> {
    if (!(error instanceof LetheError) || this.#written.length === 0) return error
    // Where its answer was lost it may be there, or still arrive, and all counts.
    if (this.#isLast && error.code === 'store-unavailable')
      return new LetheError(
        error.code,
        `${error.message}; all other objects stay there, and count if it is there`,
        'look whether it is there; if not, delete all below the prefix, and run it again',
      )
    const [claim, ...files] = this.#written.splice(0) as [ObjectName, ...ObjectName[]]
    for (const name of files.reverse()) await store.deleteObject(name).catch(() => {})
    // The claim stays as long as anything does: it is what keeps a reader from taking the rest for all.
    const left = await this.#left(store).catch(() => undefined)
    if (left === 0 && (await isDone(store.deleteObject(claim)))) return error
    const { code, message, suggestion } = error
    const told =
      left === undefined
        ? 'what was written below it may stay there'
        : `${left + 1} objects that were written below it stay there`
    return new LetheError(code, `${message}; ${told}, without _SUCCESS`, suggestion)
  }

  /** How many objects are there that this run began to write. */
  async #left(store: ObjectStore): Promise<number> {
    if (this.#begun.size === 0) return 0
    let left = 0
    for await (const { key } of objectsBelow(store, this.#folder)) if (this.#begun.has(key)) left++
    return left
  }

  async discard(): Promise<void> {
    this.#isGivenUp = true
    await this.#publishing?.catch(() => {})
    this.#clean()
  }

  #clean(): void {
    if (this.#staging !== undefined) rmSync(this.#staging, { recursive: true, force: true, maxRetries: 3 })
  }

  standing(): 'nothing' {
    return 'nothing'
  }
}

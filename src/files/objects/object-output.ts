/**
 * An output that is an object. Its bytes go to the store in parts, which no reader sees; `publish` makes them one object, where nothing
 * else stands under the name by then: the store itself judges that.
 */
import { randomBytes } from 'node:crypto'
import { existsAlready, LetheError } from '../../errors.ts'
import { Digester, type FileDigest } from '../digest.ts'
import type { Output } from '../sink.ts'
import { type ObjectName, printObjectName } from './object-name.ts'
import { objectBytes } from './object-reader.ts'
import {
  ConditionFailed,
  type ObjectStore,
  PerhapsPublished,
  type Standing,
  type StoredPart,
  type Upload,
} from './object-store.ts'

/** Bytes of a part, all of one size but the last, as some stores demand: with 10,000 of them an object has 156 GiB at most. */
const PART_BYTES = 16 << 20
const MOST_PARTS = 10_000
/** Parts on their way while the next one fills. */
const SENDING = 2
/** An object of no more bytes than this is kept here until it is published, in one request, unless stated. */
const SMALL_BYTES = 64 << 10
const FIRST_BUFFER_BYTES = 64 << 10
/** What all outputs that are whole keep here until they are published: where they are many, further ones wait in the store, as a part. */
const MOST_KEPT_BYTES = 16 << 20
let kept = 0
/** So long the parts of an output that failed may take to go, ms. */
const ABORT_MS = 8_000
/** Errors that are told before a store publishes anything, unless it was asked before. */
const CERTAIN: ReadonlySet<string> = new Set([
  'bucket-missing',
  'store-auth-failed',
  'store-right-missing',
  'store-credentials-missing',
  'bad-environment',
])

export interface ObjectOutputOptions {
  readonly store: ObjectStore
  readonly name: ObjectName
  readonly digester: Digester | undefined
  /** What stands there now, and is to be replaced. */
  readonly standing: Standing
  /** Whether it is as good as published where the same bytes stand under its name. It needs a digester. */
  readonly isAnySame?: boolean
  /** Bytes of its parts. */
  readonly partBytes?: number
  readonly smallBytes?: number
}

export class ObjectOutput implements Output {
  readonly name: string
  digest: FileDigest | undefined
  readonly #store: ObjectStore
  readonly #object: ObjectName
  readonly #digester: Digester | undefined
  readonly #standing: Standing
  readonly #isAnySame: boolean
  readonly #partBytes: number
  readonly #smallBytes: number
  readonly #mark = randomBytes(12).toString('hex')
  readonly #ended = new AbortController()
  readonly #parts: Promise<StoredPart>[] = []
  readonly #sending = new Set<Promise<unknown>>()
  #buffer: Buffer = Buffer.alloc(0)
  #length = 0
  #upload: Promise<Upload> | undefined
  #state: 'open' | 'published' | 'discarded' = 'open'
  #publishing: Promise<void> | undefined
  /** Of `kept`. */
  #kept = 0

  constructor({ store, name, digester, standing, isAnySame, partBytes, smallBytes }: ObjectOutputOptions) {
    this.name = printObjectName(name)
    this.#store = store
    this.#object = name
    this.#digester = digester
    this.#standing = standing
    this.#isAnySame = isAnySame === true
    this.#partBytes = partBytes ?? PART_BYTES
    this.#smallBytes = smallBytes ?? SMALL_BYTES
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#digester?.add(bytes)
    for (let at = 0; at < bytes.length; ) {
      const taken = Math.min(this.#partBytes - this.#length, bytes.length - at)
      this.#reserve(this.#length + taken)
      this.#buffer.set(bytes.subarray(at, at + taken), this.#length)
      this.#length += taken
      at += taken
      if (this.#length === this.#partBytes) await this.#send()
    }
  }

  /** Makes room for so many bytes of a part. */
  #reserve(length: number): void {
    if (length <= this.#buffer.length) return
    let size = Math.max(FIRST_BUFFER_BYTES, this.#buffer.length)
    while (size < length) size *= 2
    // An object of one part is likely to have another one as large.
    if (this.#parts.length > 0 || size > this.#partBytes) size = this.#partBytes
    const larger = Buffer.allocUnsafeSlow(size)
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
  }

  /** Sends what is held as a part; resolves when another one may be filled. */
  async #send(): Promise<void> {
    this.#refuseDiscarded()
    if (this.#parts.length === MOST_PARTS)
      throw new LetheError(
        'file-unwritable',
        `${this.name} cannot be written: it would have more than ${(MOST_PARTS * this.#partBytes) / 2 ** 30} GiB`,
        'write to a folder, one object for each input: -o s3://bucket/folder/',
      )
    const bytes = this.#buffer.subarray(0, this.#length)
    this.#buffer = Buffer.alloc(0)
    this.#length = 0
    this.#upload ??= this.#store.begin(this.#object, this.#mark)
    const upload = this.#upload
    const number = this.#parts.length + 1
    const part = upload.then((begun) => this.#store.part(begun, number, bytes, this.#ended.signal))
    // A failure is thrown to who waits for it below.
    const sent = part.catch(() => {}).finally(() => this.#sending.delete(sent))
    this.#sending.add(sent)
    this.#parts.push(part)
    // What failed before ends the output.
    if (this.#parts.length > SENDING) await this.#parts.at(-1 - SENDING)
  }

  #refuseDiscarded(): void {
    if (this.#state === 'discarded')
      throw new LetheError('file-unwritable', `${this.name} cannot be written: the run was given up`)
  }

  async finish(): Promise<void> {
    const isSmall = this.#length <= this.#smallBytes && kept + this.#length <= MOST_KEPT_BYTES
    if (this.#parts.length > 0 ? this.#length > 0 : !isSmall) await this.#send()
    else this.#keep()
    await Promise.all(this.#parts)
    this.digest = this.#digester?.end()
  }

  #keep(): void {
    if (this.#kept > 0) return
    this.#kept = this.#length
    kept += this.#kept
    // Its memory is larger than what is in it.
    this.#buffer = Buffer.from(this.#buffer.subarray(0, this.#length))
  }

  #free(): void {
    kept -= this.#kept
    this.#kept = 0
    this.#buffer = Buffer.alloc(0)
  }

  publish(): Promise<void> {
    this.#publishing ??= this.#publish()
    return this.#publishing
  }

  async #publish(): Promise<void> {
    this.#refuseDiscarded()
    try {
      if (this.#upload === undefined)
        await this.#store.put(
          this.#object,
          this.#buffer.subarray(0, this.#length),
          this.#mark,
          this.#standing,
        )
      else await this.#store.complete(await this.#upload, await Promise.all(this.#parts), this.#standing)
    } catch (error) {
      if (!(await this.#isPublished(error))) {
        if (!(await this.#isThere(error))) throw this.#refused(error)
        await this.#drop()
        return
      }
    }
    this.#state = 'published'
    this.#free()
  }

  /** The answer to a first try may have been lost: what stands there may be this very object. */
  async #isPublished(error: unknown): Promise<boolean> {
    if (error instanceof LetheError && CERTAIN.has(error.code) && !(error instanceof PerhapsPublished))
      return false
    try {
      return (await this.#store.markOf(this.#object)) === this.#mark
    } catch {
      if (error instanceof ConditionFailed && !error.mayBeOwn) return false
      throw new LetheError(
        'store-unavailable',
        `${this.name}: the object store does not say whether the object was published, since its answer was lost; it is whole, or not there`,
        'look whether it is there before you run it again',
      )
    }
  }

  /** Whether what another one published meanwhile has the same bytes. */
  async #isThere(error: unknown): Promise<boolean> {
    if (!this.#isAnySame || !(error instanceof ConditionFailed)) return false
    const object = await this.#store.look(this.#object)
    if (object.size !== this.digest?.bytes) return false
    const digester = new Digester()
    for await (const data of objectBytes(this.#store, object)) digester.add(data)
    return digester.end().sha256 === this.digest.sha256
  }

  #refused(error: unknown): unknown {
    if (!(error instanceof ConditionFailed)) return error
    if (this.#standing === 'nothing') return existsAlready(this.name, 'name another object, or say --replace')
    return new LetheError(
      'output-conflict',
      `${this.name} was written or deleted by another while this run worked; it is as the other left it`,
      'run it again where it is still to be replaced',
    )
  }

  standing(): 'nothing' | 'older' {
    return this.#standing === 'nothing' ? 'nothing' : 'older'
  }

  async discard(): Promise<void> {
    if (this.#state === 'published') return
    // What is being published is published, or not: half a way back is none.
    await this.#publishing?.catch(() => {})
    if (this.#state === 'open') await this.#drop()
  }

  async #drop(): Promise<void> {
    this.#state = 'discarded'
    this.#free()
    this.#ended.abort()
    try {
      const upload = await this.#upload
      if (upload === undefined) return
      // A part that arrives behind the end of its upload would stay.
      await Promise.all(this.#sending)
      await this.#store.abort(upload, AbortSignal.timeout(ABORT_MS))
    } catch {
      // Nothing stands under the name; what is left of the parts is for the rules of the bucket.
    }
  }
}

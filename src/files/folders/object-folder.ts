/**
 * What lies below a prefix of an object store, as a folder. A file gets its name by a conditional write (`If-None-Match: *`), which the
 * store refuses where an object has that name.
 */
import { randomBytes } from 'node:crypto'
import { LetheError } from '../../errors.ts'
import { type ObjectName, parseObjectName, printObjectName } from '../objects/object-name.ts'
import { ObjectOutput } from '../objects/object-output.ts'
import { objectBytes } from '../objects/object-reader.ts'
import { ConditionFailed, type ObjectStore, type StoredObject, UploadGone } from '../objects/object-store.ts'
import { objectsBelow } from '../objects/objects-below.ts'
import { openStore } from '../objects/open-store.ts'
import type { Seekable } from '../seekable.ts'
import { unlessMissing } from '../unless-missing.ts'
import type { FileFolder, NewFile, Published } from './file-folder.ts'

/** Bytes of a part: the least that S3 takes. One file of each partition is open at once. */
const PART_BYTES = 5 << 20
/** Bytes that are asked for at once where a file is looked into: what files say of themselves mostly fits. */
const LOOK_BYTES = 32 << 10
/** Of texts of whole objects. */
const MOST_TEXT_BYTES = 16 << 20
const PROBE = 'probe'
const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0)

const markOf = (): string => randomBytes(12).toString('hex')

export class ObjectFolder implements FileFolder {
  readonly name: string
  readonly #bucket: string
  /** Ends with a slash, or is empty. */
  readonly #prefix: string
  /** In which state objects were when they were listed. */
  readonly #listed: Map<string, StoredObject> = new Map()

  constructor(name: string) {
    const { bucket, key } = parseObjectName(name)
    this.#bucket = bucket
    this.#prefix = key === '' || key.endsWith('/') ? key : `${key}/`
    this.name = printObjectName({ bucket, key: this.#prefix })
  }

  #objectOf(file: string): ObjectName {
    return { bucket: this.#bucket, key: this.#prefix + file }
  }

  nameOf(file: string): string {
    return printObjectName(this.#objectOf(file))
  }

  /** A store that ignores conditions would let two processes publish one name: it is asked for what it has to refuse. */
  async prepare(own: string): Promise<void> {
    const store = await openStore()
    const probe = this.#objectOf(`${own}/${PROBE}`)
    if (!(await this.#isRefused(() => store.put(probe, NOTHING, markOf(), 'nothing'))))
      if (!(await this.#isRefused(() => store.put(probe, NOTHING, markOf(), 'nothing'))))
        throw this.#unsupported()
    const upload = await store.begin(probe, markOf())
    const { signal } = new AbortController()
    try {
      const part = await store.part(upload, 1, NOTHING, signal)
      if (!(await this.#isRefused(() => store.complete(upload, [part], 'nothing')))) throw this.#unsupported()
    } finally {
      await store.abort(upload, signal).catch(() => {})
    }
  }

  async #isRefused(work: () => Promise<void>): Promise<boolean> {
    try {
      await work()
      return false
    } catch (error) {
      if (error instanceof ConditionFailed) return true
      throw error
    }
  }

  #unsupported(): LetheError {
    return new LetheError(
      'dataset-unsupported',
      `the object store of ${this.name} writes over an object where it is told not to (If-None-Match: *), so that two processes could publish one name`,
      'use a store that judges conditions, as S3 does; or write into a folder on a disk',
    )
  }

  async trouble(own: string): Promise<readonly [what: string, way: string] | undefined> {
    // What the store says against it is thrown.
    await this.list(own)
    return undefined
  }

  async list(folder: string, beginnings: readonly string[] = ['']): Promise<readonly string[]> {
    const base = folder === '' ? '' : `${folder}/`
    const names = new Set<string>()
    for (const beginning of beginnings) {
      for await (const object of objectsBelow(await openStore(), this.#objectOf(base + beginning))) {
        const name = object.key.slice(this.#prefix.length + base.length)
        // What stands for the folder itself.
        if (name === '') continue
        const slash = name.indexOf('/')
        names.add(slash < 0 ? name : name.slice(0, slash))
        if (slash < 0) this.#listed.set(base + name, object)
      }
    }
    return [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  }

  async text(file: string): Promise<string | undefined> {
    const store = await openStore()
    const object = await unlessMissing(() => store.look(this.#objectOf(file)))
    if (object === undefined) return undefined
    if (object.size > MOST_TEXT_BYTES)
      throw new LetheError(
        'store-refused',
        `${this.nameOf(file)} has ${object.size} bytes, and is none of Lethe's`,
      )
    const pieces: Buffer[] = []
    for await (const piece of objectBytes(store, object)) pieces.push(piece)
    return Buffer.concat(pieces).toString()
  }

  async inspect<T>(file: string, look: (bytes: Seekable) => T): Promise<T> {
    const listed = this.#listed.get(file)
    // One that was written anew since is looked at once more.
    if (listed !== undefined)
      try {
        return await lookInto(listed, look)
      } catch (error) {
        this.#listed.delete(file)
        if (!(error instanceof LetheError && error.code === 'input-changed')) throw error
      }
    const store = await openStore()
    return await lookInto(await store.look(this.#objectOf(file)), look)
  }

  async create(file: string): Promise<NewFile> {
    const store = await openStore()
    return new ObjectFile(store, this.#objectOf(file))
  }

  async touch(file: string): Promise<void> {
    const store = await openStore()
    await this.#isRefused(() => store.put(this.#objectOf(file), NOTHING, markOf(), 'nothing'))
  }

  async untouch(file: string): Promise<void> {
    const store = await openStore()
    await store.deleteObject(this.#objectOf(file))
  }

  async dropUnfinished(_own: string, beginning: string, isMeant: (file: string) => boolean): Promise<void> {
    const store = await openStore()
    const { signal } = new AbortController()
    try {
      for await (const upload of store.uploads(this.#objectOf(beginning)))
        if (isMeant(upload.key.slice(this.#prefix.length))) await store.abort(upload, signal)
    } catch (error) {
      // Who may not list or abort them leaves them to the rules of the bucket: no reader sees them, and none can be published twice.
      if (!(error instanceof LetheError && /^store-(?:right-missing|refused)$/.test(error.code))) throw error
    }
  }
}

/** Bytes that are not here yet. */
class NotFetched extends Error {
  readonly from: number
  readonly to: number

  constructor(from: number, to: number) {
    super('not fetched')
    this.from = from
    this.to = to
  }
}

/** Looks again and again, each time with the bytes that it lacked. */
async function lookInto<T>(object: StoredObject, look: (bytes: Seekable) => T): Promise<T> {
  const pieces: { readonly from: number; readonly bytes: Uint8Array<ArrayBuffer> }[] = []
  const { size } = object
  const store = await openStore()
  const fetchPiece = async (from: number, to: number): Promise<void> => {
    const parts: Buffer[] = []
    for await (const part of objectBytes(store, object, from, to)) parts.push(part)
    pieces.push({ from, bytes: new Uint8Array(Buffer.concat(parts)) })
  }
  await fetchPiece(Math.max(0, size - LOOK_BYTES), size)
  let missing: NotFetched | undefined
  const at: Seekable['at'] = (position, length) => {
    const end = Math.min(position + length, size)
    if (end <= position) return NOTHING
    const piece = pieces.find(({ from, bytes }) => from <= position && end <= from + bytes.length)
    if (piece !== undefined) return piece.bytes.slice(position - piece.from, end - piece.from)
    missing = new NotFetched(position, end)
    throw missing
  }
  for (;;) {
    missing = undefined
    let found: T | undefined
    let failure: unknown
    try {
      found = look({ size, at })
    } catch (error) {
      failure = error
    }
    // Whatever `look` made of it.
    const lacking = missing as NotFetched | undefined
    if (lacking === undefined) {
      if (failure !== undefined) throw failure
      return found as T
    }
    await fetchPiece(lacking.from, lacking.to)
  }
}

/** An object that is to be published where none has its name. */
class ObjectFile implements NewFile {
  readonly #output: ObjectOutput
  #isGone = false

  constructor(store: ObjectStore, name: ObjectName) {
    this.#output = new ObjectOutput({
      store,
      name,
      digester: undefined,
      standing: 'nothing',
      partBytes: PART_BYTES,
      smallBytes: PART_BYTES,
    })
  }

  async append(bytes: Uint8Array): Promise<void> {
    if (!this.#isGone) await this.#unlessGone(() => this.#output.append(bytes))
  }

  async finish(): Promise<void> {
    if (!this.#isGone) await this.#unlessGone(() => this.#output.finish())
  }

  async #unlessGone(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof UploadGone)) throw error
      this.#isGone = true
    }
  }

  async publishNew(): Promise<Published> {
    try {
      if (!this.#isGone) await this.#unlessGone(() => this.#output.publish())
      if (!this.#isGone) return 'published'
    } catch (error) {
      await this.discard()
      if (error instanceof LetheError && error.code === 'output-exists') return 'taken'
      throw error
    }
    await this.discard()
    return 'gone'
  }

  async discard(): Promise<void> {
    await this.#output.discard()
  }
}

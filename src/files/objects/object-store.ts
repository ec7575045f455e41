/**
 * The port to object stores: what a driver does. Each call retries what may pass, and throws a `LetheError` of the store's codes
 * where that was in vain. Objects are whole or absent; a condition is judged by the store itself.
 */
import { LetheError } from '../../errors.ts'
import { type ObjectName, printObjectName } from './object-name.ts'

/** An object in one state. */
export interface StoredObject extends ObjectName {
  readonly size: number
  /** The store's ETag: another state has another. */
  readonly tag: string
}

/** What may stand under a name when an object is published there: nothing, or this. */
export type Standing = 'nothing' | StoredObject

export interface Upload extends ObjectName {
  readonly id: string
  /** Whether the store wants a checksum of each part. */
  readonly isChecked: boolean
}

/** An upload that another process may be at. */
export interface OpenUpload extends Pick<Upload, 'bucket' | 'key' | 'id'> {
  /** When it was begun, ms since 1970; undefined where the store does not tell. */
  readonly begun: number | undefined
}

/** A version of an object, or what marks it as deleted. */
export interface ObjectVersion extends ObjectName {
  readonly id: string
  /** Whether readers see it, or by it that there is none. */
  readonly isLatest: boolean
  readonly isMarker: boolean
}

/** A part of an upload that is stored. */
export interface StoredPart {
  /** From 1. */
  readonly number: number
  readonly tag: string
  readonly checksum?: string | undefined
}

/** The store did not publish, because something else stands under the name. */
export class ConditionFailed extends Error {
  /** Whether it was asked before, and did not answer: it may be that very object that stands there. */
  readonly mayBeOwn: boolean

  constructor(mayBeOwn = false) {
    super('something stands under the name')
    this.mayBeOwn = mayBeOwn
  }
}

/** The store refuses to publish, and was asked before, and did not answer: it may have published then. */
export class PerhapsPublished extends LetheError {}

/** An upload is not there any more: another process gave it up, or made it an object. */
export class UploadGone extends LetheError {
  constructor(object: ObjectName) {
    super(
      'store-refused',
      `${printObjectName(object)} cannot be written: its parts are not in the object store any more`,
      'run it again; rules of the bucket and other processes must leave uploads alone while one is written',
    )
  }
}

/** A read that ended early, for whatever reason that may pass. */
export class CutShort extends Error {}

export interface ObjectStore {
  /** What stands under a name that is read. @throws LetheError `file-missing` where nothing does */
  look(name: ObjectName): Promise<StoredObject>
  /** What stands under a name that is to be written; undefined where nothing does, or this user may not know. */
  standing(name: ObjectName): Promise<StoredObject | undefined>
  /** All objects whose keys begin with `key`, as the store orders them. */
  list(prefix: ObjectName): AsyncGenerator<StoredObject>
  /**
   * Bytes `from` up to `to` of an object in this very state.
   * @throws CutShort where they end early; LetheError `input-changed` where the object is another now, or gone
   */
  read(object: StoredObject, from: number, to: number, signal: AbortSignal): AsyncGenerator<Uint8Array>
  /** Publishes an object of few bytes. `mark` is kept with it. @throws ConditionFailed, PerhapsPublished, LetheError */
  put(name: ObjectName, bytes: Uint8Array, mark: string, condition: Standing): Promise<void>
  /** Begins an object of parts, which `complete` publishes. */
  begin(name: ObjectName, mark: string): Promise<Upload>
  /** @throws UploadGone, LetheError */
  part(upload: Upload, number: number, bytes: Uint8Array, signal: AbortSignal): Promise<StoredPart>
  /** @throws ConditionFailed, UploadGone, PerhapsPublished, LetheError */
  complete(upload: Upload, parts: readonly StoredPart[], condition: Standing): Promise<void>
  /** Gives up an upload, with its parts. Does nothing where it is not there. */
  abort(upload: Pick<Upload, 'bucket' | 'key' | 'id'>, signal: AbortSignal): Promise<void>
  /** Uploads of objects whose keys begin with `key`, which are neither complete nor aborted. */
  uploads(prefix: ObjectName): AsyncGenerator<OpenUpload>
  /**
   * Deletes an object; does nothing where there is none. `tag`: where it is in that state, and no other. In a bucket with versions the older
   * ones stay. @throws ConditionFailed, LetheError
   */
  deleteObject(name: ObjectName, tag?: string): Promise<void>
  /** Every version of all objects whose keys begin with `key`, and what marks them as deleted; those of one key in a row, the newest first. */
  versions(prefix: ObjectName): AsyncGenerator<ObjectVersion>
  /** Deletes a version for good. Does nothing where there is none. */
  deleteVersion(version: ObjectVersion): Promise<void>
  /** Whether what is written to the bucket is copied into another one. */
  isReplicated(bucket: string): Promise<boolean>
  /**
   * Whether the bucket keeps what is deleted and written over as older versions, or did so once. Where that is suspended, the version `null` is
   * written over and not kept.
   */
  versioning(bucket: string): Promise<'never' | 'enabled' | 'suspended'>
  /** The mark that `put` or `begin` gave to what stands there. */
  markOf(name: ObjectName): Promise<string | undefined>
}

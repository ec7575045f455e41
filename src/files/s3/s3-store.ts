/**
 * The driver of S3 and of stores that speak its protocol, over the client of AWS, which signs, retries, and finds credentials where
 * every tool of AWS does.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type * as Client from '@aws-sdk/client-s3'
import { LetheError } from '../../errors.ts'
import type { ObjectName } from '../objects/object-name.ts'
import {
  ConditionFailed,
  CutShort,
  type ObjectStore,
  type ObjectVersion,
  PerhapsPublished,
  type Standing,
  type StoredObject,
  type StoredPart,
  type Upload,
  UploadGone,
} from '../objects/object-store.ts'
import { type Asked, kindOf, objectChanged, storeError } from './s3-errors.ts'
import { S3Listings, storedOf } from './s3-listings.ts'

export interface S3Limits {
  /** A request is tried so often, with waits in between that double, up to 20 s. */
  readonly attempts: number
  /** To connect, ms. */
  readonly connectMs: number
  /** A connection may be silent for so long, ms. */
  readonly silentMs: number
  /** One try of a request with its answer, ms. */
  readonly requestMs: number
}

export const LIMITS: S3Limits = { attempts: 5, connectMs: 10_000, silentMs: 60_000, requestMs: 300_000 }

/** The mark of an object: who wrote it can tell it from what others wrote. */
const MARK = 'lethe-upload'

/** The checksum of parts, where the store knows it. */
const CHECKSUM = 'CRC32'

type Environment = Readonly<Record<string, string | undefined>>
type Library = typeof Client

/** @throws LetheError (usage) `package-missing`, `bad-environment` */
export async function openS3(env: Environment, limits: S3Limits = limitsOf(env)): Promise<ObjectStore> {
  const origin = originOf(env)
  // Which releases of Node.js later versions of the client run on is no matter of a run.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
  let library: Library
  try {
    library = await import('@aws-sdk/client-s3')
  } catch {
    throw new LetheError(
      'package-missing',
      'objects are read and written by the package @aws-sdk/client-s3, which is not installed here',
      'npm install @aws-sdk/client-s3@3',
    )
  }
  // The client itself goes by AWS_REGION alone.
  const region = env['AWS_REGION'] === undefined ? env['AWS_DEFAULT_REGION'] : undefined
  const client = new library.S3Client({
    ...(region === undefined ? {} : { region }),
    maxAttempts: limits.attempts,
    // Stores other than that of AWS have no name of their own for each bucket.
    forcePathStyle: origin !== undefined,
    followRegionRedirects: true,
    requestHandler: {
      connectionTimeout: limits.connectMs,
      socketTimeout: limits.silentMs,
      requestTimeout: limits.requestMs,
      throwOnRequestTimeout: true,
    },
    // What it would log may hold headers.
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  })
  return new S3Store(library, client, origin, limits)
}

function limitsOf(env: Environment): S3Limits {
  const stated = env['AWS_MAX_ATTEMPTS']
  if (stated === undefined) return LIMITS
  const attempts = Number(stated)
  if (!Number.isInteger(attempts) || attempts < 1 || attempts > 100)
    throw new LetheError('bad-environment', 'AWS_MAX_ATTEMPTS is no whole number from 1 to 100', 'correct it')
  return { ...LIMITS, attempts }
}

/** The origin of the endpoint that the environment names. */
function originOf(env: Environment): string | undefined {
  for (const name of ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL']) {
    const stated = env[name]
    if (stated === undefined || stated === '') continue
    const url = URL.canParse(stated) ? new URL(stated) : undefined
    if (url === undefined || !/^https?:$/.test(url.protocol))
      throw new LetheError('bad-environment', `${name} is no URL of http or https`, 'write https://HOST:PORT')
    if (url.username !== '' || url.password !== '')
      throw new LetheError(
        'bad-environment',
        `${name} holds a user or a password`,
        'leave them out: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY have them',
      )
    return url.origin
  }
  return undefined
}

/** What the store may say of an object that can be written. */
const MAY_WRITE: ReadonlySet<string> = new Set(['missing', 'right'])

const conditionOf = (condition: Standing): { IfNoneMatch: string } | { IfMatch: string } =>
  condition === 'nothing' ? { IfNoneMatch: '*' } : { IfMatch: condition.tag }

/** Before a name is tried again that another one was writing, ms. */
const CONFLICT_WAIT_MS = 100

const isGone = (error: unknown): boolean => (error as { name?: unknown } | undefined)?.name === 'NoSuchUpload'
const isConflict = (error: unknown): boolean =>
  /^(?:ConditionalRequestConflict|OperationAborted)$/.test(String((error as { name?: unknown })?.name))

/** How often the client sent a request before it gave up. */
const attemptsOf = (error: unknown): number =>
  (error as { $metadata?: { attempts?: number } } | undefined)?.$metadata?.attempts ?? 1

/** What packs an answer on its way makes its tag a weak one. */
const isSameTag = (one: string | undefined, other: string): boolean =>
  one?.replace(/^W\/|"/g, '') === other.replace(/^W\/|"/g, '')

class S3Store implements ObjectStore {
  readonly #library: Library
  readonly #client: Client.S3Client
  readonly #origin: string | undefined
  readonly #limits: S3Limits
  readonly #listings: S3Listings
  /** Buckets that are there, and whose store takes the credentials. */
  readonly #written = new Set<string>()
  /** Buckets that are there, so that an object that is not found in one is missing. */
  readonly #read = new Set<string>()

  constructor(library: Library, client: Client.S3Client, origin: string | undefined, limits: S3Limits) {
    this.#library = library
    this.#client = client
    this.#origin = origin
    this.#limits = limits
    this.#listings = new S3Listings(library, client, origin)
  }

  #asked(object: ObjectName, verb: Asked['verb']): Asked {
    return { object, verb, origin: this.#origin }
  }

  async look(name: ObjectName): Promise<StoredObject> {
    const at = { Bucket: name.bucket, Key: name.key }
    try {
      const found = storedOf(name, await this.#client.send(new this.#library.HeadObjectCommand(at)))
      this.#read.add(name.bucket)
      return found
    } catch (error) {
      const kind = kindOf(error)
      const isCertain = kind === 'missing' && this.#read.has(name.bucket)
      if (isCertain || kind === 'busy' || kind === 'cut') throw storeError(error, this.#asked(name, 'read'))
      throw storeError(await this.#reasonOf(at, error), this.#asked(name, 'read'))
    }
  }

  /** The answer to HEAD has no body, and so no code: that to GET has one. */
  async #reasonOf(at: { Bucket: string; Key: string }, error: unknown): Promise<unknown> {
    try {
      const got = await this.#client.send(new this.#library.GetObjectCommand({ ...at, Range: 'bytes=0-0' }))
      ;(got.Body as { destroy?: () => void } | undefined)?.destroy?.()
      return error
    } catch (reason) {
      return reason
    }
  }

  async standing(name: ObjectName): Promise<StoredObject | undefined> {
    const at = { Bucket: name.bucket, Key: name.key }
    try {
      return storedOf(name, await this.#client.send(new this.#library.HeadObjectCommand(at)))
    } catch (error) {
      const kind = kindOf(error)
      if (kind === 'busy' || kind === 'cut') throw storeError(error, this.#asked(name, 'written'))
      if (this.#written.has(name.bucket)) return undefined
      const reason = await this.#reasonOf(at, error)
      // Who may write and not read is not told what stands there: the store judges when it publishes.
      if (!MAY_WRITE.has(kindOf(reason))) throw storeError(reason, this.#asked(name, 'written'))
      this.#written.add(name.bucket)
      return undefined
    }
  }

  async *list(prefix: ObjectName): ReturnType<ObjectStore['list']> {
    for await (const object of this.#listings.objects(prefix)) {
      this.#read.add(prefix.bucket)
      yield object
    }
  }

  async *read(
    object: StoredObject,
    from: number,
    to: number,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(this.#limits.requestMs)])
    let body: AsyncIterable<Uint8Array>
    try {
      const command = new this.#library.GetObjectCommand({
        Bucket: object.bucket,
        Key: object.key,
        IfMatch: object.tag,
        Range: `bytes=${from}-${to - 1}`,
      })
      const got = await this.#client.send(command, { abortSignal: inTime })
      body = got.Body as unknown as AsyncIterable<Uint8Array>
      // A server that gives all of it, or another part, is none of S3; not every one goes by the condition.
      const isThat = got.ContentRange === `bytes ${from}-${to - 1}/${object.size}`
      if (!isThat || !isSameTag(got.ETag, object.tag)) {
        ;(got.Body as { destroy?: () => void }).destroy?.()
        if (got.ContentRange !== undefined && got.ETag !== undefined) throw objectChanged(object)
        throw storeError(undefined, this.#asked(object, 'read'), 'unsupported')
      }
    } catch (error) {
      const kind = kindOf(error)
      if (kind === 'condition' || kind === 'missing') throw objectChanged(object)
      throw storeError(error, this.#asked(object, 'read'))
    }
    try {
      yield* body
    } catch {
      throw new CutShort()
    }
  }

  async put(name: ObjectName, bytes: Uint8Array, mark: string, condition: Standing): Promise<void> {
    const command = new this.#library.PutObjectCommand({
      Bucket: name.bucket,
      Key: name.key,
      Body: bytes,
      Metadata: { [MARK]: mark },
      ...conditionOf(condition),
    })
    await this.#publish(name, condition, () => this.#client.send(command))
  }

  async begin(name: ObjectName, mark: string): Promise<Upload> {
    try {
      const asksChecks = (await this.#client.config.requestChecksumCalculation()) === 'WHEN_SUPPORTED'
      const command = new this.#library.CreateMultipartUploadCommand({
        Bucket: name.bucket,
        Key: name.key,
        Metadata: { [MARK]: mark },
        ...(asksChecks ? { ChecksumAlgorithm: CHECKSUM } : {}),
      })
      const { UploadId, ChecksumAlgorithm } = await this.#client.send(command)
      if (UploadId === undefined) throw storeError(undefined, this.#asked(name, 'written'), 'refused')
      // A store that knows none says nothing of it, and would refuse the parts by them.
      return { ...name, id: UploadId, isChecked: ChecksumAlgorithm === CHECKSUM }
    } catch (error) {
      throw storeError(error, this.#asked(name, 'written'))
    }
  }

  async part(upload: Upload, number: number, bytes: Uint8Array, signal: AbortSignal): Promise<StoredPart> {
    try {
      const command = new this.#library.UploadPartCommand({
        Bucket: upload.bucket,
        Key: upload.key,
        UploadId: upload.id,
        PartNumber: number,
        Body: bytes,
        ...(upload.isChecked ? { ChecksumAlgorithm: CHECKSUM } : {}),
      })
      const { ETag, ChecksumCRC32 } = await this.#client.send(command, { abortSignal: signal })
      if (ETag === undefined) throw storeError(undefined, this.#asked(upload, 'written'), 'refused')
      return { number, tag: ETag, checksum: upload.isChecked ? ChecksumCRC32 : undefined }
    } catch (error) {
      if (isGone(error)) throw new UploadGone(upload)
      throw storeError(error, this.#asked(upload, 'written'))
    }
  }

  async complete(upload: Upload, parts: readonly StoredPart[], condition: Standing): Promise<void> {
    const command = new this.#library.CompleteMultipartUploadCommand({
      Bucket: upload.bucket,
      Key: upload.key,
      UploadId: upload.id,
      MultipartUpload: {
        Parts: parts.map(({ number, tag, checksum }) => ({
          PartNumber: number,
          ETag: tag,
          ...(checksum === undefined ? {} : { ChecksumCRC32: checksum }),
        })),
      },
      ...conditionOf(condition),
    })
    await this.#publish(upload, condition, () => this.#client.send(command))
  }

  async #publish(name: ObjectName, condition: Standing, send: () => Promise<unknown>): Promise<void> {
    for (let tries = 1; ; tries++)
      try {
        await send()
        return
      } catch (error) {
        const kind = kindOf(error)
        const isRepeated = tries > 1 || attemptsOf(error) > 1
        // An object that was to be replaced and is gone.
        if (kind === 'condition' || (kind === 'missing' && condition !== 'nothing'))
          throw new ConditionFailed(isRepeated)
        if (isGone(error)) throw new UploadGone(name)
        // Another one writes the name at this instant: who was first shows when it is tried again.
        if (!isConflict(error) || tries >= this.#limits.attempts) {
          const told = storeError(error, this.#asked(name, 'written'), kind === 'missing' ? 'refused' : kind)
          throw isRepeated ? new PerhapsPublished(told.code, told.message, told.suggestion) : told
        }
        await sleep(CONFLICT_WAIT_MS * 2 ** tries * (0.5 + Math.random() / 2))
      }
  }

  async abort(upload: Parameters<ObjectStore['abort']>[0], signal: AbortSignal): Promise<void> {
    const command = new this.#library.AbortMultipartUploadCommand({
      Bucket: upload.bucket,
      Key: upload.key,
      UploadId: upload.id,
    })
    try {
      await this.#client.send(command, { abortSignal: signal })
    } catch (error) {
      if (isGone(error)) return
      throw storeError(error, this.#asked(upload, 'written'))
    }
  }

  uploads(prefix: ObjectName): ReturnType<ObjectStore['uploads']> {
    return this.#listings.uploads(prefix)
  }

  versions(prefix: ObjectName): ReturnType<ObjectStore['versions']> {
    return this.#listings.versions(prefix)
  }

  async deleteObject(name: ObjectName, tag?: string): Promise<void> {
    const { DeleteObjectCommand } = this.#library
    const at = { Bucket: name.bucket, Key: name.key, ...(tag === undefined ? {} : { IfMatch: tag }) }
    try {
      await this.#client.send(new DeleteObjectCommand(at))
    } catch (error) {
      const kind = kindOf(error)
      if (kind === 'missing') return
      if (kind === 'condition') throw new ConditionFailed()
      throw storeError(error, this.#asked(name, 'deleted'))
    }
  }

  async deleteVersion({ bucket, key, id }: ObjectVersion): Promise<void> {
    try {
      const { DeleteObjectCommand } = this.#library
      await this.#client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: id }))
    } catch (error) {
      if (kindOf(error) === 'missing') return
      throw storeError(error, this.#asked({ bucket, key }, 'deleted'))
    }
  }

  async isReplicated(bucket: string): Promise<boolean> {
    try {
      const { GetBucketReplicationCommand } = this.#library
      await this.#client.send(new GetBucketReplicationCommand({ Bucket: bucket }))
      return true
    } catch (error) {
      if (/^(?:missing|unsupported)$/.test(kindOf(error))) return false
      throw storeError(error, this.#asked({ bucket, key: '' }, 'looked at'))
    }
  }

  async versioning(bucket: string): ReturnType<ObjectStore['versioning']> {
    try {
      const { GetBucketVersioningCommand } = this.#library
      const { Status } = await this.#client.send(new GetBucketVersioningCommand({ Bucket: bucket }))
      if (Status === undefined) return 'never'
      return Status === 'Enabled' ? 'enabled' : 'suspended'
    } catch (error) {
      // A store that knows no versions keeps none.
      if (kindOf(error) === 'unsupported') return 'never'
      throw storeError(error, this.#asked({ bucket, key: '' }, 'looked at'))
    }
  }

  async markOf(name: ObjectName): Promise<string | undefined> {
    try {
      const at = { Bucket: name.bucket, Key: name.key }
      const { Metadata } = await this.#client.send(new this.#library.HeadObjectCommand(at))
      return Metadata?.[MARK]
    } catch (error) {
      if (kindOf(error) === 'missing') return undefined
      throw storeError(error, this.#asked(name, 'read'))
    }
  }
}

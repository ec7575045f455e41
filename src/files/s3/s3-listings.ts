/** What a store of S3 lists, page by page: objects, uploads that are open, and versions. */
import { isDeepStrictEqual } from 'node:util'
import type * as Client from '@aws-sdk/client-s3'
import type { ObjectName } from '../objects/object-name.ts'
import type { ObjectStore, StoredObject } from '../objects/object-store.ts'
import { type Asked, storeError } from './s3-errors.ts'

/** Pages of a listing; one has up to 1,000 entries. */
const MOST_PAGES = 10_000

interface Page<Marker> {
  /** Where the next one begins; undefined: it is the last. */
  readonly next: Marker | undefined
}

export class S3Listings {
  readonly #library: typeof Client
  readonly #client: Client.S3Client
  readonly #origin: string | undefined

  constructor(library: typeof Client, client: Client.S3Client, origin: string | undefined) {
    this.#library = library
    this.#client = client
    this.#origin = origin
  }

  /** One page after the other. @throws LetheError where a page cannot be had, or a listing goes on without end: that is none */
  async *#pages<Marker, Listed extends Page<Marker>>(
    prefix: ObjectName,
    verb: Asked['verb'],
    fetchPage: (marker: Marker | undefined) => Promise<Listed>,
  ): AsyncGenerator<Listed> {
    const asked: Asked = { object: prefix, verb, origin: this.#origin }
    let marker: Marker | undefined
    for (let pages = 1; ; pages++) {
      let page: Listed
      try {
        page = await fetchPage(marker)
      } catch (error) {
        throw storeError(error, asked)
      }
      yield page
      const { next } = page
      if (next === undefined) return
      if (pages === MOST_PAGES || isDeepStrictEqual(next, marker))
        throw storeError(undefined, asked, 'refused')
      marker = next
    }
  }

  async *objects({ bucket, key }: ObjectName): ReturnType<ObjectStore['list']> {
    const { ListObjectsV2Command } = this.#library
    const pages = this.#pages({ bucket, key }, 'listed', async (token: string | undefined) => {
      const { Contents, IsTruncated, NextContinuationToken } = await this.#client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: key,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      )
      return { Contents, next: nextOf(IsTruncated, NextContinuationToken, NextContinuationToken) }
    })
    for await (const { Contents = [] } of pages)
      for (const { Key, Size, ETag } of Contents)
        if (Key !== undefined) yield storedOf({ bucket, key: Key }, { ContentLength: Size, ETag })
  }

  async *uploads({ bucket, key }: ObjectName): ReturnType<ObjectStore['uploads']> {
    const { ListMultipartUploadsCommand } = this.#library
    const pages = this.#pages({ bucket, key }, 'listed', async (marker: UploadMarker | undefined) => {
      const { Uploads, IsTruncated, NextKeyMarker, NextUploadIdMarker } = await this.#client.send(
        new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key, ...marker }),
      )
      const next = { KeyMarker: NextKeyMarker ?? '', UploadIdMarker: NextUploadIdMarker ?? '' }
      return { Uploads, next: nextOf(IsTruncated, NextKeyMarker, next) }
    })
    // Not every store goes by the prefix.
    for await (const { Uploads = [] } of pages)
      for (const { Key, UploadId, Initiated } of Uploads)
        if (Key?.startsWith(key) && UploadId !== undefined)
          yield { bucket, key: Key, id: UploadId, begun: Initiated?.getTime() }
  }

  async *versions({ bucket, key }: ObjectName): ReturnType<ObjectStore['versions']> {
    const { ListObjectVersionsCommand } = this.#library
    const pages = this.#pages({ bucket, key }, 'looked at', async (marker: VersionMarker | undefined) => {
      const { Versions, DeleteMarkers, IsTruncated, NextKeyMarker, NextVersionIdMarker } =
        await this.#client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key, ...marker }))
      const next = {
        KeyMarker: NextKeyMarker ?? '',
        ...(NextVersionIdMarker ? { VersionIdMarker: NextVersionIdMarker } : {}),
      }
      const found = [
        ...(Versions ?? []).map((one) => ({ ...one, isMarker: false })),
        ...(DeleteMarkers ?? []).map((one) => ({ ...one, isMarker: true })),
      ]
      return { found, next: nextOf(IsTruncated, NextKeyMarker, next) }
    })
    for await (const { found } of pages)
      for (const { Key, VersionId, IsLatest, isMarker } of found)
        if (Key?.startsWith(key) && VersionId !== undefined)
          yield { bucket, key: Key, id: VersionId, isLatest: IsLatest === true, isMarker }
  }
}

interface UploadMarker {
  readonly KeyMarker: string
  readonly UploadIdMarker: string
}

interface VersionMarker {
  readonly KeyMarker: string
  readonly VersionIdMarker?: string
}

/** `told`: what the store tells of the next page. One that is told of without that cannot be had. */
function nextOf<Marker>(
  isTruncated: boolean | undefined,
  told: string | undefined,
  next: Marker,
): Marker | undefined {
  if (isTruncated !== true) return undefined
  if (told === undefined || told === '') throw new Error('a page without what the next one begins with')
  return next
}

export function storedOf(
  { bucket, key }: ObjectName,
  { ContentLength: size, ETag: tag }: { ContentLength?: number | undefined; ETag?: string | undefined },
): StoredObject {
  if (size === undefined || tag === undefined || tag === '')
    throw storeError(undefined, { object: { bucket, key }, verb: 'read', origin: undefined }, 'unsupported')
  return { bucket, key, size, tag }
}

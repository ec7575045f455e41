/**
 * The compressions of Kafka's record batches. kafkajs has gzip alone; snappy, lz4 and zstd come from packages that
 * are loaded when the first batch needs them. What a batch decompresses to has a limit, looked up before memory is
 * taken for it: a few kilobytes may claim to be gigabytes.
 */
import { channel } from 'node:diagnostics_channel'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { LetheError } from '../../../errors.ts'
import { DECOMPRESSED_CHANNEL } from '../../admin.ts'
import { lz4FrameSize, snappyParts, snappySize, zstdFrameSize } from './compressed-size.ts'

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** By the three bits that a batch carries. */
export const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** Above this, a batch is taken for an attack. Batches of the usual clients decompress to 1 MB at most. */
export const MAX_DECOMPRESSED_BYTES: number = 64 << 20

const decompressed = channel(DECOMPRESSED_CHANNEL)

export class CompressionError extends Error {
  readonly code: 'compression-unknown' | 'compression-corrupt' | 'compression-bomb' | 'compression-missing'
  /** Which one is missing here. */
  readonly compression: Packaged | undefined
  constructor(code: CompressionError['code'], compression?: Packaged) {
    super(code)
    this.code = code
    this.compression = compression
  }
}

/** The packages of those that Node.js does not have. Binaries of the first two are optional packages of theirs. */
export const PACKAGES = { snappy: 'snappy', lz4: 'lz4-napi', zstd: '@bokuweb/zstd-wasm' } as const

export type Packaged = keyof typeof PACKAGES

/** How to come by a package that cannot be loaded. */
export const installOf = (compression: Packaged): string =>
  `npm install ${PACKAGES[compression]}, without --omit=optional: its binary for this machine is an optional package`

const bomb = (): CompressionError => new CompressionError('compression-bomb')

/** Loads a package once, when it is first asked for. @throws CompressionError where it is not there, or not whole */
function lazily<T>(compression: Packaged, load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined
  return () => {
    loaded ??= load().catch(() => {
      throw new CompressionError('compression-missing', compression)
    })
    return loaded
  }
}

const snappy = lazily('snappy', () => import('snappy'))
const lz4 = lazily('lz4', () => import('lz4-napi'))
const zstd = lazily('zstd', async () => {
  const library = await import('@bokuweb/zstd-wasm')
  await library.init()
  return library
})

const LOADERS: Readonly<Record<Packaged, () => Promise<unknown>>> = { snappy, lz4, zstd }

/** @throws LetheError (usage) where the pipeline writes with what this machine lacks */
export async function checkCompression(compression: Compression): Promise<void> {
  const missing = (await missingCompressions()).find((one) => one === compression)
  if (missing === undefined) return
  throw new LetheError(
    'package-missing',
    `the pipeline writes with compression.type=${missing}, and its package (${PACKAGES[missing]}) cannot be loaded here`,
    installOf(missing),
  )
}

/** The compressions whose packages cannot be loaded here. */
export async function missingCompressions(): Promise<readonly Packaged[]> {
  const names = Object.keys(LOADERS) as Packaged[]
  const isThere = await Promise.all(
    names.map((name) =>
      LOADERS[name]().then(
        () => true,
        () => false,
      ),
    ),
  )
  return names.filter((_, at) => !isThere[at])
}

/** Streams that do not say their size are tried with more and more room. */
const ZSTD_ROOM = 1 << 20

type Decompress = (bytes: Buffer, limit: number) => Promise<Buffer>

const DECOMPRESS: Readonly<Record<Compression, Decompress>> = {
  none: async (bytes) => bytes,
  gzip: (bytes, limit) => promisify(gunzip)(bytes, { maxOutputLength: limit }),
  snappy: async (bytes, limit) => {
    const parts = snappyParts(bytes)
    if (parts.reduce((sum, part) => sum + snappySize(part), 0) > limit) throw bomb()
    const { uncompress } = await snappy()
    const plain = await Promise.all(parts.map((part) => uncompress(part) as Promise<Buffer>))
    return plain.length === 1 ? plain[0]! : Buffer.concat(plain)
  },
  lz4: async (bytes, limit) => {
    if (lz4FrameSize(bytes, limit) > limit) throw bomb()
    return (await lz4()).decompressFrame(bytes)
  },
  zstd: async (bytes, limit) => {
    const size = zstdFrameSize(bytes)
    if (size !== undefined && size > limit) throw bomb()
    const { decompress } = await zstd()
    for (let room = Math.min(limit, Math.max(ZSTD_ROOM, 8 * bytes.length)); ; room *= 4) {
      try {
        return Buffer.from(decompress(bytes, { defaultHeapSize: Math.min(limit, room) }).buffer)
      } catch (error) {
        // The library tells its errors in words alone; -70 is "the destination is too small".
        if (!(error instanceof Error && error.message.endsWith(' -70'))) throw error
        if (size !== undefined || room >= limit) throw bomb()
      }
    }
  },
}

const COMPRESS: Readonly<Record<Compression, (bytes: Buffer) => Promise<Buffer>>> = {
  none: async (bytes) => bytes,
  gzip: (bytes) => promisify(gzip)(bytes),
  // Raw, as librdkafka writes it; every client reads it, Java's too.
  snappy: async (bytes) => (await snappy()).compress(bytes),
  lz4: async (bytes) => (await lz4()).compressFrame(bytes),
  zstd: async (bytes) => Buffer.from((await zstd()).compress(bytes, 3).buffer),
}

/**
 * The records of a batch.
 * @param id the three bits of its attributes
 * @throws CompressionError where the codec is unknown, the bytes are not what they claim, or are a bomb
 */
export async function decompress(
  id: number,
  bytes: Buffer,
  limit: number = MAX_DECOMPRESSED_BYTES,
): Promise<Buffer> {
  const compression = COMPRESSIONS[id]
  if (decompressed.hasSubscribers) decompressed.publish({ compression })
  if (compression === undefined) throw new CompressionError('compression-unknown')
  try {
    return await DECOMPRESS[compression](bytes, limit)
  } catch (error) {
    if (error instanceof CompressionError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw code === 'ERR_BUFFER_TOO_LARGE' ? bomb() : new CompressionError('compression-corrupt')
  }
}

/** Whether what is compressed here is the same when it is decompressed. */
export async function roundTrips(compression: Compression): Promise<boolean> {
  const plain = Buffer.from('one record of a batch, one record of a batch, one record of a batch')
  try {
    const packed = await compress(compression, plain)
    return plain.equals(await decompress(COMPRESSIONS.indexOf(compression), packed))
  } catch {
    return false
  }
}

export const compress = (compression: Compression, bytes: Buffer): Promise<Buffer> =>
  COMPRESS[compression](bytes)

/** What is compressed comes back; what is no such thing, or would fill the memory, is an error. */
import { gzipSync } from 'node:zlib'
import zstd from '@bokuweb/zstd-wasm'
import lz4 from 'lz4-napi'
import snappy from 'snappy'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  COMPRESSIONS,
  compress,
  decompress,
  MAX_DECOMPRESSED_BYTES,
  roundTrips,
} from '../../../../../src/kafka/drivers/kafkajs/codecs.ts'

const text = (length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, i) => `{"id":${i},"name":"Zoë ${i % 97}"}`).join('\n'))

/** As Java's snappy writes it: a header, then blocks with their lengths. */
async function xerial(bytes: Buffer, block: number): Promise<Buffer> {
  const parts: Buffer[] = [Buffer.from('82534e41505059000000000100000001', 'hex')]
  for (let at = 0; at < bytes.length; at += block) {
    const compressed = await snappy.compress(bytes.subarray(at, at + block))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(compressed.length)
    parts.push(length, compressed)
  }
  return Buffer.concat(parts)
}

describe.each(COMPRESSIONS.map((name, id) => ({ name, id })))('$name', ({ name, id }) => {
  it('goes there and back, as lethe doctor tries', async () => {
    expect(await roundTrips(name)).toBe(true)
  })

  it('gives back what was compressed, empty or large', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('x'), text(20), text(100_000)]) {
      const back = await decompress(id, await compress(name, bytes))
      expect(back.equals(bytes)).toBe(true)
    }
  })

  it.skipIf(name === 'none')('says that bytes are damaged, without a word of them', async () => {
    const whole = await compress(name, text(1000))
    const damaged = [whole.subarray(0, whole.length >> 1), Buffer.from('Ada Lovelace, 1815')]
    for (const bytes of damaged)
      await expect(decompress(id, bytes)).rejects.toMatchObject({
        code: 'compression-corrupt',
        message: 'compression-corrupt',
      })
  })

  it.skipIf(name === 'none')('takes what fits the limit, and nothing above it', async () => {
    const bytes = Buffer.alloc(3 << 20, 'abcdefgh')
    const packed = await compress(name, bytes)
    expect((await decompress(id, packed, bytes.length)).length).toBe(bytes.length)
    await expect(decompress(id, packed, bytes.length - 1)).rejects.toMatchObject({ code: 'compression-bomb' })
  })

  it.skipIf(name === 'none')('refuses a bomb before it fills the memory', async () => {
    const packed = await compress(name, Buffer.alloc(MAX_DECOMPRESSED_BYTES + 1))
    const before = process.memoryUsage().rss
    await expect(decompress(id, packed)).rejects.toMatchObject({ code: 'compression-bomb' })
    expect(process.memoryUsage().rss - before).toBeLessThan(2 * MAX_DECOMPRESSED_BYTES)
  })
})

describe('the forms of other clients', () => {
  it('reads the framed snappy of Java, of one block and of many, and streams behind one another', async () => {
    const bytes = text(5000)
    for (const block of [1 << 20, 32_768, 777])
      expect((await decompress(2, await xerial(bytes, block))).equals(bytes)).toBe(true)
    const twice = Buffer.concat([await xerial(bytes, 10_000), await xerial(bytes, 50_000)])
    expect((await decompress(2, twice)).equals(Buffer.concat([bytes, bytes]))).toBe(true)
  })

  it('adds up the blocks of framed snappy for the limit', async () => {
    const framed = await xerial(Buffer.alloc(100_000), 1000)
    await expect(decompress(2, framed, 99_999)).rejects.toMatchObject({ code: 'compression-bomb' })
    expect((await decompress(2, framed, 100_000)).length).toBe(100_000)
  })

  it('counts lz4 blocks that are far from full', async () => {
    // Many frames of a few bytes, each with blocks of up to 4 MB by their header.
    const frame = lz4.compressFrameSync(Buffer.from('{"a":1}{"a":1}{"a":1}{"a":1}'))
    const frames = Buffer.concat(Array.from({ length: 50 }, () => frame))
    await expect(decompress(3, frames, 50 * 28 - 1)).rejects.toMatchObject({ code: 'compression-bomb' })
    await expect(decompress(3, frames, 50 * 28)).resolves.toBeInstanceOf(Buffer)
  })

  it('reads zstd that does not say its size, as Java writes it', async () => {
    await zstd.init()
    const bytes = Buffer.alloc(20 << 20, '{"name":"Ada"}')
    const sized = Buffer.from(zstd.compress(bytes, 3).buffer)
    const unsized = withoutSize(sized)
    expect((await decompress(4, unsized)).equals(bytes)).toBe(true)
    await expect(decompress(4, unsized, bytes.length - 1)).rejects.toMatchObject({ code: 'compression-bomb' })
  })

  it('believes no size that a header only claims', async () => {
    // 2^40 bytes, in a header of eight.
    const claim = Buffer.from('28b52ffde00000000000010000010000', 'hex')
    await expect(decompress(4, claim)).rejects.toMatchObject({ code: 'compression-bomb' })
  })

  it('reads gzip of several members', async () => {
    const members = Buffer.concat([gzipSync('one'), gzipSync('two')])
    expect((await decompress(1, members)).toString()).toBe('onetwo')
  })

  it('knows no codec 5, 6 or 7', async () => {
    for (const id of [5, 6, 7])
      await expect(decompress(id, Buffer.from('abc'))).rejects.toMatchObject({ code: 'compression-unknown' })
  })
})

/** The same frame with a window in the place of the size. */
function withoutSize(frame: Buffer): Buffer {
  const descriptor = frame[4]!
  const single = (descriptor & 32) !== 0
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  const window = Buffer.from([0x90])
  const rest = frame.subarray(5 + (single ? 0 : 1) + sizeBytes)
  return Buffer.concat([frame.subarray(0, 4), Buffer.from([descriptor & 4]), window, rest])
}

it.each([
  ['snappy', 'snappy', 2],
  ['lz4', 'lz4-napi', 3],
  ['zstd', '@bokuweb/zstd-wasm', 4],
] as const)('a package for %s that is not there is no damage', async (name, missing, id) => {
  const sound = await compress(name, text(100))
  vi.resetModules()
  vi.doMock(missing, () => {
    throw new Error('Cannot find native binding')
  })
  onTestFinished(() => {
    vi.doUnmock(missing)
    vi.resetModules()
  })
  const codecs = await import('../../../../../src/kafka/drivers/kafkajs/codecs.ts')
  const { failureOf } = await import('../../../../../src/kafka/drivers/kafkajs/failure.ts')
  expect(await codecs.missingCompressions()).toEqual([name])
  await expect(codecs.checkCompression(name)).rejects.toMatchObject({ exitCode: 2 })
  await expect(codecs.checkCompression('gzip')).resolves.toBeUndefined()
  const error: unknown = await codecs.decompress(id, sound).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'compression-missing', compression: name })
  const told = failureOf(error, 'reading the group', 'b:9092', false) as Error & { suggestion: string }
  expect(told.message).toMatch(new RegExp(`a batch is compressed with ${name}.*${missing}`))
  expect(told.suggestion).toContain(`npm install ${missing}`)
  expect(told.suggestion).not.toContain('damage')
})

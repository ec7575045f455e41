/** zstd in and out, with the `zstd` of the library as the other side. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { compress, decompress } from '@cloudpss/zstd/napi'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LetheError } from '../../../src/errors.ts'
import { unzstd } from '../../../src/files/zstd-reader.ts'
import { batch, csvOf, ndjsonOf, place, rows } from './batch-inputs.ts'
import { warm } from './lethe.ts'

const SKIPPABLE = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
/** A frame of one block that says 128 KiB of `x`, so often, without a size and with a window. */
function bomb(blocks: number, window = 0x38): Buffer {
  const block = (isLast: boolean) => {
    const head = Buffer.alloc(4, 'x')
    head.writeUIntLE(((128 << 10) << 3) | 2 | (isLast ? 1 : 0), 0, 3)
    return head
  }
  const all = Array.from({ length: blocks }, (_, at) => block(at === blocks - 1))
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, window]), ...all])
}
/** A frame with one raw block and the checksum of it, which is made up. */
const checked = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x24, 1, 0x09, 0, 0, 0x41, 1, 2, 3, 4])

async function unpacked(bytes: Uint8Array, step = 1 << 20): Promise<string> {
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += step) parts.push(bytes.subarray(at, at + step))
  const found: Uint8Array[] = []
  for await (const part of unzstd('x.zst', parts)) found.push(Buffer.from(part))
  return Buffer.concat(found).toString()
}

async function failure(bytes: Uint8Array): Promise<string> {
  try {
    await unpacked(bytes)
  } catch (error) {
    if (!(error instanceof LetheError)) throw error
    return `${error.code}: ${error.message}`
  }
  return 'none'
}

describe('the reader', () => {
  it('gives the text of all frames, and nothing of those that hold no data, however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.string({ maxLength: 200 }), fc.constantFrom(1, 50, 2000), fc.boolean()), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.constantFrom(1, 7, 1000),
        async (texts, step) => {
          const bytes = texts.flatMap(([text, times, isSkipped]) => [
            compress(Buffer.from(text.repeat(times))),
            ...(isSkipped ? [SKIPPABLE] : []),
          ])
          expect(await unpacked(Buffer.concat(bytes), step)).toBe(
            texts.map(([text, times]) => text.repeat(times)).join(''),
          )
        },
      ),
      { numRuns: 15 },
    )
  })

  it('refuses what is cut short, whatever its length, and says in which frame', async () => {
    const frames = Buffer.concat([
      compress(Buffer.from('one'.repeat(999))),
      SKIPPABLE,
      compress(Buffer.from('two')),
    ])
    const first = compress(Buffer.from('one'.repeat(999))).length
    for (let length = 0; length < frames.length; length++) {
      if (length === first || length === first + SKIPPABLE.length) continue
      const frame = length < first ? 1 : length < first + SKIPPABLE.length ? 2 : 3
      expect(await failure(frames.subarray(0, length))).toContain(
        `input-damaged: x.zst is cut short: its zstd data end within frame ${frame}`,
      )
    }
  })

  it.each([
    ['a window of 256 MiB', bomb(1, 0x90), 'needs a window of 256 MiB, and 128 MiB is the most'],
    ['a dictionary', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x21, 7, 1]), 'need a dictionary'],
    ['a wrong checksum', checked, 'blocks or their checksum are wrong'],
    [
      'a block of a kind that is none',
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x38, 7, 0, 0]),
      'a block that cannot be',
    ],
    [
      'other data behind the frames',
      Buffer.concat([compress(Buffer.from('a')), Buffer.from('{"a":1}')]),
      'other data follow',
    ],
    ['no zstd', Buffer.from('id,name\n'), 'does not begin as a frame'],
  ])('refuses %s', async (_, bytes, message) => {
    expect(await failure(bytes)).toMatch(/^input-damaged: x\.zst/)
    expect(await failure(bytes)).toContain(message)
  })

  it('holds little of what a few bytes unpack to', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const before = process.memoryUsage().arrayBuffers
    let [most, length, parts] = [0, 0, 0]
    for await (const part of unzstd('x.zst', [bomb(2000)])) {
      length += part.length
      // What is free already does not count.
      if (parts++ % 500 !== 250) continue
      collect()
      most = Math.max(most, process.memoryUsage().arrayBuffers - before)
    }
    expect(length).toBe(2000 * (128 << 10))
    expect(parts).toBeGreaterThan(500)
    expect(most).toBeLessThan(64 << 20)
  })
})

describe('the command', () => {
  it('reads zstd under any name and from standard input, writes it under .zst, and drafts from it', async () => {
    const some = rows(3000)
    const cwd = place({
      'a.csv.zst': compress(Buffer.from(csvOf(some))),
      'a.csv': csvOf(some),
      'b.ndjson': compress(Buffer.from(ndjsonOf(some))),
      'cut.csv.zst': compress(Buffer.from(csvOf(some))).subarray(0, 900),
    })
    const [packed, plain, misnamed, cut] = await Promise.all([
      batch(cwd, ['a.csv.zst', '-o', 'out.csv.zst', '--workers', '2', '--chunk-bytes', '5000']),
      batch(cwd, ['a.csv', '-o', 'want.csv']),
      batch(cwd, ['b.ndjson', '-o', 'out.json.zst']),
      batch(cwd, ['cut.csv.zst', '-o', 'cut.csv']),
    ])
    expect([packed, plain, misnamed].map(({ code }) => code)).toEqual([0, 0, 0])
    const want = readFileSync(join(cwd, 'want.csv'), 'utf8')
    const read = (name: string) => Buffer.from(decompress(readFileSync(join(cwd, name)))).toString()
    expect(read('out.csv.zst')).toBe(want)
    expect(JSON.parse(read('out.json.zst'))).toHaveLength(3000)
    expect(misnamed.stderr).toContain('input 1 is zstd, though its name does not end in .zst')
    expect([cut.code, cut.stderr]).toEqual([4, expect.stringContaining('cut.csv.zst is cut short')])
    const [piped, draft] = await Promise.all([
      batch(cwd, ['-', '--format', 'csv', '-o', '-'], { input: readFileSync(join(cwd, 'a.csv.zst')) }),
      warm(['init', '--from', 'a.csv.zst'], { cwd }),
    ])
    expect(piped.stdout).toBe(want)
    expect(draft.stderr).toContain('read 3000 records of a.csv.zst (csv)')
  })
})

import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LetheError } from '../../../src/errors.ts'
import { inspectInput, openInput } from '../../../src/files/input.ts'

describe('a gzip input', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lethe-input-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  async function read(...parts: Uint8Array[]): Promise<string> {
    const name = join(folder, 'in.ndjson.gz')
    writeFileSync(name, Buffer.concat(parts))
    const read: Uint8Array[] = []
    const { text } = await openInput(inspectInput(name, undefined), undefined, () => {})
    for await (const data of text) read.push(Buffer.from(data))
    return Buffer.concat(read).toString()
  }
  const first = gzipSync('{"a":1}\n')
  const second = gzipSync('{"a":2}\n')
  const long = Buffer.alloc(3 << 20)

  it('may have several members, and zero bytes behind the last', async () => {
    expect(await read(first, second)).toBe('{"a":1}\n{"a":2}\n')
    expect(await read(first, second, Buffer.alloc(512))).toBe('{"a":1}\n{"a":2}\n')
    expect(await read(first, long)).toBe('{"a":1}\n')
  })

  it.each([
    ['a member', [Buffer.alloc(1), second]],
    ['a member, far behind', [long, second, Buffer.alloc(9)]],
    ['other bytes', [Buffer.alloc(7), Buffer.from('x')]],
  ])('is refused where zero bytes hide %s', async (_, parts) => {
    await expect(read(first, ...parts)).rejects.toThrow(LetheError)
  })

  it('is refused where other bytes follow, or where it is cut short', async () => {
    await expect(read(first, Buffer.from('x'))).rejects.toThrow(LetheError)
    await expect(read(first, second.subarray(0, 9))).rejects.toThrow(LetheError)
  })
})

it.each([
  ['in.ndjson', (text: Uint8Array) => text],
  ['in.ndjson.gz', (text: Uint8Array) => Buffer.concat([gzipSync(text), gzipSync(text)])],
])('an input that became shorter since it was looked at is refused: %s', async (file, pack) => {
  const folder = mkdtempSync(join(tmpdir(), 'lethe-input-'))
  try {
    const name = join(folder, file)
    const bytes = pack(Buffer.from('{"a":1}\n{"a":2}\n'))
    writeFileSync(name, bytes)
    const input = inspectInput(name, undefined)
    // Behind a whole record, or a whole member of gzip: nothing else tells that records are missing.
    truncateSync(name, bytes.length / 2)
    const reading = async () => {
      const { text } = await openInput(input, undefined, () => {})
      for await (const _ of text);
    }
    await expect(reading()).rejects.toMatchObject({
      code: 'input-changed',
      message: `${name} became shorter while it was read: it had ${bytes.length} bytes, and ended after ${bytes.length / 2}`,
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

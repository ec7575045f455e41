import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

/** Bytes that still fit on the disk. */
const disk = { room: Number.POSITIVE_INFINITY }

// Test files share their modules: what uses the mocked one is loaded for this file, and forgotten after it.
vi.resetModules()
vi.doMock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  const { promisify } = await import('node:util')
  // Slow, so that the compressor is ahead of it.
  const write = async (fd: number, bytes: Uint8Array, offset: number, length: number) => {
    await new Promise((resolve) => setTimeout(resolve, 2))
    const fits = Math.min(length, disk.room)
    disk.room -= fits
    if (fits === 0) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
    return { bytesWritten: fs.writeSync(fd, bytes, offset, fits) }
  }
  return { ...fs, write: Object.assign(() => {}, { [promisify.custom]: write }) }
})
afterAll(() => {
  vi.doUnmock('node:fs')
  vi.resetModules()
})
const { EXIT, LetheError } = await import('../../../src/errors.ts')
const { openOutput } = await import('../../../src/files/output.ts')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lethe-test-'))
  disk.room = Number.POSITIVE_INFINITY
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe.each(['none', 'gzip'] as const)('an output, compressed: %s', (compression) => {
  const content = (name: string): string => {
    const bytes = readFileSync(name)
    return (compression === 'gzip' ? gunzipSync(bytes) : bytes).toString()
  }

  it('stands under its name once it is published, not before', async () => {
    const name = join(folder, 'out')
    const output = openOutput(name, compression)
    await output.append(Buffer.from('one '))
    await output.append(Buffer.from('two'))
    await output.finish()
    expect(existsSync(name)).toBe(false)
    output.publish()
    expect(content(name)).toBe('one two')
    expect(statSync(name).mode & 0o777).toBe(0o666 & ~process.umask())
    output.discard()
    expect(readdirSync(folder)).toEqual(['out'])
  })

  it('leaves nothing when it is discarded, at any point', async () => {
    for (const appends of [0, 1]) {
      const output = openOutput(join(folder, 'out'), compression)
      for (let i = 0; i < appends; i++) await output.append(Buffer.from('x'))
      output.discard()
      output.discard()
      expect(readdirSync(folder)).toEqual([])
    }
  })

  // gzip hands over 16 KiB at a time: full at its edge, in the middle, and before anything fits.
  it.each([0, 16_384, 20_000, 98_304])(
    'says that the disk is full after %i bytes, and never stalls',
    async (room) => {
      disk.room = room
      const output = openOutput(join(folder, 'out'), compression)
      let failure: unknown
      try {
        for (let i = 0; i < 8; i++) await output.append(randomBytes(1 << 20))
        await output.finish()
      } catch (error) {
        failure = error
      }
      expect(failure).toBeInstanceOf(LetheError)
      expect(failure).toMatchObject({
        exitCode: EXIT.io,
        message: expect.stringContaining('the disk is full'),
      })
      await expect(output.append(Buffer.from('more'))).rejects.toThrow('the disk is full')
      output.discard()
      expect(readdirSync(folder)).toEqual([])
    },
  )
})

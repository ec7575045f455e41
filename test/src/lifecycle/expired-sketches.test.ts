/** Sketches that are past their period go, and those that a legal hold may touch stay. */
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { deleteExpired } from '../../../src/lifecycle/expired-sketches.ts'
import { appendHold, newHold } from '../../../src/lifecycle/holds-file.ts'
import { fileTarget } from '../../../src/lifecycle/may-delete.ts'
import { KHyperLogLog } from '../../../src/measures/khyperloglog.ts'
import { sketchBytes } from '../../../src/measures/sketch-form.ts'
import { sketchName } from '../../../src/measures/sketch-name.ts'
import { folder } from '../cli/lethe.ts'

const DAY = 86_400_000
const NOW = Date.parse('2026-11-30T12:00:00Z')
const OWNER = { pipeline: 'shop', route: 'orders' }

function bytesOf(until: number, expires: number): Uint8Array {
  const time = (at: number): string => new Date(at).toISOString()
  return sketchBytes({
    head: {
      lethe: 'sketch',
      v: 1,
      version: '0.1.0',
      policy: { name: 'p', version: 1, fingerprint: 'ab'.repeat(32) },
      side: 'output',
      over: ['a'],
      key: { id: 'k1', check: '01234567' },
      from: time(until - DAY),
      until: time(until),
      expires: time(expires),
      parts: 1,
      open: 0,
    },
    k: 64,
    part: new KHyperLogLog(64).part(),
  })
}

function place(): {
  at: string
  file: (days: number, bytes: Uint8Array, more?: Partial<Parameters<typeof sketchName>[0]>) => string
} {
  const at = join(folder({}), 'sketches')
  mkdirSync(at)
  return {
    at,
    file: (days, bytes, more) => {
      const name = sketchName({
        ...OWNER,
        side: 'output',
        start: NOW - days * DAY,
        process: '0123456789ab',
        ...more,
      })
      writeFileSync(join(at, name), bytes)
      utimesSync(join(at, name), new Date(NOW - days * DAY), new Date(NOW - days * DAY))
      return name
    },
  }
}
const setting = (at: string, holds?: string) => ({ folder: at, period: DAY, keep: 30 * DAY, holds })

describe('expired sketches', () => {
  it('go at their instant, and no other file does', () => {
    const { at, file } = place()
    const old = file(31, bytesOf(NOW - 30 * DAY, NOW))
    const kept = [
      file(30, bytesOf(NOW - 29 * DAY, NOW + 1)),
      // Of another route, and names that are none of a sketch's.
      file(31, bytesOf(NOW - 30 * DAY, NOW), { route: 'others' }),
      file(31, bytesOf(NOW - 30 * DAY, NOW), { route: 'orders.more' }),
    ]
    writeFileSync(join(at, 'merged.sketch'), bytesOf(NOW - 90 * DAY, NOW - DAY))
    expect(deleteExpired(OWNER, setting(at), NOW)).toEqual({ deleted: 1, held: 0, unread: 0 })
    expect(readdirSync(at)).not.toContain(old)
    expect(readdirSync(at).sort()).toEqual([...kept, 'merged.sketch'].sort())
  })

  it('go sooner where the pipeline keeps them for less than they say', () => {
    const { at, file } = place()
    file(4, bytesOf(NOW - 3 * DAY, NOW + 300 * DAY))
    expect(deleteExpired(OWNER, { ...setting(at), keep: 4 * DAY }, NOW).deleted).toBe(0)
    expect(deleteExpired(OWNER, { ...setting(at), keep: 3 * DAY }, NOW).deleted).toBe(1)
  })

  it('are told of where they cannot be read, and go when none could be kept so long', () => {
    const { at, file } = place()
    file(31, Buffer.from('no sketch'))
    expect(deleteExpired(OWNER, setting(at), NOW)).toEqual({ deleted: 0, held: 0, unread: 1 })
    expect(deleteExpired(OWNER, setting(at), NOW + 1)).toEqual({ deleted: 1, held: 0, unread: 1 })
  })

  it('go with what a killed process has left of a file', () => {
    const { at } = place()
    const name = sketchName({ ...OWNER, side: 'output', start: NOW, process: '0123456789ab' })
    const part = join(at, `.${name}.abcdef012345.part`)
    writeFileSync(part, 'half')
    utimesSync(part, new Date(NOW - DAY), new Date(NOW - DAY))
    expect(deleteExpired(OWNER, setting(at), NOW).deleted).toBe(0)
    expect(deleteExpired(OWNER, setting(at), NOW + 1).deleted).toBe(1)
  })

  it.each([
    ['their folder', (at: string) => ({ target: fileTarget(at) })],
    ['any span of time', () => ({ target: null, from: 0, until: 1 })],
    ['all', () => ({ target: null })],
  ])('stay under a hold on %s, until it is over', async (_, on) => {
    const { at, file } = place()
    file(31, bytesOf(NOW - 30 * DAY, NOW))
    const holds = join(at, '../holds.ndjson')
    const hold = {
      from: null,
      until: null,
      owner: 'legal',
      reason: 'case 512, all of it',
      kept: null,
      expires: NOW + DAY,
      ...on(at),
    }
    await appendHold(holds, newHold(hold as Parameters<typeof newHold>[0], NOW - DAY).line)
    expect(deleteExpired(OWNER, setting(at, holds), NOW)).toEqual({ deleted: 0, held: 1, unread: 0 })
    expect(readdirSync(at)).toHaveLength(1)
    expect(deleteExpired(OWNER, setting(at, holds), NOW + DAY).deleted).toBe(1)
  })

  it('stay where the holds cannot be read', () => {
    const { at, file } = place()
    file(31, bytesOf(NOW - 30 * DAY, NOW))
    expect(() => deleteExpired(OWNER, setting(at, join(at, 'gone')), NOW)).toThrow()
    expect(readdirSync(at)).toHaveLength(1)
  })
})

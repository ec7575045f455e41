/** Plans of shards: every byte once, balanced, none too small. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type PlannedFile, planShards } from '../../../src/shards/plan-shards.ts'

const MIB = 1 << 20

/** Bytes by shard; that slices make up files is looked at on the way. */
function loadsOf(files: readonly PlannedFile[], slices: ReturnType<typeof planShards>): number[] {
  const loads: number[] = []
  for (const [at, { file, from, shard }] of slices.entries()) {
    const before = slices[at - 1]
    expect(before === undefined || before.file <= file).toBe(true)
    if (before?.file === file) {
      expect(from).toBeGreaterThan(before.from)
      expect(shard).not.toBe(before.shard)
      expect(files[file]!.isCuttable).toBe(true)
    } else {
      expect(from).toBe(0)
      expect(file).toBe((before?.file ?? -1) + 1)
    }
    const next = slices[at + 1]
    loads[shard] = (loads[shard] ?? 0) + (next?.file === file ? next.from : files[file]!.bytes) - from
  }
  expect(slices.at(-1)!.file).toBe(files.length - 1)
  // None is left out.
  expect(Object.keys(loads)).toHaveLength(loads.length)
  return loads
}

it('put every byte into one shard, and make none too small', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ bytes: fc.nat({ max: 5000 * MIB }), isCuttable: fc.boolean() }), {
        minLength: 1,
        maxLength: 40,
      }),
      fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
      (files, shards) => {
        const least = 128 * MIB
        const loads = loadsOf(files, planShards(files, { shards, least }))
        if (shards !== undefined) expect(loads.length).toBeLessThanOrEqual(shards)
        if (loads.length > 1) expect(Math.min(...loads)).toBeGreaterThanOrEqual(least)
        const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
        const largest = Math.max(
          0,
          ...files.filter(({ isCuttable }) => !isCuttable).map(({ bytes }) => bytes),
        )
        // What cannot be cut, or is too little for a shard of its own, may stand above the mean.
        expect(Math.max(...loads)).toBeLessThanOrEqual(1.25 * (total / loads.length) + largest + least)
      },
    ),
    { numRuns: 100 },
  )
})

it('balance files that can be cut within a tenth at each end, and cut each but where a shard ends', () => {
  const files = Array.from({ length: 7 }, (_, at) => ({ bytes: (at + 1) * 1000 * MIB, isCuttable: true }))
  const slices = planShards(files, { shards: 8, least: 128 * MIB })
  const loads = loadsOf(files, slices)
  expect(loads).toHaveLength(8)
  const mean = 3500 * MIB
  for (const load of loads) expect(Math.abs(load - mean)).toBeLessThanOrEqual(0.2 * mean)
  expect(slices.length).toBeLessThanOrEqual(files.length + 7)
})

it('balance files that cannot be cut, the largest first', () => {
  const files = [700, 300, 300, 400, 300, 400, 200].map((bytes) => ({
    bytes: bytes * MIB,
    isCuttable: false,
  }))
  const loads = loadsOf(files, planShards(files, { shards: 3, least: 128 * MIB }))
  expect(loads.map((load) => load / MIB).sort((a, b) => a - b)).toEqual([700, 900, 1000])
})

it('make as many shards as are large enough, and one of little', () => {
  const one = [{ bytes: 1600 * MIB, isCuttable: true }]
  expect(loadsOf(one, planShards(one, { least: 128 * MIB }))).toHaveLength(10)
  const small = [
    { bytes: 100, isCuttable: true },
    { bytes: 0, isCuttable: false },
  ]
  expect(loadsOf(small, planShards(small, { shards: 5, least: 128 * MIB }))).toEqual([100])
})

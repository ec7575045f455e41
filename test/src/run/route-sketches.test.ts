/** The sketches of a route: a file a period, with what was judged in it, whatever the threads were told before. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { KHyperLogLog } from '../../../src/measures/khyperloglog.ts'
import { readSketch, type StoredSketch } from '../../../src/measures/sketch-form.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { RouteSketches, type RouteSketchesOptions } from '../../../src/run/stream/route-sketches.ts'
import { folder } from '../cli/lethe.ts'
import { hashesOf } from '../measures/random.ts'

const HOUR = 3_600_000
const START = Date.parse('2026-11-30T10:00:00Z')
const { plan } = compilePolicy(
  policyFileOf(
    'p.yaml',
    'policy: p\nversion: 1\npurpose: train_ai_system\nsubject: id\nfields:\n  a: { use: generalize.prefix, keep: 2, role: quasi-identifier }\n',
  ),
)

function made(more: Partial<RouteSketchesOptions> = {}) {
  const at = folder({})
  const sketched = vi.fn()
  const unwritten = vi.fn()
  const sketches = new RouteSketches({
    pipeline: 'shop',
    route: 'orders',
    plan: plan!,
    keyset: createKeyset(new Date(START)),
    setting: {
      folder: at,
      sides: ['output'],
      over: undefined,
      period: HOUR,
      keep: 24 * HOUR,
      holds: undefined,
    },
    metrics: { sketched },
    unwritten,
    now: () => START,
    ...more,
  })
  const files = (): Readonly<Record<string, StoredSketch>> =>
    Object.fromEntries(
      readdirSync(at).map((name) => [
        /\.(\d{8}T\d{4}Z)\./.exec(name)?.[1] ?? name,
        readSketch(readFileSync(join(at, name)), name),
      ]),
    )
  return { at, sketches, sketched, unwritten, files }
}

/** Keys `from` to below `to`, each with one subject, as a thread gives them that was told `limit`. */
function part(from: number, to: number, limit = Number.POSITIVE_INFINITY) {
  const sketch = new KHyperLogLog()
  sketch.limit = limit
  const hashes = hashesOf(1)
  for (let key = from; key < to; key++) sketch.add(hashes.combination(key), hashes.subject(key))
  return sketch.take()
}

describe('the sketches of a route', () => {
  it('are a file an hour, of what was judged in it', async () => {
    const { sketches, files, sketched, unwritten } = made()
    sketches.add([part(0, 10)], START)
    sketches.add([part(5, 20)], START + HOUR - 1)
    sketches.add([part(0, 3)], START + HOUR)
    // A clock that is set back.
    sketches.add([part(3, 5)], START + 10)
    await sketches.close()
    const { '20261130T1000Z': first, '20261130T1100Z': second } = files()
    expect([first!.part.combinations.length, second!.part.combinations.length]).toEqual([20, 5])
    expect(first!.head).toMatchObject({
      from: '2026-11-30T10:00:00.000Z',
      until: '2026-11-30T10:59:59.999Z',
      expires: '2026-12-01T10:59:59.999Z',
      parts: 1,
      open: 0,
      over: ['a'],
      side: 'output',
    })
    expect(second!.head.open).toBe(0)
    expect(sketched).toHaveBeenLastCalledWith(
      'output',
      expect.objectContaining({ kept: 5, unique: { value: 1, error: 0 } }),
    )
    expect(unwritten).not.toHaveBeenCalled()
  })

  it('tell threads what need not be kept, and of a new period nothing', async () => {
    const { sketches, files } = made()
    sketches.add([part(0, 20_000)], START)
    sketches.add([part(20_000, 40_000)], START)
    const [limit] = sketches.limits(START + 1)
    expect(limit).toBeLessThan(2 ** 53 * 0.5)
    expect(sketches.limits(START + HOUR)).toEqual([2 ** 53])
    // What the limit leaves out changes nothing of the period that it is of.
    sketches.add([part(40_000, 80_000, limit)], START + 2)
    const whole = new KHyperLogLog()
    for (const from of [40_000, 0]) whole.merge(part(from, from + 40_000))
    await sketches.close()
    expect(Object.values(files())[0]!.part).toEqual(whole.part())
  })

  it('writes nothing for a period without records, and goes on where a file cannot be written', async () => {
    const { sketches, at, unwritten, files } = made()
    await sketches.close()
    expect(files()).toEqual({})
    const other = made()
    rmSync(other.at, { recursive: true })
    other.sketches.add([part(0, 3)], START)
    // Its period is over, and what could not be written is not lost.
    other.sketches.add([part(3, 5)], START + HOUR)
    await other.sketches.written()
    expect(other.unwritten).toHaveBeenCalledOnce()
    mkdirSync(other.at)
    await other.sketches.close()
    expect(other.unwritten).toHaveBeenCalledOnce()
    expect(Object.values(other.files()).map(({ part }) => part.combinations.length)).toEqual([3, 2])
    expect(unwritten).not.toHaveBeenCalled()
    expect(() =>
      made({
        setting: {
          folder: join(at, 'gone'),
          sides: ['output'],
          over: undefined,
          period: HOUR,
          keep: HOUR,
          holds: undefined,
        },
      }),
    ).toThrow('is not there')
  })
})

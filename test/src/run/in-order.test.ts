import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runPipeline } from '../../../src/run/in-order.ts'

async function* upTo(count: number, onAsked: (batch: number) => void = () => {}) {
  for (let batch = 0; batch < count; batch++) {
    onAsked(batch)
    yield batch
  }
}

describe('runPipeline', () => {
  it('settles every batch once, in order, with at most so many under way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 3 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 4 }),
        async (delays, ahead, waits) => {
          const settled: number[] = []
          /** Batches that wait until somebody helps: every so many. */
          const waiting: (() => void)[] = []
          let asked = 0
          await runPipeline<number, string>({
            batches: upTo(delays.length, (batch) => {
              asked = batch + 1
              expect(asked - settled.length).toBeLessThanOrEqual(ahead)
            }),
            deidentify: async (batch) => {
              if (batch % waits === 0) await new Promise<void>((resolve) => waiting.push(resolve))
              for (let turn = 0; turn < delays[batch]!; turn++) await Promise.resolve()
              return `done ${batch}`
            },
            help: () => {
              waiting[0]?.()
              return waiting.shift() !== undefined
            },
            settle: async (batch, done) => {
              await Promise.resolve()
              expect(done).toBe(`done ${batch}`)
              settled.push(batch)
            },
            ahead,
          })
          expect(settled).toEqual(delays.map((_, batch) => batch))
        },
      ),
    )
  })

  it.each(['batches', 'deidentify', 'settle'] as const)(
    'ends with the failure of %s, and settles nothing after it',
    async (where) => {
      const settled: number[] = []
      let closed = false
      const failAt = (place: string, batch: number) => {
        if (place === where && batch === 3) throw new Error(where)
      }
      const run = runPipeline<number, number>({
        batches: (async function* () {
          try {
            for (let batch = 0; batch < 10; batch++) {
              failAt('batches', batch)
              yield batch
            }
          } finally {
            closed = true
          }
        })(),
        deidentify: async (batch) => {
          failAt('deidentify', batch)
          return batch
        },
        help: () => false,
        settle: async (batch) => {
          failAt('settle', batch)
          settled.push(batch)
        },
        ahead: 2,
      })
      await expect(run).rejects.toThrow(where)
      expect(closed).toBe(true)
      expect(settled).toEqual([0, 1, 2].slice(0, settled.length))
      const before = settled.length
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(settled).toHaveLength(before)
    },
  )
})

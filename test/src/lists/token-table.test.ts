import { randomBytes } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { TOKEN_BYTES, TokenTable } from '../../../src/lists/token-table.ts'

/** Few tokens, that crowd into few places. */
const token = fc.tuple(fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xff), fc.nat(6)).map(([high, low]) => {
  const bytes = Buffer.alloc(TOKEN_BYTES)
  bytes[3] = high
  bytes[15] = low
  return bytes
})

it('holds what a map would, whatever is put in, taken out and grown', () => {
  const change = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), token, value: fc.integer() }),
    fc.record({ kind: fc.constant('delete' as const), token }),
    fc.record({ kind: fc.constant('grow' as const) }),
  )
  fc.assert(
    fc.property(fc.array(change, { maxLength: 120 }), (changes) => {
      let table = TokenTable.create(60, 1)
      const model = new Map<string, number>()
      // The one that is all zeros is the same as its neighbour, by design.
      const nameOf = (bytes: Buffer) =>
        bytes.every((byte) => byte === 0) ? '01'.padEnd(32, '0') : bytes.toString('hex')
      for (const one of changes) {
        if (one.kind === 'set') {
          table.set(one.token, Int32Array.of(one.value))
          model.set(nameOf(one.token), one.value)
        } else if (one.kind === 'delete')
          expect(table.delete(one.token)).toBe(model.delete(nameOf(one.token)))
        else table = table.grown(60 + table.count)
        expect(table.count).toBe(model.size)
      }
      const words = new Int32Array(1)
      for (const [name, value] of model) {
        const bytes = Buffer.from(name, 'hex')
        expect(table.has(bytes)).toBe(true)
        expect(TokenTable.of(table.memory).get(bytes, words)).toBe(true)
        expect(words[0]).toBe(value)
      }
      const met = new Set<string>()
      const part = new Int32Array(5 * 7)
      const filled = TokenTable.create(60, 1)
      for (let from: number | undefined = 0; from !== undefined; ) {
        const read: ReturnType<TokenTable['entries']> = table.entries(from, part)
        filled.fill(part, read.words)
        for (let at = 0; at < read.words; at += 5)
          met.add(Buffer.from(part.buffer, at * 4, TOKEN_BYTES).toString('hex'))
        from = read.next
      }
      expect(filled.count).toBe(model.size)
      for (const [name, value] of model) {
        expect(filled.get(Buffer.from(name, 'hex'), words)).toBe(true)
        expect(words[0]).toBe(value)
      }
      expect(met).toEqual(new Set(model.keys()))
      expect(table.has(randomBytes(TOKEN_BYTES))).toBe(false)
    }),
  )
})

it('refuses more than it has room for', () => {
  const table = TokenTable.create(3)
  const { room } = table
  for (let i = 0; i < room; i++) table.set(randomBytes(TOKEN_BYTES))
  expect(room).toBeGreaterThanOrEqual(3)
  expect(() => table.set(randomBytes(TOKEN_BYTES))).toThrow(RangeError)
})

it('is read whole by another thread while it is written', async () => {
  const table = TokenTable.create(64, 4)
  const key = randomBytes(TOKEN_BYTES)
  const others = Array.from({ length: 30 }, () => randomBytes(TOKEN_BYTES))
  table.set(key, Int32Array.of(0, 0, 0, 0))
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const module = new URL('../../../dist/src/lists/token-table.js', import.meta.url).href
  const reader = new Worker(
    `const { workerData, parentPort } = require('node:worker_threads')
     import(workerData.module).then(({ TokenTable }) => {
       const table = TokenTable.of(workerData.memory)
       const key = Buffer.from(workerData.key)
       const words = new Int32Array(4)
       let torn = 0, missing = 0, reads = 0
       parentPort.postMessage('ready')
       while (Atomics.load(workerData.stop, 0) === 0) {
         if (!table.get(key, words)) missing++
         else if (words.some((word) => word !== words[0])) torn++
         reads++
       }
       parentPort.postMessage({ torn, missing, reads })
     })`,
    {
      eval: true,
      workerData: { module, memory: table.memory, key, stop },
    },
  )
  const message = () =>
    new Promise<unknown>((resolve, reject) => reader.once('message', resolve).once('error', reject))
  await message()
  const until = performance.now() + 150
  for (let i = 0; performance.now() < until; i++) {
    table.set(key, Int32Array.of(i, i, i, i))
    // Others that stand around it come and go, and move it.
    const other = others[i % others.length]!
    if (!table.delete(other)) table.set(other, Int32Array.of(-1, -2, -3, -4))
  }
  const result = message()
  Atomics.store(stop, 0, 1)
  const { torn, missing, reads } = (await result) as { torn: number; missing: number; reads: number }
  await reader.terminate()
  expect({ torn, missing }).toEqual({ torn: 0, missing: 0 })
  expect(reads).toBeGreaterThan(1000)
})

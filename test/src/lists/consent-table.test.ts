/** A consent table that is followed: what another thread reads while it changes, and what growth leaves of it. */
import { randomBytes } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { ConsentStatement } from '../../../src/lists/consent-history.ts'
import { type ConsentMemory, ConsentTable } from '../../../src/lists/consent-table.ts'
import { TOKEN_BYTES } from '../../../src/lists/token-table.ts'

const statement = (state: ConsentStatement['state'], from: number): ConsentStatement => ({ state, from })
/** Granted before 0 and from 10 on, and not between. */
const interrupted = [statement('granted', -10), statement('withdrawn', 0), statement('granted', 10)]

it('holds of each subject what was said last, however it grew', () => {
  const history = fc.constantFrom('granted', 'withdrawn', 'interrupted')
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(40), history), { maxLength: 300 }), (changes) => {
      const table = ConsentTable.create(4)
      const model = new Map<number, string>()
      for (const [subject, said] of changes) {
        const token = Buffer.alloc(TOKEN_BYTES, subject + 1)
        if (said === 'withdrawn') table.withdraw(token)
        else table.set(token, said === 'granted' ? [statement('granted', 0)] : interrupted)
        model.set(subject, said)
      }
      const states = { granted: 'granted', withdrawn: 'withdrawn', interrupted: 'withdrawn' }
      for (const copy of [table, ConsentTable.of(table.memory)])
        for (const [subject, said] of model) {
          const token = Buffer.alloc(TOKEN_BYTES, subject + 1)
          expect(copy.stateOf(token, 5)).toBe(states[said as keyof typeof states])
          expect(copy.stateOf(token, 15)).toBe(said === 'withdrawn' ? 'withdrawn' : 'granted')
        }
      expect(table.count).toBe(model.size)
    }),
  )
})

it('gives parts while it is written to, that with what came since are what it holds', () => {
  const change = fc.tuple(fc.nat(60), fc.constantFrom('granted', 'withdrawn', 'interrupted'))
  const put = (table: ConsentTable, [subject, said]: readonly [number, string]): void => {
    const token = Buffer.alloc(TOKEN_BYTES, subject * 4 + 1)
    if (said === 'withdrawn') table.withdraw(token)
    else table.set(token, said === 'granted' ? [statement('granted', 0)] : interrupted)
  }
  const many = (most: number) => fc.array(change, { maxLength: most, size: 'max' })
  fc.assert(
    fc.property(many(80), fc.array(many(12), { maxLength: 40, size: 'max' }), (before, between) => {
      const table = ConsentTable.create(4)
      for (const one of before) put(table, one)
      const { table: copy, take } = ConsentTable.filler(table.count, table.intervals)
      let part = 0
      for (const { kind, bytes } of table.parts(64)) {
        take(kind, new Uint8Array(bytes))
        for (const one of between[part++] ?? []) put(table, one)
      }
      // The tail: all that came since the first part.
      for (const one of between.slice(0, part).flat()) put(copy, one)
      expect(copy.count).toBe(table.count)
      copy.fit()
      for (let subject = 0; subject <= 60; subject++)
        for (const time of [-5, 5, 15]) {
          const token = Buffer.alloc(TOKEN_BYTES, subject * 4 + 1)
          expect(copy.stateOf(token, time)).toBe(table.stateOf(token, time))
        }
    }),
  )
})

it('shows another thread no grant that was withdrawn before the offset that it was told', async () => {
  const module = new URL('../../../dist/src/lists/consent-table.js', import.meta.url).href
  const subject = randomBytes(TOKEN_BYTES)
  const most = 5_000_000
  /** What the subject said at each offset; the offset that is being written. */
  const said = new Int8Array(new SharedArrayBuffer(most))
  const written = new Int32Array(new SharedArrayBuffer(4))
  const table = ConsentTable.create(8)
  table.withdraw(subject)
  const reader = new Worker(
    `const { workerData, parentPort } = require('node:worker_threads')
     import(workerData.module).then(({ ConsentTable }) => {
       const { said, written } = workerData
       const subject = Buffer.from(workerData.subject)
       let table, wrong = 0, jobs = 0, reads = 0
       const seen = new Set()
       parentPort.on('message', ({ memory, offset, end }) => {
         if (end) return parentPort.postMessage({ wrong, jobs, reads, seen: [...seen].sort() })
         if (memory) table = ConsentTable.of(memory)
         jobs++
         for (let i = 0; i < 40; i++, reads++) {
           const state = table.stateOf(subject, 5)
           const until = Atomics.load(written, 0)
           seen.add(state)
           const code = state === 'granted' ? 1 : 0
           let was = false
           for (let at = offset; at <= until && !was; at++) was = said[at] === code
           if (!was) wrong++
         }
       })
       parentPort.postMessage('ready')
     })`,
    { eval: true, workerData: { module, subject, said, written } },
  )
  const message = () =>
    new Promise<unknown>((resolve, reject) => reader.once('message', resolve).once('error', reject))
  await message()
  let posted: ConsentMemory | undefined
  const until = performance.now() + 400
  let offset = 0
  for (; performance.now() < until && offset < most - 1; ) {
    offset++
    const isGrant = offset % 3 !== 0
    said[offset] = isGrant ? 1 : 0
    Atomics.store(written, 0, offset)
    if (!isGrant) table.set(subject, [statement('granted', 0), statement('withdrawn', 1)])
    else if (offset % 2 === 0) table.set(subject, [statement('granted', 0)])
    else table.set(subject, [statement('granted', 0), statement('granted', 3)])
    // Others make both tables grow.
    if (offset % 50 === 0) table.set(randomBytes(TOKEN_BYTES), interrupted)
    if (offset % 100 !== 1) continue
    const { memory } = table
    const isNew = posted?.table !== memory.table || posted.longer !== memory.longer
    reader.postMessage({ offset, ...(isNew ? { memory } : {}) })
    posted = memory
  }
  reader.postMessage({ end: true })
  const { wrong, jobs, reads, seen } = (await message()) as Record<string, unknown>
  await reader.terminate()
  expect({ wrong, seen }).toEqual({ wrong: 0, seen: ['granted', 'withdrawn'] })
  expect(jobs).toBeGreaterThan(50)
  expect(reads).toBeGreaterThan(1000)
})

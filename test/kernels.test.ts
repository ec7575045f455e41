/**
 * No kernel is older than what it is made from, and a kernel and its host agree. `npm run check` compiles them all; here
 * the digest of the sources is enough.
 */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CsvHeader } from '../src/record/kernel/csv-layout.ts'
import { JsonHeader } from '../src/record/kernel/json-layout.ts'
import { FIRST_FREE, HEADER } from '../src/record/kernel/memory.ts'
import { TypedHeader } from '../src/record/kernel/typed-layout.ts'
import { WasmModule } from '../transforms/wasm.ts'
import { Struct } from '../transforms/wasm-layout.ts'
import { compile, digestOf, kernels, layoutOf, ROOT } from './kernel-build.ts'

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

it('there are kernels', () => {
  expect(kernels.map((kernel) => basename(kernel)).sort()).toEqual(['csv', 'json', 'sha256', 'typed'])
})

describe.each(kernels)('%s', (kernel) => {
  it('has its side of the layout from the side of its host', async () => {
    expect(read(`${kernel}-layout.as.ts`)).toBe(await layoutOf(kernel))
  })

  it('is what it was compiled from', async () => {
    expect(read(`${kernel}.wasm.ts`)).toContain(digestOf(kernel, await layoutOf(kernel)))
  })

  it('takes six arguments in a call, at most', () => {
    const base64 = /'([^']+)'\n$/.exec(read(`${kernel}.wasm.ts`))![1]!
    const exports = new WasmModule(base64).open<Record<string, unknown>>()!
    const calls = Object.entries(exports).filter(
      (one): one is [string, () => void] => one[1] instanceof Function,
    )
    expect(calls.length).toBeGreaterThan(1)
    expect(calls.filter(([, call]) => call.length > 6).map(([name]) => name)).toEqual([])
  })
})

describe('a layout', () => {
  it('does not compile where the compiler lays out a struct in another way', async () => {
    const kernel = kernels.find((one) => basename(one) === 'csv')!
    const layout = await layoutOf(kernel)
    const moved = layout.replace('  delimiter: i32\n  quotes: i32\n', '  quotes: i32\n  delimiter: i32\n')
    expect(moved).not.toBe(layout)
    await expect(compile(kernel, moved)).rejects.toThrow(/CsvHeader\.delimiter/)
  })

  it('has each field at a multiple of its size', () => {
    const { offsets, bytes } = new Struct({ a: 'i32', b: 'u64', c: '[Other]', d: 'usize', e: 'i32' })
    expect(offsets).toEqual({ a: 0, b: 8, c: 16, d: 20, e: 24 })
    expect(bytes).toBe(32)
  })

  it('has room for the headers', () => {
    for (const { bytes } of [CsvHeader, JsonHeader, TypedHeader])
      expect(HEADER + bytes).toBeLessThanOrEqual(FIRST_FREE)
  })
})

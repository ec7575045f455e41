/** Compiling asks the dictionary of names only where the answer matters: every `lethe batch` compiles a policy. */
import { afterAll, beforeEach, expect, it, vi } from 'vitest'

const DICTIONARY = '../../../src/identify/category-of.ts'
// Test files share their modules: a mocked one is loaded for this file, and forgotten after it.
vi.resetModules()
vi.doMock(DICTIONARY, async (original) => {
  const { categoryOf } = await original<typeof import('../../../src/identify/category-of.ts')>()
  return { categoryOf: vi.fn(categoryOf) }
})
afterAll(() => {
  vi.doUnmock(DICTIONARY)
  vi.resetModules()
})
const { categoryOf } = await import('../../../src/identify/category-of.ts')
const { compilePolicy } = await import('../../../src/policy/compile.ts')

function asked(fields: string): string[] {
  const { problems } = compilePolicy({
    file: 'p.yaml',
    text: `policy: p\nversion: 1\npurpose: train_ai_system\nfields: ${fields}\n`,
    readFile: () => new Uint8Array(),
  })
  expect(problems).toEqual([])
  return vi.mocked(categoryOf).mock.calls.map(([path]) => [path].flat().join('.'))
}

beforeEach(() => void vi.mocked(categoryOf).mockClear())

it('asks nothing for rules that tell little, and for fields that say their category', () => {
  expect(
    asked(`{ email: { use: hash.hmac, domain: e }, name: drop, ip: { use: generalize.ip },
      page: { use: keep, category: user.behavior } }`),
  ).toEqual([])
})

it('asks once for an input that is kept', () => {
  expect(asked('{ sku: keep, b: { from: units, use: keep } }').sort()).toEqual(['b', 'sku', 'units'])
})

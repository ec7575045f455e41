/** Unit tests share the modules that their worker has loaded: none may leave a mocked one behind. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const tests = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.test.ts'),
)
const withCalls = (pattern: RegExp): string[] =>
  tests.filter((file) => pattern.test(readFileSync(join(import.meta.dirname, file), 'utf8')))

it('vi.mock, which lasts as long as the worker, is not used', () => {
  expect(withCalls(/^\s*vi\.mock\(/m)).toEqual([])
})

it('what vi.doMock replaces is given back', () => {
  const mocking = withCalls(/^\s*vi\.doMock\(/m)
  expect(mocking.length).toBeGreaterThan(0)
  expect(
    mocking.filter((file) => !withCalls(/vi\.doUnmock\([\s\S]*vi\.resetModules\(/).includes(file)),
  ).toEqual([])
})

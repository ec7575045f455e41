/** Whether two results are the same, asked thousands of times: `toEqual` takes ten times as long to find that they are. */
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'

/** As `expect(actual).toEqual(expected)`, and what is undefined has to be so on both sides. */
export function expectSame<T>(actual: T, expected: NoInfer<T>): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toStrictEqual(expected)
}

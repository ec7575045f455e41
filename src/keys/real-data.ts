/** What is asked of keys before they meet real data. */
import { LetheError } from '../errors.ts'
import { checkValueOf, type Keyring } from './keyring.ts'
import type { Keyset } from './keyset.ts'

/** A key that a run must be made with: its id and its check value. */
export interface ExpectedKey {
  readonly id: string
  /** 8 lower-case hex digits. */
  readonly check: string
}

/** @throws LetheError (usage) for keys that are published, by their flag or by their secrets */
export function refusePublished(keys: Keyring | undefined): void {
  if (keys?.isTest !== true) return
  throw new LetheError(
    'test-keys',
    'these keys are published, for tests and examples: any reader of the output could undo its tokens',
    'make your own with `lethe keys create FILE`',
  )
}

/**
 * Checks the keys of a run against those that --expect-key names. Without any, nothing is checked.
 * @param used ids of the keys that rules use
 * @throws LetheError (usage) where a key is missing or another one, or where a rule uses one that is not expected
 */
export function refuseOtherKeys(
  keyset: Keyset | undefined,
  used: Iterable<string>,
  expected: readonly ExpectedKey[],
): void {
  if (expected.length === 0) return
  for (const { id, check } of expected) {
    const key = keyset?.keys.find((one) => one.id === id)
    if (key === undefined)
      throw other(
        `the key ${id} was expected, and ${keyset === undefined ? 'no keys are given' : 'the keyset has none of that id'}`,
      )
    const found = checkValueOf(key)
    if (found !== check)
      throw other(`the key ${id} has the check value ${found}, and ${check} was expected: it is another key`)
  }
  for (const id of used)
    if (!expected.some((one) => one.id === id))
      throw other(`rules use the key ${id}, and no --expect-key names it`)
}

function other(message: string): LetheError {
  return new LetheError(
    'key-unexpected',
    `${message}; nothing was read`,
    'compare with `lethe keys list`, which shows the check values',
  )
}

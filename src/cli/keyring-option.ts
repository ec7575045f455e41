/** Which keys a command uses. */
import { loadKeyring } from '../keys/file.ts'
import { Keyring } from '../keys/keyring.ts'
import { testKeyset } from '../keys/test-keyset.ts'

/** The keys of a file; undefined where none is named. Throws `LetheError` where it cannot be used. */
export function keyringFrom(file: string | undefined): Keyring | undefined {
  return file === undefined ? undefined : loadKeyring(file)
}

/** The published keys, for cases and examples: their tokens protect no one. */
export function testKeyring(): Keyring {
  return Keyring.fromKeyset(testKeyset())
}

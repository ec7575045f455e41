/**
 * The published test keyset: its one secret is 00 01 … 1f. It is for cases, examples and vectors; tokens made
 * with it protect no one. `config/keys/test.keyset.json` is the same as a file.
 */
import { createSecretKey } from 'node:crypto'
import { type Keyset, SECRET_BYTES } from './keyset.ts'

export function testKeyset(): Keyset {
  const secret = createSecretKey(Buffer.from(Array.from({ length: SECRET_BYTES }, (_, at) => at)))
  return {
    use: 'token',
    primary: 'k1',
    keys: [{ id: 'k1', status: 'enabled', created: '2025-01-01T00:00:00Z', secret }],
    test: true,
  }
}

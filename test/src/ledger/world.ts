/** Ledgers for tests: keys, a folder, and a clock that stands where it is put. */
import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileAnchor } from '../../../src/ledger/anchor.ts'
import type { LedgerFact } from '../../../src/ledger/entry.ts'
import { Ledger } from '../../../src/ledger/ledger.ts'
import { type LedgerFile, type VerifiedLedgers, verifyLedgers } from '../../../src/ledger/verify-chains.ts'
import type { SigningKey } from '../../../src/signing/private-key.ts'
import { publicKeyOf } from '../../../src/signing/public-key.ts'
import { folder } from '../cli/lethe.ts'

export function newKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return { publicKey: publicKeyOf(publicKey), sign: (bytes) => sign(null, bytes, privateKey) }
}

export const FACT: LedgerFact = {
  action: 'keys.add',
  state: 'done',
  names: { key: 'k1' },
  fingerprints: { policy: 'a'.repeat(64) },
  counts: { in: 3 },
}

export interface LedgerWorld {
  readonly at: string
  readonly file: string
  readonly heads: string
  readonly key: SigningKey
  readonly clock: { now: number }
  readonly ledger: Ledger
  read(name: string): LedgerFile
  verify(files?: readonly LedgerFile[], anchors?: readonly LedgerFile[]): VerifiedLedgers
}

export function ledgerWorld(
  key: SigningKey = newKey(),
  more: { readonly sealBytes?: number } = {},
): LedgerWorld {
  const at = folder()
  mkdirSync(join(at, 'other'))
  const file = join(at, 'ledger.ndjson')
  const heads = join(at, 'other', 'heads.ndjson')
  const clock = { now: Date.parse('2026-03-10T12:00:00Z') }
  const ledger = new Ledger({
    file,
    key,
    actor: 'operator',
    anchor: fileAnchor(heads, file),
    now: () => clock.now++,
    ...more,
  })
  const read = (name: string): LedgerFile => ({ file: name, bytes: readFileSync(name) })
  const verify: LedgerWorld['verify'] = (files = [read(file)], anchors = [read(heads)]) =>
    verifyLedgers(files, [key.publicKey], anchors)
  return { at, file, heads, key, clock, ledger, read, verify }
}

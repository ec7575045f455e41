/** What the tests of `lethe batch` share: a policy, keys, data, and what becomes of it. */

import { createHash } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { formatKeyset } from '../../../src/keys/keyset-format.ts'
import { type Ended, folder, lethe, type Setting, warm } from './lethe.ts'

export const POLICY = `policy: test
version: 1
purpose: train_ai_system
optional: [id, name, note]
fields:
  id: { use: hash.hmac, domain: id }
  name: { use: mask.replace, with: "[name]" }
  note: { use: keep, lineBreaks: allow }
  gone: drop
`

/** The secret of the keys that tests of commands use: the same in every run, and neither published nor trivial. */
export const secretBytes = (): Buffer => createHash('sha256').update('keys of the tests of batch').digest()

export const KEYS: string = formatKeyset(createKeyset(new Date(0), secretBytes))

/** A folder with these files, a policy and keys. */
export function place(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const path = folder({ 'policy.yaml': POLICY, ...files })
  writeFileSync(join(path, 'keys.json'), KEYS, { mode: 0o600 })
  chmodSync(join(path, 'keys.json'), 0o600)
  return path
}

const batchArgs = (args: readonly string[]) => ['batch', ...args, '-p', 'policy.yaml', '--keys', 'keys.json']

/** Runs `lethe batch` in a folder made by `place`, with its policy and keys, in a process that is warm. */
export function batch(
  cwd: string,
  args: readonly string[],
  setting: Omit<Setting, 'killAfter'> = {},
): Promise<Ended> {
  return warm(batchArgs(args), { cwd, ...setting })
}

/** The same as a process of its own. */
export function batchProcess(cwd: string, args: readonly string[], setting: Setting = {}): Promise<Ended> {
  return lethe(batchArgs(args), { cwd, ...setting })
}

export interface Row {
  readonly id: string
  readonly name: string
  readonly note: string
  readonly gone: string
}

export function rows(count: number): Row[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `c-${i % 97}`,
    name: i % 5 === 0 ? '' : `Zoë "${i}", née É`,
    note: i % 7 === 0 ? `two\nlines ${i}` : `note ${i}`,
    gone: `secret ${i}`,
  }))
}

const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

export const csvOf = (all: readonly Row[], lineBreak = '\n'): string =>
  ['id,name,note,gone', ...all.map((row) => [row.id, row.name, row.note, row.gone].map(cell).join(','))]
    .map((line) => line + lineBreak)
    .join('')

export const ndjsonOf = (all: readonly Row[]): string => all.map((row) => `${JSON.stringify(row)}\n`).join('')

/** Whether identifiers of subjects stand anywhere but in what was read: in objects, orders, receipts, lists, ledgers and messages. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'
import { loadZstd, unzstdWhole } from '../../../src/files/zstd.ts'
import { findCanaries } from '../../integration/checker/canaries.ts'
import { CANARY } from './lake.ts'
import type { StoreProof } from './store-proof.ts'

/** What commands are given, what the server keeps as it likes, and 300 MB. */
const NOT_READ = /^(?:in[./-]|old\.ndjson$|asked\.txt$|store\/|versioned\/|versions\/|tmp\/|in-large)/

async function plainOf(name: string, bytes: Buffer): Promise<Buffer> {
  if (name.endsWith('.gz')) return gunzipSync(bytes)
  if (name.endsWith('.parquet'))
    return Buffer.from(
      JSON.stringify(await parquetReadObjects({ file: new Uint8Array(bytes).buffer }), (_, one) =>
        typeof one === 'bigint' ? String(one) : one,
      ),
    )
  if (!name.endsWith('.zst')) return bytes
  await loadZstd()
  return Buffer.from(unzstdWhole(bytes))
}

export async function canaries(proof: StoreProof): Promise<void> {
  const texts: [string, Buffer][] = [['what commands said', Buffer.from(proof.told)]]
  for (const entry of readdirSync(proof.folder, { recursive: true, withFileTypes: true })) {
    const name = relative(proof.folder, join(entry.parentPath, entry.name))
    if (!entry.isFile() || NOT_READ.test(name)) continue
    texts.push([name, await plainOf(name, readFileSync(proof.path(name)))])
  }
  for (const key of (await proof.tags('')).keys())
    if (!key.startsWith('large/')) texts.push([`s3://clean/${key}`, await plainOf(key, await proof.get(key))])
  const found = findCanaries(
    [CANARY],
    texts.map(([name, bytes]) => Buffer.concat([Buffer.from(`${name}\n`), bytes])),
  )
  const { secret } = proof.server
  const toldSecret = texts
    .filter(([, bytes]) => bytes.includes(secret))
    .map(([name]) => `${name}: the secret of the store`)
  proof.check(
    `no identifier and no secret stands in ${texts.length} objects, orders, receipts, lists, ledgers and messages`,
    found.length + toldSecret.length === 0,
    [...found.map(({ text, spelling }) => `${texts[text]![0]}: ${spelling}`), ...toldSecret].join('\n'),
  )
}

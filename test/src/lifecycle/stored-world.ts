/** What Lethe stores of one policy, in one place: files by themselves, a data set of a batch, and one of a stream; on a disk or in an object store. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'
import { deidentifyFiles } from '../../../src/batch/deidentify-files.ts'
import { DatasetFolder } from '../../../src/datasets/dataset-folder.ts'
import { keyChecksOf, type SubjectSearch, searchOf } from '../../../src/erasure/finders.ts'
import { type Subjects, subjectsOf } from '../../../src/erasure/subjects.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { MatchKeys } from '../../../src/keys/match-keys.ts'
import { addTokens } from '../../../src/lists/list-writer.ts'
import { compilePolicyFile } from '../../../src/policy/compile-file.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { storedTimeOf } from '../../../src/policy/published-time.ts'
import type { TestStore } from '../../objects.ts'

export const DAY = 86_400_000
export const NOW: number = Date.parse('2026-03-10T12:34:56Z')
const WRITTEN = NOW - 40 * DAY
const AT = { topic: 'shop.orders', partition: 3 }

export const POLICY = `policy: events
version: 1
purpose: train_ai_system
subject: id
time: at
fields:
  id: { use: hash.hmac, domain: customer }
  at: { use: generalize.date, to: day }
  country: keep
  postcode: { use: generalize.prefix, keep: 3 }
  n: keep
suppression:
  - { list: erasures, by: id }
retention:
  steps:
    - { after: 60d, fields: { postcode: { use: generalize.prefix, keep: 1 } } }
    - { after: 100d, then: suppress }
`

export const keyset: ReturnType<typeof createKeyset> = createKeyset(new Date(NOW))
export const matchKeys: MatchKeys = new MatchKeys(createKeyset(new Date(NOW), undefined, 'match'))

/** `days`: how old it is at NOW. */
export type Row = readonly [id: string, days: number, country: string]

const ROWS: readonly Row[] = [
  ['a', 50, 'DE'],
  ['b', 70, 'DE'],
  ['a', 120, 'DE'],
  ['b', 110, 'FR'],
  ['c', 102, 'FR'],
  ['d', 55, 'IT'],
  ['a', 99, 'IT'],
]
const OLD: readonly Row[] = [
  ['b', 130, 'DE'],
  ['c', 111, 'DE'],
]

const eventsOf = (rows: readonly Row[]): string =>
  rows
    .map(([id, days, country], n) => {
      const at = new Date(NOW - days * DAY).toISOString()
      return `${JSON.stringify({ id, at, country, postcode: `9${n}103`, n })}\n`
    })
    .join('')

export interface World {
  readonly at: string
  readonly base: string
  readonly plan: Plan
  readonly suppression: string
  readonly searches: readonly SubjectSearch[]
}

export const below = (base: string, name: string): string => `${base}/${name}`

/** `at`: a folder that is there; `base`: where it lies, in that folder unless stated. */
export async function storedWorld(at: string, base?: string): Promise<World> {
  writeFileSync(join(at, 'p.yaml'), POLICY)
  const suppression = join(at, 'erasures.ndjson')
  const header = { purpose: 'suppression', domain: 'erasures', normalize: 'trim' } as const
  await addTokens(suppression, header, {}, [], new Date(NOW))
  const place = base ?? join(at, 'stored')
  if (base === undefined)
    for (const name of ['files', 'orders']) mkdirSync(join(place, name), { recursive: true })
  const batch = async (rows: readonly Row[], output: string, more: object = {}): Promise<void> => {
    writeFileSync(join(at, 'in.ndjson'), eventsOf(rows))
    await deidentifyFiles({
      inputs: [join(at, 'in.ndjson')],
      output,
      policy: join(at, 'p.yaml'),
      keys: Keyring.fromKeyset(keyset),
      lists: { erasures: suppression },
      matchKeys,
      asOf: new Date(WRITTEN),
      workers: 1,
      ...more,
    })
  }
  for (const name of ['a.ndjson', 'b.ndjson.gz', 'c.parquet', 'd.json'])
    await batch(
      ROWS,
      below(place, `files/${name}`),
      name.endsWith('.parquet') ? { outputFormat: 'parquet' } : {},
    )
  await batch(OLD, below(place, 'files/old.ndjson'))
  await batch(ROWS, below(place, base === undefined ? 'set' : 'set/'), { partitionBy: ['country'] })
  const { plan } = await compilePolicyFile(join(at, 'p.yaml'))
  const data = new DatasetFolder({ folder: below(place, 'orders'), format: 'ndjson', owner: 'shop/training' })
  await data.open()
  await data.begin([{ ...AT, offset: 0 }])
  for (const [at_, rows] of [ROWS, OLD].entries()) {
    const part = join(at, `part-${at_}.ndjson`)
    await batch(rows, part)
    const first = at_ * 100
    const file = data.range({ ...AT, first }, undefined)
    await file.add(readFileSync(part))
    await file.publish({
      ...{ v: 1, owner: 'shop/training', ...AT, first, next: first + 100 },
      ...{ records: rows.length, rows: rows.length, suppressed: 0, tombstones: 0, deadLetters: 0 },
      policy: `${plan!.name}@${plan!.version}#${plan!.fingerprint}`,
      made: {
        judged: { from: WRITTEN - 1000, until: WRITTEN },
        keyChecks: keyChecksOf(keyset),
        time: storedTimeOf(plan!),
      },
    })
  }
  return { at, base: place, plan: plan!, suppression, searches: [await searchOf(join(at, 'p.yaml'), keyset)] }
}

export const subjectsIn = ({ searches, suppression }: World, ids: readonly string[]): Subjects =>
  subjectsOf(ids, { searches, matchKeys, keyChecks: keyChecksOf(keyset), suppression })

const hidesOrder = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, one: unknown) =>
      key === 'order' || key === 'sha256' || key === 'bytes' ? '' : one,
    ),
  )

/** What there is by its name below the base: rows, and what tells of them but for the hash of the order. */
async function readStored(name: string, bytes: Buffer): Promise<unknown> {
  if (name.endsWith('.parquet')) return await parquetReadObjects({ file: new Uint8Array(bytes).buffer })
  const text = name.endsWith('.gz') ? gunzipSync(bytes).toString() : bytes.toString()
  if (name.includes('.lethe.json') || name.includes('_manifest.json')) return hidesOrder(JSON.parse(text))
  return text
}

export async function contentsOf(
  { base }: World,
  store?: TestStore,
): Promise<Readonly<Record<string, unknown>>> {
  const found: [string, Buffer][] =
    store === undefined
      ? readdirSync(base, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .map((file) => [file.slice(base.length + 1), readFileSync(file)])
      : [...store.objects]
          .filter(([name]) => `s3://${name}`.startsWith(`${base}/`))
          .map(([name, { bytes }]) => [`s3://${name}`.slice(base.length + 1), bytes])
  found.sort(([a], [b]) => (a < b ? -1 : 1))
  const contents: Record<string, unknown> = {}
  // What stands for a folder on a disk alone.
  for (const [name, bytes] of found)
    if (!/(?:^|\/)probe$/.test(name)) contents[name] = await readStored(name, bytes)
  return contents
}

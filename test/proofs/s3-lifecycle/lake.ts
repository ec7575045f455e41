/** A lake of one policy, on a disk and, to the same bytes, in a bucket: files by themselves, a data set of a batch, and one of shards. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'
import { loadZstd, unzstdWhole } from '../../../src/files/zstd.ts'
import type { Draw } from '../../integration/chaos/events.ts'
import type { Objects, StoreProof } from './store-proof.ts'

export const DAY_MS = 86_400_000
/** In every identifier, and in every value that the policy does not name. */
export const CANARY = 'ZqCanaryXJ'
export const subject = (n: number): string => `${CANARY}-${n}`
/** Who asks for erasure; the last one is alone in a partition. */
export const ASKED: readonly string[] = [subject(1), subject(2), subject(900)]

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
  note: keep
suppression:
  - { list: erasures, by: id }
retention:
  steps:
    - { after: 60d, fields: { postcode: { use: generalize.prefix, keep: 1 } } }
    - { after: 100d, then: suppress }
`
const ROWS = 900
const SUBJECTS = 60
const NOTE = 'n'.repeat(120)
const COLUMNS = ['id', 'at', 'country', 'postcode', 'n', 'note', 'name'] as const

export type Event = Readonly<Record<(typeof COLUMNS)[number], string>>
export const eventOf = (id: string, days: number, country: string, n: number, now: number): Event => ({
  id,
  at: new Date(now - days * DAY_MS).toISOString(),
  country,
  postcode: String(10_000 + ((n * 7919) % 89_999)),
  n: String(n),
  note: `${NOTE}${n}`,
  name: `${CANARY} name`,
})

export const ndjsonOf = (events: readonly Event[]): string =>
  events.map((event) => `${JSON.stringify(event)}\n`).join('')
const csvOf = (events: readonly Event[]): string =>
  [COLUMNS, ...events.map((event) => COLUMNS.map((name) => event[name]))]
    .map((row) => `${row.join()}\n`)
    .join('')

/** Rows of all ages; of LU none is young, of MT all are of one subject. */
function eventsOf(draw: Draw, now: number): readonly Event[] {
  return Array.from({ length: ROWS }, (_, n) => {
    if (n % 90 === 7) return eventOf(subject(draw(SUBJECTS)), 110 + draw(20), 'LU', n, now)
    if (n % 90 === 8) return eventOf(subject(900), 45 + draw(10), 'MT', n, now)
    return eventOf(subject(draw(SUBJECTS)), 41 + draw(89), ['DE', 'FR', 'IT'][draw(3)]!, n, now)
  })
}

/** One of the two: `base` is a folder, or a prefix with a slash at its end. */
export interface Lake {
  readonly base: string
  /** What commands are given. */
  readonly targets: readonly string[]
}

export interface Lakes {
  readonly now: number
  /** When batches judged retention, and when orders do. */
  readonly written: string
  readonly asOf: string
  readonly disk: Lake
  readonly store: Lake
  readonly prefix: string
  /** What is in the bucket before anything is done. */
  readonly objects: Objects
  readonly tags: ReadonlyMap<string, string>
}

const KEYS = ['--keys', 'keys.json', '--match-keys', 'match.json'] as const
export const POLICED: readonly string[] = ['-p', 'policy.yaml', '--no-holds']
/** `list`: the suppression list. */
export const erasing = (list: string = 'erasures.ndjson'): readonly string[] => [
  ...[...POLICED, '--suppression', list, '--match-keys', 'match.json'],
]

/** Of a batch, and of a shard. */
export const making = (written: string): readonly string[] => [
  ...[
    '-p',
    'policy.yaml',
    ...KEYS,
    '--list',
    'erasures=begun.ndjson',
    '--as-of',
    written,
    '--workers',
    '1',
    '-q',
  ],
]

export async function makeLakes(proof: StoreProof): Promise<Lakes> {
  const now = Date.now()
  const written = new Date(now - 40 * DAY_MS).toISOString()
  writeFileSync(proof.path('policy.yaml'), POLICY)
  writeFileSync(proof.path('asked.txt'), `${ASKED.join('\n')}\n`, { mode: 0o600 })
  await proof.must(['keys', 'create', 'keys.json'])
  await proof.must(['keys', 'create', '--match', 'match.json'])
  await proof.must(['signing-key', 'create', 'host.pem'])
  await proof.must(['forget', 'begin', '-p', 'policy.yaml', '--suppression', 'begun.ndjson'])
  const events = eventsOf(proof.draw, now)
  mkdirSync(proof.path('in'))
  writeFileSync(proof.path('in.ndjson'), ndjsonOf(events))
  writeFileSync(proof.path('in.csv'), csvOf(events))
  writeFileSync(proof.path('old.ndjson'), ndjsonOf(events.filter(({ country }) => country === 'LU')))
  for (const [n, part] of [events.slice(0, 500), events.slice(500)].entries())
    writeFileSync(proof.path('in', `part-${n}.ndjson`), ndjsonOf(part))
  const made = async (base: string, isStore: boolean): Promise<Lake> => {
    const folder = (name: string): string => `${base}${name}${isStore ? '/' : ''}`
    const batch = async (from: string, to: string, ...more: string[]): Promise<void> =>
      void (await proof.must(['batch', from, '-o', to, ...making(written), ...more]))
    for (const name of ['a.ndjson', 'b.ndjson.gz', 'c.ndjson.zst', 'd.json', 'e.parquet'])
      await batch('in.ndjson', `${base}files/${name}`)
    await batch('in.csv', `${base}files/f.csv`)
    await batch('old.ndjson', `${base}files/old.ndjson`)
    await batch('in.ndjson', folder('set'), '--partition-by', 'country', '--summary', 'set.json')
    const manifest = isStore ? `${base}m.json` : 'm.json'
    await proof.must([
      ...['manifest', 'in', '-p', 'policy.yaml', '--keys', 'keys.json'],
      ...['--min-shard-bytes', '60000', '--as-of', written, '-q', '-o', manifest],
    ])
    const shards = JSON.parse(
      isStore ? (await proof.get(manifest.slice('s3://clean/'.length))).toString() : proof.read(manifest),
    ).shards.length as number
    const run = isStore ? folder('run') : 'run'
    for (let at = 0; at < shards; at++)
      await proof.must([
        ...['batch', '--manifest', manifest, '--shard', String(at), '-o', run, '-p', 'policy.yaml', ...KEYS],
        ...['--list', 'erasures=begun.ndjson', '--workers', '1', '-q'],
      ])
    const merged = isStore ? `${run}data/` : `${base}merged`
    await proof.must(['account', 'merge', run, '-o', merged, '-q'])
    return { base, targets: [folder('files'), folder('set'), merged] }
  }
  for (const name of ['files']) mkdirSync(proof.path('disk', name), { recursive: true })
  const disk = await made(`${proof.path('disk')}/`, false)
  const store = await made('s3://clean/lake/', true)
  const asOf = new Date(now).toISOString()
  const objects = await proof.objects('lake/')
  // In one request each, as they are put back: a state is told by how it was written, too.
  await proof.restore('lake/', objects, new Map())
  return { ...{ now, written, asOf, disk, store, prefix: 'lake/' }, objects, tags: await proof.tags('lake/') }
}

/** The lake below another prefix, as it was before anything was done. */
export async function copyOf(proof: StoreProof, lakes: Lakes, prefix: string): Promise<Lakes> {
  const renamed = <T>(all: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
    new Map([...all].map(([key, one]) => [prefix + key.slice(lakes.prefix.length), one]))
  const moved = (name: string): string => name.replace(lakes.store.base, `s3://clean/${prefix}`)
  const { base, targets } = lakes.store
  const objects = renamed(lakes.objects)
  await proof.restore(prefix, objects, new Map())
  return {
    ...{ ...lakes, prefix, objects, tags: renamed(lakes.tags) },
    store: { base: moved(base), targets: targets.map(moved) },
  }
}

export const retainPlan = ({ asOf }: Lakes, { targets }: Lake, order: string): readonly string[] => [
  ...['retain', 'plan', ...targets, ...POLICED, '--as-of', asOf, '-o', order],
]
export const forgetPlan = ({ targets }: Lake, order: string, list?: string): readonly string[] => [
  ...[
    'forget',
    'plan',
    ...targets,
    '--list',
    'asked.txt',
    ...erasing(list),
    '--keys',
    'keys.json',
    '-o',
    order,
  ],
]

/** Not the order, nor what follows from its hash. */
const plain = (text: string): unknown =>
  JSON.parse(text, (key, one: unknown) => (/^(?:order|sha256|bytes)$/.test(key) ? '' : one))

async function rowsOf(name: string, bytes: Buffer): Promise<unknown> {
  if (name.endsWith('.parquet')) return await parquetReadObjects({ file: new Uint8Array(bytes).buffer })
  if (/\.lethe\.json$|_manifest\.json$/.test(name)) return plain(bytes.toString())
  if (name.endsWith('.erased')) return 'erased'
  if (name.endsWith('.gz')) return gunzipSync(bytes).toString()
  if (!name.endsWith('.zst')) return bytes.toString()
  await loadZstd()
  return Buffer.from(unzstdWhole(bytes)).toString()
}

/** What a lake holds by name: its rows, and what tells of them. The hash of an order in a name is hidden. */
export async function contentsOf(
  proof: StoreProof,
  { prefix, disk }: Lakes,
  of: 'disk' | 'store',
): Promise<ReadonlyMap<string, string>> {
  const files: [string, Buffer][] = []
  if (of === 'store')
    for (const [key, bytes] of await proof.objects(prefix))
      files.push([key.slice(prefix.length).replace(/^run\/data\//, 'merged/'), bytes])
  else
    for (const entry of readdirSync(disk.base, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) {
        const file = join(entry.parentPath, entry.name)
        files.push([file.slice(disk.base.length), readFileSync(file)])
      }
  const contents = new Map<string, string>()
  // What runs of shards keep beside their data set.
  for (const [name, bytes] of files.sort(([a], [b]) => (a < b ? -1 : 1)))
    if (/^(?:files|set|merged)\//.test(name)) {
      const rows = await rowsOf(name, bytes)
      const text =
        typeof rows === 'string' ? rows : JSON.stringify(rows, (_, v) => (typeof v === 'bigint' ? `${v}` : v))
      contents.set(name.replace(/\.[0-9a-f]{12}\./, '.ORDER.'), text)
    }
  return contents
}

/** Where two of them differ. */
export function differences(
  a: ReadonlyMap<string, string>,
  b: ReadonlyMap<string, string>,
): readonly string[] {
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((name) => a.get(name) !== b.get(name))
    .map((name) => `${name}: ${a.has(name) ? (b.has(name) ? 'other' : 'only the first') : 'only the second'}`)
}

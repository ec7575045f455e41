/**
 * Reads a data set as a stranger would, and holds it against the topics: whether each input record is in one file, once, as the policy makes it.
 * It knows names, gzip and the note at the end (docs/dataset.md), and nothing of how files are written.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import {
  GetObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { findCanaries } from './checker/canaries.ts'
import { readDeadLetter } from './checker/dead-letter.ts'
import { type Expected, keyOf, type LogRecord } from './checker/records.ts'

export interface DatasetFile {
  readonly name: string
  readonly topic: string
  readonly partition: number
  readonly first: number
  readonly rows: readonly string[]
  readonly note: Readonly<Record<string, unknown>>
  /** All that a reader may see of it, unpacked. */
  readonly bytes: Uint8Array
}

export const readDataset = (folder: string): readonly DatasetFile[] =>
  readFiles(
    readdirSync(folder)
      // Names with a dot are of files that are being written.
      .filter((name) => !/^[._]/.test(name))
      .map((name) => [name, readFileSync(join(folder, name))]),
  )

/** The files below a prefix of an object store. */
export async function readObjects(
  client: S3Client,
  bucket: string,
  prefix: string,
): Promise<readonly DatasetFile[]> {
  const files: [string, Buffer][] = []
  let token: string | undefined
  do {
    const page: ListObjectsV2CommandOutput = await client.send(
      new ListObjectsV2Command({
        ...{ Bucket: bucket, Prefix: prefix },
        ...(token !== undefined && { ContinuationToken: token }),
      }),
    )
    for (const { Key } of page.Contents ?? []) {
      const name = Key!.slice(prefix.length)
      if (name.startsWith('_')) continue
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: Key! }))
      files.push([name, Buffer.from(await Body!.transformToByteArray())])
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined
  } while (token !== undefined)
  return readFiles(files)
}

export function readFiles(
  files: readonly (readonly [name: string, packed: Buffer])[],
): readonly DatasetFile[] {
  return files
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, packed]) => {
      const [, topic, partition, first] = /^(.+)\+(\d+)\+(\d{16})\.ndjson\.gz$/.exec(name)!
      const text = gunzipSync(packed).toString()
      const note = noteOf(packed)
      return {
        name,
        topic: topic!,
        partition: Number(partition),
        first: Number(first),
        rows: text === '' ? [] : text.replace(/\n$/, '').split('\n'),
        note: JSON.parse(note),
        bytes: Buffer.from(`${name}\n${note}\n${text}`),
      }
    })
}

/** RFC 1952: the last member has an extra field with one subfield, `LE`, whose text is followed by its length. */
function noteOf(packed: Buffer): string {
  const member = packed.subarray(packed.lastIndexOf(Buffer.from([0x1f, 0x8b, 8, 4])))
  const extra = member.subarray(12, 12 + member.readUInt16LE(10))
  const length = extra.readUInt16LE(2)
  return extra.toString('utf8', 4, 4 + length - 2)
}

export interface DatasetReport {
  readonly findings: readonly string[]
  readonly inputs: number
  readonly files: number
  readonly rows: number
  readonly deadLetters: number
  /** More dead letters than one for a record: they are written at least once. */
  readonly repeated: number
  readonly kinds: Readonly<Record<Expected['kind'], number>>
}

export interface DatasetCheck {
  /** Committed ones, all of which are to be in the data set. */
  readonly inputs: readonly LogRecord[]
  readonly deadLetters: readonly LogRecord[]
  readonly files: readonly DatasetFile[]
  readonly expected: (input: LogRecord) => Expected
  readonly policy: string
  readonly canaries: readonly string[]
  /** Which rows were deleted since they were published. Default: none. */
  readonly isGone?: ((row: string) => boolean) | undefined
}

export function checkDataset({
  inputs,
  deadLetters,
  files,
  expected,
  policy,
  canaries,
  isGone = () => false,
}: DatasetCheck): DatasetReport {
  const findings: string[] = []
  const kinds = { publish: 0, suppress: 0, tombstone: 0, 'dead-letter': 0 }
  const letters = new Map<string, string[]>()
  for (const record of deadLetters) {
    const { source, code, problems } = readDeadLetter(record)
    findings.push(...problems)
    if (source === undefined) continue
    letters.set(keyOf(source), [...(letters.get(keyOf(source)) ?? []), code])
  }
  const placeOf = (one: { topic: string; partition: number }): string => `${one.topic}/${one.partition}`
  const byPlace = grouped(inputs, placeOf)
  let rows = 0
  let repeated = 0
  const judged = new Set<string>()
  for (const [place, chain] of grouped(files, placeOf)) {
    const records = (byPlace.get(place) ?? []).toSorted((a, b) => a.offset - b.offset)
    let end = 0
    for (const file of chain.toSorted((a, b) => a.first - b.first)) {
      const { name, first, note } = file
      const next = Number(note['next'])
      if (first !== end) findings.push(`${name}: the file before it ends at ${end}`)
      end = next
      if (note['policy'] !== policy) findings.push(`${name}: another policy`)
      const within = records.filter(({ offset }) => offset >= first && offset < next)
      const wanted: string[] = []
      const count = { publish: 0, suppress: 0, tombstone: 0, 'dead-letter': 0 }
      for (const input of within) {
        judged.add(keyOf(input))
        const { kind, writes, code } = expected(input)
        count[kind]++
        kinds[kind]++
        const written = letters.get(keyOf(input)) ?? []
        letters.delete(keyOf(input))
        if (kind === 'publish') {
          const row = Buffer.from(writes.find(({ value }) => value !== null)!.value!).toString()
          if (!isGone(row)) wanted.push(row)
        }
        if (kind === 'dead-letter' && written.length === 0)
          findings.push(`${keyOf(input)}: lost its dead letter`)
        if (kind !== 'dead-letter' && written.length > 0)
          findings.push(`${keyOf(input)}: a dead letter of a ${kind}`)
        if (written.some((one) => code !== undefined && one !== code))
          findings.push(`${keyOf(input)}: another code`)
        repeated += Math.max(0, written.length - 1)
      }
      rows += file.rows.length
      if (file.rows.length !== wanted.length || file.rows.some((row, at) => row !== wanted[at]))
        findings.push(`${name}: ${file.rows.length} rows, and not the ${wanted.length} of its offsets`)
      const told = [
        note['records'],
        note['rows'],
        note['suppressed'],
        note['tombstones'],
        note['deadLetters'],
        note['deleted'] ?? 0,
      ]
      const others = [count.suppress, count.tombstone, count['dead-letter']]
      const is = [within.length, wanted.length, ...others, count.publish - wanted.length]
      if (told.join() !== is.join()) findings.push(`${name}: it says ${told.join()} and not ${is.join()}`)
    }
  }
  for (const input of inputs) if (!judged.has(keyOf(input))) findings.push(`${keyOf(input)}: in no file`)
  for (const key of letters.keys()) findings.push(`${key}: a dead letter of no record of a file`)
  for (const { text, spelling } of findCanaries(
    canaries,
    files.map(({ bytes }) => bytes),
  ))
    findings.push(`${files[text]!.name}: a raw value, ${spelling}`)
  return {
    findings,
    inputs: inputs.length,
    files: files.length,
    rows,
    deadLetters: deadLetters.length,
    repeated,
    kinds,
  }
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one])
  return groups
}

export const describeDataset = ({ findings }: DatasetReport): string =>
  findings.length === 0 ? 'clean' : `${findings.length} findings\n${findings.slice(0, 20).join('\n')}`

/** Reads a manifest, and holds it to what it says: every byte of every file is in one shard. */
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { fileError, LetheError } from '../errors.ts'
import { wholeOf } from '../files/by-name.ts'
import { isObjectName } from '../files/objects/object-name.ts'
import { readRegular } from '../files/whole-file.ts'
import { type Manifest, type ManifestSlice, manifestForm } from '../forms/manifest.ts'

export interface ReadManifest {
  readonly manifest: Manifest
  readonly bytes: Buffer
  /** Of its bytes. */
  readonly sha256: string
}

/** A file takes some 300 bytes of it. */
const MOST_BYTES = 256 << 20

/** @throws LetheError where it cannot be read, or is none that this version reads */
export async function readManifest(name: string): Promise<ReadManifest> {
  const bytes = isObjectName(name) ? await wholeOf(name, MOST_BYTES) : ofFile(name)
  if (bytes === undefined)
    throw new LetheError(
      'file-missing',
      `${name} does not exist`,
      'names of objects are exact: list the bucket',
    )
  if (bytes === 'too-large')
    throw new LetheError(
      'file-too-large',
      `${name} is too large for a manifest`,
      'name what `lethe manifest` wrote',
    )
  let json: unknown
  try {
    json = JSON.parse(bytes.toString('utf8'))
  } catch {
    throw invalid(name, 'is not JSON, or is cut short')
  }
  const parsed = manifestForm.safeParse(json)
  if (!parsed.success) throw invalid(name, 'is no manifest that this version reads')
  const fault = faultOf(parsed.data)
  if (fault !== undefined) throw invalid(name, `contradicts itself: ${fault}`)
  return { manifest: parsed.data, bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

function ofFile(name: string): Buffer | 'too-large' {
  try {
    return statSync(name).size > MOST_BYTES ? 'too-large' : readRegular(name)
  } catch (error) {
    throw error instanceof LetheError ? error : fileError(name, error)
  }
}

const invalid = (name: string, what: string): LetheError =>
  new LetheError('manifest-invalid', `${name} ${what}`, 'name what `lethe manifest` wrote, or make it again')

/** What does not fit together; undefined where all does. */
function faultOf({ files, shards }: Manifest): string | undefined {
  const slices: ManifestSlice[][] = files.map(() => [])
  for (const [at, shard] of shards.entries()) {
    let bytes = 0
    let last: ManifestSlice | undefined
    for (const slice of shard.slices) {
      const of = slices[slice.file - 1]
      if (of === undefined) return `shard ${at} has a slice of file ${slice.file}, and there is none`
      if (
        last !== undefined &&
        (slice.file < last.file || (slice.file === last.file && slice.slice <= last.slice))
      )
        return `the slices of shard ${at} are not in order`
      of.push(slice)
      bytes += slice.to - slice.from
      last = slice
    }
    if (bytes !== shard.bytes) return `shard ${at} does not have the bytes that it says`
  }
  for (const [at, { bytes, sha256, format, head }] of files.entries()) {
    const number = at + 1
    const own = slices[at]!.sort((a, b) => a.slice - b.slice)
    let end = 0
    for (const [place, { slice, from, to, lines }] of own.entries()) {
      if (slice !== place + 1) return `file ${number} lacks a slice, or has one twice`
      if (from !== end || to < from)
        return `slice ${slice} of file ${number} does not begin where the one before ends`
      if (place === 0 ? lines !== 0 : to === from || lines < own[place - 1]!.lines)
        return `slice ${slice} of file ${number} has lines or bytes that cannot be`
      end = to
    }
    if (own.length === 0 || end !== bytes) return `the slices of file ${number} do not make up the file`
    if (own.length === 1 && own[0]!.sha256 !== sha256) return `file ${number} has two digests`
    if (own.length > 1 && format !== 'csv' && format !== 'ndjson')
      return `file ${number} is cut, and ${format} cannot be`
    if (own.length > 1 && (head === undefined || head.bytes > own[0]!.to))
      return `file ${number} is cut, and what stands before its records is not stated`
  }
  return undefined
}

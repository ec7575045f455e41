/** The form of a manifest: which files a run over many machines reads, how they are cut, and what all its shards have in common. */
import { z } from 'zod'
import type { RecordFormat } from '../record/limits.ts'
import type { InputFlags } from '../run/input-flags.ts'
import { count, sha256 } from './form-parts.ts'
import { inputOptions } from './summaries.ts'

export interface Manifest {
  readonly lethe: 'manifest'
  /** Of this format. */
  readonly v: 1
  readonly version: string
  readonly policy: {
    readonly name: string
    readonly version: number
    readonly fingerprint: string
    readonly platform: string
  }
  readonly keyChecks: Readonly<Record<string, string>>
  /** The instant that retention is judged at, RFC 3339. */
  readonly asOf: string
  readonly inputOptions?: InputFlags
  readonly maxRecordBytes: number
  readonly escapeFormulas: boolean
  /** Numbered from 1, in this order. */
  readonly files: readonly ManifestFile[]
  /** Numbered from 0, in this order. */
  readonly shards: readonly { readonly bytes: number; readonly slices: readonly ManifestSlice[] }[]
}

export interface ManifestFile {
  /** As it was named, or below a folder that was: configuration, not data. */
  readonly file: string
  readonly format: RecordFormat
  readonly bytes: number
  readonly sha256: string
  /** Of a file that is cut: what stands before its records. */
  readonly head?: { readonly bytes: number; readonly sha256: string }
}

export interface ManifestSlice {
  /** Number of the file. */
  readonly file: number
  /** Which of its slices, from 1. */
  readonly slice: number
  readonly from: number
  readonly to: number
  /** Physical lines of the file before `from`. */
  readonly lines: number
  readonly sha256: string
}

const slice = z.object({
  file: z.int().min(1).describe('The number of its file, from 1.'),
  slice: z.int().min(1).describe('Which of the slices of the file, from 1.'),
  from: count.describe('Its first byte in the file.'),
  to: count.describe('The byte behind its last one.'),
  lines: count.describe('Physical lines of the file before it; 0 of a file that is not cut.'),
  sha256: sha256.describe('SHA-256 of its bytes, lower-case hex.'),
})

const file = z.object({
  file: z.string().min(1).describe('As it was named, or below a folder that was named.'),
  format: z.enum(['csv', 'ndjson', 'json', 'parquet']),
  bytes: count.describe('Bytes of the file, as it lies on the disk.'),
  sha256: sha256.describe('SHA-256 of these bytes, lower-case hex.'),
  head: z
    .object({ bytes: count, sha256 })
    .exactOptional()
    .describe(
      'Of a file that is cut: what stands before its records, as a length and a digest. It is read again from the file.',
    ),
})

export const manifestForm: z.ZodType<Manifest> = z.object({
  lethe: z.literal('manifest'),
  v: z.literal(1).describe('Of this form.'),
  version: z.string().describe('Of Lethe.'),
  policy: z.object({
    name: z.string(),
    version: z.int().min(1),
    fingerprint: sha256.describe('Every shard is made by this policy.'),
    platform: z
      .string()
      .describe('Digest of the Unicode and time zone data that results depend on; empty where they do not.'),
  }),
  keyChecks: z
    .record(z.string(), z.string().regex(/^[0-9a-f]{8}$/))
    .describe('The check value of each key that rules use.'),
  asOf: z.iso.datetime().describe('The instant that retention is judged at.'),
  inputOptions: inputOptions
    .exactOptional()
    .describe('The options that say how files are read; absent where none was given.'),
  maxRecordBytes: z.int().min(1).describe('A longer record is a dead letter.'),
  escapeFormulas: z.boolean().describe('Whether cells that a spreadsheet would run are escaped.'),
  files: z.array(file).min(1).describe('The files, in order; the first has the number 1.'),
  shards: z
    .array(z.object({ bytes: count.describe('Of its slices.'), slices: z.array(slice).min(1) }))
    .min(1)
    .describe('The shards, in order; the first has the number 0.'),
})

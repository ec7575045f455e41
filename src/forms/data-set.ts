/** The form of the manifest of a data set: the files of a folder that was published as a whole. */
import { z } from 'zod'
import type { RecordFormat } from '../record/limits.ts'
import { packageVersion } from '../run/package-root.ts'
import { count, sha256 } from './form-parts.ts'

/** Its file, in the folder that it describes. */
export const DATA_SET = '_manifest.json'

export interface DataSet {
  readonly lethe: 'data-set'
  /** Of this format. */
  readonly v: 1
  readonly version: string
  readonly policy: {
    readonly name: string
    readonly version: number
    readonly purpose: string
    readonly fingerprint: string
  }
  /** The instant that retention was judged at, RFC 3339. */
  readonly asOf: string
  readonly keyChecks: Readonly<Record<string, string>>
  /** That of all files, and the output paths that tell their partitions, in order: of a data set that was parted. */
  readonly format?: RecordFormat
  readonly partitionBy?: readonly string[]
  readonly records: number
  readonly files: readonly {
    /** Below the folder, with `/` between names. */
    readonly file: string
    readonly records: number
    readonly bytes: number
    readonly sha256: string
  }[]
}

/** The text of the file, of which `dataSet` is all that is not the same of every one. */
export function dataSetText(dataSet: Omit<DataSet, 'lethe' | 'v' | 'version'>): string {
  const { policy, asOf, keyChecks, format, partitionBy, records, files } = dataSet
  const whole: DataSet = {
    lethe: 'data-set',
    v: 1,
    version: packageVersion(),
    policy,
    asOf,
    keyChecks,
    ...(format && { format }),
    ...(partitionBy && { partitionBy }),
    records,
    files,
  }
  return `${JSON.stringify(whole, null, 2)}\n`
}

export const dataSetForm: z.ZodType<DataSet> = z.object({
  lethe: z.literal('data-set'),
  v: z.literal(1).describe('Of this form.'),
  version: z.string().describe('Of Lethe.'),
  policy: z.object({
    name: z.string(),
    version: z.int().min(1),
    purpose: z.string().describe('A data use of Fideslang.'),
    fingerprint: sha256,
  }),
  asOf: z.iso.datetime().describe('The instant that retention was judged at.'),
  keyChecks: z
    .record(z.string(), z.string().regex(/^[0-9a-f]{8}$/))
    .describe('The check value of each key that its tokens are under.'),
  format: z
    .enum(['csv', 'ndjson', 'json', 'parquet'])
    .exactOptional()
    .describe('That of all files, of a data set that was parted.'),
  partitionBy: z
    .array(z.string())
    .exactOptional()
    .describe('The output paths whose values tell the partitions, in the order of the folders.'),
  records: count.describe('Records of all files.'),
  files: z
    .array(
      z.object({
        file: z.string().min(1).describe('Below the folder, with / between names.'),
        records: count,
        bytes: count.describe('Bytes of the file, as it lies on the disk.'),
        sha256: sha256.describe('SHA-256 of these bytes, lower-case hex.'),
      }),
    )
    .describe('The files of the data set, in order, but for its sidecars and marks.'),
})

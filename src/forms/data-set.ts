/** The form of the manifest of a data set: the files of a folder that was published as a whole. */
import { z } from 'zod'
import type { RecordFormat } from '../record/limits.ts'
import { packageVersion } from '../run/package-root.ts'
import { count, sha256 } from './form-parts.ts'

/** Its file, in the folder that it describes. */
export const DATA_SET = '_manifest.json'

/**
 * What `lethe card` writes, as those who read it look for it. No ending is one of records, so that a program that takes all records of a
 * folder takes none of these.
 */
export const CARD_FILES = {
  croissant: 'croissant.jsonld',
  huggingface: 'README.md',
  openlineage: 'openlineage.events',
  odcs: 'contract.odcs.yaml',
  ab2013: 'ab2013.md',
} as const

/** Whether it is one of these, of a data set that lies in the folder that `below` begins at. */
export const isCardFile = (below: string): boolean =>
  (Object.values(CARD_FILES) as readonly string[]).includes(below)

/** Bytes of a file, and what is in it. */
export interface FileState {
  readonly records: number
  /** Records that were in it, and that retention or erasure deleted since; absent: none. */
  readonly deleted?: number
  /** The work order that changed it last, and the instant that retention was judged at then; absent: none did. */
  readonly order?: string
  readonly asOf?: string
  readonly bytes: number
  readonly sha256: string
}

export interface ListedFile extends FileState {
  /** Below the folder, with `/` between names. */
  readonly file: string
  /** While it is changed: what takes its place, or null where it goes. Either stands there. */
  readonly next?: FileState | null
  /** Of an object store: what others were about to put there, and may still arrive. */
  readonly earlier?: readonly (FileState | null)[]
}

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
  /** The delimiter of CSV, where it is no comma. */
  readonly delimiter?: string | undefined
  /** Where the event time stands; absent where no field tells it, or the files have sidecars. */
  readonly time?:
    | { readonly field: string; readonly form: 'interval' | 'as-read'; readonly utc: boolean }
    | undefined
  readonly records: number
  readonly files: readonly ListedFile[]
  /** Files of which retention or erasure left nothing. */
  readonly gone?: readonly GoneFile[] | undefined
}

/** No name: it may tell a value. */
export interface GoneFile {
  /** All records that were deleted of it. */
  readonly deleted: number
  /** The work order that took it away. */
  readonly order: string
  /** Of its bytes as they stood at last. */
  readonly sha256: string
}

/** The text of the file, of which `dataSet` is all that is not the same of every one. */
export function dataSetText(dataSet: Omit<DataSet, 'lethe' | 'v' | 'version'>): string {
  const { policy, asOf, keyChecks, format, partitionBy, delimiter, time, records, files, gone } = dataSet
  const whole: DataSet = {
    lethe: 'data-set',
    v: 1,
    version: packageVersion(),
    policy,
    asOf,
    keyChecks,
    ...(format && { format }),
    ...(partitionBy && { partitionBy }),
    ...(delimiter && { delimiter }),
    ...(time && { time }),
    records,
    files,
    ...(gone && { gone }),
  }
  return `${JSON.stringify(whole, null, 2)}\n`
}

const state = {
  records: count,
  deleted: count.exactOptional().describe('Records that retention or erasure deleted of it since.'),
  order: sha256.exactOptional().describe('The hash of the work order that changed it last.'),
  asOf: z.iso
    .datetime()
    .exactOptional()
    .describe('The instant that retention was judged at then; absent: that of the data set.'),
  bytes: count.describe('Bytes of the file, as it lies on the disk.'),
  sha256: sha256.describe('SHA-256 of these bytes, lower-case hex.'),
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
  delimiter: z.string().length(1).exactOptional().describe('The delimiter of CSV, where it is no comma.'),
  time: z
    .object({
      field: z.string().describe('The output path.'),
      form: z
        .enum(['interval', 'as-read'])
        .describe('As `generalize.date` writes it, or as the inputs had it.'),
      utc: z.boolean().describe('Whether days and months are those of UTC.'),
    })
    .exactOptional()
    .describe('Where the event time stands; absent where no field tells it, or the files have sidecars.'),
  records: count.describe('Records of all files.'),
  files: z
    .array(
      z.object({
        file: z.string().min(1).describe('Below the folder, with / between names.'),
        ...state,
        next: z
          .object(state)
          .nullable()
          .exactOptional()
          .describe('While it is changed: what takes its place, or null where it goes. Either stands there.'),
        earlier: z
          .array(z.object(state).nullable())
          .exactOptional()
          .describe(
            'In an object store, while it is changed: what commands that were cut short were about to put there, and may still arrive.',
          ),
      }),
    )
    .describe('The files of the data set, in order, but for its sidecars and marks.'),
  gone: z
    .array(
      z.object({
        deleted: count.describe('Records that were deleted of it.'),
        order: sha256.describe('The hash of the work order that took it away.'),
        sha256: sha256.describe('SHA-256 of its bytes as they stood at last.'),
      }),
    )
    .exactOptional()
    .describe('Files of which retention or erasure left nothing.'),
})

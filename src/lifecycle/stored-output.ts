/** What is written in the place of a stored file: in its format, with its compression and, of Parquet, with its columns and metadata. */
import { LetheError } from '../errors.ts'
import { ArrayOutput } from '../files/array-output.ts'
import { inspectInput } from '../files/input.ts'
import { openOutput } from '../files/output.ts'
import { packerOf } from '../files/parquet/packers.ts'
import { ParquetFile } from '../files/parquet/parquet-file.ts'
import { ParquetOutput } from '../files/parquet/parquet-output.ts'
import type { Output } from '../files/sink.ts'
import { loadZstd } from '../files/zstd.ts'
import type { RecordFormat } from '../record/limits.ts'

/** Opens what is to take the place of `file` under another name. Several may be opened, one after the other. */
export async function openerFor(file: string, format: RecordFormat, staged: string): Promise<() => Output> {
  if (format === 'parquet') {
    const { packed, metadata } = factsOf(file)
    const packer = await packerOf(packed)
    return () => new ParquetOutput(openOutput(staged, 'none', true), { packer, metadata, createdBy: 'lethe' })
  }
  const { compression = 'none' } = inspectInput(file, format)
  if (compression === 'zstd') await loadZstd()
  return () => {
    const raw = openOutput(staged, compression, true)
    return format === 'json' ? new ArrayOutput(raw) : raw
  }
}

function factsOf(file: string) {
  const opened = ParquetFile.open(file)
  try {
    const codec = opened.groups[0]?.group.columns[0]?.meta_data?.codec
    const packed = codec === 'ZSTD' ? 'zstd' : codec === 'UNCOMPRESSED' ? 'none' : 'snappy'
    return { packed, metadata: Object.fromEntries(opened.metadata) } as const
  } finally {
    opened.close()
  }
}

/** `path`: where it is read. @throws LetheError `account-mismatch` where the schema of a Parquet file is not that of the one it is to replace, or its rows are others */
export function refuseOtherColumns(file: string, path: string, staged: string, rows: number): void {
  const [before, after] = [path, staged].map((one) => {
    const opened = ParquetFile.open(one)
    opened.close()
    return opened
  })
  const schema = ({ root }: ParquetFile): string => JSON.stringify(root)
  if (schema(before!) === schema(after!) && after!.rows === rows) return
  throw new LetheError(
    'account-mismatch',
    `the columns or rows of ${file} would be others than they are to be; it is as it was`,
  )
}

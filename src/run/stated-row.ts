/** One row of columns whose types are stated, as a file of Parquet: what a case of `lethe test` says. */
import type { CaseColumn } from '../policy/cases.ts'
import { ByteSink } from '../record/byte-sink.ts'
import { writeFrame } from '../record/columns/column-frame.ts'
import { JsonShredder } from '../record/columns/json-shredder.ts'
import { columnsOfTypes } from '../record/columns/planned-columns.ts'

/**
 * `record`: an object of JSON, on one line or several.
 * @returns the bytes of the file; undefined where a value is not of its type, or has no column
 * @throws LetheError where two columns would be one
 */
export async function parquetOfRow(
  record: string,
  columns: readonly CaseColumn[],
): Promise<Uint8Array | undefined> {
  const tree = columnsOfTypes(columns)
  const shredder = new JsonShredder(tree)
  if (!shredder.add(Buffer.from(`${record}\n`), 0)) return undefined
  const frame = new ByteSink(1 << 12)
  writeFrame(shredder.columns, 1, frame)
  // Loaded where a case needs it.
  const [{ ParquetWriter }, { packerOf }] = await Promise.all([
    import('../files/parquet/parquet-writer.ts'),
    import('../files/parquet/packers.ts'),
  ])
  const parts: Uint8Array[] = []
  const form = { tree, packer: await packerOf('none'), metadata: {}, createdBy: 'lethe' }
  const writer = new ParquetWriter(form, async (bytes) => {
    parts.push(Uint8Array.from(bytes))
  })
  await writer.add(frame.bytes.slice(0, frame.length))
  await writer.finish()
  return Buffer.concat(parts)
}

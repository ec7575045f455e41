/** The formats of data sets, a line each. */
import type { DatasetFormat } from '../kafka/pipeline-file/pipeline.ts'
import { ndjson } from './ndjson-rows.ts'
import { parquet } from './parquet-rows.ts'
import type { RowFormat } from './row-format.ts'

export const ROW_FORMATS: Readonly<Record<DatasetFormat, RowFormat>> = { ndjson, parquet }

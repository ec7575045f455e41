import { PackedRecords } from '../src/kafka/packed-records.ts'
import type { Position } from '../src/kafka/record.ts'
import type { SourceWriter } from '../src/kafka/source-header.ts'

/** What stands in the header `lethe-source` of outputs made of these records. */
export function sourcesOf(writer: SourceWriter, positions: readonly Position[]): readonly string[] {
  const nothing = { key: null, value: null, headers: undefined, timestamp: -1 }
  const write = writer.write(PackedRecords.of(positions.map((position) => ({ ...position, ...nothing }))))
  if (write === undefined) throw new Error('nothing is written')
  return positions.map((_, index) => write(index))
}

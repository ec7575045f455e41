/** Records that cannot be read, and offsets that are gone: what to say, and how much is missing. */
import { LetheError } from '../../../errors.ts'
import type { Position } from '../../record.ts'
import type { Brokers } from './brokers.ts'
import { CompressionError, installOf, PACKAGES } from './codecs.ts'
import { listOffsets } from './offsets.ts'
import { BatchError } from './record-batch.ts'

const place = ({ topic, partition }: Position): string => `topic ${topic}, partition ${partition}`

const SENTENCES: Readonly<
  Record<
    Exclude<CompressionError['code'], 'compression-missing'> | BatchError['code'],
    readonly [string, string]
  >
> = {
  'compression-unknown': [
    'is compressed with a codec that nobody here knows',
    'Lethe reads gzip, snappy, lz4 and zstd',
  ],
  'compression-corrupt': ['cannot be decompressed', 'look at the log of the brokers for damage'],
  'compression-bomb': [
    'decompresses to more than 64 MiB, which no usual producer makes',
    'find out who wrote it; to go past it, set the offset of the group by hand',
  ],
  'batch-corrupt': ['does not fit its checksum or its lengths', 'look at the log of the brokers for damage'],
  'batch-format-old': [
    'is in a format from before Kafka 0.11',
    'have the topic rewritten by a newer producer',
  ],
}

/** What could not be decoded stops the pipeline: nothing of it can be a dead letter, as nobody knows what it holds. */
export function unreadable(error: unknown, position: Position): unknown {
  if (!(error instanceof BatchError || error instanceof CompressionError)) return error
  const [what, way] = sentenceOf(error)
  return new LetheError(
    'records-unreadable',
    `${place(position)}: the batch at or behind offset ${position.offset} ${what}`,
    way,
  )
}

function sentenceOf(error: BatchError | CompressionError): readonly [string, string] {
  if (!('compression' in error) || error.compression === undefined)
    return SENTENCES[error.code as keyof typeof SENTENCES]
  const { compression } = error
  const what = `is compressed with ${compression}, and the package that reads it (${PACKAGES[compression]}) cannot be loaded here; the batch is sound`
  return [what, installOf(compression)]
}

/** The group stands where the log is not, or not any more. */
export async function outOfRange(brokers: Brokers, position: Position): Promise<LetheError> {
  const edge = async (which: 'earliest' | 'latest'): Promise<number> =>
    (await listOffsets(brokers, [position], which))[0]?.offset ?? position.offset
  const [first, end] = await Promise.all([edge('earliest'), edge('latest')])
  const { offset } = position
  if (offset < first)
    return new LetheError(
      'offsets-lost',
      `${place(position)}: up to ${first - offset} records (offsets ${offset} to ${first - 1}) were deleted before they were read`,
      'if that loss is accepted, set the offset of the group by hand (kafka-consumer-groups.sh --reset-offsets)',
    )
  return new LetheError(
    'offsets-lost',
    `${place(position)}: the group stands at offset ${offset}, the log ends at ${end}`,
    'the topic was made anew, or lost records: use a new group, or reset its offsets by hand',
  )
}

/** Seals the originals of a stream's dead letters, before their batch is settled. */
import { letterSubject, type SubjectTokens } from '../../engine/letter-subject.ts'
import { subjectTokens } from '../../gates/subject-token.ts'
import type { BatchWriter } from '../../kafka/batch-outputs.ts'
import type { RoutedBatch, SealedLetter } from '../../kafka/routed-batch.ts'
import { MOST_SEALED } from '../../sealing/original.ts'
import type { Sealer } from '../../sealing/sealer.ts'
import { gateDataOf, readFrom } from '../configuration.ts'
import type { Prepared, PreparedRoute } from './prepare.ts'

/** The batch with its sealed originals; those that it has stay. */
export type SealBatch = (batch: RoutedBatch) => Promise<RoutedBatch>

const MOST_FILE_BYTES = 1 << 20
/** What a topic takes unless it is set; of one whose settings may not be read. */
const DEFAULT_BATCH_BYTES = 1_000_000
/** Header, coordinates of the batch and such, beside the value of a dead letter. */
const AROUND_BYTES = 2048

/** Undefined where the pipeline seals nothing. @throws LetheError (usage) where a recipient is none */
export async function sealerOf({
  pipeline,
  configuration,
}: Pick<Prepared, 'pipeline' | 'configuration'>): Promise<Sealer | undefined> {
  const { seal } = pipeline
  if (seal === undefined) return undefined
  // Only where something is sealed: the package takes a while to load.
  const { checkRecipients, parseRecipients } = await import('../../sealing/key-files.ts')
  const { Sealer: Made } = await import('../../sealing/sealer.ts')
  if (!('file' in seal))
    return new Made(
      checkRecipients(
        seal.map((text, at) => ({ where: `${pipeline.file}: recipient ${at + 1}`, text })),
        pipeline.file,
      ),
    )
  const bytes = readFrom(configuration)(seal.file, 'the recipients', MOST_FILE_BYTES)
  return new Made(parseRecipients(Buffer.from(bytes).toString('utf8'), seal.file))
}

/** `maxBatchBytes`: what the topics of the route take, where that is known. */
export function sealBatches(
  sealer: Sealer,
  { plan, writer, setup }: Pick<PreparedRoute, 'plan' | 'writer' | 'setup'>,
  maxBatchBytes: number | undefined,
): SealBatch {
  const tokens = subjectTokens(plan, gateDataOf(setup.configuration))
  const most = (maxBatchBytes ?? DEFAULT_BATCH_BYTES) - AROUND_BYTES
  return async (batch) => {
    const sealed = batch.sealed ?? new Map<number, SealedLetter | undefined>()
    const { outcomes } = batch
    const taken: number[] = []
    for (let index = 0; index < outcomes.length && sealed.size + taken.length < MOST_SEALED; index++)
      if (outcomes.kind(index) === 'dead-letter' && !sealed.has(index)) taken.push(index)
    const made = await Promise.all(
      taken.map((index) => sealOne(sealer, batch, index, { writer, tokens, most })),
    )
    for (const [at, index] of taken.entries()) sealed.set(index, made[at])
    return { ...batch, sealed }
  }
}

interface Told {
  readonly writer: BatchWriter
  readonly tokens: SubjectTokens | undefined
  readonly most: number
}

async function sealOne(
  sealer: Sealer,
  batch: RoutedBatch,
  index: number,
  { writer, tokens, most }: Told,
): Promise<SealedLetter | undefined> {
  const record = batch.records.at(index)
  if (record === undefined) throw new Error('a dead letter has no record')
  const letter = writer.letter(batch, index)
  const subject = letterSubject(tokens, batch.outcomes.subject(index))
  const text = JSON.stringify(subject === undefined ? letter : { ...letter, subject })
  const { key, value, headers = [], timestamp } = record
  const sealed = await sealer.seal(text, { key, value, headers, timestamp }, most)
  return sealed === undefined ? undefined : { subject, sealed }
}

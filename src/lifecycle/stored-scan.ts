/** Reads a stored file to its end, judges its rows, and writes what is left of them. */
import { sum } from '../engine/account.ts'
import { LetheError } from '../errors.ts'
import type { FileDigest } from '../files/digest.ts'
import { inspectInput } from '../files/input.ts'
import type { Output } from '../files/sink.ts'
import { loadZstd } from '../files/zstd.ts'
import { type BatchResult, runBatch } from '../run/batch-run.ts'
import { preparePool } from '../run/chunk-pool.ts'
import type { Made } from './keeper.ts'
import { partedGate } from './parted-gate.ts'
import type { StoredJudge } from './stored-judge.ts'

/** A row that is longer is none that a batch wrote. */
const MAX_ROW_BYTES = 64 << 20
const CHUNK_BYTES = 1 << 20

export interface Scan {
  readonly result: BatchResult
  readonly judge: StoredJudge
  /** Of the file. */
  readonly digest: FileDigest
}

/** `name`: as people know it; `path`: where it is read. @throws LetheError where it cannot be read or written, or its rows do not add up */
export async function scanStored(
  { name, path }: { readonly name: string; readonly path: string },
  { format, delimiter, parts }: Made,
  judge: StoredJudge,
  output: Output,
): Promise<Scan> {
  const { stored, tally, gate, now } = judge
  const input = inspectInput(path, format)
  if (input.compression === 'zstd') await loadZstd()
  const prepared = preparePool([input], 1)
  try {
    const pool = await prepared.open(stored.plan, {
      kind: 'chunks',
      policyFile: '',
      fingerprint: stored.plan.fingerprint,
      configuration: { files: new Map(), keyset: undefined },
      options: { now, maxRecordBytes: MAX_ROW_BYTES, gates: [partedGate(gate, parts)] },
    })
    const result = await runBatch({
      plan: stored.plan,
      pool,
      inputs: [input],
      outputs: [output],
      deadLetterFile: undefined,
      limit: { kind: 'share', most: 1 },
      countsGroups: false,
      maxRecordBytes: MAX_ROW_BYTES,
      chunkBytes: CHUNK_BYTES,
      form: delimiter === undefined ? {} : { delimiter },
      escapeFormulas: false,
      keepsColumns: true,
      digests: true,
      onProgress: () => {},
    })
    const digest = result.inputs[0]!.digest!
    const { account } = result
    const suppressed = sum(account.suppressed)
    const seen = account.published + suppressed + sum(account.deadLettered)
    if (suppressed !== tally.deleted || seen !== account.records)
      throw new LetheError('account-mismatch', `the rows of ${name} do not add up; it is as it was`)
    return { result, judge, digest }
  } finally {
    await prepared.close()
  }
}

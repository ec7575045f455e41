/** Makes a manifest: looks at every file, plans the shards, cuts files at record ends, and takes the digest of every part. */
import { compileBatch } from '../batch/batch-files.ts'
import { checkEvents } from '../batch/change-files.ts'
import { LetheError } from '../errors.ts'
import { cutFile } from '../files/cut-file.ts'
import { Digester } from '../files/digest.ts'
import { firstBytesOf } from '../files/file-part.ts'
import { formatByName, type Input } from '../files/input.ts'
import { compressionOf } from '../files/magic.ts'
import { refuseTwice } from '../files/refuse-twice.ts'
import { LineSplitter } from '../files/splitter.ts'
import type { Manifest, ManifestFile, ManifestSlice } from '../forms/manifest.ts'
import type { Keyring } from '../keys/keyring.ts'
import type { InputForm } from '../policy/input-form.ts'
import { readPolicyFile } from '../policy/policy-file.ts'
import type { RecordFormat } from '../record/limits.ts'
import { viewKeys } from '../run/account/keys-view.ts'
import { formOf, type InputFlags, usedFlags } from '../run/input-flags.ts'
import { packageVersion } from '../run/package-root.ts'
import { type RecordsAt, recordsOf } from '../run/table-head.ts'
import { type PlannedSlice, planShards, type ShardSizes } from './plan-shards.ts'

export interface ManifestOptions extends InputFlags, ShardSizes {
  readonly policy: string
  readonly format?: RecordFormat | undefined
  /** ms since 1970; now unless stated. */
  readonly asOf?: number | undefined
  readonly maxRecordBytes: number
  readonly escapeFormulas?: boolean | undefined
  /** Hears of each file that was read. */
  readonly onFile?: ((bytes: number) => void) | undefined
}

interface Looked {
  readonly input: Input
  readonly records: RecordsAt | undefined
}

/** @throws LetheError where a file cannot be read or is no input, or the policy or the keys are not what a batch takes */
export async function makeManifest(
  inputs: readonly Input[],
  keys: Keyring | undefined,
  options: ManifestOptions,
): Promise<Manifest> {
  const file = readPolicyFile(options.policy)
  const plan = await compileBatch(file, keys, {})
  const form = formOf(plan.input, options)
  const looked: Looked[] = []
  refuseOther(inputs)
  if (form.change !== undefined) checkEvents(plan, form.change, inputs, {})
  for (const input of inputs) looked.push({ input, records: await cuttableAt(input, form, options) })
  const planned = planShards(
    looked.map(({ input, records }) => ({ bytes: input.size!, isCuttable: records !== undefined })),
    options,
  )
  const byFile = new Map<number, PlannedSlice[]>(looked.map((_, at) => [at, []]))
  for (const slice of planned) byFile.get(slice.file)!.push(slice)
  const files: ManifestFile[] = []
  const shards = new Map<number, ManifestSlice[]>()
  for (const [at, one] of looked.entries()) {
    const made = await cut(one, at + 1, byFile.get(at)!)
    files.push(made.file)
    for (const { shard, slice } of made.slices) {
      const slices = shards.get(shard)
      if (slices === undefined) shards.set(shard, [slice])
      else slices.push(slice)
    }
    options.onFile?.(made.file.bytes)
  }
  const { name, version, fingerprint, platform } = plan
  const flags = usedFlags(options)
  return {
    lethe: 'manifest',
    v: 1,
    version: packageVersion(),
    policy: { name, version, fingerprint, platform },
    keyChecks: viewKeys(plan, keys?.keyset).keyChecks,
    asOf: new Date(options.asOf ?? Date.now()).toISOString(),
    ...(flags === undefined ? {} : { inputOptions: flags }),
    maxRecordBytes: options.maxRecordBytes,
    escapeFormulas: options.escapeFormulas === true,
    files,
    shards: [...shards]
      .sort(([a], [b]) => a - b)
      .map(([, slices]) => ({ bytes: slices.reduce((sum, { from, to }) => sum + to - from, 0), slices })),
  }
}

function refuseOther(inputs: readonly Input[]): void {
  for (const { name, identity, size } of inputs)
    if (size === undefined || identity === undefined)
      throw new LetheError('not-a-file', `${name} is not a regular file`, 'write it to a file first')
  refuseTwice(inputs)
}

/** Where its records begin, if it may be cut. */
async function cuttableAt(
  input: Input,
  form: InputForm,
  { maxRecordBytes, least }: ManifestOptions,
): Promise<RecordsAt | undefined> {
  const { name, format, isMisnamed, size, object } = input
  const isText = format === 'csv' || format === 'ndjson'
  // A smaller one is never cut, and fills shards as it is.
  if (!isText || size! < least * SMALLEST) return undefined
  // Of an object its first bytes tell that.
  const compression =
    object === undefined ? input.compression : compressionOf(await firstBytesOf(input, MAGIC_BYTES))
  // The name of an output says whether it is compressed, or an array.
  const isPlain = compression === 'none' && !isMisnamed && formatByName(name).format !== 'json'
  if (!isPlain) return undefined
  return await recordsOf({ ...input, compression }, form, maxRecordBytes)
}

const MAGIC_BYTES = 16

/** Of a shard: files that are smaller go as they are. */
const SMALLEST = 0.25

async function cut(
  { input, records }: Looked,
  number: number,
  planned: readonly PlannedSlice[],
): Promise<{
  readonly file: ManifestFile
  readonly slices: readonly { readonly shard: number; readonly slice: ManifestSlice }[]
}> {
  const { name, format } = input
  const { whole, cuts } = await cutFile(input, {
    head: records?.bytes ?? 0,
    splitter: records?.splitter ?? new LineSplitter({ chunkBytes: 1, maxRecordBytes: 1 }),
    wanted: planned.map(({ from }) => from).filter((from) => from > 0),
  })
  if (whole.bytes !== input.size)
    throw new LetheError(
      'input-changed',
      `${name} had ${input.size} bytes, and ${whole.bytes} when it was read`,
      'start again when nothing writes there any more, or from a copy',
    )
  const head = new Digester()
  if (cuts.length > 1) head.add(await firstBytesOf(input, records!.bytes))
  return {
    file: { file: name, format, ...whole, ...(cuts.length > 1 ? { head: head.end() } : {}) },
    // A cut moves to the end of a record: the part belongs to the last shard that was to begin before its end.
    slices: cuts.map((one, at) => ({
      shard: planned.findLast(({ from }) => from <= one.from)!.shard,
      slice: { file: number, slice: at + 1, ...one },
    })),
  }
}

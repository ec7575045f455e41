/** One shard of a manifest, as a batch: its inputs and outputs, and what it is held to. */
import type { ShardJob } from '../batch/shard-job.ts'
import { LetheError } from '../errors.ts'
import { nameIn, sizeOfNamed } from '../files/by-name.ts'
import { digestOf } from '../files/digest.ts'
import { eachInOrder } from '../files/each-in-order.ts'
import type { Input } from '../files/input.ts'
import { inspectInputs } from '../files/objects/inspect-objects.ts'
import type { Manifest, ManifestSlice } from '../forms/manifest.ts'
import { checkValuesOf } from '../keys/keyring.ts'
import type { Keyset } from '../keys/keyset.ts'
import { sidecarName } from '../lifecycle/stored-names.ts'
import type { Plan } from '../policy/plan.ts'
import type { RecordFormat } from '../record/limits.ts'
import type { Summary } from '../run/account/account-view.ts'
import type { BatchResult } from '../run/batch-run.ts'
import type { ReadManifest } from './read-manifest.ts'
import { outputName, type RunFolder } from './run-folder.ts'
import { shardCrowd } from './shard-classes.ts'
import { readShardSummary } from './shard-summary.ts'

/** Where systems that start many of one task say which each is, from 0. */
export const INDEX_VARIABLES: readonly string[] = [
  'JOB_COMPLETION_INDEX',
  'AWS_BATCH_JOB_ARRAY_INDEX',
  'SLURM_ARRAY_TASK_ID',
]

/**
 * Which shard a process is to run.
 * @throws LetheError (usage) where neither the option nor the environment says, or the manifest has no such shard
 */
export function shardIndex(
  stated: number | undefined,
  { shards }: Manifest,
  environment: Readonly<Record<string, string | undefined>>,
): number {
  const shard = stated ?? indexOf(environment)
  if (shard < shards.length) return shard
  throw new LetheError(
    'shard-unknown',
    `there is no shard ${shard}: the manifest has ${shards.length}, numbered from 0`,
    shards.length === 1 ? 'say --shard 0' : `say --shard with 0 to ${shards.length - 1}`,
  )
}

function indexOf(environment: Readonly<Record<string, string | undefined>>): number {
  const found = INDEX_VARIABLES.flatMap((name) => {
    const text = environment[name]
    if (text === undefined || text === '') return []
    if (!/^\d{1,9}$/.test(text))
      throw new LetheError('bad-environment', `${name} is no whole number`, 'say --shard')
    return [{ name, index: Number(text) }]
  })
  const [first] = found
  if (first === undefined)
    throw new LetheError(
      'shard-unknown',
      'which shard to run is not stated',
      `say --shard, or set one of ${INDEX_VARIABLES.join(', ')}`,
    )
  const other = found.find(({ index }) => index !== first.index)
  if (other !== undefined)
    throw new LetheError(
      'bad-environment',
      `${first.name} and ${other.name} name different shards`,
      'say --shard',
    )
  return first.index
}

/** The inputs of a shard. @throws LetheError where a file is gone, or has another size than the manifest says */
export async function inputsOf({ files, shards }: Manifest, shard: number): Promise<readonly Input[]> {
  const cut = new Map<number, number>()
  for (const { slices } of shards)
    for (const { file, slice } of slices) cut.set(file, Math.max(cut.get(file) ?? 0, slice))
  return await eachInOrder(shards[shard]!.slices, async (slice) => {
    const { file: name, format, bytes, head } = files[slice.file - 1]!
    const looked = await lookAt(name, format)
    if (looked?.size !== bytes)
      throw changed(
        name,
        looked === undefined
          ? 'it is gone'
          : `it has ${looked.size} bytes, and had ${bytes} when the manifest was made`,
      )
    const input = { ...looked, number: slice.file }
    const last = cut.get(slice.file)!
    if (last === 1) return input
    const { from, to, lines } = slice
    const part = { slice: slice.slice, from, to, lines, isLast: slice.slice === last, head: head! }
    // What is cut is not packed.
    return { ...input, compression: 'none', size: to - from, part }
  })
}

/** Undefined where it is gone. @throws LetheError */
async function lookAt(name: string, format: RecordFormat): Promise<Input | undefined> {
  if ((await sizeOfNamed(name)) === undefined) return undefined
  const [input] = await inspectInputs([name], format)
  return input
}

const changed = (name: string, how: string): LetheError =>
  new LetheError(
    'input-changed',
    `${name} is not the file that the manifest is of: ${how}; no output was left`,
    'bring back the file, or make a new manifest and run all shards into a new folder',
  )

const differs = (what: string): LetheError =>
  new LetheError(
    'manifest-differs',
    `${what}; nothing was read`,
    'give what the manifest was made with, or make a new one and run all shards into a new folder',
  )

/** What a batch has to know to be shard `shard` of the manifest, in this folder. */
export function shardJob(read: ReadManifest, folder: RunFolder, shard: number, isCounting = false): ShardJob {
  const { manifest, sha256 } = read
  const { slices } = manifest.shards[shard]!
  return {
    view: { manifest: sha256, shard, of: manifest.shards.length },
    outputs: slices.map((slice) => nameIn(folder.data, outputName(manifest, slice))),
    temporary: folder.work,
    crowd: shardCrowd(read, folder, shard, isCounting),
    begin: async (plan, keyset) => {
      checkPlan(manifest, plan, keyset)
      await folder.take(read)
    },
    checkRead: (inputs, result) => checkRead(slices, inputs, result),
    mayPublish: async (summary) => {
      const there = await finishedShard(manifest, sha256, folder, shard)
      if (there === undefined) return true
      refuseOther(shard, there, summary)
      return false
    },
  }
}

function checkPlan({ policy, keyChecks }: Manifest, plan: Plan, keyset: Keyset | undefined): void {
  if (plan.fingerprint !== policy.fingerprint || plan.name !== policy.name)
    throw differs(
      `the policy ${plan.name}@${plan.version} is not the one that the manifest was made with: its fingerprint is another one`,
    )
  if (plan.platform !== policy.platform)
    throw differs('the Unicode or time zone data of this machine are not those of the manifest')
  const now = keyset === undefined ? {} : checkValuesOf(keyset, plan.keyIds)
  const ids = new Set([...Object.keys(now), ...Object.keys(keyChecks)])
  for (const id of ids)
    if (now[id] !== keyChecks[id])
      throw differs(
        `the key ${id} is not the one that the manifest was made with: its check value is another one`,
      )
}

function checkRead(slices: readonly ManifestSlice[], inputs: readonly Input[], result: BatchResult): void {
  if (result.tooManyDeadLetters) return
  for (const [at, { digest }] of result.inputs.entries()) {
    const { from, to, sha256 } = slices[at]!
    if (digest?.sha256 !== sha256 || digest.bytes !== to - from)
      throw changed(inputs[at]!.name, `its bytes from ${from} to ${to} are others`)
  }
}

/**
 * The summary of a shard that is done: all that it left stands there as it says. Undefined where it has to be done, or done again.
 * @throws LetheError where a file cannot be read
 */
export async function finishedShard(
  manifest: Manifest,
  sha256: string,
  folder: RunFolder,
  shard: number,
): Promise<Summary | undefined> {
  const summary = await readShardSummary(folder.summaryOf(shard))
  if (summary === undefined || summary === 'malformed' || summary.status !== 'done') return undefined
  if (summary.shard?.manifest !== sha256 || summary.shard.shard !== shard) return undefined
  const { slices } = manifest.shards[shard]!
  if (summary.outputs.length !== slices.length) return undefined
  for (const [at, output] of summary.outputs.entries()) {
    const name = nameIn(folder.data, outputName(manifest, slices[at]!))
    if ((await sizeOfNamed(sidecarName(name))) === undefined || !(await isStill(name, output)))
      return undefined
  }
  const { deadLetterFile } = summary
  if (deadLetterFile !== undefined && !(await isStill(folder.deadLettersOf(shard), deadLetterFile)))
    return undefined
  return summary
}

async function isStill(
  name: string,
  { bytes, sha256 }: { readonly bytes: number; readonly sha256: string },
): Promise<boolean> {
  if ((await sizeOfNamed(name)) !== bytes) return false
  return (await digestOf(name)).sha256 === sha256
}

/** What a second process makes of a shard is the same, or something is wrong. */
function refuseOther(shard: number, there: Summary, made: Summary): void {
  const digests = ({ outputs }: Summary): string => outputs.map(({ sha256 }) => sha256).join()
  if (digests(there) === digests(made)) return
  throw new LetheError(
    'shards-differ',
    `shard ${shard} was done by another process meanwhile, and its outputs are others; they stay as they are`,
    'compare lists, tables and versions of Lethe of the two machines',
  )
}

/** Looks through the folder of a run: is every shard there, once, made as the manifest says, with all its files. */
import { renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { sum } from '../engine/account.ts'
import { DEFAULT_DEAD_LETTER_LIMIT, type DeadLetterLimit, SHARE_NEEDS_RECORDS } from '../engine/limit.ts'
import { fileError, LetheError, unwritable } from '../errors.ts'
import { nameIn, namesIn, sizeOfNamed } from '../files/by-name.ts'
import { digestOf } from '../files/digest.ts'
import { CLAIM } from '../files/objects/object-place.ts'
import { syncFolder } from '../files/sync-folder.ts'
import { DATA_SET } from '../forms/data-set.ts'
import { sidecarName } from '../lifecycle/stored-names.ts'
import type { Summary } from '../run/account/account-view.ts'
import { cuttingOf } from '../run/input-flags.ts'
import type { ReadManifest } from './read-manifest.ts'
import { outputName, type RunFolder, SUCCESS } from './run-folder.ts'
import { readShardSummary } from './shard-summary.ts'

const AGAIN = 'run that shard again, into the same folder'

/**
 * The summaries of all shards, in order.
 * @throws LetheError (violations) where one is missing, is there twice, is of another run, or was made by another policy or key
 */
export async function shardSummaries(read: ReadManifest, folder: RunFolder): Promise<readonly Summary[]> {
  const { manifest } = read
  const names = await namesIn(folder.shards)
  const found = new Map<number, string>()
  for (const name of names.filter((one) => one.endsWith('.summary.json'))) {
    const summary = await readShardSummary(nameIn(folder.shards, name))
    if (summary === 'malformed' || summary?.shard === undefined)
      throw foreign(`${nameIn(folder.shards, name)} is no account of a shard`)
    const { manifest: of, shard } = summary.shard
    if (of !== read.sha256) throw foreign(`${nameIn(folder.shards, name)} is of a shard of another manifest`)
    const before = found.get(shard)
    if (before !== undefined)
      throw new LetheError(
        'shard-repeated',
        `${before} and ${name} are both of shard ${shard}`,
        'take the one out that was not written there',
      )
    found.set(shard, name)
    if (name !== `${shard}.summary.json`)
      throw foreign(`${nameIn(folder.shards, name)} is of shard ${shard}, and is not called so`)
    if (shard >= manifest.shards.length) throw foreign(`there is no shard ${shard} in the manifest`)
  }
  const summaries: Summary[] = []
  const missing: number[] = []
  for (const shard of manifest.shards.keys()) {
    const summary = found.has(shard) ? await readShardSummary(folder.summaryOf(shard)) : undefined
    if (summary === undefined || summary === 'malformed' || summary.status !== 'done') missing.push(shard)
    else {
      check(read, shard, summary)
      summaries.push(summary)
    }
  }
  if (missing.length > 0)
    throw new LetheError(
      'shard-missing',
      `${missing.length} of ${manifest.shards.length} shards have left no output: ${shown(missing)}`,
      'run them; what others have left stays',
    )
  for (const name of names) {
    const shard = /^(\d+)\.(?:summary\.json|dead-letters\.ndjson|counted|published)$/.exec(name)?.[1]
    if (shard === undefined || !found.has(Number(shard)))
      throw foreign(`${nameIn(folder.shards, name)} is of no shard`)
  }
  return summaries
}

const SHOWN = 20

const shown = (shards: readonly number[]): string =>
  shards.slice(0, SHOWN).join(', ') + (shards.length > SHOWN ? ` and ${shards.length - SHOWN} more` : '')

const foreign = (what: string): LetheError =>
  new LetheError(
    'shard-foreign',
    `${what}; nothing was published`,
    'take it out of the folder, after a look at where it is from',
  )

/** Whether a summary is what the manifest asks of this shard. */
function check({ manifest }: ReadManifest, shard: number, summary: Summary): void {
  const { policy, keyChecks, asOf, inputOptions = {}, shards, files } = manifest
  const differs = (what: string): LetheError =>
    new LetheError(
      'shards-differ',
      `shard ${shard} was made ${what}; nothing was published`,
      'run it again as the manifest says, into the same folder, without its summary',
    )
  if (summary.policy.fingerprint !== policy.fingerprint || summary.policy.name !== policy.name)
    throw differs('by another policy: its fingerprint is not that of the manifest')
  if (summary.policy.platform !== policy.platform) throw differs('with other Unicode or time zone data')
  if (canonical(summary.keyChecks) !== canonical(keyChecks)) throw differs('with another key')
  if (Date.parse(summary.asOf) !== Date.parse(asOf)) throw differs('as of another instant')
  if (canonical(cuttingOf(summary.inputOptions ?? {})) !== canonical(cuttingOf(inputOptions)))
    throw differs('from files that were read in another way')
  const { slices } = shards[shard]!
  const isOf =
    summary.shard?.of === shards.length &&
    summary.inputs.length === slices.length &&
    summary.outputs.length === slices.length &&
    summary.inputs.every((input, at) => {
      const { file, slice, from, to, sha256 } = slices[at]!
      return (
        input.input === file &&
        (input.slice ?? 1) === slice &&
        input.format === files[file - 1]!.format &&
        input.bytes === to - from &&
        input.sha256 === sha256
      )
    })
  if (!isOf) throw differs('from other files or slices')
  const { records } = summary
  const out = records.published + sum(records.suppressed) + sum(records.deadLettered)
  if (records.in !== out || records.in !== summary.inputs.reduce((all, one) => all + one.records, 0))
    throw new LetheError(
      'account-mismatch',
      `the account of shard ${shard} does not add up: ${records.in} records in, ${out} told of`,
      AGAIN,
    )
}

const canonical = (members: object): string =>
  JSON.stringify(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1)))

export interface RunFile {
  /** Below the folder of outputs. */
  readonly file: string
  readonly records: number
  readonly bytes: number
  readonly sha256: string
}

/** What the outputs are called, in the order of files and slices. */
export function filesOf({ manifest }: ReadManifest, summaries: readonly Summary[]): readonly RunFile[] {
  return summaries
    .flatMap(({ outputs }, shard) =>
      outputs.map(({ bytes, sha256, records = 0 }, at) => ({
        file: outputName(manifest, manifest.shards[shard]!.slices[at]!),
        records,
        bytes,
        sha256,
      })),
    )
    .sort((a, b) => (a.file < b.file ? -1 : 1))
}

/**
 * Holds a folder of outputs to what the shards say of it. `digests`: reads every file; sizes alone unless stated.
 * @throws LetheError (violations) where a file is missing or another one, or is of no shard
 */
export async function checkFiles(folder: string, files: readonly RunFile[], digests: boolean): Promise<void> {
  const expected = new Set([
    ...files.flatMap(({ file }) => [file, sidecarName(file)]),
    ...[SUCCESS, DATA_SET, CLAIM],
  ])
  const there = new Set(await namesIn(folder))
  for (const name of there) if (!expected.has(name)) throw foreign(`${nameIn(folder, name)} is of no shard`)
  for (const { file, bytes, sha256 } of files) {
    const name = nameIn(folder, file)
    const size = there.has(sidecarName(file)) ? await sizeOfNamed(name) : undefined
    const fault =
      size === undefined
        ? 'it, or its sidecar, is gone'
        : size !== bytes
          ? `it has ${size} bytes, and had ${bytes}`
          : digests && (await digestOf(name)).sha256 !== sha256
            ? 'its bytes are others'
            : undefined
    if (fault !== undefined)
      throw new LetheError(
        'shard-damaged',
        `${name} is not what a shard left there: ${fault}; nothing was published`,
        'run its shard again, into the same folder',
      )
  }
}

/** Whether more dead letters are there than may be, of all shards together. */
export function isOver({ records }: Summary, limit: DeadLetterLimit = DEFAULT_DEAD_LETTER_LIMIT): boolean {
  const dead = sum(records.deadLettered)
  if (limit.kind === 'count') return dead > limit.most
  return records.in >= SHARE_NEEDS_RECORDS && dead > limit.most * records.in
}

/** Gives the folder of outputs its name. @throws LetheError where something stands there, or it is on another file system */
export function publish(folder: RunFolder, name: string): void {
  rmSync(folder.work, { recursive: true, force: true })
  try {
    renameSync(folder.data, name)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') throw exists(name)
    if (code === 'EXDEV')
      throw new LetheError(
        'file-unwritable',
        `${name} is on another file system than ${folder.data}, so it cannot appear at once; nothing was published`,
        'name a folder on the same one',
      )
    if (code === 'ENOENT') throw fileError(name, error, 'written')
    throw unwritable(name, error, 'nothing was published')
  }
  syncFolder(dirname(name))
  syncFolder(folder.name)
}

export const exists = (name: string): LetheError =>
  new LetheError('output-exists', `${name} is there already; nothing was published`, 'name another folder')

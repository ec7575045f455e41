/** Merges the shards of a run: checks all, adds up their accounts, judges the dead letters, and publishes the folder of outputs. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Opened } from '../batch/outputs.ts'
import type { DeadLetterLimit } from '../engine/limit.ts'
import { LetheError } from '../errors.ts'
import { nameIn, objectNamed, sizeOfNamed } from '../files/by-name.ts'
import { isObjectName, parseObjectName, printObjectName } from '../files/objects/object-name.ts'
import { openStore } from '../files/objects/open-store.ts'
import type { Output } from '../files/sink.ts'
import { TemporaryFile } from '../files/temporary-file.ts'
import { writeObject } from '../files/write-named.ts'
import { DATA_SET, dataSetText } from '../forms/data-set.ts'
import type { Keyring } from '../keys/keyring.ts'
import type { Summary } from '../run/account/account-view.ts'
import type { ReadFiles } from '../run/read-files.ts'
import { addSummaries } from './add-summaries.ts'
import { checkLetters, joinLetters } from './join-letters.ts'
import { checkFiles, exists, filesOf, isOver, publish, type RunFile, shardSummaries } from './merge-checks.ts'
import { readManifest } from './read-manifest.ts'
import { RunFolder, SUCCESS } from './run-folder.ts'
import { dropClasses, heldCrowd } from './shard-classes.ts'

export interface MergeOptions {
  /** The folder that the outputs are to have; undefined: nothing is published. */
  readonly output?: string
  /** A manifest that the run has to be of. */
  readonly manifest?: string
  readonly maxDeadLetters: DeadLetterLimit
  /** Where the policy states a crowd: the keys of the run. */
  readonly keyring?: Keyring | undefined
  readonly summary?: string
  /** Where the dead letters of all shards are listed. */
  readonly deadLetter?: string
  /** Whether the digest of every output is compared, and not its size alone. */
  readonly digests?: boolean
}

export interface Merged {
  readonly summary: Summary
  /** Whether the folder of outputs has its name. */
  readonly isPublished: boolean
  readonly files: readonly RunFile[]
}

/** A merge that was looked at and can be done. */
export interface PreparedMerge {
  readonly summary: Summary
  readonly manifest: string
  /** Writes what was asked for, and publishes last. Once. */
  finish(): Promise<Merged>
}

/** @throws LetheError: violations where the shards are not what the manifest asks for; nothing was written then */
export async function prepareMerge(
  name: string,
  options: MergeOptions,
  reads: ReadFiles,
): Promise<PreparedMerge> {
  const folder = new RunFolder(name)
  if ((await sizeOfNamed(folder.manifestFile)) === undefined)
    throw new LetheError(
      'file-missing',
      `${name} is no folder of a run over many machines: it has no ${folder.manifestFile}`,
      'name what -o of `lethe batch --manifest` named',
    )
  const read = await readManifest(folder.manifestFile)
  if (options.manifest !== undefined && (await readManifest(options.manifest)).sha256 !== read.sha256)
    throw new LetheError(
      'shard-foreign',
      `the run in ${name} is of another manifest than ${options.manifest}; nothing was published`,
      'name the folder of that run',
    )
  const { manifest } = read
  reads.add('a file of the run', folder.manifestFile)
  for (const shard of manifest.shards.keys())
    for (const file of [folder.summaryOf(shard), folder.deadLettersOf(shard)])
      reads.add('a file of the run', file)
  const summaries = await shardSummaries(read, folder)
  const files = filesOf(read, summaries)
  const target = targetOf(folder, options.output)
  const isThere = folder.isInStore || existsSync(folder.data)
  if (isThere && !folder.isInStore && target !== undefined && existsSync(target)) throw exists(target)
  // A merge that ended early may have published already.
  if (!isThere && (target === undefined || !existsSync(target)))
    throw new LetheError(
      'shard-missing',
      `the outputs of the run are not in ${folder.data}: they were published, or taken away`,
      target === undefined
        ? 'name the folder that they were published as: -o FOLDER'
        : 'run all shards again, into a new folder',
    )
  await checkFiles(isThere ? folder.data : target!, files, options.digests === true)
  const lists = await checkLetters(folder, summaries)
  // Their counts go with what was published.
  const crowd = isThere ? heldCrowd(read, folder, summaries, options.keyring) : undefined
  const sum = addSummaries(manifest, read.sha256, summaries)
  const added: Summary = crowd === undefined ? sum : { ...sum, crowd }
  const over = isOver(added, options.maxDeadLetters)
  const summary: Summary = over ? { ...added, status: 'too-many-dead-letters', outputs: [] } : added
  return {
    summary,
    manifest: read.sha256,
    async finish() {
      const opened = new Opened(reads)
      try {
        const list =
          options.deadLetter === undefined
            ? undefined
            : await opened.open(options.deadLetter, {}, 'none', true)
        if (list !== undefined) await joinLetters(manifest, lists, list)
        await list?.finish()
        const whole: Summary =
          list?.digest === undefined ? summary : { ...summary, deadLetterFile: list.digest }
        const text = Buffer.from(`${JSON.stringify(whole, null, 2)}\n`)
        const told = options.summary === undefined ? undefined : await opened.open(options.summary, {})
        await told?.append(text)
        await told?.finish()
        const isPublished = target !== undefined && !over
        if (isPublished && folder.isInStore) await publishInPlace(folder, dataSetOf(whole, files), text)
        else if (isPublished && isThere) {
          await write(folder, join(folder.data, DATA_SET), dataSetOf(whole, files))
          await write(folder, join(folder.data, SUCCESS), '')
          await write(folder, folder.summary, text)
          publish(folder, target)
        }
        if (target !== undefined && !over && !folder.isInStore) dropClasses(read, folder)
        await list?.publish()
        await told?.publish()
        return { summary: whole, isPublished, files }
      } finally {
        await opened.close()
      }
    },
  }
}

/**
 * Where the outputs are to be: a folder that they are renamed to; or, of a run in an object store, where they are.
 * @throws LetheError (usage) where they cannot be there
 */
function targetOf(folder: RunFolder, output: string | undefined): string | undefined {
  if (output === undefined) return undefined
  if (!folder.isInStore && !isObjectName(output)) return resolve(output)
  if (folder.isInStore && isObjectName(output) && nameIn(output, '') === nameIn(folder.data, ''))
    return folder.data
  throw new LetheError(
    'bad-option',
    folder.isInStore
      ? `the outputs of a run in an object store stay where its shards wrote them, and ${output} is another place; nothing was published`
      : `the outputs of a run in a folder take the name of a folder, and ${output} is an object; nothing was published`,
    folder.isInStore ? `say -o ${nameIn(folder.data, '')}` : 'say -o FOLDER, on the same file system',
  )
}

/** `_SUCCESS` is last: with it all counts. A merge that was cut short, or another one, writes the same. */
async function publishInPlace(folder: RunFolder, dataSet: string, summary: Uint8Array): Promise<void> {
  const success = parseObjectName(nameIn(folder.data, SUCCESS))
  if ((await objectNamed(printObjectName(success))) === undefined) {
    await writeObject(parseObjectName(nameIn(folder.data, DATA_SET)), dataSet, 'any')
    await writeObject(parseObjectName(folder.summary), summary, 'any')
    await writeObject(success, '', 'same')
  }
  // It says nothing any more: who may not delete leaves it.
  await (await openStore()).deleteObject(parseObjectName(folder.claim)).catch(() => {})
}

async function write(folder: RunFolder, name: string, text: string | Uint8Array): Promise<void> {
  const output: Output = new TemporaryFile(name, undefined, name, 'umask', folder.name)
  try {
    await output.append(Buffer.from(text))
    await output.finish()
    await output.publish()
  } finally {
    await output.discard()
  }
}

function dataSetOf({ policy, asOf, keyChecks, records }: Summary, files: readonly RunFile[]): string {
  const { name, version, purpose, fingerprint } = policy
  const made = { policy: { name, version, purpose, fingerprint }, asOf, keyChecks }
  return dataSetText({ ...made, records: records.published, files })
}

/** The crowd over many machines: each shard counts its classes, all counts make one set of classes that may leave, and what left is counted again. */
import { rmSync } from 'node:fs'
import { refuseSmall } from '../batch/crowd-limit.ts'
import type { ShardClasses, ShardCrowd } from '../batch/shard-job.ts'
import { counting } from '../engine/class-pass.ts'
import { LetheError } from '../errors.ts'
import { isObjectName } from '../files/objects/object-name.ts'
import { ClassCount, type ClassPart } from '../groups/class-count.ts'
import { KeySet, keySetOf } from '../groups/key-table.ts'
import type { Keyring } from '../keys/keyring.ts'
import type { Plan } from '../policy/plan.ts'
import type { CrowdView, Summary } from '../run/account/account-view.ts'
import { type ClassFile, ClassFileKeys, type ClassTerms } from './class-files.ts'
import type { ReadManifest } from './read-manifest.ts'
import type { RunFolder } from './run-folder.ts'

function termsOf({ crowd, subject }: Plan): ClassTerms {
  const { k, l, t, onFail, maxSuppressed, sensitive } = crowd!
  return { k, l, t, onFail, maxSuppressed, fields: sensitive.length, ofRecords: subject === undefined }
}

/** `isCounting`: whether it counts what would leave, before any shard writes. */
export function shardCrowd(
  { sha256 }: ReadManifest,
  folder: RunFolder,
  shard: number,
  isCounting: boolean,
): ShardCrowd {
  return {
    isCounting,
    setup(plan, keys): ShardClasses {
      if (isObjectName(folder.name))
        throw new LetheError(
          'crowd-refused',
          `the policy states \`crowd:\`, and what shards count of people is kept in files that only their owner may read, which ${folder.name} cannot hold; nothing was read`,
          'run the shards into a folder of a file system that all machines see',
        )
      const files = new ClassFileKeys(keys, sha256)
      const terms = termsOf(plan)
      const key = files.hashes
      const keep = async (kind: 'counted' | 'published', classes: ClassCount): Promise<void> => {
        const file = { terms, part: classes.part() }
        await files.write(folder.classesOf(shard, kind), folder.work, kind, shard, file)
      }
      if (isCounting)
        return { pass: { key, open: undefined }, keep: async (classes) => await keep('counted', classes) }
      const open = files.read(folder.openClasses, 'open', undefined)?.file
      const counted = files.read(folder.classesOf(shard, 'counted'), 'counted', shard)
      if (open === undefined || counted === undefined || open.counts?.[shard] !== counted.sha256)
        throw new LetheError(
          'classes-missing',
          `the policy states \`crowd:\`, and ${counted === undefined ? `the classes of shard ${shard} are not counted` : 'the counts of all shards are not added up, or this shard was counted again since'}; nothing was read`,
          'run every shard with --count-classes, then `lethe account classes FOLDER`, then every shard without it',
        )
      const memory = memoryOf(open)
      const records = recordsIn(counted.file.part, new KeySet(memory))
      return {
        pass: { key, open: memory },
        suppressed: open.suppressed!,
        check: (classes) => {
          if (classes.records !== records)
            throw new LetheError(
              'shards-differ',
              `shard ${shard} has ${classes.records} records in classes that may leave, and had ${records} when they were counted: its lists or tables are others`,
              'count the classes of all shards again, with --count-classes and the same lists',
            )
        },
        keep: async (classes) => await keep('published', classes),
      }
    },
  }
}

function memoryOf({ part }: ClassFile): SharedArrayBuffer {
  return keySetOf({ width: 4, words: part.classes }, [...part.records.keys()])
}

/** Records of a part, in these classes where they are given. */
const recordsIn = ({ records, classes }: ClassPart, only?: KeySet): number =>
  records.reduce((sum, one, at) => (only === undefined || only.has(classes, at * 4) ? sum + one : sum), 0)

/** What all shards counted, together. */
interface Counted {
  readonly count: ClassCount
  readonly terms: ClassTerms
  readonly shards: readonly { readonly sha256: string; readonly records: number; readonly classes: number }[]
}

function addUp(
  { manifest }: ReadManifest,
  folder: RunFolder,
  files: ClassFileKeys,
  kind: 'counted' | 'published',
): Counted {
  let sum: ClassCount | undefined
  let first: ClassTerms | undefined
  const shards: { readonly sha256: string; readonly records: number; readonly classes: number }[] = []
  for (const shard of manifest.shards.keys()) {
    const read = files.read(folder.classesOf(shard, kind), kind, shard)
    if (read === undefined)
      throw new LetheError(
        'shard-missing',
        `the classes of shard ${shard} are not there${kind === 'counted' ? '' : ', as it published them'}; nothing was published`,
        `run that shard${kind === 'counted' ? ' with --count-classes' : ' again'}, into the same folder`,
      )
    const { terms, part } = read.file
    first ??= terms
    if (JSON.stringify(terms) !== JSON.stringify(first))
      throw new LetheError(
        'shards-differ',
        `shard ${shard} counted classes by other terms than shard 0; nothing was published`,
        'count the classes of all shards again, with one policy',
      )
    sum ??= new ClassCount(terms, terms.ofRecords)
    counting(() => sum!.merge(part))
    shards.push({ sha256: read.sha256, records: recordsIn(part), classes: part.records.length })
  }
  return { count: sum!, terms: first!, shards }
}

export interface OpenedClasses {
  readonly published: number
  readonly suppressed: number
  readonly records: number
  readonly recordsSuppressed: number
}

/**
 * Makes the one set of classes that may leave of all shards.
 * @throws LetheError (violations) where the counts of a shard are missing, or more would be suppressed than the policy allows: then none is made
 */
export async function openClasses(
  read: ReadManifest,
  folder: RunFolder,
  keys: Keyring | undefined,
): Promise<OpenedClasses> {
  const files = new ClassFileKeys(keys, read.sha256)
  const { count, terms, shards } = addUp(read, folder, files, 'counted')
  const open = count.open(terms.fields)
  const indexes = [...open.keys()].filter((at) => open[at] === 1)
  const suppressed = open.length - indexes.length
  let gone = 0
  for (let at = 0; at < open.length; at++) if (open[at] === 0) gone += count.recordsOf(at)
  refuseSmall(terms, gone, count.records, suppressed, open.length, 'no class may leave')
  const classes = new Int32Array(indexes.length * 4)
  for (const [i, at] of indexes.entries())
    classes.set(count.classes.words.subarray(at * 4, at * 4 + 4), i * 4)
  const none = { subjects: new Int32Array(0), values: new Int32Array(0), counts: new Float64Array(0) }
  const part = {
    ...none,
    classes,
    records: new Float64Array(indexes.length),
    sizes: new Float64Array(indexes.length),
    owners: new Int32Array(0),
  }
  await files.write(folder.openClasses, folder.work, 'open', undefined, {
    terms,
    part,
    counts: shards.map((one) => one.sha256),
    suppressed,
  })
  return { published: indexes.length, suppressed, records: count.records, recordsSuppressed: gone }
}

/**
 * Holds what all shards published to the crowd of their policy.
 * @returns what the sum says of it; undefined where the policy states none
 * @throws LetheError `crowd-broken` where a class of all shards is too small, and others where counts are missing or differ
 */
export function heldCrowd(
  read: ReadManifest,
  folder: RunFolder,
  summaries: readonly Summary[],
  keys: Keyring | undefined,
): CrowdView | undefined {
  const stated = summaries.map(({ crowd }) => crowd)
  const [first] = stated
  const said = (view: CrowdView | undefined): string =>
    JSON.stringify(view && { ...view, classes: { suppressed: view.classes.suppressed } })
  if (stated.some((one) => said(one) !== said(first)))
    throw new LetheError(
      'shards-differ',
      'shards went by other sets of classes; nothing was published',
      'run those again that ran before `lethe account classes`, into the same folder, without their summaries',
    )
  if (first === undefined) return undefined
  const { count, terms, shards } = addUp(read, folder, new ClassFileKeys(keys, read.sha256), 'published')
  const isHeld =
    summaries.every(
      ({ records, crowd }, shard) =>
        shards[shard]!.records === records.published && shards[shard]!.classes === crowd!.classes.published,
    ) && count.open(terms.fields).every((isOpen) => isOpen === 1)
  if (!isHeld)
    throw new LetheError(
      'crowd-broken',
      'what the shards wrote does not hold `crowd:` of the policy together; nothing was published',
      'count the classes of all shards again, and run all of them into a new folder',
    )
  return { ...first, classes: { published: count.classes.count, suppressed: first.classes.suppressed } }
}

/** Removes the counts of a run, which are of people, once its outputs are published. */
export function dropClasses({ manifest }: ReadManifest, folder: RunFolder): void {
  for (const shard of manifest.shards.keys())
    for (const kind of ['counted', 'published'] as const)
      rmSync(folder.classesOf(shard, kind), { force: true })
  rmSync(folder.openClasses, { force: true })
}

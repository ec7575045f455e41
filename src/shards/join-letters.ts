/** Puts the dead letters of all shards into one list, in the order that a single run over the files would have written. */
import { fileError, LetheError } from '../errors.ts'
import { bytesOfNamed, type NamedSource, named } from '../files/by-name.ts'
import { Digester, type FileDigest } from '../files/digest.ts'
import type { Output } from '../files/sink.ts'
import type { Manifest } from '../forms/manifest.ts'
import type { Summary } from '../run/account/account-view.ts'
import type { RunFolder } from './run-folder.ts'

/** Dead letters of one slice, one behind the other. */
interface Stretch {
  readonly list: NamedSource
  readonly file: number
  readonly slice: number
  readonly from: number
  to: number
}

const LF = 0x0a
/** Its first members are written in this order. */
const BEGINS = /^\{"v":1,"input":(\d{1,15}),"line":(\d{1,15})[,}]/
const BEGIN_BYTES = 64

const damaged = ({ name }: NamedSource): LetheError =>
  new LetheError(
    'shard-damaged',
    `${name} is not the list of dead letters that the summary of its shard speaks of; nothing was published`,
    'run its shard again, into the same folder',
  )

/**
 * Holds each list to the summary of its shard.
 * @returns the lists, by shard; of objects in the state that was checked
 * @throws LetheError (violations) where one is another
 */
export async function checkLetters(
  folder: RunFolder,
  summaries: readonly Summary[],
): Promise<readonly NamedSource[]> {
  const lists: NamedSource[] = []
  for (const [shard, { deadLetterFile }] of summaries.entries()) {
    const list = await named(folder.deadLettersOf(shard))
    const found = await digestNow(list)
    if (found.bytes !== deadLetterFile?.bytes || found.sha256 !== deadLetterFile.sha256) throw damaged(list)
    lists.push(list)
  }
  return lists
}

async function digestNow(list: NamedSource): Promise<FileDigest> {
  const digester = new Digester()
  try {
    for await (const data of bytesOfNamed(list, () => {})) digester.add(data)
  } catch (error) {
    throw error instanceof LetheError ? error : fileError(list.name, error)
  }
  return digester.end()
}

/** Appends all dead letters to `output`. `lists`: as they were checked. @throws LetheError where an object is another since */
export async function joinLetters(
  manifest: Manifest,
  lists: readonly NamedSource[],
  output: Output,
): Promise<void> {
  const stretches: Stretch[] = []
  for (const [shard, list] of lists.entries()) stretches.push(...(await stretchesOf(manifest, list, shard)))
  stretches.sort((a, b) => a.file - b.file || a.slice - b.slice)
  for (const { list, from, to } of stretches)
    for await (const data of bytesOfNamed(list, () => {}, from, to)) await output.append(data)
}

async function stretchesOf(manifest: Manifest, list: NamedSource, shard: number): Promise<Stretch[]> {
  const { slices } = manifest.shards[shard]!
  const stretches: Stretch[] = []
  for await (const { text, from, to } of lines(list)) {
    const [, input, line] = BEGINS.exec(text) ?? []
    const slice = slices.findLast((one) => one.file === Number(input) && one.lines < Number(line))
    if (slice === undefined) throw damaged(list)
    const last = stretches.at(-1)
    if (last?.file === slice.file && last.slice === slice.slice) last.to = to
    else stretches.push({ list, file: slice.file, slice: slice.slice, from, to })
  }
  return stretches
}

/** The beginning of each line of a file, and where the line stands. */
async function* lines(
  list: NamedSource,
): AsyncGenerator<{ readonly text: string; readonly from: number; readonly to: number }> {
  let from = 0
  let at = 0
  let text = ''
  for await (const data of bytesOfNamed(list, () => {})) {
    let start = 0
    for (let end = data.indexOf(LF); end >= 0; end = data.indexOf(LF, start)) {
      text += begin(data.subarray(start, end), text)
      const to = at + end + 1
      yield { text, from, to }
      from = to
      start = end + 1
      text = ''
    }
    text += begin(data.subarray(start), text)
    at += data.length
  }
}

const begin = (bytes: Uint8Array, before: string): string =>
  Buffer.from(bytes.subarray(0, Math.max(0, BEGIN_BYTES - before.length))).toString('latin1')

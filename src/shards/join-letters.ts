/** Puts the dead letters of all shards into one list, in the order that a single run over the files would have written. */
import { LetheError } from '../errors.ts'
import { bytesOfNamed, named } from '../files/by-name.ts'
import { digestOf } from '../files/digest.ts'
import type { Output } from '../files/sink.ts'
import type { Manifest } from '../forms/manifest.ts'
import type { Summary } from '../run/account/account-view.ts'
import type { RunFolder } from './run-folder.ts'

/** Dead letters of one slice, one behind the other. */
interface Stretch {
  readonly list: string
  readonly file: number
  readonly slice: number
  readonly from: number
  to: number
}

const LF = 0x0a
/** Its first members are written in this order. */
const BEGINS = /^\{"v":1,"input":(\d{1,15}),"line":(\d{1,15})[,}]/
const BEGIN_BYTES = 64

const damaged = (list: string): LetheError =>
  new LetheError(
    'shard-damaged',
    `${list} is not the list of dead letters that the summary of its shard speaks of; nothing was published`,
    'run its shard again, into the same folder',
  )

/** Holds each list to the summary of its shard. @throws LetheError (violations) where one is another */
export async function checkLetters(folder: RunFolder, summaries: readonly Summary[]): Promise<void> {
  for (const [shard, { deadLetterFile }] of summaries.entries()) {
    const list = folder.deadLettersOf(shard)
    const found = await digestOf(list)
    if (found.bytes !== deadLetterFile?.bytes || found.sha256 !== deadLetterFile.sha256) throw damaged(list)
  }
}

/** Appends all dead letters to `output`. The lists were checked. */
export async function joinLetters(manifest: Manifest, folder: RunFolder, output: Output): Promise<void> {
  const stretches: Stretch[] = []
  for (const shard of manifest.shards.keys()) stretches.push(...(await stretchesOf(manifest, folder, shard)))
  stretches.sort((a, b) => a.file - b.file || a.slice - b.slice)
  for (const { list, from, to } of stretches)
    for await (const data of bytesOfNamed(await named(list), () => {}, from, to)) await output.append(data)
}

async function stretchesOf(manifest: Manifest, folder: RunFolder, shard: number): Promise<Stretch[]> {
  const list = folder.deadLettersOf(shard)
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
  name: string,
): AsyncGenerator<{ readonly text: string; readonly from: number; readonly to: number }> {
  let from = 0
  let at = 0
  let text = ''
  for await (const data of bytesOfNamed(await named(name), () => {})) {
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

/** Dead letters with what they carry, out of a list or a topic. */
import { isUtf8 } from 'node:buffer'
import { LetheError } from '../errors.ts'
import { fileDeadLetterForm, topicDeadLetterForm } from '../forms/dead-letters.ts'
import { readLetterRecord } from '../kafka/dead-letter.ts'
import { openAdmin } from '../kafka/open-admin.ts'
import type { Pipeline, Route } from '../kafka/pipeline-file/pipeline.ts'
import { resolveConnection } from '../kafka/pipeline-file/pipeline-secrets.ts'
import { partitionsOf } from '../kafka/readable-partitions.ts'
import { readWhole } from './read-whole.ts'

export interface PlacedLetter {
  /** FILE:LINE, or topic/partition/offset of the dead letter. */
  readonly where: string
  /** Its members as they were written, in their order, but for the original. */
  readonly letter: Readonly<Record<string, unknown>>
  /** Base64; undefined where it carries none. */
  readonly sealed: string | undefined
}

const LF = 0x0a

function placed(where: string, members: Readonly<Record<string, unknown>>): PlacedLetter {
  const { sealed, ...letter } = members
  return { where, letter, sealed: typeof sealed === 'string' ? sealed : undefined }
}

/** @throws LetheError (usage), at FILE:LINE, where a line is no dead letter */
export async function* letterLines(bytes: Uint8Array, file: string): AsyncGenerator<PlacedLetter> {
  for (let at = 0, line = 1; at < bytes.length; line++) {
    const found = bytes.indexOf(LF, at)
    const end = found < 0 ? bytes.length : found
    const members = membersOf(bytes.subarray(at, end))
    if (members === undefined || !fileDeadLetterForm.safeParse(members).success)
      throw new LetheError(
        'file-malformed',
        `${file}:${line}: this is no line of a list of dead letters`,
        'name what `lethe batch --dead-letter` wrote, or a pipeline (.yaml)',
      )
    yield placed(`${file}:${line}`, members)
    at = end + 1
  }
}

/** The dead letters of a route, to where its topic ends now. */
export async function* topicLetters(pipeline: Pipeline, route: Route): AsyncGenerator<PlacedLetter> {
  const admin = await openAdmin(resolveConnection(pipeline))
  try {
    const partitions = await partitionsOf(admin, route.deadLetterTopic)
    for await (const record of readWhole(admin, partitions)) {
      const read = readLetterRecord(record)
      if (read.kind !== 'letter') continue
      const { owner } = read.letter
      if (owner?.pipeline !== pipeline.name || owner.route !== route.name) continue
      const members = membersOf(record.value!)
      if (members === undefined || !topicDeadLetterForm.safeParse(members).success) continue
      yield placed(`${record.topic}/${record.partition}/${record.offset}`, members)
    }
  } finally {
    await admin.close()
  }
}

function membersOf(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  if (!isUtf8(bytes)) return undefined
  try {
    const read: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

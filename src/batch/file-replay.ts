/** What a replay of files goes by: the summary and the dead letters of the run, and the files that it read. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileError, LetheError } from '../errors.ts'
import { digestOf, type FileDigest } from '../files/digest.ts'
import type { Input } from '../files/input.ts'
import type { ReadSummary } from '../forms/summaries.ts'
import { checkValueOf } from '../keys/keyring.ts'
import type { Keyset } from '../keys/keyset.ts'
import type { Plan } from '../policy/plan.ts'
import {
  describeVersionNotRaised,
  isVersionNotRaised,
  RAISE_VERSION,
  type SeenPolicy,
  VERSION_NOT_RAISED,
} from '../policy/seen.ts'
import type { BatchResult } from '../run/batch-run.ts'
import type { Picked } from '../run/input-batch.ts'
import type { InputFlags } from '../run/input-flags.ts'
import { readSummary } from './read-summary.ts'

export interface FileReplay {
  /** Of each file the records that are listed. */
  readonly picked: readonly Picked[]
  /** Of each file, as it was read. */
  readonly digests: readonly FileDigest[]
  /** How many records the dead letters are of. */
  readonly records: number
  readonly summaryFile: string
  readonly policy: SeenPolicy
  readonly form: InputFlags
  readonly options: InputFlags
  readonly keyChecks: Readonly<Record<string, string>>
  /** What is read beside the files, for messages. */
  readonly reads: readonly (readonly [what: string, file: string])[]
}

const refused = (message: string, way: string): LetheError => new LetheError('replay-refused', message, way)

const AGAIN = 'run the whole again with `lethe batch`, and take its output in place of the one before'

/**
 * Compares everything with the run, before a record is read.
 * @throws LetheError: usage where a file is none of the run, or the run left no output; io where one cannot be read
 */
export async function readReplay(
  inputs: readonly Input[],
  list: string,
  summaryFile: string,
): Promise<FileReplay> {
  const summary = readSummary(summaryFile)
  const { status, dryRun, deadLetterFile, inputForm } = summary
  if (status !== 'done' || dryRun)
    throw refused(`${summaryFile}: that run left no output, so there is nothing to add to it`, AGAIN)
  if (inputForm === undefined)
    throw refused(`${summaryFile}: it does not say how the files were read: an older version wrote it`, AGAIN)
  if (deadLetterFile === undefined)
    throw refused(`${summaryFile}: that run listed no dead letters`, `${AGAIN} and --dead-letter`)
  const found = await digestOf(list)
  if (found.sha256 !== deadLetterFile.sha256 || found.bytes !== deadLetterFile.bytes)
    throw refused(
      `${list} is not the list of dead letters that ${summaryFile} speaks of`,
      'name the list of that run',
    )
  const digests: FileDigest[] = []
  const numbers: number[] = []
  for (const input of inputs) {
    const digest = await digestOf(input.name)
    const number = numberOf(digest, input, summary, numbers)
    if (number === undefined)
      throw refused(
        `${input.name} is no input of the run that ${summaryFile} speaks of: its bytes differ`,
        'name the files as that run read them',
      )
    digests.push(digest)
    numbers.push(number)
  }
  // Of JSON that is not one record a line, several records may begin on one: there the list names their ordinals.
  const by = inputs.map(
    ({ format }) => (format === 'json' || format === 'parquet' ? 'record' : 'line') satisfies Picked['by'],
  )
  const { picked, records } = await readList(list, numbers, by, summary.inputs.length)
  return {
    picked,
    digests,
    records,
    summaryFile,
    policy: summary.policy,
    form: inputForm,
    options: summary.inputOptions ?? {},
    keyChecks: summary.keyChecks ?? {},
    reads: [
      ['the summary of the run', summaryFile],
      ['the dead letters of the run', list],
    ],
  }
}

/** Which input of the run a file is; of equal ones each once. */
function numberOf(
  { bytes, sha256 }: FileDigest,
  { format }: Input,
  { inputs }: ReadSummary,
  taken: readonly number[],
): number | undefined {
  return inputs.find(
    (one) =>
      one.sha256 === sha256 && one.bytes === bytes && one.format === format && !taken.includes(one.input),
  )?.input
}

async function readList(
  list: string,
  numbers: readonly number[],
  by: readonly Picked['by'][],
  inputs: number,
): Promise<{ readonly picked: readonly Picked[]; readonly records: number }> {
  const found = numbers.map(() => new Set<number>())
  const missing = new Map<number, number>()
  let records = 0
  let at = 0
  try {
    for await (const text of createInterface({ input: createReadStream(list), crlfDelay: Infinity })) {
      at++
      if (text === '') continue
      const letter = readLine(text, inputs)
      const index = letter === undefined ? -1 : numbers.indexOf(letter.input)
      const number = letter?.[by[index] ?? 'line']
      if (letter === undefined || number === undefined)
        throw refused(
          `${list}, line ${at}: this is no dead letter of \`lethe batch\``,
          'name what --dead-letter wrote',
        )
      if (index < 0) missing.set(letter.input, (missing.get(letter.input) ?? 0) + 1)
      else found[index]!.add(number)
      records += letter.records
    }
  } catch (error) {
    throw error instanceof LetheError ? error : fileError(list, error)
  }
  for (const [input, count] of missing)
    throw refused(
      `input ${input} of the run has dead letters (${count}), and is not among the files`,
      'name all files of the run that have dead letters',
    )
  return { picked: by.map((one, at) => ({ by: one, numbers: found[at]! })), records }
}

interface Letter {
  readonly input: number
  readonly line: number
  readonly record: number | undefined
  readonly records: number
}

function readLine(text: string, inputs: number): Letter | undefined {
  let members: Readonly<Record<string, unknown>>
  try {
    members = Object(JSON.parse(text))
  } catch {
    return undefined
  }
  const { input, line, record, records = 1 } = members
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0
  return isCount(input) && input <= inputs && isCount(line) && isCount(records)
    ? { input, line, record: isCount(record) ? record : undefined, records }
    : undefined
}

const canonical = (form: InputFlags): string =>
  JSON.stringify(Object.entries(form).sort(([a], [b]) => (a < b ? -1 : 1)))

/** @throws LetheError (usage) where the files would be read, or tokens made, in another way than by the run */
export function checkForm(
  { form, policy, keyChecks, summaryFile }: FileReplay,
  now: InputFlags,
  plan: Plan,
  keyset: Keyset | undefined,
): void {
  if (plan.name !== policy.name)
    throw refused(`${summaryFile}: that run was made by another policy`, `name the one called ${policy.name}`)
  if (canonical(form) !== canonical(now))
    throw refused(
      '`input:` of the policy reads files in another way than the run did, so that its records may be others',
      AGAIN,
    )
  for (const key of keyset?.keys ?? []) {
    const check = plan.keyIds.includes(key.id) ? keyChecks[key.id] : undefined
    if (check !== undefined && check !== checkValueOf(key))
      throw new LetheError(
        'key-unexpected',
        `the key ${key.id} has the check value ${checkValueOf(key)}, and the run had ${check}: tokens would not join`,
        'give the keyset of the run, or one that was rotated from it',
      )
  }
}

/** @throws LetheError where a file changed meanwhile, or not every record that is listed was read */
export function checkReplayed(
  { digests, records }: FileReplay,
  inputs: readonly Input[],
  { account, inputs: read, tooManyDeadLetters }: BatchResult,
): void {
  if (tooManyDeadLetters) return
  for (const [at, { digest }] of read.entries())
    if (digest?.sha256 !== digests[at]!.sha256)
      throw new LetheError(
        'input-changed',
        `${inputs[at]!.name} changed while it was read; no output was left`,
      )
  if (account.records !== records)
    throw new LetheError(
      'account-mismatch',
      `${records} records are listed, and ${account.records} were read`,
      'this is a defect of Lethe, or --max-record-bytes is another one; no output was left',
    )
}

export function versionBefore(plan: Plan, { policy, summaryFile }: FileReplay): string[] {
  if (!isVersionNotRaised(plan, policy)) return []
  return [
    `${VERSION_NOT_RAISED}: ${describeVersionNotRaised(plan, `in the summary ${summaryFile}`)}; ${RAISE_VERSION}`,
  ]
}

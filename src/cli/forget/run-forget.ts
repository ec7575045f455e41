/** What `lethe forget` does, once its command line is read. */
import { applyErasure, type EraseSetting, planErasure, verifyErasure } from '../../erasure/erase.ts'
import { type ErasureOrder, readErasureOrder } from '../../erasure/erasure-order.ts'
import { filesThere } from '../../erasure/files-there.ts'
import { factOf, isWhole, listFiles, targetFiles } from '../../erasure/order-facts.ts'
import {
  matchKeysFor,
  otherList,
  type PipelineJob,
  refuseNothing,
  searchesOf,
  targetsWith,
  tokenKeys,
} from '../../erasure/pipeline-job.ts'
import { erasureFound, erasureLines } from '../../erasure/print-erasure.ts'
import { openPoints, receiptLine, receiptOf } from '../../erasure/receipt.ts'
import { sqlOf, type Table } from '../../erasure/sql.ts'
import { beginList, mergeSubjects, type Subjects, subjectsOf } from '../../erasure/subjects.ts'
import type { DeleteRecords } from '../../erasure/topic-form.ts'
import { fed, type ReadOptions, refuseFeed, refuseOverwriting } from '../../erasure/written-files.ts'
import { EXIT, LetheError } from '../../errors.ts'
import { takeLock } from '../../files/lock-file.ts'
import { writeWhole } from '../../files/whole-file.ts'
import type { LedgerAction } from '../../ledger/entry.ts'
import { dataSetsAround } from '../../lifecycle/keeper-of.ts'
import { fileOf, orderText } from '../../lifecycle/work-order.ts'
import { keysFile, matchKeysFile } from '../../run/named-key-files.ts'
import { passphraseOf, readSigningKey } from '../../signing/private-key.ts'
import { printable } from '../../terminal.ts'
import { type HoldsOptions, heldRowsOf } from '../holds-option.ts'
import { type LedgerOptions, ledgerOf, recorded } from '../ledger-option.ts'
import { planOf } from '../policy-option.ts'
import { type SubjectOptions, subjectsIn, withSubjects } from '../subject-options.ts'

interface EraseOptions extends ReadOptions, HoldsOptions {}

interface EmitOptions {
  readonly emit?: 'sql'
  readonly table?: readonly Table[]
  readonly column?: ReadonlyMap<string, string>
}

interface NewOrderOptions extends EraseOptions {
  readonly output: string
  readonly valid: number
  readonly deleteRecords?: DeleteRecords
  readonly objectVersions?: 'delete'
  readonly deadLetters?: readonly string[]
}

interface OutcomeOptions extends LedgerOptions {
  readonly receipt?: string
  readonly format?: 'text' | 'json'
}

const say = (text: string): boolean => process.stderr.write(`lethe: ${text}\n`)

export async function begin({ policy, suppression }: EraseOptions): Promise<void> {
  await beginList(await planOf(policy[0]!), suppression)
  say(`made ${suppression}, an empty list; runs name it by --list, and match keys`)
}

const settingOf = (options: EraseOptions, job: PipelineJob): EraseSetting => ({
  plans: job.plans,
  matchKeys: matchKeysFor(matchKeysFile(options), job),
  ...heldRowsOf(options, () => matchKeysFor(matchKeysFile(options), job)),
  now: Date.now(),
  topics: job.topics,
})

async function makeOrder(
  names: readonly string[],
  subjects: Subjects,
  setting: EraseSetting,
  options: NewOrderOptions,
  written?: (order: ErasureOrder) => Promise<void>,
): Promise<ErasureOrder> {
  const targets = await targetsWith(names, setting.topics)
  refuseOverwriting(options.output, options, [
    ...targets.map(({ name }) => fileOf(name)),
    ...(options.deadLetters ?? []),
  ])
  const { valid: validMs, deleteRecords, deadLetters: letterLists = [], objectVersions } = options
  const seen = new Set<string>()
  const order = await planErasure(targets, subjects, {
    ...setting,
    seen,
    validMs,
    deleteRecords,
    objectVersions,
    letterLists,
  })
  await writeWhole(options.output, orderText(order), async () => await written?.(order))
  process.stderr.write(`${(await erasureLines(order, dataSetsAround())).map(printable).join('\n')}\n`)
  const isFound = (name: string): boolean => seen.has(name)
  const nowhere = subjects.subjects.filter(
    ({ match, tokens, digests }) => ![match, ...tokens, ...digests].some(isFound),
  ).length
  if (nowhere > 0)
    say(
      `${nowhere} of the ${subjects.subjects.length} subjects stand in no row or record that was read: where some should, are they written as events have them?`,
    )
  return order
}

export async function plan(
  names: readonly string[],
  options: NewOrderOptions & SubjectOptions & EmitOptions & LedgerOptions,
): Promise<void> {
  refuseEmit(options)
  const identifiers = subjectsIn(options)
  await withSubjects(options, async (job) => {
    refuseNothing([...names, ...(options.deadLetters ?? [])], job)
    if (job.topics === undefined && options.deleteRecords !== undefined)
      throw new LetheError('bad-option', '--delete-records is of topics', 'leave it out')
    const matchKeys = matchKeysFor(matchKeysFile(options), job)
    if (matchKeys === undefined)
      throw new LetheError(
        'keys-missing',
        'subjects go on the suppression list under a match key, and none are given',
        'say --match-keys FILE (make one with `lethe keys create --match FILE`)',
      )
    const { searches, keyChecks } = await searchesOf(job, tokenKeys(keysFile(options), job))
    const { suppression } = options
    const ofTopics = job.topics !== undefined || options.deadLetters !== undefined
    const subjects = subjectsOf(identifiers, { searches, matchKeys, keyChecks, suppression, ofTopics })
    const order = await makeOrder(names, subjects, settingOf(options, job), options, async (made) => {
      await ledgerOf(options)?.append({ action: 'forget.plan', state: 'done', ...factOf(made) })
    })
    emit(order, options)
    const notes = new Set([
      ...searches.flatMap((search) => search.notes),
      ...job.notes,
      ...otherList(order.list.name, suppression, job),
    ])
    for (const note of notes) say(note)
    if (notes.size > 0 || !isWhole(order)) process.exitCode = EXIT.violations
  })
}

function refuseEmit({ emit: form, table = [] }: EmitOptions): void {
  if ((form === undefined) !== (table.length === 0))
    throw new LetheError(
      'bad-option',
      '--emit sql and --table go together',
      '--table delta:main.sales.events',
    )
}

function emit(order: ErasureOrder, { emit: form, table = [], column = new Map() }: EmitOptions): void {
  if (form !== undefined) process.stdout.write(sqlOf(order, table, column))
}

type ApplyOptions = EraseOptions & LedgerOptions & EmitOptions & { readonly feed?: string }

/** One apply of an order at a time. */
async function applied(
  file: string,
  order: ErasureOrder,
  setting: EraseSetting,
  options: ApplyOptions,
  action: LedgerAction,
): Promise<void> {
  const release = await takeLock(file, { waitMs: 0 })
  try {
    const done = await recorded(
      ledgerOf(options),
      { action, ...factOf(order) },
      () => applyErasure(order, options.suppression, setting),
      ({ applied: targets, wasApplied, listed }) => ({
        counts: { applied: targets, wasApplied, listed: listed.written },
        fingerprints: { order: order.hash },
      }),
    )
    if (done.listed.isCut === true)
      say(
        'the last line of the suppression list was cut short, by a command that did not end, and was taken off: give that command again',
      )
    say(`${done.listed.written} subjects put on the suppression list, ${done.listed.unchanged} were on it`)
    say(
      `${order.topics === undefined ? 'rows erased' : 'rows erased, or what goes from topics requested,'} in ${done.applied} targets; in ${done.wasApplied} it was done before`,
    )
    if (options.feed !== undefined) {
      const { written: count, untold } = await fed(options.feed, order, setting)
      say(`${count} tokens appended to the feed`)
      if (untold > 0) say(`${untold} subjects stand in outputs without a token, which no feed can name`)
    }
  } finally {
    release()
  }
}

export async function apply(file: string, options: ApplyOptions): Promise<void> {
  refuseEmit(options)
  const order = readErasureOrder(file)
  refuseFeed(options, [order], [file])
  await withSubjects(options, (job) => applied(file, order, settingOf(options, job), options, 'forget.apply'))
  emit(order, options)
}

async function verified(
  order: ErasureOrder,
  setting: EraseSetting,
  options: EraseOptions & OutcomeOptions,
): Promise<void> {
  const { receipt: file, signingKey, format } = options
  if (file !== undefined && signingKey === undefined)
    throw new LetheError('bad-option', 'a receipt is signed, and no key is named', 'say --signing-key FILE')
  const found = await verifyErasure(order, options.suppression, setting)
  const open = openPoints(found)
  await ledgerOf(options)?.append({
    action: 'forget.verify',
    ...factOf(order),
    state: open.length === 0 ? 'done' : 'failed',
    ...(open.length === 0 ? {} : { code: 'not-absent' }),
    counts: {
      subjects: order.subjects.length,
      targets: found.targets.length,
      absent: found.targets.filter(({ state }) => state === 'verified absent').length,
      open: open.length,
    },
  })
  const receipt = receiptOf(order, found, setting.now)
  if (file !== undefined)
    await writeWhole(file, `${receiptLine(receipt, readSigningKey(signingKey!, passphraseOf(options)))}\n`)
  process.stdout.write(
    format === 'json'
      ? `${JSON.stringify(receipt, null, 2)}\n`
      : `${erasureFound(found).map(printable).join('\n')}\n`,
  )
  if (open.length > 0) process.exitCode = EXIT.violations
}

export async function verify(file: string, options: EraseOptions & OutcomeOptions): Promise<void> {
  const order = readErasureOrder(file)
  refuseOverwriting(options.receipt, options, targetFiles(order), [file])
  await withSubjects(options, (job) => verified(order, settingOf(options, job), options))
}

export async function replay(
  files: readonly string[],
  options: NewOrderOptions & ApplyOptions & OutcomeOptions & { readonly at?: readonly string[] },
): Promise<void> {
  const orders = files.map(readErasureOrder)
  for (const written of [options.output, options.receipt])
    refuseOverwriting(written, options, orders.flatMap(targetFiles), files)
  refuseFeed(options, orders, files)
  await withSubjects(options, async (job) => {
    if (job.topics === undefined && orders.some(({ topics }) => topics !== undefined))
      throw new LetheError(
        'bad-option',
        'an order is of topics too, and no pipeline is named; nothing was done',
        'say --pipeline FILE',
      )
    const setting = settingOf(options, job)
    const targets = options.at ?? (await filesThere(orders))
    const deadLetters = options.deadLetters ?? listFiles(orders)
    const order = await makeOrder(targets, mergeSubjects(orders), setting, { ...options, deadLetters })
    await applied(options.output, order, setting, options, 'forget.replay')
    await verified(order, setting, options)
  })
}

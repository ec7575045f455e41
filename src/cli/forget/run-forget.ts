/** What `lethe forget` does, once its command line is read. */
import { existsSync } from 'node:fs'
import {
  applyErasure,
  beginList,
  type EraseSetting,
  mergeSubjects,
  planErasure,
  type Subjects,
  subjectsOf,
  verifyErasure,
} from '../../erasure/erase.ts'
import { type ErasureOrder, readErasureOrder } from '../../erasure/erasure-order.ts'
import { appendFeed } from '../../erasure/feed.ts'
import { erasureFound, erasureLines } from '../../erasure/print-erasure.ts'
import { openPoints, receiptLine, receiptOf } from '../../erasure/receipt.ts'
import { sqlOf, type Table } from '../../erasure/sql.ts'
import { EXIT, LetheError } from '../../errors.ts'
import { takeLock } from '../../files/lock-file.ts'
import { writeWhole } from '../../files/whole-file.ts'
import { loadMatchKeys, type MatchKeys } from '../../keys/match-keys.ts'
import type { LedgerAction } from '../../ledger/entry.ts'
import { targetsOf } from '../../lifecycle/retention-orders.ts'
import { fileOf, orderText, totalOf } from '../../lifecycle/work-order.ts'
import type { Plan } from '../../policy/plan.ts'
import { ReadFiles } from '../../run/read-files.ts'
import { passphraseOf, readSigningKey } from '../../signing/private-key.ts'
import { type HoldsOptions, holdsOf } from '../holds-option.ts'
import { type LedgerOptions, ledgerOf, recorded } from '../ledger-option.ts'
import { planOf } from '../policy-option.ts'
import { type PoliciesOptions, type SubjectOptions, searchesOf, subjectsIn } from '../subject-options.ts'

interface EraseOptions extends PoliciesOptions, HoldsOptions {
  readonly suppression: string
  readonly matchKeys?: string
}

interface EmitOptions {
  readonly emit?: 'sql'
  readonly table?: readonly Table[]
  readonly column?: ReadonlyMap<string, string>
}

interface NewOrderOptions extends EraseOptions {
  readonly output: string
  readonly valid: number
}

interface OutcomeOptions extends LedgerOptions {
  readonly receipt?: string
  readonly format?: 'text' | 'json'
}

const say = (text: string): boolean => process.stderr.write(`lethe: ${text}\n`)

function matchKeysOf({ matchKeys }: EraseOptions): MatchKeys | undefined {
  const file = matchKeys ?? (process.env['LETHE_MATCH_KEYS_FILE'] || undefined)
  return file === undefined ? undefined : loadMatchKeys(file)
}

export async function begin({ policy, suppression }: EraseOptions): Promise<void> {
  await beginList(await planOf(policy[0]!), suppression)
  say(`made ${suppression}, an empty list; runs name it by --list, and match keys`)
}

async function settingOf(options: EraseOptions): Promise<EraseSetting> {
  const plans: Plan[] = []
  for (const file of options.policy) plans.push(await planOf(file))
  return { plans, matchKeys: matchKeysOf(options), holds: holdsOf(options), now: Date.now() }
}

async function makeOrder(
  names: readonly string[],
  subjects: Subjects,
  setting: EraseSetting,
  options: NewOrderOptions,
): Promise<ErasureOrder> {
  const targets = targetsOf(names)
  refuseOverwriting(
    options.output,
    options,
    targets.map(({ name }) => fileOf(name)),
  )
  const order = await planErasure(targets, subjects, { ...setting, validMs: options.valid })
  await writeWhole(options.output, orderText(order))
  process.stderr.write(`${erasureLines(order).join('\n')}\n`)
  return order
}

/** Refuses to write where something stands that the command reads or keeps. */
function refuseOverwriting(
  file: string | undefined,
  { policy, suppression, matchKeys }: EraseOptions,
  targets: readonly string[],
  orders: readonly string[] = [],
): void {
  if (file === undefined) return
  const reads = new ReadFiles()
  for (const one of policy) reads.add('the policy', one)
  reads.add('the suppression list', suppression)
  reads.add('a file of match keys', matchKeys)
  for (const one of targets) reads.add('a target', one)
  for (const one of orders) reads.add('a work order', one)
  reads.refuse(file)
}

const targetFiles = ({ targets, untouched }: ErasureOrder): readonly string[] =>
  [...targets, ...untouched].map(({ target }) => fileOf(target))

export async function plan(
  names: readonly string[],
  options: NewOrderOptions & SubjectOptions & EmitOptions,
): Promise<void> {
  refuseEmit(options)
  const identifiers = subjectsIn(options)
  const matchKeys = matchKeysOf(options)
  if (matchKeys === undefined)
    throw new LetheError(
      'keys-missing',
      'subjects go on the suppression list under a match key, and none are given',
      'say --match-keys FILE (make one with `lethe keys create --match FILE`)',
    )
  const { searches, keyChecks } = await searchesOf(options)
  const { suppression } = options
  const subjects = subjectsOf(identifiers, { searches, matchKeys, keyChecks, suppression })
  const plans = searches.map((search) => search.plan)
  const setting = { plans, matchKeys, holds: holdsOf(options), now: Date.now() }
  const order = await makeOrder(names, subjects, setting, options)
  emit(order, options)
  const notes = new Set(searches.flatMap((search) => search.notes))
  for (const note of notes) say(note)
  const isWhole =
    notes.size === 0 &&
    order.untouched.length === 0 &&
    order.targets.every(({ unsearched = [] }) => unsearched.length === 0)
  if (!isWhole) process.exitCode = EXIT.violations
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

/** What a ledger says of an order. */
function factOf(order: ErasureOrder) {
  const { rows, deleted } = totalOf(order)
  const { targets, untouched, subjects, searches } = order
  return {
    names: { policy: searches[0]!.policy.name, list: order.list.name },
    fingerprints: { order: order.hash, policy: searches[0]!.policy.fingerprint },
    counts: {
      subjects: subjects.length,
      targets: targets.length,
      untouched: untouched.length,
      ...{ rows, deleted },
    },
  }
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
    say(`${done.listed.written} subjects put on the suppression list, ${done.listed.unchanged} were on it`)
    say(`rows erased in ${done.applied} targets; in ${done.wasApplied} it was done before`)
    if (options.feed !== undefined) {
      const { written: count, untold } = await appendFeed(options.feed, order, setting.now)
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
  refuseOverwriting(options.feed, options, targetFiles(order), [file])
  await applied(file, order, await settingOf(options), options, 'forget.apply')
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
    format === 'json' ? `${JSON.stringify(receipt, null, 2)}\n` : `${erasureFound(found).join('\n')}\n`,
  )
  if (open.length > 0) process.exitCode = EXIT.violations
}

export async function verify(file: string, options: EraseOptions & OutcomeOptions): Promise<void> {
  const order = readErasureOrder(file)
  refuseOverwriting(options.receipt, options, targetFiles(order), [file])
  await verified(order, await settingOf(options), options)
}

export async function replay(
  files: readonly string[],
  options: NewOrderOptions & ApplyOptions & OutcomeOptions & { readonly at?: readonly string[] },
): Promise<void> {
  const orders = files.map(readErasureOrder)
  for (const written of [options.output, options.feed, options.receipt])
    refuseOverwriting(written, options, orders.flatMap(targetFiles), files)
  const setting = await settingOf(options)
  const targets = options.at ?? [...new Set(orders.flatMap(targetFiles).filter((file) => existsSync(file)))]
  const order = await makeOrder(targets, mergeSubjects(orders), setting, options)
  await applied(options.output, order, setting, options, 'forget.replay')
  await verified(order, setting, options)
}

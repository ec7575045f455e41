/** The topics of consent tables: their settings, and what a start would read of them. No subject and no token is told. */
import type { GatedPlan } from '../gates/gate-data.ts'
import type { Admin, TopicSettings } from '../kafka/admin.ts'
import type { Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import { lookAtTables } from '../kafka/table-topics.ts'
import { milliseconds } from '../kafka/topic-settings.ts'
import type { MatchKeys } from '../keys/match-keys.ts'
import { ConsentTopic } from '../lists/consent-topic.ts'
import { tellSubjects } from './check-gate-files.ts'
import { checkReplicas, type TopicsFound } from './check-topics.ts'
import { plural, type Report, spell } from './finding.ts'

export interface TablesAround {
  readonly admin: Admin
  readonly found: TopicsFound
  /** Undefined where they could not be read, which is said elsewhere. */
  readonly matchKeys: MatchKeys | undefined
}

type TableForms = GatedPlan['consentTables']

/** A large table is not read to its end: a start does that. */
const MOST_MS = 10_000
const MOST_RECORDS = 200_000
const BOUNDS = { records: 5_000, bytes: 8 << 20, time: 1_000 } as const

export async function checkTableTopics(
  report: Report,
  { tables }: Pipeline,
  plans: readonly GatedPlan[],
  around: TablesAround,
): Promise<void> {
  const { admin, found, matchKeys } = around
  for (const [table, place] of tables) {
    if (typeof place === 'string') continue
    const { topic, maxLag } = place
    const forms = plans.flatMap(({ consentTables }) => consentTables.filter((one) => one.table === table))
    const [looked] = await lookAtTables(admin, [topic])
    const described = found.topics.get(topic)
    if (described?.presence === 'there') checkReplicas(report, undefined, described, found)
    if (looked?.problem !== undefined) {
      report.failed('topics', looked.problem)
      continue
    }
    checkSettings(report, table, topic, found.settings.get(topic), maxLag)
    if (forms.length === 0 || matchKeys === undefined) continue
    try {
      await readTable(report, forms, topic, admin, matchKeys)
    } catch (error) {
      report.failed('gates', error)
    }
  }
}

function checkSettings(
  report: Report,
  table: string,
  topic: string,
  settings: TopicSettings | undefined,
  maxLag: number,
): void {
  const of = (name: string): string => {
    const value = milliseconds(settings, name)
    return `${name}=${value === undefined ? 'not told' : Number.isFinite(value) ? spell(value) : 'no limit'}`
  }
  const told =
    settings?.presence === 'there'
      ? `, cleanup.policy=${settings.values.get('cleanup.policy')}, ${of('delete.retention.ms')}, ${of('max.compaction.lag.ms')}`
      : ''
  report.ok(
    'topics',
    `consent table ${topic}: 1 partition${told}; routes wait where ${table} is ${spell(maxLag)} behind`,
  )
  if (settings?.presence === 'forbidden')
    report.warn('settings', [
      `those of ${topic} may not be seen: whether it deletes withdrawals by their age is not checked`,
      'grant DESCRIBE_CONFIGS on it: see lethe acl',
    ])
  if (settings?.values.get('message.timestamp.type') === 'LogAppendTime') return
  const before = milliseconds(settings, 'message.timestamp.before.max.ms') ?? Number.POSITIVE_INFINITY
  if (Number.isFinite(before))
    report.warn('settings', [
      `${topic} refuses records whose timestamp is older than ${spell(before)} (message.timestamp.before.max.ms): statements that come late are lost`,
      'take that setting off the topic, or set message.timestamp.type=LogAppendTime',
    ])
}

/** What the topic holds, as a start would read it. @throws LetheError where it cannot be read, or a start would fail */
async function readTable(
  report: Report,
  forms: TableForms,
  topic: string,
  admin: Admin,
  matchKeys: MatchKeys,
): Promise<void> {
  const [form] = forms as readonly [TableForms[number], ...TableForms]
  const only = [{ topic, partition: 0 }]
  const [[begin], [committed], [end]] = await Promise.all([
    admin.offsets(only, 'earliest'),
    admin.offsets(only, 'latest'),
    admin.offsets(only, 'end'),
  ])
  const [from, goal, last] = [begin?.offset ?? 0, committed?.offset ?? 0, end?.offset ?? 0]
  if (last > goal)
    report.warn('gates', [
      `the topic ${topic}: an open transaction holds back what lies behind offset ${goal}, of ${last}: a start waits for its end, and running routes wait too`,
      'kafka-transactions.sh --find-hanging tells whose it is',
    ])
  const table = new ConsentTopic(form, topic, matchKeys)
  const unread: number[] = []
  const stop = performance.now() + MOST_MS
  let [position, seen, newest] = [from, 0, Number.NEGATIVE_INFINITY]
  const reader = admin.read([{ topic, partition: 0, offset: from }])
  try {
    while (position < goal && performance.now() < stop && seen < MOST_RECORDS) {
      const { records, next } = await reader.take(BOUNDS)
      for (const record of records) {
        if (!table.take(record, Date.now())) unread.push(record.offset)
        newest = Math.max(newest, record.timestamp)
      }
      seen += records.length
      position = next[0]?.offset ?? position
    }
  } finally {
    reader.close()
  }
  tellUnread(report, form, topic, unread)
  const isWhole = position >= goal
  if (isWhole) table.ready()
  const age = Number.isFinite(newest)
    ? `, the last statement of ${spell(Math.max(0, Date.now() - newest))} ago`
    : ''
  const part = isWhole ? '' : ` (offsets up to ${position} of ${goal} were looked at, and no more)`
  tellSubjects(
    report,
    form.table,
    form.purpose,
    table.count,
    forms,
    `, up to offset ${position}${age}${part}`,
  )
}

function tellUnread(
  report: Report,
  { table, silence }: TableForms[number],
  topic: string,
  unread: readonly number[],
): void {
  if (unread.length === 0) return
  const first = unread.slice(0, 3).join(', ')
  report.warn('gates', [
    `the consent table ${table}: ${plural(unread.length, 'record')} of ${topic} (offset ${first}${unread.length > 3 ? ' and more' : ''}) ${unread.length === 1 ? 'is a tombstone or cannot be read: its subject counts' : 'are tombstones or cannot be read: their subjects count'} as withdrawn${silence === 'allow' ? ', until the broker has deleted a tombstone: then the subject counts as one that never objected' : ''}`,
    'write what the subject said, a withdrawal too, as a whole history under its key',
  ])
}

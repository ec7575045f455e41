/**
 * Whether a record is gone from the output topic when the policy says that its event is too old, and is there at all
 * until then. What stands in a log stays until its segment is closed, and its timestamp is older than `retention.ms`.
 */
import { parsePeriod, periodBounds } from '../../transforms/calendar/period.ts'
import type { TopicSettings } from '../kafka/admin.ts'
import type { Route } from '../kafka/pipeline-file/pipeline.ts'
import { deletes, keptFor, milliseconds } from '../kafka/topic-settings.ts'
import type { Policy } from '../policy/policy.ts'
import { suppressedAfter } from '../policy/suppressed-after.ts'
import { type Finding, Report, spell } from './finding.ts'
import { type OutputTime, outputTime } from './output-time.ts'

/** `inputs`: settings of the route's input topics, as far as they are known. */
export function checkRetention(
  route: Route,
  policy: Policy,
  settings: TopicSettings | undefined,
  inputs: readonly TopicSettings[],
): readonly Finding[] {
  const report = new Report()
  const retention = milliseconds(settings, 'retention.ms')
  if (settings === undefined || retention === undefined) return []
  const time = outputTime(policy)
  const before = report.findings.length
  checkEnd(report, route, policy, settings, retention, time)
  checkSteps(report, route, policy, retention)
  checkStart(report, route, settings, retention, time)
  checkBacklog(report, route, policy, settings, inputs, time)
  if (report.findings.length === before) {
    const limit = suppressedAfter(policy)
    report.ok(
      'retention',
      limit === undefined
        ? `${route.to.topic} keeps records for ${shown(retention)}; the policy suppresses no event for its age`
        : `${route.to.topic} keeps records for ${shown(retention)}; the policy suppresses events after ${spell(limit)}`,
      route.name,
    )
  }
  return report.findings
}

const shown = (period: number): string => (period === Number.POSITIVE_INFINITY ? 'ever' : spell(period))

/** An output topic must not outlive the policy's retention. */
function checkEnd(
  report: Report,
  { name, to: { topic } }: Route,
  policy: Policy,
  settings: TopicSettings,
  retention: number,
  time: OutputTime,
): void {
  const limit = suppressedAfter(policy)
  if (limit === undefined) return
  const words = `the policy suppresses events after ${spell(limit)}`
  const set = `retention.ms=${limit} or less`
  if (!deletes(settings)) {
    report.problem(
      'retention',
      [
        `${words}, and ${topic} (cleanup.policy=compact) keeps the last record of each key for ever`,
        `set cleanup.policy=compact,delete and ${set} on ${topic}`,
      ],
      name,
    )
    return
  }
  if (retention + time.ahead > limit) {
    const kept = `${shown(retention)}${time.ahead > 0 ? `, counted from a date up to ${spell(time.ahead)} ahead` : ''}`
    const way = limit > time.ahead ? `set retention.ms=${limit - time.ahead} or less on ${topic}` : undefined
    report.problem(
      'retention',
      [`${words}, and ${topic} keeps them for ${kept}`, way ?? 'shift by fewer days, or suppress later'],
      name,
    )
    return
  }
  if (settings.values.get('message.timestamp.type') === 'LogAppendTime')
    report.warn(
      'retention',
      [
        `${topic} counts its ${spell(retention)} from arrival (message.timestamp.type=LogAppendTime): an event that arrives late is there until it is ${spell(limit + retention)} old`,
        `set message.timestamp.type=CreateTime on ${topic}`,
      ],
      name,
    )
  else if (time.from === 'written')
    report.warn(
      'retention',
      [
        `outputs carry the time of writing, since no rule lets their event time leave as a date: an event that is read late is in ${topic} until it is ${spell(limit + retention)} old`,
        'give the field of `time:` a rule such as { use: generalize.date, to: day }',
      ],
      name,
    )
  const segment = milliseconds(settings, 'segment.ms') ?? 0
  if (retention + time.ahead + segment > limit)
    report.warn(
      'retention',
      [
        `${topic} deletes whole segments, and one is open for up to ${shown(segment)}: a record may stay until its event is ${shown(retention + time.ahead + segment)} old, and ${words}`,
        `set a smaller segment.ms or retention.ms on ${topic}, such that both together are at most ${limit - time.ahead}`,
      ],
      name,
    )
}

/** What was published before a step stays as it was. */
function checkSteps(report: Report, { name, to: { topic } }: Route, policy: Policy, retention: number): void {
  const first = policy.retention?.steps.find(({ suppress }) => !suppress)
  const period = first === undefined ? undefined : parsePeriod(first.after)
  if (period === undefined || retention <= periodBounds(period).shortest) return
  report.warn(
    'retention',
    [
      `the policy tells less of an event after ${period.text}, but what was published before stays in ${topic} as it was, for ${shown(retention)}`,
      `set retention.ms=${periodBounds(period).shortest} on ${topic} where no reader may have the finer values for longer`,
    ],
    name,
  )
}

/** What is read late is published late, and deleted by the time of its event. */
function checkBacklog(
  report: Report,
  { name, to: { topic } }: Route,
  policy: Policy,
  settings: TopicSettings,
  inputs: readonly TopicSettings[],
  time: OutputTime,
): void {
  const kept = keptFor(settings)
  const published = suppressedAfter(policy) ?? Number.POSITIVE_INFINITY
  const read = Math.max(
    0,
    ...inputs.map(
      (input) =>
        (deletes(input) ? milliseconds(input, 'retention.ms') : undefined) ?? Number.POSITIVE_INFINITY,
    ),
  )
  // Its segments are kept for as long as the policy lets them be: more would be against it.
  const isAllowed = kept + (milliseconds(settings, 'segment.ms') ?? 0) + time.ahead >= published
  if (time.from === 'written' || kept >= read || isAllowed) return
  report.warn(
    'retention',
    [
      `the inputs keep records for ${shown(read)}, and ${topic} for ${shown(kept)}, counted from the time of their event: older ones are published, and deleted there at once`,
      `set retention.ms=${published === Number.POSITIVE_INFINITY ? '-1' : published - time.ahead} on ${topic} before a backfill, or read no older ones (start:)`,
    ],
    name,
  )
}

/** A timestamp may be so coarse that a new record is old already. */
function checkStart(
  report: Report,
  { name, to: { topic } }: Route,
  settings: TopicSettings,
  retention: number,
  { as, back, ahead }: OutputTime,
): void {
  if (settings.values.get('message.timestamp.type') === 'LogAppendTime') return
  const coarse = `outputs carry ${as}, up to ${spell(back)} back`
  if (back > 0 && back >= retention && deletes(settings))
    report.problem(
      'retention',
      [
        `${coarse}, and ${topic} deletes what is older than ${spell(retention)}: new records may be gone at once`,
        `set retention.ms above ${back} on ${topic}, or message.timestamp.type=LogAppendTime, or let the policy tell a finer time`,
      ],
      name,
    )
  const oldest = milliseconds(settings, 'message.timestamp.before.max.ms') ?? Number.POSITIVE_INFINITY
  if (back > 0 && back >= oldest)
    report.problem(
      'retention',
      [
        `${coarse}, and ${topic} refuses what is older than ${spell(oldest)} (message.timestamp.before.max.ms): new records would become dead letters`,
        `set message.timestamp.before.max.ms above ${back} on ${topic}, or let the policy tell a finer time`,
      ],
      name,
    )
  const youngest = milliseconds(settings, 'message.timestamp.after.max.ms') ?? Number.POSITIVE_INFINITY
  if (ahead > youngest)
    report.problem(
      'retention',
      [
        `outputs carry ${as}, up to ${spell(ahead)} ahead, and ${topic} refuses what lies more than ${spell(youngest)} in the future (message.timestamp.after.max.ms): new records would become dead letters`,
        `set message.timestamp.after.max.ms=${ahead} on ${topic}`,
      ],
      name,
    )
}

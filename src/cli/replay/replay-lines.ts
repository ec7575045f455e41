/** The account of a replay of a route, for people. */

import { keyNames } from '../../explain/account-keys.ts'
import { accountLines } from '../../explain/account-lines.ts'
import type { ReplaySummary } from '../../run/account/replay-summary.ts'
import { columns, type Paint } from '../../terminal.ts'
import { stopLines } from '../stream/stream-lines.ts'

export function replayLines(summary: ReplaySummary, paint: Paint): string[] {
  const { bold, dim } = paint
  const { deadLetters, emitted, wanted, sourceExpired } = summary
  const count = (value: number): string => value.toLocaleString('en')
  const found = Object.entries({
    'dead letters read': deadLetters?.read ?? 0,
    'replayed before': deadLetters?.replayedBefore ?? 0,
    'left out': deadLetters?.leftOut ?? 0,
    taken: deadLetters?.taken ?? 0,
    'records of them': wanted,
    'source-expired': sourceExpired,
  }).map(([what, value]) => [what, count(value)])
  return [
    `${bold(summary.pipeline)} ${dim('replay, exactly-once')}`,
    `${bold(`route ${summary.route}`)} ${dim(`wrote ${emitted.published} records, ${emitted.tombstones} tombstones, ${emitted.deadLetters} dead letters`)}`,
    ...columns(found, [1]).map((line) => `  ${line}`),
    ...(summary.keys.length === 0 ? [] : [`  keys  ${keyNames(summary)}`]),
    ...accountLines(summary, paint),
    ...(summary.unsettled === undefined ? [] : stopLines(summary.unsettled, paint)),
  ]
}

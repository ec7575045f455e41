/** The account of a stream's routes, for people. */
import { sum } from '../../engine/account.ts'
import { keyNames } from '../../explain/account-keys.ts'
import { accountLines } from '../../explain/account-lines.ts'
import { type Unsettled, unsettledLines } from '../../kafka/unsettled.ts'
import type { Ending, StreamSummary } from '../../run/account/stream-summary.ts'
import type { Paint } from '../../terminal.ts'

export const deadLettersOf = ({ routes }: StreamSummary): number =>
  routes.reduce((all, { records }) => all + sum(records.deadLettered), 0)

export const stopLines = (held: Unsettled, { red }: Paint): string[] => [
  red(`  not settled, and not counted above: ${held.records} records, of which these would be dead letters`),
  ...unsettledLines(held).map((line) => `    ${line}`),
]

export function streamLines(
  summary: StreamSummary,
  { lastAccounts }: Pick<Ending, 'lastAccounts'>,
  paint: Paint,
): string[] {
  return [
    `${paint.bold(summary.pipeline)} ${paint.dim(`${summary.delivery}, ${summary.driver}`)}`,
    ...summary.routes.flatMap((route) => {
      const { published, tombstones, deadLetters, sealed, unsealed } = route.emitted
      const originals = sealed + unsealed === 0 ? '' : ` (${sealed} with their original, sealed)`
      return [
        `${paint.bold(`route ${route.route}`)} ${paint.dim(`wrote ${published} records, ${tombstones} tombstones, ${deadLetters} dead letters${originals}`)}`,
        ...(route.keys.length === 0 ? [] : [`  keys  ${keyNames(route)}`]),
        ...accountLines(route, paint),
        ...(route.unsettled === undefined ? [] : stopLines(route.unsettled, paint)),
      ]
    }),
    ...(lastAccounts
      ? []
      : [
          paint.yellow(
            '  warning: a worker ended without its last account: the records it settled then are not counted here',
          ),
        ]),
  ]
}

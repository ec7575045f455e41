/** The account of a stream's routes: for people, and as versioned JSON. */
import type { Emitted } from '../../kafka/batch.ts'
import type { Pipeline } from '../../kafka/pipeline-file/pipeline.ts'
import type { Plan } from '../../policy/plan.ts'
import { type Account, sum } from '../../record/account.ts'
import { type AccountView, accountLines, unmet, viewAccount } from '../account.ts'
import { packageVersion } from '../package-root.ts'
import type { Paint } from '../terminal.ts'

export interface RouteSummary extends AccountView {
  readonly route: string
  /** Records written, which are not the records read: dead letters and tombstones are among them. */
  readonly emitted: Emitted
}

export interface StreamSummary {
  readonly lethe: 'stream-summary'
  readonly v: 1
  readonly version: string
  readonly pipeline: string
  readonly delivery: Pipeline['delivery']
  readonly driver: string
  /** Whether a worker process ended before it could give its last account: then counts are missing here. */
  readonly complete: boolean
  readonly routes: readonly RouteSummary[]
}

export interface RouteTotals {
  readonly route: string
  readonly plan: Plan
  readonly account: Account
  readonly emitted: Emitted
}

export function summarizeStream(
  pipeline: Pipeline,
  driver: string,
  routes: readonly RouteTotals[],
  complete: boolean,
): StreamSummary {
  return {
    lethe: 'stream-summary',
    v: 1,
    version: packageVersion(),
    pipeline: pipeline.name,
    delivery: pipeline.delivery,
    driver,
    complete,
    routes: routes.map(({ route, plan, account, emitted }) => ({
      route,
      ...viewAccount(plan, account),
      emitted,
      warnings: [
        ...(account.published === 0 ? [] : unmet([...plan.fields, ...plan.envelope], account)),
        ...(emitted.pastRetention === 0 ? [] : [pastRetention(emitted.pastRetention)]),
      ],
    })),
  }
}

const pastRetention = (count: number): string =>
  `${count} records have timestamps older than their topic keeps records: it may delete them at once (see lethe doctor)`

export const deadLettersOf = ({ routes }: StreamSummary): number =>
  routes.reduce((all, { records }) => all + sum(records.deadLettered), 0)

export function streamLines(summary: StreamSummary, paint: Paint): string[] {
  return [
    `${paint.bold(summary.pipeline)} ${paint.dim(`${summary.delivery}, ${summary.driver}`)}`,
    ...summary.routes.flatMap((route) => {
      const { published, tombstones, deadLetters } = route.emitted
      return [
        `${paint.bold(`route ${route.route}`)} ${paint.dim(`wrote ${published} records, ${tombstones} tombstones, ${deadLetters} dead letters`)}`,
        ...accountLines(route, paint),
      ]
    }),
    ...(summary.complete
      ? []
      : [
          paint.yellow(
            '  warning: a worker ended without its last account: the records it settled then are not counted here',
          ),
        ]),
  ]
}

/** Groups: who was left out, and why. */
import type { ReportBalance, ReportDocument, ReportGroup } from '../../forms/report-form.ts'
import { type Html, html, NONE } from './html.ts'
import { count, percent, ratio } from './page-words.ts'
import { list, NOT_MEASURED, note, type PageCell, section, state, table } from './parts.ts'

export function groupsSection({ balances, bounds, measures }: ReportDocument): Html {
  return section(
    'groups',
    'Groups: who was left out',
    balances.length === 0
      ? note(
          measures.length === 0
            ? NOT_MEASURED
            : 'The measure has no groups: `lethe measure --by FIELD` counts by group how much was published.',
        )
      : NONE,
    ...balances.flatMap((one, at) => groupsOf(one, bounds, at + 1, measures.length > 1)),
    note(
      `The ratio is to the group that was kept best. Groups of ${count(bounds.smallestJudged)} records or more are judged. A group has its name from ${count(bounds.smallestNamed)} data subjects on, unless the name looks personal. The interval is Wilson's at ${percent(bounds.confidence)}.`,
    ),
  )
}

function groupsOf(
  { by, of, label, measure, groups, more, small, smallRetention, smallRatio }: ReportBalance,
  bounds: ReportDocument['bounds'],
  at: number,
  isOfSeveral: boolean,
): readonly Html[] {
  const wide = label === undefined ? [] : ['']
  const rows: PageCell[][] = groups.map((one) => [
    one.name,
    count(one.read),
    count(one.published),
    percent(one.retention),
    `${percent(one.low)} to ${percent(one.high)}`,
    ratio(one.ratio),
    percent(one.generalization),
    ...(label === undefined ? [] : [labelOf(one)]),
    one.isFlagged
      ? state('beyond', 'left out')
      : one.read < bounds.smallestJudged
        ? 'too few to judge'
        : state('within', 'kept alike'),
  ])
  const others: PageCell[][] =
    more.groups === 0
      ? []
      : [
          [
            `${count(more.groups)} more groups, with higher ratios`,
            ...[count(more.read), count(more.published), '', '', '', '', ...wide, ''],
          ],
        ]
  const unnamed: PageCell[][] =
    small.groups === 0
      ? []
      : [
          [
            `${count(small.groups)} smaller groups, not named`,
            ...[count(small.read), count(small.published)],
            smallRetention === null ? '' : percent(smallRetention),
            '',
            smallRatio === null ? '' : ratio(smallRatio),
            ...['', ...wide, ''],
          ],
        ]
  const field = of === 'value' ? by : `${of} of ${by}`
  return [
    table({
      id: `groups-${at}`,
      caption: `${isOfSeveral ? `Measure ${measure}: by` : 'By'} ${field}, the lowest ratio first`,
      head: [
        ...['group', 'read', 'published', 'kept', 'interval', 'ratio', 'loss'],
        ...(label === undefined ? [] : [`share of ${label}`]),
        'state',
      ],
      rows: [...rows, ...others, ...unnamed],
      numbers: [1, 2, 3, 4, 5, 6],
      isWide: true,
    }),
    list(groups.flatMap(reasonsOf)),
  ]
}

const labelOf = ({ label }: ReportGroup): PageCell =>
  label === undefined
    ? ''
    : html`${percent(label.read)} to ${percent(label.published)}${label.isFlagged ? html` ${state('beyond', 'moved')}` : NONE}`

/** Why records of a group were withheld, as one line. */
function reasonsOf({ name, withheld, other, emptied }: ReportGroup): readonly string[] {
  const reasons = [
    ...withheld.map(
      ({ reason, rule, records }) => `${count(records)} ${reason}${rule === undefined ? '' : ` (${rule})`}`,
    ),
    ...(other === 0 ? [] : [`${count(other)} for other reasons`]),
  ]
  const fields = emptied.map((one) => `${one.field} keeps ${ratio(one.ratio)} of what the best group keeps`)
  return [
    ...(reasons.length === 0 ? [] : [`${name}, withheld: ${reasons.join(', ')}.`]),
    ...(fields.length === 0 ? [] : [`${name}, values left out: ${fields.join(', ')}.`]),
  ]
}

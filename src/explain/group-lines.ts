/** Which records stand alone, for people: figures and paths of the policy, no values. */
import type { GroupsView } from '../run/account/groups-view.ts'
import { columns, type Paint } from '../terminal.ts'

const number = (count: number): string => count.toLocaleString('en')

/** In percent, with the digits that the error leaves. */
export function percent({ share, error }: GroupsView['alone']): string {
  const digits = error === 0 ? 2 : Math.min(4, Math.max(0, 1 - Math.floor(Math.log10(error * 100))))
  const text = (of: number): string => (of * 100).toFixed(digits)
  return error === 0 ? `${text(share)} %` : `${text(share)} % ± ${text(error)}`
}

export function groupLines(groups: GroupsView, { dim, yellow }: Paint): string[] {
  const about = groups.estimated ? 'about ' : ''
  const what = groups.counted === 'records' ? 'records' : 'data subjects'
  const rows = [
    [
      what,
      `${about}${number(groups.subjects)}`,
      dim(`under ${about}${number(groups.combinations)} combinations`),
    ],
    ['  that stand alone', percent(groups.alone), dim('no other subject shows the same values')],
    ['  in groups of fewer than 5', percent(groups.fewerThan5), ''],
    ['  in groups of fewer than 10', percent(groups.fewerThan10), ''],
  ]
  return [
    `  quasi-identifiers: ${groups.quasiIdentifiers.join(', ')}`,
    ...columns(rows).map((line) => `  ${line}`),
    ...NOTES(groups).map((note) => dim(`  ${note}`)),
    ...(groups.withoutSubject > 0
      ? [
          yellow(
            `  warning: ${number(groups.withoutSubject)} records name no data subject: all of them count as one`,
          ),
        ]
      : []),
  ]
}

const NOTES = ({ counted, estimated }: GroupsView): string[] => [
  counted === 'records'
    ? 'the policy names no subject: each record counts as one'
    : 'who appears under several combinations counts under each',
  'what is absent, null, empty or dropped counts as a value of its own',
  ...(estimated ? ['estimated from a sample; ± is one standard deviation'] : []),
]

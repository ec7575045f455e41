/** Which records stand alone, as JSON and for people: figures and paths of the policy, no values. */
import { InvalidArgumentError } from 'commander'
import { LetheError } from '../errors.ts'
import type { Figures, Share } from '../groups/figures.ts'
import { quasiIdentifiers } from '../groups/quasi-identifiers.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import { columns, type Paint } from '../terminal.ts'

export interface GroupsView extends Figures {
  /** The output paths that were looked at. */
  readonly quasiIdentifiers: readonly string[]
  /** What counts as a data subject: a record does where the policy names no subject. */
  readonly counted: 'subjects' | 'records'
}

/** `fields`: those that were looked at, whatever their role. */
export function viewGroups(plan: Plan, fields: readonly PlanField[], figures: Figures): GroupsView {
  // For its place in the JSON.
  const { estimated, ...others } = figures
  return {
    quasiIdentifiers: quasiIdentifiers(fields).map(({ path }) => path.text),
    counted: plan.subject === undefined ? 'records' : 'subjects',
    estimated,
    ...others,
  }
}

const number = (count: number): string => count.toLocaleString('en')

/** In percent, with the digits that the error leaves. */
export function percent({ share, error }: Share): string {
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

/** A share above 0 and up to 1, written in percent. */
export function parseShare(text: string): number {
  const share = Number(/^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text)?.[1] ?? Number.NaN) / 100
  if (!(share > 0 && share <= 1)) throw new InvalidArgumentError('It is a share above 0, such as 5% or 0.5%.')
  return share
}

/** @throws LetheError (usage) where there is nothing that `--max-unique` could judge */
export function checkMayJudge(fields: readonly PlanField[]): void {
  if (quasiIdentifiers(fields).length === 0)
    throw new LetheError(
      'bad-option',
      '--max-unique: no field of the policy that may leave has `role: quasi-identifier`, so nothing can be said of who stands alone; nothing was read',
      'give the fields that single out a person that role, or leave --max-unique out',
    )
}

/** Whether the share of subjects that stand alone, plus two standard deviations, reaches `most`. */
export const standAlone = ({ alone }: Figures, most: number): boolean => alone.share + 2 * alone.error >= most

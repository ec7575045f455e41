/** A measure for people: figures and names out of the policy. */
import type { MeasuredBalance, MeasuredSide, Measurement } from '../forms/measurement.ts'
import { columns, type Paint, printable } from '../terminal.ts'

const number = (count: number): string => count.toLocaleString('en', { maximumFractionDigits: 1 })
const percent = (share: number): string => `${(share * 100).toFixed(2)} %`
const figure = (value: number): string => value.toFixed(3)
/** What is flagged shows without colours too. */
const marked = (isFlagged: boolean, text: string, paint: (text: string) => string): string =>
  isFlagged ? paint(`${text} !`) : text

export function measureLines(measured: Measurement, paint: Paint): string[] {
  const { policy, records, over, counted } = measured
  const who = counted === 'records' ? 'records' : 'data subjects'
  const withheld = records.read - records.published
  return [
    paint.bold(`${policy.name}, version ${policy.version}`),
    `  quasi-identifiers: ${over.map(printable).join(', ')}`,
    `  ${number(records.read)} records, ${number(records.published)} published, ${number(withheld)} withheld`,
    ...withheldLines(records, paint),
    ...(records.unread === 0
      ? []
      : [paint.yellow(`  ${number(records.unread)} records could not be read and are in no figure`)]),
    ...(counted === 'records'
      ? [paint.dim('  the policy names no subject in them: each record counts as one')]
      : []),
    '',
    ...sideLines(measured, who, paint),
    ...columnLines(measured, paint),
    ...utilityLines(measured, paint),
    ...balanceLines(measured, paint),
  ]
}

/** Why records were withheld, by the counts of the account. */
function withheldLines({ suppressed, deadLettered }: Measurement['records'], { dim }: Paint): string[] {
  const most = (reasons: Readonly<Record<string, number>>): [string, number][] =>
    Object.entries(reasons).sort(([, a], [, b]) => b - a)
  const dead = most(deadLettered)
  return [
    ...most(suppressed).map(([reason, records]) => `    ${number(records)} suppressed: ${printable(reason)}`),
    ...dead.map(([code, records]) => `    ${number(records)} dead letters: ${code}`),
    ...(dead.length === 0 ? [] : [dim('    lethe batch --dry-run says at which fields')]),
  ]
}

/** The side that is there, or both beside each other. */
function sideLines(
  { input, output, options, counted }: Measurement,
  who: string,
  { bold, dim }: Paint,
): string[] {
  const sides = [input, output].filter((side) => side !== undefined)
  const row = (name: string, of: (side: MeasuredSide) => string): string[] => [name, ...sides.map(of)]
  const names = [
    ...(input === undefined ? [] : ['as it came']),
    ...(output === undefined ? [] : ['as it leaves']),
  ]
  const bands = sides[0]!.sizes.map(({ from, to }, i) =>
    row(
      `  ${who} in classes of ${to === undefined ? `${from} and more` : from === to ? from : `${from} to ${to}`}`,
      (side) => number(side.sizes[i]!.subjects),
    ),
  )
  const diversity = sides[0]!.diversity.flatMap(({ field }, i) => [
    row(`  least distinct values of ${printable(field)} (l)`, (side) => number(side.diversity[i]!.distinct)),
    row('    by their entropy', (side) => figure(side.diversity[i]!.entropy)),
    row('    farthest from all (t)', (side) => figure(side.diversity[i]!.equalDistance)),
    ...(sides[0]!.diversity[i]!.hierarchicalDistance === undefined
      ? []
      : [row('    over its hierarchy', (side) => figure(side.diversity[i]!.hierarchicalDistance ?? 0))]),
  ])
  const rows = [
    ['', ...names.map(bold)],
    row(`  ${who}`, (side) => number(side.risk.subjects)),
    row('  classes', (side) => number(side.risk.classes)),
    row('  smallest class (k)', (side) => number(side.risk.k)),
    row('  stand alone', (side) => percent(side.risk.unique)),
    row(`  at risk: in classes of fewer than ${options.k}`, (side) => percent(side.risk.atRisk)),
    row('  prosecutor risk, highest', (side) => percent(side.risk.highest)),
    row('  prosecutor risk, mean; marketer risk', (side) => percent(side.risk.average)),
    ...(sides[0]!.journalist === undefined
      ? []
      : [
          row('  journalist risk, highest', (side) => percent(side.journalist?.highest ?? 0)),
          row('  journalist risk, mean', (side) => percent(side.journalist?.average ?? 0)),
        ]),
    ...bands,
    ...diversity,
  ]
  return [
    ...columns(rows, [1, 2]),
    dim(
      options.nothing === 'category'
        ? '  what is absent, null, empty or suppressed counts as a value of its own'
        : '  what is absent, null, empty or suppressed counts as any value',
    ),
    ...(counted === 'subjects'
      ? [dim('  who appears in several classes counts in each: so one side may have more data subjects')]
      : []),
  ]
}

/** How well each field tells records apart: which of them to make coarser first. */
function columnLines({ input, output }: Measurement, { bold }: Paint): string[] {
  const sides = [input, output].filter((side) => side !== undefined)
  const names = [
    ...(input === undefined ? [] : ['as it came']),
    ...(output === undefined ? [] : ['as it leaves']),
  ]
  const rows = sides[0]!.columns.map(({ field }, i) => [
    `  ${printable(field)}`,
    ...sides.map(({ columns: all }) => percent(all[i]!.separation)),
  ])
  return ['', ...columns([[bold('share of pairs that differ in'), ...names.map(bold)], ...rows], [1, 2])]
}

function utilityLines({ utility }: Measurement, { bold, dim, yellow }: Paint): string[] {
  if (utility === undefined) return []
  const rows = utility.columns.map(({ field, domain, loss, entropyLost, distance }) => [
    `  ${printable(field)}`,
    percent(loss),
    percent(entropyLost),
    marked(distance.isFlagged, figure(distance.value), yellow),
    dim(
      `${distance.measure}, ${number(domain.values)} values ${domain.of === 'records' ? 'that were read' : 'of its hierarchy'}`,
    ),
  ])
  return [
    '',
    ...columns([['', bold('loss'), bold('bits lost'), bold('shift')], ...rows], [1, 2, 3]),
    ...(utility.columns.some(({ distance }) => distance.isFlagged) ? [dim('  !: a shift above 0.1')] : []),
    `  together: loss ${percent(utility.loss)}, discernibility ${number(utility.discernibility)}, average class ${number(utility.averageClassSize)}`,
  ]
}

function balanceLines({ balance = [], label, weights }: Measurement, paint: Paint): string[] {
  return [
    ...balance.flatMap((one) => groupingLines(one, label, paint)),
    ...(weights === undefined ? [] : ['', ...weightLines(weights, paint)]),
  ]
}

const nameOf = (name: string | null): string => (name === null ? '(no value)' : printable(name))

const isMarked = ({ isFlagged, label, emptied }: MeasuredBalance['groups'][number]): boolean =>
  isFlagged || label?.isFlagged === true || emptied.some((one) => one.isFlagged)

function groupingLines(
  { by, of, groups, small }: MeasuredBalance,
  label: string | undefined,
  { bold, dim, yellow }: Paint,
): string[] {
  const rows = groups.map((group) => [
    `  ${nameOf(group.name)}`,
    number(group.read),
    number(group.published),
    percent(group.retention),
    dim(`${percent(group.interval.low)} to ${percent(group.interval.high)}`),
    marked(group.isFlagged, figure(group.ratio), yellow),
    percent(group.generalization),
    ...(group.label === undefined
      ? []
      : [
          `${percent(group.label.read)} to ${marked(group.label.isFlagged, percent(group.label.published), yellow)}`,
        ]),
  ])
  const head = [
    `${of === 'value' ? '' : `${of} of `}${printable(by)}`,
    'read',
    'published',
    'kept',
    '95 %',
    'ratio',
    'loss',
    ...(label === undefined ? [] : [`share of the label`]),
  ]
  const why = groups.flatMap(({ name, withheld, withheldOther, emptied }) => {
    const reasons = [
      ...withheld.map(({ reason, rule, records }) => {
        const at = rule === undefined ? '' : ` (${printable(rule)})`
        return `${number(records)} ${printable(reason)}${at}`
      }),
      ...(withheldOther === 0 ? [] : [`${number(withheldOther)} for reasons of few`]),
    ]
    const fields = emptied.flatMap((one) =>
      one.emptied === 0
        ? []
        : [
            marked(
              one.isFlagged,
              `${number(one.emptied)} of ${number(one.values)} values of ${printable(one.field)}`,
              yellow,
            ),
          ],
    )
    return [
      ...(reasons.length === 0 ? [] : [`  ${nameOf(name)} withheld: ${reasons.join(', ')}`]),
      ...(fields.length === 0 ? [] : [`  ${nameOf(name)} left nothing for: ${fields.join(', ')}`]),
    ]
  })
  return [
    '',
    ...columns([head.map((name) => bold(name)), ...rows], [1, 2, 3, 5, 6]),
    ...(small.groups === 0
      ? []
      : [
          dim(
            `  ${number(small.groups)} smaller groups, not named: ${number(small.read)} read, ${number(small.published)} published`,
          ),
        ]),
    ...why,
    ...(groups.length > 0 && groups.every((group) => group.label?.read === 0)
      ? [yellow('  no record of these groups has the value of the label: is it written so in the records?')]
      : []),
    ...(groups.some(isMarked)
      ? [dim('  !: below four fifths of the best group, or a label that shifted by more than 0.1')]
      : []),
  ]
}

function weightLines(
  { cells, small, unrepresented, effective }: NonNullable<Measurement['weights']>,
  { bold, yellow }: Paint,
): string[] {
  const all = [...cells.map(({ weight }) => weight), ...(small === undefined ? [] : [small.weight])]
  return [
    bold('weights'),
    all.length === 0
      ? '  nothing was published'
      : `  ${number(all.length)} cells, from ${figure(Math.min(...all))} to ${figure(Math.max(...all))}; as many records of equal weight: ${number(effective)}`,
    ...(unrepresented === 0
      ? []
      : [yellow(`  ${number(unrepresented)} records were read that no published record stands for`)]),
  ]
}

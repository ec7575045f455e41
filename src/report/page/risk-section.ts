/** Risk and loss: what measures say, and what runs held. */
import type { MeasuredSide, Measurement } from '../../forms/measurement.ts'
import type { ReportDocument, ReportField, ReportRun } from '../../forms/report-form.ts'
import { bandNames, curvePicture, sizesPicture } from './charts.ts'
import { type Html, html, NONE } from './html.ts'
import { count, percent, ratio } from './page-words.ts'
import { figure, NOT_MEASURED, note, type PageCell, section, state, table } from './parts.ts'

/** Fields that are named beside the classes at most. */
const MOST_UNCOUNTED = 30

export function riskSection(report: ReportDocument): Html {
  const { measures, measured, runs, fields } = report
  const whole =
    measures.length === 0 || measured.records === measured.of
      ? NONE
      : note(
          `The measures are of ${count(measured.records)} records, and the runs read ${count(measured.of)}: the figures are not of all of them.`,
        )
  return section(
    'risk',
    'Risk: who can be found again',
    measures.length === 0 ? note(NOT_MEASURED) : NONE,
    whole,
    ...measures.flatMap((one, at) => riskOfMeasure(one, at + 1, measures.length > 1, fields)),
    ...runs.flatMap(crowdOf),
    ...runs.flatMap(aloneOf),
  )
}

const who = ({ counted }: Measurement): string => (counted === 'subjects' ? 'data subjects' : 'records')

/** Fields that leave and are in no figure of risk: what people know by them is for the reader to judge. */
function uncounted({ over }: Measurement, fields: readonly ReportField[]): Html {
  const others = fields
    .filter(({ field, rules }) => !over.includes(field) && rules.some(({ use }) => use !== 'drop'))
    .map(({ field }) => field)
  if (others.length === 0) return NONE
  const more = others.length - MOST_UNCOUNTED
  const named = others.slice(0, MOST_UNCOUNTED).join(', ')
  return html`<p>In no class: ${named}${more > 0 ? ' and others' : ''}. These leave too: who knows such a value of a person can find the person more easily than the figures say.</p>`
}

function riskOfMeasure(
  measure: Measurement,
  at: number,
  isOfSeveral: boolean,
  fields: readonly ReportField[],
): readonly Html[] {
  const { input, output, over, options } = measure
  const sides = [input, output].filter((side) => side !== undefined)
  if (sides.length === 0) return []
  const names = [
    ...(input === undefined ? [] : ['as it came']),
    ...(output === undefined ? [] : ['as it leaves']),
  ]
  const row = (name: string, of: (side: MeasuredSide) => string): PageCell[] => [name, ...sides.map(of)]
  const people = who(measure)
  const bands = bandNames(sides[0]!.sizes)
  const diversity = sides[0]!.diversity.flatMap(({ field }, i) => [
    row(`least distinct values of ${field} in a class (l)`, (side) => count(side.diversity[i]!.distinct)),
    row(`farthest values of ${field} from all (t)`, (side) => ratio(side.diversity[i]!.equalDistance)),
  ])
  return [
    html`<h3>${isOfSeveral ? `Measure ${at}: ` : ''}${people === 'records' ? 'Records that look alike, by class' : 'Data subjects who look alike, by class'}</h3>`,
    html`<p>Over ${over.join(', ')}. A class holds all who are equal in these fields; who stands alone in theirs can be found again.</p>`,
    uncounted(measure, fields),
    figure(
      sizesPicture(`sizes-${at}`, input, output, people),
      table({
        id: `sizes-table-${at}`,
        caption: `How many ${people} share a class of which size`,
        head: ['size of the class', ...names],
        rows: bands.map((name, i) => row(name, (side) => count(side.sizes[i]!.subjects))),
        numbers: [1, 2],
      }),
    ),
    table({
      id: `risk-table-${at}`,
      caption: 'Figures of risk; docs/measure.md defines each',
      head: ['figure', ...names],
      rows: [
        row(people, (side) => count(side.risk.subjects)),
        row('classes', (side) => count(side.risk.classes)),
        row('smallest class (k)', (side) => count(side.risk.k)),
        row('stand alone', (side) => percent(side.risk.unique)),
        row(`in classes of fewer than ${options.k}`, (side) => percent(side.risk.atRisk)),
        row('highest risk of one person', (side) => percent(side.risk.highest)),
        row('mean risk', (side) => percent(side.risk.average)),
        ...(sides[0]!.journalist === undefined
          ? []
          : [row('journalist risk, highest', (side) => percent(side.journalist?.highest ?? 0))]),
        ...diversity,
      ],
      numbers: [1, 2],
    }),
    note(
      options.nothing === 'category'
        ? 'What is absent, null, empty or suppressed counts as a value of its own.'
        : 'What is absent, null, empty or suppressed counts as any value.',
    ),
  ]
}

/** What a run held of all that it published. */
function crowdOf({ run, crowd }: ReportRun): readonly Html[] {
  if (crowd === undefined) return []
  const { k, l, t, over, counted, classes } = crowd
  return [
    table({
      id: `crowd-${run}`,
      caption: `What run ${run} held of all that it published, over ${over.join(', ')} (crowd of the policy)`,
      head: ['of each class', counted === 'subjects' ? 'by data subjects' : 'by records'],
      rows: [
        ['size, at least (k)', count(k)],
        ...(l === undefined ? [] : [['distinct sensitive values, at least (l)', count(l)]]),
        ...(t === undefined ? [] : [['distance of sensitive values from all, at most (t)', ratio(t)]]),
        ['classes that left', count(classes.published)],
        ['classes that were suppressed', count(classes.suppressed)],
      ],
      numbers: [1],
    }),
  ]
}

/** Who stands alone by the account of a run, which knows it without a measure. */
function aloneOf({ run, groups }: ReportRun): readonly Html[] {
  if (groups === undefined) return []
  const { counted, alone, fewerThan5, fewerThan10, estimated, quasiIdentifiers, subjects } = groups
  const share = (one: typeof alone): string =>
    one.error === 0 ? percent(one.share) : `${percent(one.share)} (standard deviation ${percent(one.error)})`
  return [
    table({
      id: `alone-${run}`,
      caption: `By the account of run ${run}: ${counted} that leave, over ${quasiIdentifiers.join(', ')}${estimated ? ', estimated' : ''}`,
      head: [counted, count(subjects)],
      rows: [
        ['stand alone', share(alone)],
        ['in classes of fewer than five', share(fewerThan5)],
        ['in classes of fewer than ten', share(fewerThan10)],
      ],
      numbers: [1],
    }),
  ]
}

export function lossSection({ measures, curve }: ReportDocument): Html {
  const losses = measures.flatMap(({ utility }, at) =>
    utility === undefined ? [] : [{ utility, at: at + 1 }],
  )
  return section(
    'loss',
    'Loss: what the data no longer say',
    losses.length === 0 ? note(NOT_MEASURED) : NONE,
    ...losses.map(({ utility, at }) =>
      table({
        id: `loss-table-${at}`,
        caption: `${losses.length > 1 ? `Measure ${at}: loss` : 'Loss'} by field; together ${percent(utility.loss)}, the average class ${count(utility.averageClassSize)} records`,
        head: ['field', 'loss', 'bits lost', 'shift', 'shape'],
        rows: utility.columns.map(({ field, loss, entropyLost, distance }) => [
          field,
          percent(loss),
          percent(entropyLost),
          ratio(distance.value),
          distance.isFlagged ? state('beyond', 'shifted') : state('within', 'alike'),
        ]),
        numbers: [1, 2, 3],
      }),
    ),
    html`<h3>Loss against k</h3>`,
    new Set(curve.map(({ k }) => k)).size < 2
      ? note(
          'There is no curve: it takes the points of a solver (`--curve`), or earlier reports with other k (`--earlier`).',
        )
      : figure(
          curvePicture(curve),
          table({
            id: 'curve-table',
            caption: 'Loss by the size of the smallest class',
            head: ['k', 'loss', 'of'],
            rows: curve.map(({ k, loss, of }) => [count(k), percent(loss), POINTS[of]]),
            numbers: [1],
          }),
        ),
  )
}

const POINTS = {
  solved: 'the curve that was given',
  earlier: 'an earlier report',
  this: 'this report',
} as const

/** What became of the records, run by run, and where it came from and went to. */
import type { ReportDocument, ReportFlow, ReportRun } from '../../forms/report-form.ts'
import { flowPicture, lineagePicture } from './charts.ts'
import { type Html, html, NONE, plain } from './html.ts'
import { count, percent, time } from './page-words.ts'
import { code, figure, list, note, type PageCell, section, state, table } from './parts.ts'

export function flowSection({ flow, runs }: ReportDocument): Html {
  const adds =
    flow.remainder === 0
      ? 'Every record that was read is in one of the rows: what is left over is 0.'
      : 'The rows do not add up to what was read: of some records nothing is said.'
  return section(
    'flow',
    'Flow of records',
    html`<p>${adds}</p>`,
    figure(flowPicture(flow), flowTable(flow)),
    runsTable(runs),
    ...runs
      .filter(({ unsettled }) => unsettled > 0)
      .map(({ run, unsettled }) =>
        note(
          `Run ${run} had read ${count(unsettled)} more records when it stopped; they are in no other figure.`,
        ),
      ),
    runs.some(({ kind }) => kind === 'replay')
      ? note('Records of a replay were read before, too: they count in each run that read them.')
      : NONE,
    ...warningsOf(runs),
  )
}

function runsTable(runs: readonly ReportRun[]): Html {
  const hasTombstones = runs.some(({ flow }) => flow.tombstones > 0)
  return table({
    id: 'runs',
    caption: 'Runs that this report is of',
    head: [
      ...['run', 'what', 'ended', 'read', 'published'],
      ...(hasTombstones ? ['tombstones'] : []),
      ...['suppressed', 'dead letters', 'left over'],
    ],
    rows: runs.map((one) => [
      String(one.run),
      nameOf(one),
      endOf(one),
      count(one.flow.in),
      count(one.flow.published),
      ...(hasTombstones ? [count(one.flow.tombstones)] : []),
      count(one.flow.totals.suppressed),
      count(one.flow.totals.deadLettered),
      count(one.flow.remainder),
    ]),
    numbers: [3, 4, 5, 6, 7, 8],
    isWide: true,
  })
}

const nameOf = ({ kind, pipeline, route, dryRun }: ReportRun): string =>
  [
    kind,
    ...(pipeline === undefined ? [] : [pipeline]),
    ...(route === undefined ? [] : [`route ${route}`]),
  ].join(', ') + (dryRun ? ', a dry run' : '')

const endOf = ({ isWhole, status }: ReportRun): PageCell =>
  state(isWhole ? 'within' : 'failed', isWhole ? 'done' : status === 'done' ? 'incomplete' : status)

function flowTable(flow: ReportFlow): Html {
  const row = (name: string, records: number, share?: number | null, more?: string): PageCell[] => [
    more === undefined ? name : html`${plain(name)} <span class="soft">(${more})</span>`,
    count(records),
    share === undefined || share === null ? '' : percent(share),
  ]
  return table({
    id: 'flow-table',
    caption: 'What became of the records that were read',
    head: ['records', 'count', 'share'],
    rows: [
      row('read', flow.in),
      row('published', flow.published, flow.shares.published),
      ...(flow.tombstones === 0 ? [] : [row('tombstones', flow.tombstones, flow.shares.tombstones)]),
      ...flow.suppressed.map((one) => row(`suppressed: ${one.reason}`, one.count, one.share)),
      ...flow.deadLettered.map((one) => row(`dead letter: ${one.reason}`, one.count, one.share, one.is)),
      row('left over', flow.remainder),
    ],
    numbers: [1, 2],
  })
}

function warningsOf(runs: readonly ReportRun[]): readonly Html[] {
  const all = runs.flatMap(({ run, warnings }) => warnings.map((one) => `Run ${run}: ${one}`))
  return all.length === 0 ? [] : [html`<h3>What the runs warn of</h3>`, list(all)]
}

export function lineageSection(report: ReportDocument): Html {
  const { runs, policy, keyChecks } = report
  const keys = Object.entries(keyChecks)
  const row = (
    one: string,
    { records, bytes, sha256, isWithheld }: ReportRun['inputs'][number] | ReportRun['outputs'][number],
  ) => [
    one,
    records === undefined ? '' : count(records),
    count(bytes),
    sha256 !== undefined
      ? code(sha256)
      : isWithheld === true
        ? 'withheld: so few records could be guessed'
        : 'not read to its end',
  ]
  const rows = runs.flatMap((run) => [
    ...run.inputs.map((file) => row(`run ${run.run}, input ${file.input}, ${file.format}`, file)),
    ...run.outputs.map((file) => row(`run ${run.run}, output ${file.output}`, file)),
    ...(run.deadLetterFile === undefined
      ? []
      : [row(`run ${run.run}, dead letters`, { output: 1, ...run.deadLetterFile })]),
  ])
  const more = runs.flatMap(({ run, more: { inputs, outputs } }) =>
    inputs + outputs === 0
      ? []
      : [
          note(
            `Run ${run} has ${count(inputs)} more inputs and ${count(outputs)} more outputs; its summary has all.`,
          ),
        ],
  )
  return section(
    'lineage',
    'Lineage and digests',
    figure(
      lineagePicture(report),
      table({
        id: 'made-by',
        caption: 'What it was made by',
        head: ['what', 'digest or check value'],
        rows: [
          [`policy ${policy.name}, version ${policy.version}`, code(policy.fingerprint)],
          ...(policy.platform === '' ? [] : [['Unicode and time zone data', code(policy.platform)]]),
          ...keys.map(([id, check]) => [`key ${id}`, code(check)]),
          ...runs.map(({ run, summary }) => [`summary of run ${run}`, code(summary)]),
        ],
      }),
    ),
    rows.length === 0
      ? note('The runs are of topics: the offsets that they read are in the log of the broker.')
      : table({
          id: 'files',
          caption: 'Files, by the SHA-256 of their bytes',
          head: ['file', 'records', 'bytes', 'SHA-256'],
          rows,
          numbers: [1, 2],
          isWide: true,
        }),
    ...more,
    html`<h3>Instants</h3>`,
    list(
      runs.map(({ run, version, asOf }) =>
        asOf === undefined
          ? `Run ${run}: Lethe ${version}.`
          : `Run ${run}: retention was judged at ${time(asOf)}, by Lethe ${version}.`,
      ),
    ),
  )
}

/** The four pictures: the flow of records, sizes of classes, loss against k, lineage. Each has a table that says the same. */
import type { MeasuredSide } from '../../forms/measurement.ts'
import type { CurvePoint, ReportDocument, ReportFlow } from '../../forms/report-form.ts'
import { type Html, html, when } from './html.ts'
import { count, percent, short } from './page-words.ts'
import { band, fitting, label, line, path, picture, rect, round, WIDTH } from './svg.ts'

interface Outcome {
  readonly word: string
  readonly name: string
  readonly count: number
  readonly kind: '' | 'out'
}

/** What a flow leads to, what left first. */
export function outcomesOf(flow: ReportFlow): readonly Outcome[] {
  const out = (word: string, all: ReportFlow['suppressed']): Outcome[] =>
    all.map(({ reason, count: records }) => ({ word, name: reason, count: records, kind: 'out' }))
  return [
    { word: 'published', name: '', count: flow.published, kind: '' },
    ...(flow.tombstones > 0
      ? [{ word: 'tombstones', name: '', count: flow.tombstones, kind: '' } as const]
      : []),
    ...out('suppressed', flow.suppressed),
    ...out('dead letters', flow.deadLettered),
    ...(flow.remainder > 0
      ? [{ word: 'left over', name: 'nothing is said of them', count: flow.remainder, kind: 'out' } as const]
      : []),
  ]
}

/** How records part: bands are as wide as their share, and never too thin to see. */
export function flowPicture(flow: ReportFlow): Html {
  const outcomes = outcomesOf(flow).filter((one, at) => at === 0 || one.count > 0)
  const rows = outcomes.map((one) => ({
    ...one,
    height: one.count === 0 || flow.in === 0 ? 0 : Math.max(2, (120 * one.count) / flow.in),
  }))
  const gap = 10
  const slots = rows.map(({ height }) => Math.max(26, height))
  const total = slots.reduce((all, one) => all + one, 0) + gap * (rows.length - 1)
  const left = rows.reduce((all, { height }) => all + height, 0)
  const begin = 22 + Math.max(0, (total - left) / 2)
  let from = begin
  let to = 22
  const bands: Html[] = []
  for (const [at, { word, name, count: records, kind, height }] of rows.entries()) {
    const top = to + (slots[at]! - height) / 2
    if (height > 0) bands.push(band(26, from, 186, top, height, kind))
    bands.push(rect(186, top, 8, Math.max(height, 1), `bar ${kind}`))
    const middle = to + slots[at]! / 2
    bands.push(
      label(202, name === '' ? middle + 4 : middle - 2, `${count(records)} ${word}`, 'strong'),
      label(202, middle + 10, fitting(name, WIDTH - 202), 'soft'),
    )
    from += height
    to += slots[at]! + gap
  }
  return picture(
    'flow-picture',
    'Flow of records',
    `${count(flow.in)} records were read; ${outcomes.map((one) => `${count(one.count)} ${one.word} ${one.name}`.trim()).join(', ')}.`,
    to + 4,
    rect(18, begin, 8, Math.max(left, 1), 'bar'),
    label(18, 14, `${count(flow.in)} read`, 'strong'),
    html`${bands}`,
  )
}

const bandName = (from: number, to: number | undefined): string =>
  to === undefined ? `${count(from)} and more` : from === to ? count(from) : `${count(from)} to ${count(to)}`

export const bandNames = (sizes: MeasuredSide['sizes']): readonly string[] =>
  sizes.map(({ from, to }) => bandName(from, to))

/** Subjects by the size of their class, on the sides that were measured: hollow before, filled after. */
export function sizesPicture(
  id: string,
  before: MeasuredSide | undefined,
  after: MeasuredSide | undefined,
  who: string,
): Html {
  const names = bandNames((after ?? before)!.sizes)
  const most = Math.max(
    1,
    ...[before, after].flatMap((side) => side?.sizes.map(({ subjects }) => subjects) ?? []),
  )
  const left = 94
  const scale = (WIDTH - left - 56) / most
  const rows = names.flatMap((name, at) => {
    const top = 30 + at * 34
    const bar = (side: MeasuredSide | undefined, y: number, kind: string): Html[] => {
      if (side === undefined) return []
      const { subjects } = side.sizes[at]!
      const width = subjects * scale
      return [
        rect(left, y, subjects === 0 ? 0 : Math.max(1.5, width), 10, kind),
        label(left + width + 5, y + 9, count(subjects), 'soft'),
      ]
    }
    return [
      label(left - 6, top + 15, fitting(name, left + 10), '', 'end'),
      ...bar(before, top, 'bar before'),
      ...bar(after, top + 13, 'bar'),
    ]
  })
  const bottom = 30 + names.length * 34
  return picture(
    id,
    'Sizes of classes before and after',
    `${who} by how many of them share one class: few in small classes is better.`,
    bottom + 2,
    when(
      before !== undefined,
      () => html`${[rect(left, 6, 14, 9, 'bar before'), label(left + 19, 14, 'as it came')]}`,
    ),
    when(
      after !== undefined,
      () => html`${[rect(left + 110, 6, 14, 9, 'bar'), label(left + 129, 14, 'as it leaves')]}`,
    ),
    line(left, 26, left, bottom - 2),
    html`${rows}`,
  )
}

/** Loss by k; this run is the filled diamond. */
export function curvePicture(points: readonly CurvePoint[]): Html {
  const [left, right, top, bottom] = [40, WIDTH - 24, 24, 170]
  const ks = points.map(({ k }) => Math.log(k))
  const [low, high] = [Math.min(...ks), Math.max(...ks)]
  const place = ({ k, loss }: CurvePoint): readonly [number, number] => [
    high === low ? (left + right) / 2 : left + ((Math.log(k) - low) * (right - left)) / (high - low),
    bottom - loss * (bottom - top),
  ]
  const solved = points.filter(({ of }) => of === 'solved')
  const others = points.filter(({ of }) => of !== 'this')
  const here = points.filter(({ of }) => of === 'this')
  const first = points[0]!
  const last = points.at(-1)!
  return picture(
    'curve-picture',
    'Loss against k',
    `Loss rises as the smallest class grows. ${points.map(({ k, loss, of }) => `k ${count(k)}: ${percent(loss)}${of === 'this' ? ', this report' : ''}`).join('; ')}.`,
    200,
    line(left, top, left, bottom),
    line(left, bottom, right, bottom),
    label(left, 14, 'all lost', 'soft'),
    label(left - 6, bottom, 'none', 'soft', 'end'),
    label(left, bottom + 14, `k ${count(first.k)}`, 'soft'),
    when(last.k !== first.k, () => label(right, bottom + 14, `k ${count(last.k)}`, 'soft', 'end')),
    path(solved.map(place), 'curve'),
    html`${others.map((one) => {
      const [x, y] = place(one)
      return html`<circle cx="${round(x)}" cy="${round(y)}" r="3" class="dot"/>`
    })}`,
    html`${here.map((one) => {
      const [x, y] = place(one)
      const isRight = x > WIDTH / 2
      return html`<path class="here" d="M${round(x)} ${round(y - 6)}L${round(x + 6)} ${round(y)}L${round(x)} ${round(y + 6)}L${round(x - 6)} ${round(y)}Z"/>${label(isRight ? x - 9 : x + 9, y - 6, `this report, ${percent(one.loss)}`, 'strong halo', isRight ? 'end' : 'start')}`
    })}`,
  )
}

/** Files or topics that are drawn of each side; of more, how many there are. */
const MOST_BOXES = 4

interface Box {
  readonly title: string
  readonly more: string
}

export function lineagePicture({ runs, policy, keyChecks }: ReportDocument): Html {
  const inputs: Box[] = runs.flatMap(({ run, inputs: files, route, flow }) =>
    route === undefined
      ? files.map(({ input, format, sha256 }) => ({
          title: `${run}: input ${input}, ${format}`,
          more: sha256 === undefined ? 'no digest' : short(sha256),
        }))
      : [{ title: `route ${route}`, more: `${count(flow.in)} records read` }],
  )
  const outputs: Box[] = runs.flatMap(({ run, outputs: files, route, flow }) =>
    route === undefined
      ? files.map(({ output, sha256 }) => ({
          title: `${run}: output ${output}`,
          more: sha256 === undefined ? '' : short(sha256),
        }))
      : [{ title: `route ${route}`, more: `${count(flow.published)} published` }],
  )
  const shown = (all: readonly Box[]): readonly Box[] =>
    all.length <= MOST_BOXES
      ? all
      : [...all.slice(0, MOST_BOXES - 1), { title: 'and others', more: 'in the table' }]
  const [ins, outs] = [
    shown(inputs),
    shown(outputs.length === 0 ? [{ title: 'no output', more: '' }] : outputs),
  ]
  const height = Math.max(ins.length, outs.length, 1) * 46 + 24
  const middle = height / 2
  const keys = Object.entries(keyChecks).map(([id, check]) => `${id} ${check}`)
  const boxes = (all: readonly Box[], x: number): Html[] =>
    all.flatMap(({ title, more }, at) => {
      const y = middle - (all.length * 46) / 2 + at * 46 + 5
      return [
        rect(x, y, 104, 36, 'box'),
        label(x + 6, y + 15, fitting(title, 96), 'strong'),
        label(x + 6, y + 28, fitting(more, 96), 'soft'),
        x < 100
          ? path(
              [
                [x + 104, y + 18],
                [128, middle],
              ],
              'arrow',
            )
          : path(
              [
                [232, middle],
                [x, y + 18],
              ],
              'arrow',
            ),
      ]
    })
  return picture(
    'lineage-picture',
    'Lineage',
    `What each run read, by which policy and keys it was de-identified, and what was published. The table names all of it.`,
    height,
    html`${boxes(ins, 0)}`,
    html`${boxes(outs, 256)}`,
    rect(128, middle - 32, 104, 64, 'box'),
    label(134, middle - 16, fitting(policy.name, 96), 'strong'),
    label(134, middle - 3, `version ${policy.version}`),
    label(134, middle + 10, short(policy.fingerprint), 'soft'),
    label(134, middle + 23, fitting(keys.length === 0 ? 'no keys' : `keys ${keys.join(', ')}`, 96), 'soft'),
  )
}

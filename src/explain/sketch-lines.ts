/** What merged sketches say, for people: figures with their standard deviations, and names out of the policy. */
import type { SketchMeasurement } from '../forms/sketch-measurement.ts'
import { columns, type Paint, printable } from '../terminal.ts'

interface Estimate {
  readonly value: number
  readonly error: number
}

const whole = (value: number): string => Math.round(value).toLocaleString('en')
const count = ({ value, error }: Estimate): string =>
  error === 0 ? whole(value) : `${whole(value)} ± ${whole(error)}`
const percent = ({ value, error }: Estimate): string =>
  `${(value * 100).toFixed(2)} %${error === 0 ? '' : ` ± ${(error * 100).toFixed(2)}`}`

export function sketchLines(measured: SketchMeasurement, { bold, dim, yellow }: Paint): string[] {
  const { policy, over, side, from, until, expires, sketches, figures, options } = measured
  const { k } = options
  const rows = [
    ['  combinations', count(figures.combinations)],
    ['  data subjects, once for each', count(figures.subjects)],
    ['  combinations that one subject has alone', percent(figures.unique)],
    [`  combinations of fewer than ${k} subjects`, percent(figures.small)],
    [`  subjects in classes of fewer than ${k}`, percent(figures.atRisk)],
    ['  mean risk, and success of a marketer', percent(figures.marketer)],
    ...figures.sizes.map(({ from, to, ...share }) => [
      `  combinations of ${to === undefined ? `${from} and more` : from === to ? from : `${from} to ${to}`}`,
      percent(share),
    ]),
  ]
  return [
    bold(`${policy.name}, version ${policy.version}, ${side === 'input' ? 'as it came' : 'as it leaves'}`),
    `  quasi-identifiers: ${over.map(printable).join(', ')}`,
    `  from ${from} to ${until}, ${sketches.parts} ${sketches.parts === 1 ? 'sketch' : 'sketches'}, to be deleted by ${expires}`,
    ...(sketches.open === 0
      ? []
      : [
          yellow(
            `  ${sketches.open} of them had not ended when they were written: what came after is missing`,
          ),
        ]),
    '',
    ...columns(rows.map((row) => row.map(String))),
    '',
    dim(
      figures.sampled
        ? `  Estimates of ${whole(figures.kept)} combinations that were drawn, ± one standard deviation.`
        : '  All combinations are in it: shares are exact, and classes of more than 64 are estimated.',
    ),
    dim(`  The smallest class that was seen has ${figures.smallestSeen}; the smallest of all has no more.`),
  ]
}

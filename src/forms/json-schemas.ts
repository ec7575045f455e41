/** JSON Schemas (draft-07) of what runs write beside their outputs, from the forms that read it. */
import { z } from 'zod'
import { dataSetForm } from './data-set.ts'
import { fileDeadLetterForm, topicDeadLetterForm } from './dead-letters.ts'
import { findingsForm, limitsForm } from './findings.ts'
import { manifestForm } from './manifest.ts'
import { measurementForm } from './measurement.ts'
import { reportForm } from './report-form.ts'
import { sketchMeasurementForm } from './sketch-measurement.ts'
import { solutionForm } from './solution.ts'
import { replaySummaryForm, streamSummaryForm, summaryForm } from './summaries.ts'

const FORMS: Readonly<Record<string, readonly [form: z.ZodType, title: string, description: string]>> = {
  summary: [
    summaryForm,
    'Lethe summary',
    'What `lethe batch --summary` writes: the account of a run over files.',
  ],
  'stream-summary': [
    streamSummaryForm,
    'Lethe stream summary',
    'What `lethe stream --summary` writes: the account of a run over topics.',
  ],
  'replay-summary': [
    replaySummaryForm,
    'Lethe replay summary',
    'What `lethe replay PIPELINE --summary` writes: the account of a replay of the dead letters of a route.',
  ],
  'data-set': [
    dataSetForm,
    'Lethe data set',
    'What `lethe batch --partition-by` and `lethe account merge` write as `_manifest.json` into the folder that they publish.',
  ],
  solution: [
    solutionForm,
    'Lethe solution',
    'What `lethe crowd solve --format json` prints: the options of a policy that hold k, l and t at the least loss.',
  ],
  manifest: [
    manifestForm,
    'Lethe manifest',
    'What `lethe manifest` writes: files, and how they are cut into shards for many machines.',
  ],
  measurement: [
    measurementForm,
    'Lethe measurement',
    'What `lethe measure --format json` prints: risk, diversity, loss and balance, as figures.',
  ],
  report: [
    reportForm,
    'Lethe report',
    'What `lethe report` writes beside its page: every figure of it, once.',
  ],
  findings: [
    findingsForm,
    'Lethe findings',
    'Concerns that `lethe report --findings` shows. People write it.',
  ],
  limits: [
    limitsForm,
    'Lethe limits',
    'The limits of the tiles of `lethe report --limits`. People write it.',
  ],
  'sketch-measurement': [
    sketchMeasurementForm,
    'Lethe sketch measurement',
    'What `lethe measure --sketches FILES --format json` prints: estimates, each with its standard deviation.',
  ],
  'dead-letter': [
    fileDeadLetterForm,
    'Lethe dead letter',
    'A line of what `lethe batch --dead-letter` writes.',
  ],
  'topic-dead-letter': [
    topicDeadLetterForm,
    'Lethe dead letter of a topic',
    'The value of a record in a dead-letter topic of `lethe stream`.',
  ],
}

/** By name of the file under config/schema/. With `closed`, members that the form does not name are refused. */
export function formSchemas({
  closed = false,
}: {
  readonly closed?: boolean
} = {}): Readonly<Record<string, object>> {
  return Object.fromEntries(
    Object.entries(FORMS).map(([name, [form, title, description]]) => {
      const { $schema, ...schema } = z.toJSONSchema(form, {
        target: 'draft-7',
        io: closed ? 'output' : 'input',
      })
      return [`${name}.schema.json`, { $schema, title, description, ...schema }]
    }),
  )
}

/** Routes that write to data sets: whether their words go together, and whether a folder is for one of them alone. */
import { resolve } from 'node:path'
import { LetheError } from '../../errors.ts'
import { isObjectName, parseObjectName, printObjectName } from '../../files/objects/object-name.ts'
import { entryOf } from '../../policy/document.ts'
import type { Plan } from '../../policy/plan.ts'
import { quote } from '../../policy/problems.ts'
import { columnsOfJson, columnTree } from '../../record/columns/planned-columns.ts'
import { readRoll } from './amounts.ts'
import type { PipelineDraft, RoutePart } from './draft-pipeline.ts'
import type { DatasetOutput } from './pipeline.ts'
import { fileBeside } from './secret-node.ts'

const OF_TOPICS = ['topic', 'partition', 'compacted', 'value', 'key'] as const
const OF_DATASETS = ['format', 'roll'] as const
/** What a file name holds at most (NAME_MAX of POSIX systems), less what stands around the name of a topic. */
export const MOST_TOPIC_LETTERS = 190

/** Readers of folders pass by what begins so: a file would be published, and its records read by none of them. */
const isPassedBy = (topic: string): boolean => /^[._]/.test(topic)
const PASSED_BY =
  'files of a data set are named by their topic, and readers pass by names that begin with _ or .: they would miss its records'

export function checkDatasets(draft: PipelineDraft, folder: string): void {
  const { parts, findings, at } = draft
  const folders = new Map<string, string>()
  for (const route of parts.routes) {
    const { shape, index } = route
    const { dataset } = shape.to
    if (dataset === undefined) {
      checkTopicWords(route, draft)
      continue
    }
    checkDatasetWords(route, draft)
    const path = placeOf(draft, route, folder)
    const other = folders.get(path)
    if (other !== undefined)
      findings.add(
        at('routes', index, 'to', 'dataset'),
        'bad-dataset',
        `the route ${quote(other)} writes into ${quote(dataset)} too, and files would stand for one position of two groups`,
        'give each route a folder of its own',
      )
    folders.set(path, shape.name)
  }
}

/** Where a route writes, by a name that other spellings of it have too. */
function placeOf({ findings, at }: PipelineDraft, { shape, index }: RoutePart, folder: string): string {
  const place = shape.to.dataset ?? ''
  if (!isObjectName(place)) return resolve(fileBeside(folder, place))
  try {
    const { bucket, key } = parseObjectName(place)
    return printObjectName({ bucket, key: key === '' || key.endsWith('/') ? key : `${key}/` })
  } catch (error) {
    if (!(error instanceof LetheError)) throw error
    findings.add(at('routes', index, 'to', 'dataset'), 'bad-dataset', error.message, error.suggestion)
    return place
  }
}

/** Words under `to` that go with the other kind of output; `wrong` and `fix` say it of each. */
function refuseWords(
  { index }: RoutePart,
  { findings, at, tree }: PipelineDraft,
  words: readonly string[],
  wrong: string,
  fix: string,
): void {
  const to = toOf(tree, index)
  for (const word of words)
    if (entryOf(to, word) !== undefined)
      findings.add(at('routes', index, 'to', word), 'bad-dataset', `\`${word}\` is about ${wrong}`, fix)
}

function checkTopicWords(route: RoutePart, draft: PipelineDraft): void {
  const { shape, index } = route
  const { findings, at } = draft
  if (shape.to.topic === undefined)
    findings.add(
      at('routes', index, 'to'),
      'missing-key',
      '`to` says neither `topic` nor `dataset`',
      'to: { topic: NAME }, or to: { dataset: FOLDER, format: ndjson }',
    )
  refuseWords(
    route,
    draft,
    OF_DATASETS,
    'data sets',
    'remove it, or write `dataset: FOLDER` in place of `topic`',
  )
}

function checkDatasetWords(route: RoutePart, draft: PipelineDraft): void {
  const { shape, index } = route
  const { parts, findings, at } = draft
  refuseWords(route, draft, OF_TOPICS, 'topics, and the route writes into a data set', 'remove it')
  if (shape.to.format === undefined)
    findings.add(
      at('routes', index, 'to'),
      'missing-key',
      'a data set has a `format`',
      'format: ndjson, or format: parquet',
    )
  else warnOfPlaces(route, draft)
  readRoll(draft, route)
  if (parts.driver === 'kafkajs')
    findings.add(
      at('routes', index, 'to', 'dataset'),
      'not-in-driver',
      'the positions of a data set stand in its files, and kafkajs begins at those of the group',
      'use the driver rdkafka',
    )
  if (!('pattern' in shape.from.topics))
    for (const [i, topic] of shape.from.topics.entries()) {
      const place = at('routes', index, 'from', 'topics', i)
      if (topic.length > MOST_TOPIC_LETTERS)
        findings.add(
          place,
          'bad-dataset',
          `files of a data set are named by their topic, and a name of ${topic.length} letters leaves no room`,
          `a topic of at most ${MOST_TOPIC_LETTERS} letters`,
        )
      if (isPassedBy(topic)) findings.add(place, 'bad-dataset', PASSED_BY, 'a topic with another name')
    }
}

function warnOfPlaces({ index }: RoutePart, { findings, at }: PipelineDraft): void {
  findings.warn(
    at('routes', index, 'to', 'dataset'),
    'dataset-places',
    'the name of a file and the place of a row in it tell the raw record to who may read the input, and join two data sets of one topic',
    'let only those read the data set who may not read the input, and publish no second one of the topic',
  )
}

const toOf = (tree: PipelineDraft['tree'], index: number) => {
  const routes = entryOf(tree, 'routes')?.value
  const route = routes?.kind === 'list' ? routes.items[index] : undefined
  return entryOf(route, 'to')?.value
}

/** Rows have no key, headers or timestamp beside them: what the policy makes of these does not leave. */
export function checkEnvelope(
  { name, envelope }: Plan,
  { shape, index }: RoutePart,
  { findings, at }: PipelineDraft,
): void {
  const [first] = envelope
  if (shape.to.dataset === undefined || first === undefined) return
  findings.warn(
    at('routes', index, 'policy'),
    'dataset-envelope',
    `the policy ${quote(name)} has a rule for ${quote(first.path.text)}, and a row of a data set is a value alone: what the rule makes does not leave`,
    'take what rows need from the value; a policy that a topic uses too may keep the rule',
  )
}

/** Whether the policy says which columns there are. */
export function checkColumns(plan: Plan, { shape, index }: RoutePart, { findings, at }: PipelineDraft): void {
  if (shape.to.dataset === undefined || shape.to.format !== 'parquet') return
  try {
    columnTree(columnsOfJson(plan))
  } catch (error) {
    if (!(error instanceof LetheError)) throw error
    findings.add(at('routes', index, 'policy'), 'bad-dataset', error.message, error.suggestion)
  }
}

/** Of a shape in which nothing was found. */
export function datasetOf(draft: PipelineDraft, route: RoutePart, folder: string): DatasetOutput {
  const { dataset, format } = route.shape.to
  if (dataset === undefined || format === undefined)
    throw new Error('the route was checked to name a data set')
  return {
    dataset: {
      folder: isObjectName(dataset) ? dataset : fileBeside(folder, dataset),
      format,
      roll: readRoll(draft, route),
    },
    compacted: false,
  }
}

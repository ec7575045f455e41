/**
 * A run as events of OpenLineage 2-0-2: START, and COMPLETE or FAIL, with the lineage of each field. No path of a file, no value and no
 * digest of an input is in them: data sets have the names that a person gives, or `NAME/input` and `NAME/output`.
 */
import { createHash } from 'node:crypto'
import { packageVersion } from '../run/package-root.ts'
import type { Card } from './card.ts'
import type { CardField } from './card-fields.ts'
import { nameUuid } from './name-uuid.ts'
import { isSmall } from './small-counts.ts'

type Node = Readonly<Record<string, unknown>>
interface NamedSet {
  readonly namespace: string
  readonly name: string
}

const SPEC = 'https://openlineage.io/spec'

const FACETS = {
  columnLineage: ['1-2-0', 'ColumnLineageDatasetFacet'],
  schema: ['1-2-0', 'SchemaDatasetFacet'],
  version: ['1-0-1', 'DatasetVersionDatasetFacet'],
  inputStatistics: ['1-0-0', 'InputStatisticsInputDatasetFacet'],
  outputStatistics: ['1-0-2', 'OutputStatisticsOutputDatasetFacet'],
  nominalTime: ['1-0-1', 'NominalTimeRunFacet'],
  processing_engine: ['1-1-1', 'ProcessingEngineRunFacet'],
  errorMessage: ['1-0-1', 'ErrorMessageRunFacet'],
} as const

const producer = (): string => `pkg:npm/lethe@${packageVersion()}`

function facet(name: keyof typeof FACETS, members: Node): Record<string, Node> {
  const [version, definition] = FACETS[name]
  const _schemaURL = `${SPEC}/facets/${version}/${definition}.json#/$defs/${definition}`
  return { [name]: { _producer: producer(), _schemaURL, ...members } }
}

const WHY: Readonly<Record<string, string>> = {
  'too-many-dead-letters': 'more records were dead-lettered than the run allows',
  'too-many-stand-alone': 'more data subjects stand alone than the run allows',
  incomplete: 'a worker process ended before it gave its last account',
  failed: 'the stream ended by an error',
}

/** The events, in order. `endedAt`: ms since 1970; a summary does not say when the run began, so both have it. */
export function openLineage(card: Card, endedAt: number): readonly Node[] {
  const { run, facts, policy } = card
  const { end, batch } = run
  const isDone = end.kind === 'done'
  const job = { namespace: facts.lineage?.namespace ?? 'lethe', name: facts.lineage?.job ?? run.name }
  const runFacets = {
    ...facet('processing_engine', { name: 'lethe', version: run.version }),
    ...(batch === undefined ? {} : facet('nominalTime', { nominalStartTime: batch.asOf })),
    lethe_policy: {
      _producer: producer(),
      _schemaURL: `${SPEC}/2-0-2/OpenLineage.json#/$defs/RunFacet`,
      name: policy.name,
      version: policy.version,
      purpose: policy.purpose,
      fingerprint: run.account.policy.fingerprint,
    },
  }
  const event = (
    eventType: 'START' | 'COMPLETE' | 'FAIL',
    more: Node,
    inputs: readonly object[],
    outputs: readonly object[],
  ): Node => ({
    eventType,
    eventTime: new Date(endedAt).toISOString(),
    run: { runId: nameUuid(`run ${run.identity}`), facets: { ...runFacets, ...more } },
    job,
    inputs,
    outputs,
    producer: producer(),
    schemaURL: `${SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent`,
  })
  const inputs = facts.lineage?.inputs ?? [{ namespace: job.namespace, name: `${run.name}/input` }]
  const outputs = facts.lineage?.outputs ?? [{ namespace: job.namespace, name: `${run.name}/output` }]
  const start = event('START', {}, inputs, outputs)
  const read = inputs.map((one) => ({ ...one, ...statistics(card, 'input', inputs.length) }))
  if (!isDone) {
    const message = `${end.code}: ${WHY[end.code] ?? 'the run failed'}`
    return [
      start,
      event('FAIL', facet('errorMessage', { message, programmingLanguage: 'TypeScript' }), read, []),
    ]
  }
  const written = outputs.map((one) => ({
    ...one,
    facets: outputFacets(card, inputs),
    ...statistics(card, 'output', outputs.length),
  }))
  return [start, event('COMPLETE', {}, read, written)]
}

/** Of one data set only: a run does not say which records are of which. */
function statistics({ run, withheld }: Card, side: 'input' | 'output', sets: number): Node {
  if (sets !== 1) return {}
  const { batch, account } = run
  const counted = side === 'input' ? withheld.read : account.records.published
  const rowCount = counted === undefined || isSmall(counted) ? undefined : counted
  const files = side === 'input' ? batch?.inputs : batch?.outputs
  const told = {
    ...(rowCount === undefined ? {} : { rowCount }),
    ...(files === undefined
      ? {}
      : { size: files.reduce((sum, { bytes }) => sum + bytes, 0), fileCount: files.length }),
  }
  return { [`${side}Facets`]: facet(`${side}Statistics`, told) }
}

function outputFacets(card: Card, inputs: readonly NamedSet[]): Node {
  const { run, fields, policy, facts } = card
  const digests = run.batch?.outputs.map(({ sha256 }) => sha256).sort()
  const version =
    facts.version ??
    (digests === undefined
      ? undefined
      : `sha256:${createHash('sha256').update(digests.join('\n')).digest('hex')}`)
  const filters = new Set([
    ...(policy.retention === undefined || policy.time === undefined ? [] : [policy.time.path.text]),
    ...policy.consent.map(({ from }) => from.text),
    ...policy.consentTables.map(({ by }) => by.text),
    ...policy.suppression.flatMap(({ by }) => by.map(({ text }) => text)),
  ])
  return {
    ...facet('schema', {
      fields: fields.map((field, index) => ({
        name: field.path.text,
        ...typeOf(field),
        ordinal_position: index + 1,
      })),
    }),
    ...facet('columnLineage', {
      fields: Object.fromEntries(
        fields.map((field) => [field.path.text, { inputFields: lineageOf(field, inputs) }]),
      ),
      ...(filters.size === 0
        ? {}
        : {
            dataset: [...filters].flatMap((path) =>
              from(inputs, path, [
                { type: 'INDIRECT', subtype: 'FILTER', description: 'decides whether a record leaves' },
              ]),
            ),
          }),
    }),
    ...(version === undefined ? {} : facet('version', { datasetVersion: version })),
  }
}

const typeOf = ({ type }: CardField): Node =>
  type === undefined ? {} : { type: type.as === 'integer' ? 'long' : type.as === 'text' ? 'string' : type.as }

const from = (inputs: readonly NamedSet[], field: string, transformations: readonly Node[]): Node[] =>
  inputs.map(({ namespace, name }) => ({ namespace, name, field, transformations }))

function lineageOf({ from: source, rules }: CardField, inputs: readonly NamedSet[]): Node[] {
  const direct = rules.map(({ use, tells, after, isMasking }) => ({
    type: 'DIRECT',
    subtype: use === 'keep' || use === 'keep.subtree' ? 'IDENTITY' : 'TRANSFORMATION',
    description: `${after === undefined ? '' : `after ${after} `}${use}: tells ${tells}`,
    masking: isMasking,
  }))
  const conditions = [...new Set(rules.flatMap(({ conditions: own }) => own))]
  return [
    ...from(inputs, source.text, direct),
    ...conditions.flatMap((path) =>
      from(inputs, path, [
        { type: 'INDIRECT', subtype: 'CONDITIONAL', description: 'decides which rule applies' },
      ]),
    ),
  ]
}

/**
 * Compiles a pipeline file: reads it, and checks it with everything that it names. Opens no socket, and reads no secret but
 * the keys that it is given.
 */
import { dirname } from 'node:path'
import type { Problem } from '../../errors.ts'
import { checkShape } from '../../policy/check-form.ts'
import type { Compiled } from '../../policy/compile.ts'
import { checkNumbers, readDocument, type TreeNode } from '../../policy/document.ts'
import type { PolicyFile } from '../../policy/policy-file.ts'
import { Findings, quote } from '../../policy/problems.ts'
import { type Amounts, amountOf, readAmounts, readStart } from './amounts.ts'
import { balanceFormOf } from './balance-schema.ts'
import { changeOf } from './change-schema.ts'
import { checkConnection, checkDriver, checkTimeouts } from './check-connection.ts'
import { checkDatasets, datasetOf } from './check-datasets.ts'
import { checkPolicies, type PolicyOptions } from './check-policies.ts'
import { checkRegistry, outputOf, registryOf } from './check-registry.ts'
import { checkRoutes } from './check-routes.ts'
import { checkSasl, saslOf } from './check-sasl.ts'
import { sketchOf } from './check-sketches.ts'
import { checkSnapshots } from './check-snapshots.ts'
import { CLIENT_DEFAULTS } from './client-settings.ts'
import { draftOf, type PipelineDraft } from './draft-pipeline.ts'
import type { Pipeline, Route } from './pipeline.ts'
import type { PipelineCode, PipelineFindings } from './pipeline-codes.ts'
import { PipelineSchema, type PipelineShape, type RouteShape } from './pipeline-schema.ts'
import { fileBeside, readSecrets, type Secrets } from './secret-node.ts'
import { PIPELINE_SHAPE } from './shape-codes.ts'
import { patternTrouble, topicMatcher } from './topics.ts'

export interface CompiledPipeline {
  /** Undefined where there is an error, in the file or in a policy that it names. */
  readonly pipeline: Pipeline | undefined
  /** Those of the file by line and column, then those of its policies. Warnings keep nothing from running. */
  readonly problems: readonly Problem[]
  /** The policies that its routes name, by file, each compiled once. */
  readonly policies: ReadonlyMap<string, Compiled>
}

/** Compiles `source`; never throws for a bad file, and reports every problem of it and of its policies. */
export function compilePipeline(source: PolicyFile, options: PolicyOptions = {}): CompiledPipeline {
  const findings = new Findings<PipelineCode>(source.file)
  const tree = readDocument(source.text.replace(/^\ufeff/, ''), findings, { hideKeys: true })
  const failed = (): CompiledPipeline => ({
    pipeline: undefined,
    problems: findings.sorted(),
    policies: new Map(),
  })
  if (tree === undefined) return failed()
  if (tree.kind !== 'map') {
    findings.add(tree.at, 'wrong-type', 'a pipeline is a mapping', 'pipeline: my-pipeline')
    return failed()
  }
  const folder = dirname(source.file)
  const shape = checkShape<PipelineShape, PipelineCode>(PipelineSchema, tree, PIPELINE_SHAPE, findings)
  checkNumbers(tree, new Set(), findings)
  checkInterpolation(tree, findings)
  checkSnapshots(tree, source.file, folder, findings)
  const secrets = readSecrets(tree, folder, findings)
  const draft = draftOf(tree, findings)
  const amounts = readAmounts(draft)
  checkConnection(draft)
  checkSasl(draft, secrets)
  checkDriver(draft)
  checkTimeouts(draft)
  checkRoutes(draft)
  checkDatasets(draft, folder)
  checkRegistry(draft)
  checkSource(draft)
  checkSeal(draft)
  checkAnchor(draft, folder)
  const policies = checkPolicies(draft, folder, secrets, options)
  const ofPolicies = [...policies.values()].flatMap((policy) => policy.problems)
  const problems = [...findings.sorted(), ...ofPolicies]
  const sound = shape !== undefined && !problems.some(({ severity }) => severity === 'error')
  return {
    pipeline: sound ? pipelineOf(source.file, shape, secrets, amounts, draft) : undefined,
    problems,
    policies,
  }
}

const FREE_TEXT = new Set(['description', 'accept'])

/** What other tools replace stays as it is here; the name of a topic should not be the first sign of it. */
function checkInterpolation(node: TreeNode, findings: PipelineFindings): void {
  if (node.kind === 'list') for (const item of node.items) checkInterpolation(item, findings)
  if (node.kind === 'map')
    for (const { key, value } of node.entries) if (!FREE_TEXT.has(key)) checkInterpolation(value, findings)
  if (node.kind === 'scalar' && node.text.includes('${'))
    findings.add(
      node.at,
      'interpolation',
      'a `$` with braces behind it is replaced by nothing in a pipeline file',
      'write the text out; secrets and `instance` take { env: NAME }',
    )
}

function checkSource({ parts, findings, at, has }: PipelineDraft): void {
  // Rows of data sets have no headers.
  const hasHeaders =
    parts.routes.length === 0 || parts.routes.some(({ shape }) => shape.to.topic !== undefined)
  if (parts.source === 'encrypted' && hasHeaders && !has('keys'))
    findings.add(
      at('source'),
      'source-needs-keys',
      'the header `lethe-source` is encrypted, and the pipeline has no keys',
      'add `keys: { file: … }`, or say `source: none`',
    )
  if (parts.source === 'clear' && hasHeaders)
    findings.warn(
      at('source'),
      'clear-source',
      'each output tells topic, partition and offset of its raw record: who has two outputs can join them, and who may read the input finds the person',
      'source: encrypted',
    )
}

/** Originals that are there can be opened: who reads the file should know. */
function checkSeal({ parts, findings, at, has }: PipelineDraft): void {
  if (parts.deadLetters?.seal === undefined) return
  findings.warn(
    at('deadLetters', 'seal'),
    'seals-originals',
    has('matchKeys')
      ? 'dead letters carry their original records, encrypted: who holds an identity of the recipients reads them raw'
      : 'dead letters carry their original records, encrypted, and without `matchKeys` no erasure finds those of a subject',
    'keep the identities away from this machine, and the retention of the dead-letter topic short',
  )
}

/** A second place is one that the first does not lead to, and that no record is written to. */
function checkAnchor({ parts, findings, at }: PipelineDraft, folder: string): void {
  const { ledger, routes, tables } = parts
  const anchor = ledger?.anchor
  if (ledger === undefined || anchor === undefined) return
  const place = at('ledger', 'anchor')
  if ('file' in anchor) {
    if (dirname(fileBeside(folder, anchor.file)) === dirname(fileBeside(folder, ledger.file)))
      findings.add(
        place,
        'ledger-anchor',
        'the anchor stands in the folder of the ledger: who cuts the one can cut the other',
        'name a file in another folder, on another disk or machine where there is one, or a topic',
      )
    return
  }
  const { topic } = anchor
  const uses = routes.flatMap(({ shape: { name, from, to, deadLetterTopic } }) => [
    ...(isRead(from.topics, topic) ? [`read by the route ${quote(name)}`] : []),
    ...(to.topic === topic ? [`the output of the route ${quote(name)}`] : []),
    ...(deadLetterTopic === topic ? [`where dead letters of the route ${quote(name)} go`] : []),
  ])
  for (const [name, table] of Object.entries(tables ?? {}))
    if ('topic' in table && table.topic === topic) uses.push(`the consent table ${quote(name)}`)
  if (uses.length > 0)
    findings.add(
      place,
      'ledger-anchor',
      `the topic ${quote(topic)} is ${uses[0]}`,
      'name a topic that holds nothing but heads of ledgers',
    )
}

const isRead = (topics: RouteShape['from']['topics'], topic: string): boolean =>
  'pattern' in topics
    ? patternTrouble(topics.pattern) === undefined && topicMatcher(topics)(topic)
    : topics.includes(topic)

function sealOf({ deadLetters }: PipelineShape, folder: string): Pipeline['seal'] {
  const recipients = deadLetters?.seal.recipients
  if (recipients === undefined || Array.isArray(recipients)) return recipients
  return { file: fileBeside(folder, recipients.file) }
}

function pipelineOf(
  file: string,
  shape: PipelineShape,
  secrets: Secrets,
  amounts: Amounts,
  draft: PipelineDraft,
): Pipeline {
  const { 'session.timeout.ms': session, 'transaction.timeout.ms': transaction } = CLIENT_DEFAULTS
  const exactly = shape.delivery === 'exactly-once'
  return {
    file,
    name: shape.pipeline,
    brokers: shape.brokers,
    tls: shape.tls && {
      ca: secrets.ca,
      cert: secrets.cert,
      key: secrets.key,
      keyPassword: secrets.keyPassword,
    },
    sasl: shape.sasl && saslOf(shape.sasl, secrets),
    plaintext: shape.plaintext?.accept.trim(),
    client: new Map(
      Object.entries({
        'session.timeout.ms': session,
        ...(exactly ? { 'transaction.timeout.ms': transaction } : {}),
        ...shape.client,
      }),
    ),
    delivery: shape.delivery,
    driver: shape.driver,
    instance: shape.instance,
    keys: secrets.keys,
    matchKeys: secrets.matchKeys,
    lists: new Map(
      Object.entries(shape.lists ?? {}).map(([name, { file: entries, removed }]) => [
        name,
        {
          file: fileBeside(dirname(file), entries),
          removed: removed && fileBeside(dirname(file), removed),
        },
      ]),
    ),
    tables: new Map(
      Object.entries(shape.tables ?? {}).map(([name, place]) => [
        name,
        'file' in place
          ? fileBeside(dirname(file), place.file)
          : {
              topic: place.topic,
              maxLag: amountOf(place.maxLag) ?? 0,
              snapshot: place.snapshot && fileBeside(dirname(file), place.snapshot),
            },
      ]),
    ),
    approval: shape.approval && {
      need: shape.approval.need,
      keysFile: fileBeside(dirname(file), shape.approval.keys.file),
    },
    ledger: shape.ledger && {
      file: fileBeside(dirname(file), shape.ledger.file),
      signingKey: fileBeside(dirname(file), shape.ledger.signingKey.file),
      anchor:
        shape.ledger.anchor &&
        ('file' in shape.ledger.anchor
          ? fileBeside(dirname(file), shape.ledger.anchor.file)
          : shape.ledger.anchor),
      at: draft.at('ledger'),
    },
    seal: sealOf(shape, dirname(file)),
    registry: shape.registry && registryOf(shape.registry, secrets),
    source: shape.source,
    ...amounts,
    http: shape.http,
    routes: draft.parts.routes.map(
      ({ shape: route, index }): Route => ({
        name: route.name,
        from: {
          topics: route.from.topics,
          group: route.from.group,
          start: readStart(draft, { shape: route, index }),
          value: route.from.value,
          key: route.from.key,
        },
        change: changeOf(route.change),
        balance: balanceFormOf(route.balance),
        to:
          route.to.topic === undefined
            ? datasetOf(draft, { shape: route, index }, dirname(file))
            : outputOf(route.to.topic, route.to),
        deadLetterTopic: route.deadLetterTopic,
        policy: fileBeside(dirname(file), route.policy),
        sketch: sketchOf(route.sketch, dirname(file)),
        at: draft.at('routes', index),
      }),
    ),
  }
}

/** From a pipeline file to what runs: everything is read, checked and compiled before a socket opens. */
import { EXIT, LetheError } from '../../errors.ts'
import { OutputWriter } from '../../kafka/batch.ts'
import type { Connection } from '../../kafka/driver.ts'
import { compilePipeline } from '../../kafka/pipeline-file/compile.ts'
import type { Pipeline, Route } from '../../kafka/pipeline-file/pipeline.ts'
import { readPipelineFile } from '../../kafka/pipeline-file/read.ts'
import { resolveConnection, resolveInstance, resolveKeyring } from '../../kafka/pipeline-file/secrets.ts'
import type { RouteSetup } from '../../kafka/rewriting/job.ts'
import { clearSources, encryptedSources, noSources, type SourceWriter } from '../../kafka/source-header.ts'
import type { Keyring } from '../../keys/keyring.ts'
import { compilePolicy } from '../../policy/compile.ts'
import type { Plan } from '../../policy/plan.ts'
import { formatProblems } from '../../policy/problems.ts'
import { readPolicyFile } from '../../policy/read.ts'

export interface PreparedRoute {
  readonly route: Route
  readonly plan: Plan
  /** For the thread that rewrites. */
  readonly setup: RouteSetup
  readonly writer: OutputWriter
}

export interface Prepared {
  readonly pipeline: Pipeline
  readonly connection: Connection
  readonly instance: string
  readonly routes: readonly PreparedRoute[]
}

/** The pipeline of a file. Its problems go to stderr; @throws LetheError (usage) where there is an error. */
export function readPipeline(file: string): Pipeline {
  const { pipeline, problems } = compilePipeline(readPipelineFile(file))
  process.stderr.write(formatProblems(problems, 'text'))
  if (pipeline === undefined)
    throw new LetheError(EXIT.usage, `the pipeline ${file} has errors; nothing was read`, 'correct them')
  return pipeline
}

/**
 * Reads secrets, keys and policies, and compiles them.
 * @throws LetheError where something is missing, exposed or wrong
 */
export function prepare(pipeline: Pipeline): Prepared {
  const keys = resolveKeyring(pipeline)
  return {
    pipeline,
    connection: resolveConnection(pipeline),
    instance: resolveInstance(pipeline),
    routes: pipeline.routes.map((route) => prepareRoute(pipeline, route, keys)),
  }
}

function prepareRoute(pipeline: Pipeline, route: Route, keys: Keyring | undefined): PreparedRoute {
  const source = readPolicyFile(route.policy)
  const { plan, problems } = compilePolicy(source, { keys })
  if (plan === undefined || !plan.runnable) {
    process.stderr.write(formatProblems(problems, 'text'))
    throw new LetheError(
      EXIT.usage,
      `the policy ${route.policy} has errors; nothing was read`,
      'correct them',
    )
  }
  const setup: RouteSetup = {
    policyFile: source.file,
    policyText: source.text,
    fingerprint: plan.fingerprint,
    keyset: keys?.keyset,
    maxRecordBytes: pipeline.maxRecordBytes,
    compacted: route.to.compacted,
  }
  const { topic, partition } = route.to
  const to = { topic, partition, deadLetterTopic: route.deadLetterTopic }
  return { route, plan, setup, writer: new OutputWriter(plan, to, sourcesOf(pipeline, route, keys)) }
}

function sourcesOf({ name, source }: Pipeline, route: Route, keys: Keyring | undefined): SourceWriter {
  if (source === 'none') return noSources
  if (source === 'clear') return clearSources
  if (keys === undefined) throw new Error('the pipeline file was checked to name keys')
  return encryptedSources(keys.key('source', name), route.name)
}

/**
 * From a pipeline file to what runs: everything is read once, checked and compiled before a socket opens. A worker process
 * does the same from what its parent read, and touches no file but those that open connections.
 */
import { LetheError } from '../../errors.ts'
import { type GroupsKey, newGroupsKey } from '../../groups/subject-groups.ts'
import { OutputWriter } from '../../kafka/batch-outputs.ts'
import type { Connection } from '../../kafka/driver.ts'
import { compilePipeline } from '../../kafka/pipeline-file/compile-pipeline.ts'
import type { Pipeline, Route } from '../../kafka/pipeline-file/pipeline.ts'
import {
  resolveConnection,
  resolveInstance,
  resolveKeyring,
} from '../../kafka/pipeline-file/pipeline-secrets.ts'
import { readPipelineFile } from '../../kafka/pipeline-file/read-pipeline.ts'
import {
  clearSources,
  encryptedSources,
  noSources,
  type SourceWriter,
  sourceDomain,
} from '../../kafka/source-header.ts'
import { Keyring } from '../../keys/keyring.ts'
import { type Compiled, compilePolicy } from '../../policy/compile.ts'
import type { Plan } from '../../policy/plan.ts'
import { type ReadWhole, readPolicyFile } from '../../policy/policy-file.ts'
import { formatProblems } from '../../policy/problems.ts'
import type { RouteSetup } from '../batch-job.ts'
import { configurationDigest, keysetDigest, type RunConfiguration, readFrom } from '../configuration.ts'
import { packageVersion } from '../package-root.ts'
import { RunFiles } from '../run-files.ts'

export interface PreparedRoute {
  readonly route: Route
  readonly plan: Plan
  /** For the thread that rewrites. */
  readonly setup: RouteSetup
  readonly writer: OutputWriter
}

export interface Prepared {
  readonly pipeline: Pipeline
  readonly configuration: RunConfiguration
  /** Of the configuration and of what became of it here: the same in every process of the run. */
  readonly digest: string
  readonly instance: string
  /** For counting data subjects; of this run, in memory only. */
  readonly groupsKey: GroupsKey
  readonly routes: readonly PreparedRoute[]
  /**
   * How to reach the brokers. Certificates and passwords are read each time: they may live shorter than the run.
   * @throws LetheError where one is missing, exposed or wrong
   */
  connect(): Connection
}

/** The pipeline of a file. Its problems go to stderr; @throws LetheError (usage) where there is an error. */
export function readPipeline(file: string, read?: ReadWhole): Pipeline {
  const { pipeline, problems } = compilePipeline(readPipelineFile(file, read), {
    readPolicy: (policy) => readPolicyFile(policy, 'the policy', read),
  })
  process.stderr.write(formatProblems(problems, 'text'))
  if (pipeline === undefined)
    throw new LetheError(
      'pipeline-invalid',
      `the pipeline ${file} has errors; nothing was read`,
      'correct them',
    )
  return pipeline
}

/**
 * Reads pipeline, policies, lists and keys, each once, and compiles them.
 * @throws LetheError where something is missing, exposed or wrong, or changes meanwhile
 */
export function prepareFromDisk(file: string): { readonly prepared: Prepared; readonly files: RunFiles } {
  const files = new RunFiles()
  const pipeline = readPipeline(file, files.read)
  const keys = readKeys(pipeline, files)
  const compiled = pipeline.routes.map(({ policy }) => compileRoute(policy, files.read, keys))
  files.refuseChanged()
  const configuration: RunConfiguration = { files: files.bytes, keyset: keys?.keyset }
  const prepared = assemble(
    pipeline,
    configuration,
    keys,
    compiled,
    resolveInstance(pipeline),
    newGroupsKey(),
  )
  // What is wrong with a certificate is found before a socket opens, too.
  prepared.connect()
  return { prepared, files }
}

/** In a worker process: the same from what its parent read, under the name that the parent found for this instance. */
export function prepareFrom(
  file: string,
  configuration: RunConfiguration,
  instance: string,
  groupsKey: GroupsKey,
): Prepared {
  const read = readFrom(configuration)
  const { keyset } = configuration
  const keys = keyset === undefined ? undefined : Keyring.fromKeyset(keyset)
  const { pipeline } = compilePipeline(readPipelineFile(file, read), {
    readPolicy: (policy) => readPolicyFile(policy, 'the policy', read),
  })
  if (pipeline === undefined) throw new Error('a worker found errors in a pipeline that its parent compiled')
  const compiled = pipeline.routes.map(({ policy }) => compileRoute(policy, read, keys))
  return assemble(pipeline, configuration, keys, compiled, instance, groupsKey)
}

function readKeys(pipeline: Pipeline, files: RunFiles): Keyring | undefined {
  const { keys } = pipeline
  const read = (): Keyring | undefined => resolveKeyring(pipeline)
  if (keys === undefined || !('file' in keys)) return read()
  const digest = (keyring: Keyring | undefined): string | undefined => keyring && keysetDigest(keyring.keyset)
  return files.readKeyset(keys.file, read, (first, again) => digest(first) === digest(again))
}

function compileRoute(policy: string, read: ReadWhole, keys: Keyring | undefined): Compiled & { plan: Plan } {
  const compiled = compilePolicy(readPolicyFile(policy, 'the policy', read), { keys })
  const { plan, problems } = compiled
  if (plan === undefined || !plan.runnable) {
    process.stderr.write(formatProblems(problems, 'text'))
    throw new LetheError(
      'policy-invalid',
      `the policy ${policy} has errors; nothing was read`,
      'correct them',
    )
  }
  return { ...compiled, plan }
}

function assemble(
  pipeline: Pipeline,
  configuration: RunConfiguration,
  keys: Keyring | undefined,
  compiled: readonly { readonly plan: Plan }[],
  instance: string,
  groupsKey: GroupsKey,
): Prepared {
  const plans = compiled.map(({ plan }) => plan)
  return {
    pipeline,
    configuration,
    digest: configurationDigest(packageVersion(), configuration, plans),
    instance,
    groupsKey,
    routes: pipeline.routes.map((route, at) => {
      const plan = plans[at]!
      const { topic, partition, compacted } = route.to
      const to = { topic, partition, deadLetterTopic: route.deadLetterTopic }
      const setup: RouteSetup = {
        policyFile: route.policy,
        fingerprint: plan.fingerprint,
        configuration,
        maxRecordBytes: pipeline.maxRecordBytes,
        compacted,
        groupsKey,
      }
      return { route, plan, setup, writer: new OutputWriter(plan, to, sourcesOf(pipeline, route, keys)) }
    }),
    connect: () => resolveConnection(pipeline),
  }
}

function sourcesOf({ name, source }: Pipeline, route: Route, keys: Keyring | undefined): SourceWriter {
  if (source === 'none') return noSources
  if (source === 'clear') return clearSources
  if (keys === undefined) throw new Error('the pipeline file was checked to name keys')
  return encryptedSources(keys.key('source', sourceDomain(name, route.to.topic)), route.name)
}

/**
 * From a pipeline file to what runs: everything is read once, checked and compiled before a socket opens. A worker process
 * does the same from what its parent read, and touches no file but those that open connections.
 */
import { type CountedApproval, requireApproved } from '../../approval/required-approval.ts'
import { LetheError } from '../../errors.ts'
import type { GateData } from '../../gates/gate-data.ts'
import { type GroupsKey, newGroupsKey } from '../../groups/subject-groups.ts'
import { type BatchWriter, OutputWriter } from '../../kafka/batch-outputs.ts'
import type { Connection } from '../../kafka/driver.ts'
import { LetterBatches } from '../../kafka/letter-outputs.ts'
import type { PolicyOptions } from '../../kafka/pipeline-file/check-policies.ts'
import { compilePipeline } from '../../kafka/pipeline-file/compile-pipeline.ts'
import type { KeysPlace, Pipeline, Route } from '../../kafka/pipeline-file/pipeline.ts'
import {
  resolveConnection,
  resolveInstance,
  resolveKeyring,
  resolveKeyset,
  resolveRegistry,
  tokensOf,
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
import { MatchKeys } from '../../keys/match-keys.ts'
import type { Compiled } from '../../policy/compile.ts'
import { withTransforms } from '../../policy/custom/modules.ts'
import type { Plan } from '../../policy/plan.ts'
import { type ReadWhole, readPolicyFile } from '../../policy/policy-file.ts'
import { formatProblems } from '../../policy/problems.ts'
import { valuesNameSchemas, type WireForm } from '../../record/wire-form.ts'
import type { RouteSetup } from '../batch-job.ts'
import { configurationDigest, keysetDigest, type RunConfiguration, readFrom } from '../configuration.ts'
import { packageVersion } from '../package-root.ts'
import { configured, readGateData } from '../read-gate-data.ts'
import { RunFiles } from '../run-files.ts'

export interface PreparedRoute {
  readonly route: Route
  readonly plan: Plan
  /** The approvals that count; undefined where none are required. */
  readonly approvals: readonly CountedApproval[] | undefined
  /** For the thread that rewrites. */
  readonly setup: RouteSetup
  readonly writer: BatchWriter
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

/** What is said of a pipeline on stderr: all problems, or those of one that has errors. What runs or examines a pipeline says all. */
type Says = 'all' | 'where wrong'

/** The pipeline of a file. Its problems go to stderr, as `says`; @throws LetheError (usage) where there is an error. */
export const readPipeline = async (file: string, says: Says = 'where wrong'): Promise<Pipeline> =>
  (await withTransforms(() => readCompiled(file, says))).pipeline

const MOST_RECIPIENT_BYTES = 1 << 20

/** The pipeline and its policies, for what reads no keys. Problems as of `readPipeline`. */
export const readPipelinePolicies = async (file: string): Promise<Compilation> =>
  await withTransforms(() => readCompiled(file, 'where wrong'))

export interface Compilation {
  readonly pipeline: Pipeline
  /** By file, each compiled once. */
  readonly policies: ReadonlyMap<string, Compiled>
}

function readCompiled(
  file: string,
  says: Says,
  read?: ReadWhole,
  keysOf?: PolicyOptions['keysOf'],
): Compilation {
  const { pipeline, problems, policies } = compilePipeline(readPipelineFile(file, read), {
    readPolicy: (policy) => readPolicyFile(policy, 'the policy', read),
    keysOf,
  })
  if (says === 'all' || pipeline === undefined) process.stderr.write(formatProblems(problems, 'text'))
  if (pipeline === undefined)
    throw new LetheError(
      'pipeline-invalid',
      `the pipeline ${file} has errors; nothing was read`,
      'correct them',
    )
  return { pipeline, policies }
}

/**
 * Reads pipeline, policies, lists and keys, each once, and compiles them.
 * @throws LetheError where something is missing, exposed or wrong, or changes meanwhile
 */
export function prepareFromDisk(file: string): { readonly prepared: Prepared; readonly files: RunFiles } {
  const files = new RunFiles()
  let keys: Keyring | undefined
  let fault: LetheError | undefined
  const compilation = readCompiled(file, 'all', files.read, (secret) => {
    try {
      keys = readKeys(secret, files)
    } catch (error) {
      if (!(error instanceof LetheError)) throw error
      // Errors of the pipeline are reported first.
      fault = error
    }
    return keys
  })
  if (fault !== undefined) throw fault
  // Before the files are compared, so that approvals, keys and lists are among them.
  const approvals = approvalsOf(compilation, files.read)
  const data = gateDataFor(compilation, files)
  const { seal } = compilation.pipeline
  if (seal !== undefined && 'file' in seal) files.read(seal.file, 'the recipients', MOST_RECIPIENT_BYTES)
  files.refuseChanged()
  const configuration: RunConfiguration = { files: files.bytes, keyset: keys?.keyset, ...configured(data) }
  const instance = resolveInstance(compilation.pipeline)
  const prepared = assemble(compilation, configuration, keys, instance, newGroupsKey(), approvals)
  // What is wrong with a certificate is found before a socket opens, too.
  prepared.connect()
  const { registry } = compilation.pipeline
  if (registry !== undefined) resolveRegistry(registry)
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
  const { pipeline, policies } = compilePipeline(readPipelineFile(file, read), {
    readPolicy: (policy) => readPolicyFile(policy, 'the policy', read),
    keysOf: () => keys,
  })
  if (pipeline === undefined) throw new Error('a worker found errors in a pipeline that its parent compiled')
  const compilation = { pipeline, policies }
  return assemble(compilation, configuration, keys, instance, groupsKey, approvalsOf(compilation, read))
}

/** By the file of a policy; undefined where the pipeline requires none. @throws LetheError (usage) where some are missing */
function approvalsOf(
  { pipeline: { approval, routes }, policies }: Compilation,
  read: ReadWhole,
): ReadonlyMap<string, readonly CountedApproval[]> | undefined {
  if (approval === undefined) return undefined
  return new Map(
    routes.map(({ policy }) => [policy, requireApproved(policy, planOf(policies, policy), approval, read)]),
  )
}

function readKeys(keys: KeysPlace | undefined, files: RunFiles): Keyring | undefined {
  const read = (): Keyring | undefined => resolveKeyring({ keys })
  if (keys === undefined || !('file' in keys)) return read()
  const digest = (keyring: Keyring | undefined): string | undefined => keyring && keysetDigest(keyring.keyset)
  return files.readOnce('keyset', keys.file, read, (first, again) => digest(first) === digest(again))
}

function gateDataFor({ pipeline, policies }: Compilation, files: RunFiles): GateData {
  const { lists, tables, matchKeys, routes } = pipeline
  const plans = routes.map(({ policy }) => planOf(policies, policy))
  const place =
    matchKeys === undefined || 'file' in matchKeys
      ? matchKeys
      : { read: () => new MatchKeys(resolveKeyset(matchKeys, 'matchKeys')) }
  return readGateData(plans, { lists, tables, matchKeys: place }, files)
}

function planOf(policies: ReadonlyMap<string, Compiled>, file: string): Plan {
  const plan = policies.get(file)?.plan
  if (plan?.runnable !== true) throw new Error('a pipeline was compiled without the keys of its policies')
  return plan
}

function assemble(
  { pipeline, policies }: Compilation,
  configuration: RunConfiguration,
  keys: Keyring | undefined,
  instance: string,
  groupsKey: GroupsKey,
  approvals: ReturnType<typeof approvalsOf>,
): Prepared {
  const plans = pipeline.routes.map(({ policy }) => planOf(policies, policy))
  // One for all clients: one that follows another needs no new token.
  const tokens = tokensOf(pipeline)
  return {
    pipeline,
    configuration,
    digest: configurationDigest(packageVersion(), configuration, plans),
    instance,
    groupsKey,
    routes: pipeline.routes.map((route, at) => {
      const plan = plans[at]!
      const form: WireForm = {
        value: route.from.value,
        key: route.from.key,
        checksFrames: pipeline.registry !== undefined,
        output: route.to.value?.form,
        change: route.change,
      }
      const setup: RouteSetup = {
        policyFile: route.policy,
        fingerprint: plan.fingerprint,
        configuration,
        maxRecordBytes: pipeline.maxRecordBytes,
        compacted: route.to.compacted,
        form,
        groupsKey,
        countedGroups: route.balance,
        seals: pipeline.seal !== undefined,
        sketch: route.sketch && { sides: route.sketch.sides, over: route.sketch.over },
      }
      const approved = approvals?.get(route.policy)
      return {
        route,
        plan,
        approvals: approved,
        setup,
        writer: writerOf(pipeline, route, plan, keys, valuesNameSchemas(form)),
      }
    }),
    connect: () => resolveConnection(pipeline, process.env, tokens),
  }
}

function writerOf(
  pipeline: Pipeline,
  route: Route,
  plan: Plan,
  keys: Keyring | undefined,
  hasSchemas: boolean,
): BatchWriter {
  const { deadLetterTopic, to } = route
  const letters = { deadLetterTopic, owner: { pipeline: pipeline.name, route: route.name } }
  if (to.topic === undefined) return new LetterBatches(plan, letters)
  return new OutputWriter(
    plan,
    {
      ...letters,
      topic: to.topic,
      partition: to.partition,
      hasSchemas,
      framesKeys: to.key?.format,
    },
    sourcesOf(pipeline, route, to.topic, keys),
  )
}

function sourcesOf(
  { name, source }: Pipeline,
  route: Route,
  topic: string,
  keys: Keyring | undefined,
): SourceWriter {
  if (source === 'none') return noSources
  if (source === 'clear') return clearSources
  if (keys === undefined) throw new Error('the pipeline file was checked to name keys')
  return encryptedSources(keys.key('source', sourceDomain(name, topic)), route.name)
}

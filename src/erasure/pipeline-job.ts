/** What `lethe forget` and `lethe locate` work on: policies that are named, and the topics, policies and keys of a pipeline. */

import { LetheError } from '../errors.ts'
import { isObjectName } from '../files/objects/object-name.ts'
import { placeOf } from '../files/place.ts'
import { openAdmin } from '../kafka/open-admin.ts'
import type { KeysPlace, Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import { resolveConnection, resolveKeyset, resolveRegistry } from '../kafka/pipeline-file/pipeline-secrets.ts'
import { readKeysetFile } from '../keys/file.ts'
import type { Keyset } from '../keys/keyset.ts'
import { loadMatchKeys, MatchKeys } from '../keys/match-keys.ts'
import { targetsOf } from '../lifecycle/stored-folder.ts'
import type { Target } from '../lifecycle/target.ts'
import type { StoredPipeline } from '../lifecycle/topic-orders.ts'
import type { Plan } from '../policy/plan.ts'
import { RegistryClient } from '../registry/registry-client.ts'
import { readPipelinePolicies } from '../run/stream/prepare.ts'
import type { TopicsSetting } from './erase-topics.ts'
import { keyChecksOf, type SubjectSearch, searchOf } from './finders.ts'
import { patient } from './stored-schemas.ts'

export interface PipelineJob {
  /** The files of all policies: of the pipeline, then those that are named. */
  readonly policies: readonly string[]
  readonly plans: readonly Plan[]
  /** What to know of the pipeline before something is erased. */
  readonly notes: readonly string[]
  /** Undefined where no pipeline is named. */
  readonly pipeline: Pipeline | undefined
  readonly topics: TopicsSetting | undefined
}

/** A policy that is named, beside those of a pipeline. */
export interface NamedPolicy {
  readonly file: string
  readonly plan: Plan
}

/**
 * Does something with a job, whose client is closed then. `file`: of a pipeline.
 * @throws LetheError (usage) where nothing is named, or has errors; (io)
 */
export async function withJob<T>(
  named: readonly NamedPolicy[],
  file: string | undefined,
  use: (job: PipelineJob) => Promise<T>,
): Promise<T> {
  if (file === undefined) {
    if (named.length === 0)
      throw new LetheError(
        'bad-option',
        'no policy is named',
        'say -p POLICY, or --pipeline FILE for the topics of a pipeline',
      )
    return await use({ ...jobOf(named), notes: [], pipeline: undefined, topics: undefined })
  }
  const { stored, notes, policies } = await readStored(file)
  const known = new Set(policies.map(({ plan }) => plan.fingerprint))
  const all = [...policies, ...named.filter(({ plan }) => !known.has(plan.fingerprint))]
  const { pipeline } = stored
  const admin = await openAdmin(resolveConnection(pipeline))
  try {
    const { registry } = pipeline
    const schemas = registry && patient(new RegistryClient(() => resolveRegistry(registry)))
    return await use({ ...jobOf(all), notes, pipeline, topics: { admin, stored, schemas } })
  } finally {
    await admin.close()
  }
}

const jobOf = (all: readonly NamedPolicy[]) => ({
  policies: all.map(({ file }) => file),
  plans: all.map(({ plan }) => plan),
})

async function readStored(file: string) {
  const compiled = await readPipelinePolicies(file)
  const all = [...compiled.policies].flatMap(([name, { plan, policy }]) =>
    plan === undefined || policy === undefined ? [] : [[name, { plan, policy }] as const],
  )
  const stored: StoredPipeline = { pipeline: compiled.pipeline, policies: new Map(all) }
  const named = all.filter(([, { plan }]) => plan.subject !== undefined)
  if (named.length === 0)
    throw new LetheError(
      'bad-option',
      `no policy of the pipeline ${compiled.pipeline.name} says whose a record is`,
      'say `subject: PATH` in it',
    )
  const list = listOfSubject(named[0]![1].plan)
  const notes = all.flatMap(([name, { plan }]) =>
    plan.subject === undefined
      ? [`the policy ${name} does not say whose a record is: what it writes cannot be looked through`]
      : listOfSubject(plan) !== list
        ? [
            `the policy ${name} names no list ${list ?? ''} by its subject: records of subjects come again by its routes`,
          ]
        : [],
  )
  return {
    stored,
    notes,
    policies: named.map(([name, { plan }]): NamedPolicy => ({ file: name, plan })),
  }
}

const listOfSubject = ({ subject, suppression }: Plan): string | undefined =>
  suppression.find(
    ({ by, entries }) => entries === 'match' && by.length === 1 && by[0]!.text === subject?.text,
  )?.list

/** The keys of tokens: of the file that is named, else of the pipeline. */
export const tokenKeys = (
  file: string | undefined,
  { pipeline }: Pick<PipelineJob, 'pipeline'>,
): Keyset | undefined =>
  file === undefined ? pipeline?.keys && placed(pipeline.keys, 'keys') : readKeysetFile(file)

const placed = (place: KeysPlace, word: 'keys' | 'matchKeys'): Keyset =>
  'file' in place ? readKeysetFile(place.file) : resolveKeyset(place, word)

/** The match keys, likewise. */
export function matchKeysFor(
  file: string | undefined,
  { pipeline }: Pick<PipelineJob, 'pipeline'>,
): MatchKeys | undefined {
  if (file !== undefined) return loadMatchKeys(file)
  const place = pipeline?.matchKeys
  return place && new MatchKeys(placed(place, 'matchKeys'))
}

/** Routes that go by another list than this file would publish records of the subjects again. */
export function otherList(name: string, suppression: string, { pipeline }: PipelineJob): readonly string[] {
  if (pipeline === undefined) return []
  const file = pipeline.lists.get(name)?.file
  return file !== undefined && placeOf(file).path === placeOf(suppression).path
    ? []
    : [`the pipeline does not read the list ${name} from ${suppression}: its routes go by another file`]
}

export interface Searches {
  readonly searches: readonly SubjectSearch[]
  readonly keyChecks: Readonly<Record<string, string>>
}

/** The policies of a job, each under every key of the keyset. */
export async function searchesOf(
  { policies }: Pick<PipelineJob, 'policies'>,
  keyset: Keyset | undefined,
): Promise<Searches> {
  const searches: SubjectSearch[] = []
  for (const one of policies) searches.push(await searchOf(one, keyset))
  return { searches, keyChecks: keyChecksOf(keyset) }
}

/**
 * The stored files that the names lead to, and those of the data sets that the routes of a pipeline write into: targets like others.
 * @throws LetheError (io)
 */
export async function targetsWith(
  names: readonly string[],
  topics: PipelineJob['topics'],
): Promise<readonly Target[]> {
  const places = topics?.stored.pipeline.routes.flatMap(({ to }) => to.dataset?.folder ?? []) ?? []
  const [inStore, folders] = [places.filter(isObjectName), places.filter((place) => !isObjectName(place))]
  const targets = await targetsOf([...names, ...folders])
  // A stream may not have begun its data set.
  const ofStore = await targetsOf(
    inStore.map((place) => `${place.replace(/\/$/, '')}/`),
    { mayBeEmpty: true },
  )
  return [...new Map([...targets, ...ofStore].map((target) => [target.name, target])).values()]
}

/** @throws LetheError (usage) where neither files nor a pipeline are named */
export function refuseNothing(names: readonly string[], { topics }: Pick<PipelineJob, 'topics'>): void {
  if (topics === undefined && names.length === 0)
    throw new LetheError(
      'bad-option',
      'no file, folder or pipeline is named',
      'name files that `lethe batch` wrote, or say --pipeline FILE',
    )
}

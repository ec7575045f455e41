/** Whether what a pipeline reads and writes goes with what its schema registry holds, as a check finds it. It changes nothing. */
import { LetheError } from '../../errors.ts'
import type { Pipeline, Route } from '../../kafka/pipeline-file/pipeline.ts'
import { resolveRegistry } from '../../kafka/pipeline-file/pipeline-secrets.ts'
import type { Plan } from '../../policy/plan.ts'
import { SchemaFault } from '../../record/schema-text.ts'
import { valuesNameSchemas } from '../../record/wire-form.ts'
import { RegistryClient, type SubjectVersion } from '../../registry/registry-client.ts'
import { checkTags, type TaggedTold } from '../check-tags.ts'
import { outputSchemaOf } from '../engines.ts'
import { plannedFor } from '../planned.ts'
import { formOf, outputKind, readWriterSchema } from '../writer-schemas.ts'

/** Paths that one line names. */
const MOST_PATHS = 20

export interface SubjectFinding {
  readonly route: Route
  readonly level: 'ok' | 'warning' | 'problem'
  /** As errors and dead letters have it. */
  readonly code: string
  readonly what: string
  readonly way: string | undefined
}

/** A schema that a route reads, and what is written for it. */
export interface ReadSchema {
  readonly route: Route
  readonly subject: string
  readonly found: SubjectVersion
  /** Undefined where outputs are JSON. */
  readonly output: string | undefined
}

export const registryClient = ({ registry }: Pick<Pipeline, 'registry'>): RegistryClient | undefined =>
  registry && new RegistryClient(() => resolveRegistry(registry))

/** Those that name schemas in their values. */
export const withSchemas = ({ routes, registry }: Pipeline): readonly Route[] =>
  routes.filter(({ from }) => valuesNameSchemas({ ...from, checksFrames: registry !== undefined }))

/** The subjects of the values of a route, by the names of its topics; none where it reads by a pattern. */
export const subjectsOf = ({ from: { topics } }: Route): readonly string[] =>
  'pattern' in topics ? [] : topics.map((topic) => `${topic}-value`)

/** @param planOf the plan of a route; undefined where its policy has errors */
export async function examineSubjects(
  pipeline: Pipeline,
  planOf: (route: Route) => Plan | undefined,
  client: RegistryClient | undefined = registryClient(pipeline),
): Promise<readonly SubjectFinding[]> {
  const findings: SubjectFinding[] = []
  if (client === undefined) return findings
  for (const route of withSchemas(pipeline)) {
    const plan = planOf(route)
    if (plan === undefined) continue
    const say = (level: SubjectFinding['level'], code: string, what: string, way?: string): void =>
      void findings.push({ route, level, code, what, way })
    const subjects = subjectsOf(route)
    if (subjects.length === 0)
      say('warning', 'unchecked', 'it reads topics by a pattern: their schemas are not looked at')
    for (const subject of subjects)
      try {
        await examine(client, route, plan, subject, say)
      } catch (error) {
        if (!(error instanceof LetheError)) throw error
        say('problem', error.code, error.message, error.suggestion)
      }
  }
  return findings
}

type Say = (level: SubjectFinding['level'], code: string, what: string, way?: string) => void

async function examine(
  client: RegistryClient,
  route: Route,
  plan: Plan,
  subject: string,
  say: Say,
): Promise<void> {
  try {
    const found = await client.version(subject, 'latest', route.from.value.format === 'protobuf')
    if (found === undefined) {
      say(
        'warning',
        'subject-missing',
        `the registry has no subject ${subject}`,
        'nothing has to be done where its producers name their subjects otherwise',
      )
      return
    }
    const named = `${subject} version ${found.version}`
    const schema = readWriterSchema(route.from.value.format, found)
    const planned = plannedFor(plan, route.change).plan
    // Of both images of a row, it is enough to look at one.
    const fields = route.change === undefined ? plan.fields : planned.fields.slice(plan.fields.length)
    for (const { from, path } of fields) {
      if (path.isPattern || path.tag !== undefined || from.segments.at(-1)?.kind === 'names') continue
      if (!schema.has(from.segments))
        say(
          'warning',
          'not-in-schema',
          `the policy names \`${from.text}\`, and ${named} has no such field`,
          'correct the path, or leave it for versions that have it',
        )
    }
    const told = checkTags(plan, found, 'value', route.from.value.format)
    if (told !== undefined) sayTags(told, named, say)
    // Where the policy goes by tags, it is a problem.
    for (const { path, tags } of plan.tags === undefined ? schema.keptTags({ ...planned, fields }) : [])
      say(
        'warning',
        'tagged-kept',
        `${named} tags \`${path}\` ${tags.map((tag) => `\`${tag}\``).join(', ')}, and the policy keeps it as it is`,
        'use a transform, or drop it, unless the tag says nothing personal',
      )
    if ((route.to.value?.form ?? 'json') !== 'json')
      await examineOutput(client, route, plan, found, named, say)
    else say('ok', 'schema-known', `${named} can be read`)
  } catch (error) {
    if (!(error instanceof SchemaFault)) throw error
    say(
      'problem',
      error.code,
      `the schema of ${subject}: ${error.message}`,
      error.code === 'tagged-without-rule' && plan.tags?.withoutRule === 'refuse'
        ? 'its records wait: give what is tagged a rule, or name its tags under `tagged`'
        : 'its records become dead letters',
    )
  }
}

function sayTags({ taken, leftOut }: TaggedTold, named: string, say: Say): void {
  for (const [tag, paths] of taken)
    say('ok', 'tagged', `of ${named} the rule of the tag \`${tag}\` takes ${listed(paths)}`)
  if (leftOut.size > 0)
    say('ok', 'tagged-unlisted', `${named} tags ${listed(leftOut)}: no rule names that, and it is left out`)
}

function listed(paths: ReadonlySet<string>): string {
  const shown = [...paths].slice(0, MOST_PATHS).map((path) => `\`${path}\``)
  return shown.join(', ') + (paths.size > shown.length ? ` and ${paths.size - shown.length} more` : '')
}

async function examineOutput(
  client: RegistryClient,
  route: Route,
  plan: Plan,
  found: SubjectVersion,
  named: string,
  say: Say,
): Promise<void> {
  const { subject, compatibility, register, form } = route.to.value!
  const text = outputSchemaOf(plan, found, route.from.value.format, form, route.change)
  const kind = outputKind(form)
  const mode = compatibility === undefined ? undefined : await client.mode(subject)
  if (compatibility !== undefined && mode !== compatibility && (mode !== undefined || !register))
    say(
      'problem',
      'subject-mismatch',
      `the subject ${subject} has the compatibility mode ${mode ?? 'of the registry'}, and the pipeline says ${compatibility}`,
      'make the two the same',
    )
  if ((await client.lookup(subject, text, kind)) !== undefined) {
    say(
      'ok',
      'schema-known',
      `${named} can be read, and what is written for it is registered under ${subject}`,
    )
    return
  }
  if (!register)
    say(
      'problem',
      'schema-unregistered',
      `the subject ${subject} lacks the schema of what is written for ${named}`,
      'register what `lethe schema` prints',
    )
  else if ((await client.isCompatible(subject, text, kind)) === false)
    say(
      'problem',
      'schema-incompatible',
      `the schema of what is written for ${named} does not go with the latest version of ${subject}`,
      'change the policy so that types stay, or name another `subject`',
    )
  else say('ok', 'schema-known', `${named} can be read, and what is written for it goes with ${subject}`)
}

/**
 * The schemas that the routes of a pipeline read, and what is written for each.
 * @param version of the subjects
 * @throws LetheError where the registry does not give them, or one cannot be used
 */
export async function readSchemas(
  pipeline: Pipeline,
  planOf: (route: Route) => Plan,
  version: number | 'latest',
): Promise<readonly ReadSchema[]> {
  const client = registryClient(pipeline)
  if (client === undefined) return []
  const schemas: ReadSchema[] = []
  for (const route of withSchemas(pipeline))
    for (const subject of subjectsOf(route)) {
      const found = await client.version(subject, version, route.from.value.format === 'protobuf')
      if (found === undefined)
        throw new LetheError('unknown-name', `the registry has no version ${version} of ${subject}`)
      schemas.push({ route, subject, found, output: writtenFor(planOf(route), found, subject, route) })
    }
  return schemas
}

function writtenFor(plan: Plan, found: SubjectVersion, subject: string, { from, to, change }: Route): string {
  const { format } = from.value
  const form = to.value?.form ?? 'json'
  try {
    readWriterSchema(format, found)
    return outputSchemaOf(plan, found, format, form === 'json' ? formOf(format) : form, change)
  } catch (error) {
    if (!(error instanceof SchemaFault)) throw error
    throw new LetheError('schema-unusable', `the schema of ${subject}: ${error.message}`)
  }
}

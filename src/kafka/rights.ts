/** The least that a pipeline's user must be allowed to do. Never to create a topic: who may would hide a wrong name. */
import type { Right } from './admin.ts'
import type { Pipeline, Route } from './pipeline-file/pipeline.ts'

export interface Grant {
  readonly resource: 'topic' | 'group' | 'transactional-id'
  readonly name: string
  /** `prefixed`: all names that begin so. `*` as a literal name stands for all. */
  readonly match: 'literal' | 'prefixed'
  readonly rights: readonly Right[]
  /** What it is for, and of which routes. */
  readonly use: string
  readonly routes: readonly string[]
  /** Why it takes in more than the pipeline uses; undefined where it does not. */
  readonly wider: string | undefined
}

/** What `transactionalId` begins with, for all instances and workers of a route. */
export const transactionalPrefix = (pipeline: string, route: string): string => `lethe.${pipeline}.${route}.`

/** Of the replays of a route, one for all: the last one takes over. No instance's, as those end in a number. */
export const replayTransactionalId = (pipeline: string, route: string): string =>
  `${transactionalPrefix(pipeline, route)}replay`

/** The rights of all routes; what several need is there once. `replays`: with those of `lethe replay`. */
export function rightsOf(
  { name, delivery, driver, routes, tables, ledger }: Pipeline,
  replays: boolean = false,
): readonly Grant[] {
  // Which driver it is where none is named, depends on what is installed there.
  const isKafkajs = driver === 'kafkajs' || (driver === undefined && delivery === 'at-least-once')
  const grants = [
    // kafkajs refuses compacted topics, and so those whose settings it has no right to see.
    ...routes.flatMap((route) => inputsOf(route, isKafkajs ? READ_WITH_SETTINGS : READ)),
    ...routes.flatMap((route): Grant[] => [
      grant('group', route.from.group, ['read'], 'group', route),
      grant('group', `${route.from.group}.until-end`, ['read'], 'ends that --until-end stops at', route),
    ]),
    ...[...tables.values()].flatMap((place): Grant[] =>
      typeof place === 'string'
        ? []
        : routes.map((route) => grant('topic', place.topic, READ_WITH_SETTINGS, 'consent table', route)),
    ),
    ...(typeof ledger?.anchor === 'object' ? anchoredTo(ledger.anchor.topic, routes) : []),
    ...routes.flatMap((route) =>
      route.to.topic === undefined ? [] : [grant('topic', route.to.topic, WRITTEN, 'output', route)],
    ),
    ...routes.map((route) =>
      grant(
        'topic',
        route.deadLetterTopic,
        replays ? ['read', ...WRITTEN] : WRITTEN,
        replays ? 'dead letters, also to replay them' : 'dead letters',
        route,
      ),
    ),
    ...(delivery === 'exactly-once' || replays
      ? routes.filter(isTransactional).map(
          (route): Grant => ({
            ...grant(
              'transactional-id',
              transactionalPrefix(name, route.name),
              ['write', 'describe'],
              replays
                ? 'transactions of all instances and workers, and of replays'
                : 'transactions of all instances and workers',
              route,
            ),
            match: 'prefixed',
          }),
        )
      : []),
  ]
  return merged(grants)
}

/** What goes into a data set is settled by its files. */
const isTransactional = ({ to }: Route): boolean => to.dataset === undefined

/** Heads are read again before each one that is written. */
const anchoredTo = (topic: string, routes: readonly Route[]): readonly Grant[] =>
  routes.map((route) => grant('topic', topic, ['read', ...WRITTEN], 'heads of the ledger', route))

/** What `lethe retain` needs: to read what is stored, to look at its settings, and to delete of it. Nothing of inputs or groups. */
export const retainRightsOf = ({ routes }: Pipeline): readonly Grant[] =>
  merged([
    ...routes.flatMap((route) =>
      route.to.topic === undefined
        ? []
        : [grant('topic', route.to.topic, RETAINED, 'output, to delete what is too old', route)],
    ),
    ...routes.map((route) =>
      grant('topic', route.deadLetterTopic, RETAINED, 'dead letters, to delete what is too old', route),
    ),
  ])

/**
 * What `lethe forget` and `lethe locate` need: to read what is stored, to look at its settings, and to write tombstones. `deletes`: also
 * to delete, for orders that say so.
 */
export function forgetRightsOf({ routes }: Pipeline, deletes: boolean = false): readonly Grant[] {
  const deleting: readonly Right[] = deletes ? ['delete'] : []
  const also = deletes ? ', and to delete what orders say' : ''
  return merged([
    ...routes.flatMap((route) =>
      route.to.topic === undefined
        ? []
        : [
            grant(
              'topic',
              route.to.topic,
              // Tombstones reach compacted topics alone.
              [...READ_WITH_SETTINGS, ...(route.to.compacted ? (['write'] as const) : []), ...deleting],
              `output, to look for records of subjects${route.to.compacted ? ', and to write tombstones' : ''}${also}`,
              route,
            ),
          ],
    ),
    ...routes.map((route) =>
      grant(
        'topic',
        route.deadLetterTopic,
        [...READ_WITH_SETTINGS, ...deleting],
        `dead letters, to look for sealed originals${also}`,
        route,
      ),
    ),
  ])
}

const RETAINED: readonly Right[] = ['read', 'describe', 'describe-configs', 'delete']

/** What several routes need is there once. */
function merged(grants: readonly Grant[]): readonly Grant[] {
  const known = new Map<string, Grant>()
  for (const one of grants) {
    const key = `${one.resource} ${one.match} ${one.name} ${one.use}`
    const before = known.get(key)
    known.set(key, before === undefined ? one : { ...before, routes: [...before.routes, ...one.routes] })
  }
  return [...known.values()]
}

/** Settings are looked at before the start: is it compacted, and how large may a record be? */
const WRITTEN: readonly Right[] = ['write', 'describe', 'describe-configs']

const READ: readonly Right[] = ['read', 'describe']
/** Where the settings decide whether it is read. */
const READ_WITH_SETTINGS: readonly Right[] = [...READ, 'describe-configs']

function grant(
  resource: Grant['resource'],
  name: string,
  rights: readonly Right[],
  use: string,
  { name: route }: Route,
): Grant {
  return { resource, name, match: 'literal', rights, use, routes: [route], wider: undefined }
}

function inputsOf(route: Route, rights: readonly Right[]): readonly Grant[] {
  const { topics } = route.from
  if (!('pattern' in topics)) return topics.map((topic) => grant('topic', topic, rights, 'input', route))
  const prefix = literalPrefix(topics.pattern)
  const all = prefix === ''
  return [
    {
      ...grant('topic', all ? '*' : prefix, rights, 'input', route),
      match: all ? 'literal' : 'prefixed',
      wider: all
        ? `the pattern ${topics.pattern} begins with nothing fixed, and Kafka knows no patterns but prefixes: this lets the user read every topic of the cluster; name the topics instead, or begin the pattern with a fixed text`
        : `Kafka knows no patterns but prefixes: this lets the user read every topic whose name begins with ${prefix}, whether ${topics.pattern} matches it or not`,
    },
  ]
}

/** What all names begin with that a pattern of the pipeline file matches. */
export function literalPrefix(pattern: string): string {
  const [first = '', ...others] = alternatives(pattern).map(prefixOf)
  return others.reduce((common, other) => {
    let length = 0
    while (length < common.length && common[length] === other[length]) length++
    return common.slice(0, length)
  }, first)
}

/** Split at each `|` that stands in no group. */
function alternatives(pattern: string): readonly string[] {
  const parts = ['']
  let depth = 0
  let inClass = false
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]!
    if (c === '[') inClass = true
    else if (c === ']') inClass = false
    else if (c === '(' && !inClass) depth++
    else if (c === ')' && !inClass) depth--
    if (c === '|' && depth === 0 && !inClass) parts.push('')
    else parts[parts.length - 1] += c === '\\' ? c + (pattern[++i] ?? '') : c
  }
  return parts
}

function prefixOf(alternative: string): string {
  let prefix = ''
  for (let i = 0; i < alternative.length; i++) {
    const c = alternative[i]!
    if (c === '\\') prefix += alternative[++i] ?? ''
    // The character before may be missing.
    else if (c === '*' || c === '?') return prefix.slice(0, -1)
    else if (!/[A-Za-z0-9_-]/.test(c)) return prefix
    else prefix += c
  }
  return prefix
}

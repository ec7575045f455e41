/** What may be written of each kind of event: its level, its sentence, and what each field can hold. */
import { clientCode, knownCode } from './codes.ts'
import { CONFIGURATION_FILES, type EventKind, type LogEvent, type LogLevel } from './events.ts'

/** Makes a field's value what it may be; undefined leaves it out. */
type Field = (value: unknown) => string | number | undefined

/** A count, an offset, a partition, a port, milliseconds. */
const integer: Field = (value) => (Number.isFinite(value) ? Math.round(value as number) : undefined)

const code: Field = knownCode

const text =
  (pattern: RegExp): Field =>
  (value) =>
    typeof value === 'string' && pattern.test(value) ? value : 'other'

const words =
  (...known: readonly string[]): Field =>
  (value) =>
    known.find((word) => word === value) ?? 'other'

const writtenName = text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)

/** Of a route, a policy or a pipeline, as the pipeline file and the policy may write them; empty: there is none. */
const unlessEmpty =
  (field: Field): Field =>
  (value) =>
    value === '' ? undefined : field(value)
const name: Field = unlessEmpty(writtenName)

/** As Kafka allows them. */
const topic = text(/^[A-Za-z0-9._-]{1,249}$/)
const fingerprint = text(/^[0-9a-f]{64}$/)
const version = text(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]{1,40})?$/)
const host = text(/^[A-Za-z0-9.:_-]{1,253}$/)
const driver = words('rdkafka', 'kafkajs')

/** `topic/partition/offset`, of three records at most, with blanks between. */
const places = text(/^(?:(?:^| )[A-Za-z0-9._-]{1,249}\/\d{1,10}\/\d{1,16}){1,3}$/)

/** The name of a file that the command line, the pipeline file or a policy names. */
const file = text(/^(?=.{1,300}$)[\p{L}\p{N}._/@+=,:~-]+(?: [\p{L}\p{N}._/@+=,:~-]+)*$/u)
/** Of a rule: a path of plain names, what is done, and which of the field's rules it is. */
const ruleLabel = text(/^[\w$.[\]*-]{1,200} [a-z0-9.-]{1,40}(?: \[\d{1,3}\]| after \d{1,5}[a-z]{1,2})?$/)
/** Of a detector. */
const looksLike = text(/^[a-z][a-z-]{0,39}$/)

type FieldsOf<Kind extends EventKind> = Exclude<keyof (LogEvent & { readonly kind: Kind }), 'kind'> & string

interface Definition<Names extends string = string> {
  readonly level: LogLevel
  /** For people; fixed. */
  readonly message: string
  readonly fields: { readonly [Name in Names]: Field }
}

const route = { route: name }
const partitions = { ...route, partitions: integer }
const coded = { ...route, code }
const tablePlace = { table: name, topic, partition: integer, offset: integer }
const tableState = { ...tablePlace, count: integer, milliseconds: integer }

const EVENTS: { readonly [Kind in EventKind]: Definition<FieldsOf<Kind>> } = {
  started: {
    level: 'info',
    message: 'lethe stream starts',
    fields: {
      version,
      pipeline: name,
      driver,
      delivery: words('exactly-once', 'at-least-once'),
      workers: integer,
    },
  },
  listening: { level: 'info', message: 'metrics and probes are served', fields: { host, port: integer } },
  'route-started': {
    level: 'info',
    message: 'a route starts',
    fields: {
      ...route,
      policy: name,
      policyVersion: integer,
      fingerprint,
      topic: unlessEmpty(topic),
      folder: unlessEmpty(file),
    },
  },
  'file-published': {
    level: 'info',
    message: 'a file of a data set is published',
    fields: { ...route, topic, partition: integer, offset: integer, next: integer, rows: integer },
  },
  'policy-loaded': {
    level: 'info',
    message: 'the policy of a route',
    fields: { ...route, policy: name, policyVersion: integer, fingerprint },
  },
  'key-loaded': {
    level: 'info',
    message: 'a key of the keyset, and its check value',
    fields: {
      key: text(/^k[1-9][0-9]{0,5}$/),
      status: words('enabled', 'compromised', 'disabled'),
      check: text(/^[0-9a-f]{8}$/),
      primary: words('yes', 'no'),
    },
  },
  'configuration-changed': {
    level: 'warn',
    message:
      'a file is another one than this run has read: it takes effect when the whole is started again, and not before',
    fields: {
      what: words(...CONFIGURATION_FILES),
      file,
    },
  },
  'mixed-fingerprints': {
    level: 'warn',
    message:
      'the last outputs in the topic were made under another policy, named here: its readers meet both',
    fields: { ...route, topic, partitions: integer, policy: name, policyVersion: integer, fingerprint },
  },
  'version-not-raised': {
    level: 'warn',
    message:
      'the policy was changed and kept its version: outputs of both cannot be told apart by it, so raise the version',
    fields: { ...route, topic, policy: name, policyVersion: integer, fingerprint },
  },
  'last-policy-unknown': {
    level: 'info',
    message: 'under which policy the last outputs in the topic were made cannot be looked at',
    fields: { ...coded, topic },
  },
  unchecked: {
    level: 'warn',
    message: 'the settings of a topic cannot be looked at: whether it is as the pipeline says is not known',
    fields: { ...coded, topic },
  },
  assigned: { level: 'info', message: 'partitions are assigned', fields: partitions },
  revoked: { level: 'info', message: 'partitions are revoked', fields: partitions },
  lost: { level: 'warn', message: 'partitions are lost', fields: partitions },
  progress: {
    level: 'info',
    message: 'records since the last line of this kind',
    fields: {
      ...route,
      records: integer,
      published: integer,
      suppressed: integer,
      deadLetters: integer,
      lag: integer,
      milliseconds: integer,
    },
  },
  'dead-letters': {
    level: 'warn',
    message: 'records became dead letters',
    fields: { ...coded, count: integer },
  },
  'suspect-values': {
    level: 'warn',
    message: 'values that a rule keeps look personal or secret; how many, the metrics and the summary say',
    fields: { ...route, rule: ruleLabel, looksLike },
  },
  'past-retention': {
    level: 'warn',
    message:
      'records were published whose timestamps are older than their topic keeps records: it may delete them at once',
    fields: { ...route, topic, count: integer },
  },
  unkeyed: {
    level: 'warn',
    message:
      'records that had a key are published without one, as no rule names it: partitions are chosen at random, and the order of a key is lost',
    fields: { ...route, count: integer },
  },
  'whole-keys': {
    level: 'warn',
    message:
      'record keys are JSON objects, and the rule for the key takes their whole text: what it makes joins with no field; write a rule for the member of the key',
    fields: { ...route, count: integer },
  },
  'too-many-dead-letters': {
    level: 'error',
    message: 'too many dead letters: the route stops, and this batch is not committed',
    fields: { ...route, count: integer, window: integer },
  },
  unsettled: {
    level: 'error',
    message: 'records would have become dead letters; none is written for them, and they are read again',
    fields: { ...coded, count: integer, first: places },
  },
  aborted: { level: 'warn', message: 'a transaction is aborted', fields: coded },
  discarded: {
    level: 'info',
    message: 'a batch is dropped before it is settled; its records are read again',
    fields: coded,
  },
  retry: { level: 'warn', message: 'an error of the moment: tried again', fields: coded },
  'client-lost': {
    level: 'warn',
    message: 'the client has failed: a new one takes its place, behind what was settled',
    fields: coded,
  },
  'table-read': {
    level: 'info',
    message: 'a consent table was read from its topic, and is followed from here on',
    fields: tableState,
  },
  'table-behind': {
    level: 'error',
    message: 'a consent table is further behind its topic than it may be: its routes wait, and judge nothing',
    fields: tableState,
  },
  'table-current': {
    level: 'info',
    message: 'a consent table has caught up with its topic: its routes go on',
    fields: tableState,
  },
  'schema-known': {
    level: 'info',
    message: 'a schema came from the registry: its records are rewritten from here on',
    fields: { ...route, schema: integer },
  },
  'schema-refused': {
    level: 'error',
    message: 'a schema cannot be used: its records become dead letters',
    fields: { ...coded, schema: integer },
  },
  'schema-waits': {
    level: 'warn',
    message: 'the registry does not give a schema: its records wait, those of others go on',
    fields: { ...coded, schema: integer },
  },
  'schema-held': {
    level: 'error',
    message:
      'the policy has no rule for what a schema tags: its records wait for one, those of other schemas go on',
    fields: { ...coded, schema: integer },
  },
  'table-record': {
    level: 'warn',
    message:
      'a record of a consent table cannot be read, or is a tombstone: its subject counts as one that has withdrawn',
    fields: tablePlace,
  },
  'snapshot-read': {
    level: 'info',
    message: 'a consent table was read from its snapshot; what came since is read from its topic',
    fields: tableState,
  },
  'snapshot-written': {
    level: 'info',
    message: 'a snapshot of a consent table was written',
    fields: tableState,
  },
  'snapshot-unused': {
    level: 'warn',
    message: 'the snapshot of a consent table is not used: its whole topic is read',
    fields: { ...tablePlace, code },
  },
  'snapshot-unwritten': {
    level: 'warn',
    message:
      'a snapshot of a consent table was not written: the stream goes on, and the next start takes longer',
    fields: { ...tablePlace, code },
  },
  'sketches-deleted': {
    level: 'info',
    message: 'files of sketches were past their period, and are deleted',
    fields: { ...route, count: integer },
  },
  'sketches-held': {
    level: 'warn',
    message: 'files of sketches are past their period, and a legal hold keeps them',
    fields: { ...route, count: integer },
  },
  'sketch-unwritten': {
    level: 'error',
    message: 'a sketch was not written: the stream goes on, and it is tried again',
    fields: coded,
  },
  'sketch-unread': {
    level: 'error',
    message: 'a file of a sketch could not be read, so that it is not known whether it is to be deleted',
    fields: coded,
  },
  'reached-end': { level: 'info', message: 'all that was there at the start is settled', fields: route },
  'worker-started': { level: 'info', message: 'a worker process starts', fields: { worker: integer } },
  'worker-ended': {
    level: 'warn',
    message: 'a worker process ended',
    fields: { worker: integer, exitCode: integer, restartMilliseconds: integer },
  },
  stopping: {
    level: 'info',
    message: 'stopping: the batch under way is settled or aborted',
    fields: { signal: words('SIGTERM', 'SIGINT', 'SIGHUP'), milliseconds: integer },
  },
  failed: { level: 'error', message: 'a route cannot go on', fields: coded },
  stopped: {
    level: 'info',
    message: 'lethe stream ends',
    fields: { exitCode: integer, milliseconds: integer },
  },
  client: {
    level: 'info',
    message: 'the Kafka client says',
    fields: {
      client: driver,
      severity: words('error', 'warn', 'info', 'debug'),
      code: clientCode,
    },
  },
}

/** What is written of one event. */
export interface Line {
  readonly kind: EventKind
  readonly level: LogLevel
  readonly message: string
  readonly fields: Readonly<Record<string, string | number>>
}

const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug']

/** What may be written of `event`; undefined for what is not an event. */
export function readEvent(event: LogEvent): Line | undefined {
  const { kind } = event
  if (!Object.hasOwn(EVENTS, kind)) return undefined
  const { level, message, fields }: Definition = EVENTS[kind]
  const given = event as unknown as Readonly<Record<string, unknown>>
  const written: Record<string, string | number> = {}
  for (const [name, read] of Object.entries(fields)) {
    const value = read(given[name])
    if (value !== undefined) written[name] = value
  }
  // A client's line is as grave as the client says.
  const severity = LEVELS.find((one) => one === written['severity'])
  return { kind, level: severity ?? level, message, fields: written }
}

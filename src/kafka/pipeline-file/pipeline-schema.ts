/**
 * The shape of a pipeline file, as zod schemas: strict, every word described. The JSON Schema for editors is made
 * from these, so a description here is what people read while they write a pipeline.
 */
import { z } from 'zod'
import type { KeyForm, PayloadForm } from '../../record/wire-form.ts'
import { type BalanceShape, balanceSchema } from './balance-schema.ts'
import { type ChangeShape, changeSchema } from './change-schema.ts'
import { ClientSchema, whole } from './client-settings.ts'
import { DATASET_FORMATS, type DatasetFormat } from './pipeline.ts'
import {
  type OutputKeyShape,
  type OutputShape,
  outputKeySchema,
  outputSchema,
  type RegistryShape,
  registrySchema,
} from './registry-schema.ts'
import { type SaslShape, saslSchema } from './sasl-schema.ts'
import { type SketchShape, sketchSchema } from './sketch-schema.ts'

export const MIN_REASON = 10

const name = z
  .string()
  .max(100)
  .regex(/^[a-z0-9][a-z0-9._-]*$/, 'a name is written in a-z, 0-9, dot, hyphen and underscore')
const PORT = '(?:6553[0-5]|655[0-2]\\d|65[0-4]\\d\\d|6[0-4]\\d{3}|[1-5]\\d{4}|[1-9]\\d{0,3})'
const broker = z
  .string()
  .regex(
    new RegExp(`^(?:\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])?):${PORT}$`),
    'expected host:port, e.g. kafka-1.example.com:9093 or [::1]:9092',
  )
const topic = z
  .string()
  .regex(
    /^(?!\.{1,2}$)(?!__(?:consumer_offsets|transaction_state|cluster_metadata|share_group_state)$)[A-Za-z0-9._-]{1,249}$/,
    'a topic is named in letters, digits, dot, hyphen and underscore, and is none of the cluster itself',
  )
const environmentName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'not the name of an environment variable')

/** Where a secret stands. Only the JSON Schema shows it: reading goes its own way, which quotes nothing. */
export const SecretSchema: z.ZodType = z.union([
  z.strictObject({
    file: z
      .string()
      .min(1)
      .describe('A file that holds the secret, relative to this one; mode 0600 or 0640.'),
  }),
  z.strictObject({ env: environmentName.describe('An environment variable that holds the secret.') }),
])

/** Where the keyset stands, or the command that prints it. */
export const KeysSchema: z.ZodType = z.union([
  SecretSchema,
  z.strictObject({
    command: z
      .array(z.string())
      .min(1)
      .describe('A program and its arguments, run without a shell: its standard output is the keyset.'),
    timeout: z.string().optional().describe('How long it may take, 100ms to 300s; 10s unless stated.'),
  }),
])

export interface RouteShape {
  name: string
  from: {
    topics: string[] | { pattern: string }
    group: string
    start: string
    value: PayloadForm
    key: KeyForm
  }
  change?: ChangeShape | undefined
  balance?: BalanceShape | undefined
  /** A topic, or a data set: `check-datasets.ts` has it be one of the two. */
  to: {
    topic?: string | undefined
    partition: 'key' | 'same'
    compacted: boolean
    value: OutputShape
    key: OutputKeyShape
    dataset?: string | undefined
    format?: DatasetFormat | undefined
    roll: { bytes: number | string; time: string }
  }
  deadLetterTopic: string
  policy: string
  sketch?: SketchShape | undefined
}

export interface PipelineShape {
  pipeline: string
  description?: string | undefined
  brokers: string[]
  tls?: true | { ca?: unknown; cert?: unknown; key?: unknown; keyPassword?: unknown } | undefined
  sasl?: SaslShape | undefined
  plaintext?: { accept: string } | undefined
  client: Record<string, string | number | boolean>
  delivery: 'exactly-once' | 'at-least-once'
  driver?: 'rdkafka' | 'kafkajs' | undefined
  instance?: string | { env: string } | undefined
  keys?: unknown
  matchKeys?: unknown
  lists?: Record<string, { file: string; removed?: string | undefined }> | undefined
  tables?:
    | Record<string, { file: string } | { topic: string; maxLag: string; snapshot?: string | undefined }>
    | undefined
  approval?: { need: number; keys: { file: string } } | undefined
  ledger?:
    | {
        file: string
        signingKey: { file: string }
        anchor?: { file: string } | { topic: string } | undefined
      }
    | undefined
  deadLetters?: { seal: { recipients: { file: string } | string[] } } | undefined
  registry?: RegistryShape | undefined
  source: 'encrypted' | 'clear' | 'none'
  batch: { records: number; bytes: number | string; time: string }
  maxRecordBytes: number | string
  maxDeadLetters: number | string | { most: number | string; window: number }
  http?: { host: string; port: number } | undefined
  routes: RouteShape[]
}

/** Whole bytes, or a number and a unit. What is within bounds, `amounts.ts` says. */
const size = z.union([
  z.int().min(1),
  z.string().regex(/^[1-9]\d{0,9}(?:B|KiB|MiB)$/, 'expected a size such as 8MiB'),
])
const time = z.string().regex(/^[1-9]\d{0,8}(?:ms|s)$/, 'expected a time such as 100ms or 2s')
const limit = z.union([
  z.int().min(0),
  z.string().regex(/^(?:100|\d{1,2}(?:\.\d{1,6})?)%$/, 'expected a share such as 1%, or a count'),
])

const START = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

const framing = z
  .enum(['none', 'confluent'])
  .default('none')
  .describe(
    'confluent: 0x00 and the id of a schema (4 bytes) stand before the payload, as serializers for a schema registry write it. They are read and dropped: outputs have none. What has no frame is a dead letter.',
  )

const route: z.ZodType<RouteShape> = z.strictObject({
  name: name.describe('Names the route in metrics, messages and transactional ids.'),
  from: z
    .strictObject({
      topics: z
        .union([
          z.array(topic).min(1, 'a route reads at least one topic'),
          z.strictObject({
            pattern: z
              .string()
              .min(1)
              .max(249)
              .describe(
                'A regular expression that the whole name of a topic must match: letters, digits, `.` `\\.` `_` `-` `[…]` `(…|…)` `*` `+` `?`. Names that begin with two underscores never do.',
              ),
          }),
        ])
        .describe('The topics that are read: a list of names, or one pattern.'),
      group: z
        .string()
        .regex(/^[!-~]{1,200}$/, 'a group is named in 1 to 200 visible ASCII characters')
        .regex(/(?<!\.until-end)$/, 'names that end with .until-end are taken')
        .describe('The consumer group. One route, one group.'),
      start: z
        .union([
          z.enum(['earliest', 'latest']),
          z.string().regex(START, 'expected earliest, latest, or a time such as 2026-01-31T00:00:00Z'),
        ])
        .default('earliest')
        .describe('Where a group that has read nothing begins: earliest, latest, or a time in RFC 3339.'),
      value: z
        .strictObject({
          format: z
            .enum(['json', 'avro', 'protobuf'])
            .default('json')
            .describe(
              'What a value is: a JSON object, or a record of Avro or message of Protobuf whose schema the registry holds; then `framing: confluent` goes with it. Of framed JSON the schema has to be there, too, where the pipeline names a registry.',
            ),
          framing,
          inner: z
            .enum(['none', 'json-text', 'payload'])
            .default('none')
            .describe(
              'json-text: each value is a JSON string that holds the JSON of the record. It is opened once. payload: each value is an object of `schema` and `payload`, as the JSON converter of Kafka Connect writes it, and the record is in `payload`. Any other value is a dead letter.',
            ),
        })
        .prefault({})
        .describe('How records stand in the values of messages.'),
      key: z
        .strictObject({
          format: z
            .enum(['text', 'json', 'avro', 'protobuf'])
            .default('text')
            .describe(
              'text: the bytes are the key, as text or JSON. json, avro, protobuf: their schema is in the registry, and `framing: confluent` goes with it; of a string its text is the key.',
            ),
          framing,
          inner: z
            .enum(['none', 'payload'])
            .default('none')
            .describe(
              'payload: each key is an object of `schema` and `payload`, and the key is in `payload`.',
            ),
        })
        .prefault({})
        .describe('How keys stand in the keys of messages.'),
    })
    .describe('What is read.'),
  change: changeSchema,
  balance: balanceSchema,
  to: z
    .strictObject({
      topic: topic.optional().describe('The topic of the de-identified records; or `dataset`.'),
      partition: z
        .enum(['key', 'same'])
        .default('key')
        .describe(
          'By the output key, as the Java client does it; or the number of the partition it came from, which tells a little of the raw key.',
        ),
      compacted: z
        .boolean()
        .default(false)
        .describe('Whether the topic keeps the last record of each key only (cleanup.policy holds compact).'),
      value: outputSchema.describe('How records stand in the values that are written.'),
      key: outputKeySchema.describe('How keys stand in the keys that are written.'),
      dataset: z
        .string()
        .min(1)
        .max(1000)
        .optional()
        .describe(
          'In place of a topic: a folder that is there, relative to this file, or a prefix of an object store (`s3://bucket/prefix`). It gets files of rows, and belongs to this route alone.',
        ),
      format: z
        .enum(DATASET_FORMATS)
        .optional()
        .describe(
          'Of a data set. ndjson: a JSON object a line, in files of gzip. parquet: columns whose types follow from the policy.',
        ),
      roll: z
        .strictObject({
          bytes: size
            .default('128MiB')
            .describe('A file of a data set is closed at so many bytes of rows, before compression.'),
          time: time
            .default('300s')
            .describe('And at so long after its first record, however few there are; 1s to 86400s.'),
        })
        .prefault({})
        .describe('Of a data set: when a file is closed and published.'),
    })
    .describe('Where it goes: to a topic, or into a data set.'),
  deadLetterTopic: topic.describe(
    'Where records go that could not be de-identified: their coordinates and why, never a value.',
  ),
  policy: z.string().min(1).describe('The file of the policy, relative to this one.'),
  sketch: sketchSchema,
})

/** The schema with `secret` wherever a secret stands. */
export function pipelineSchema(
  secret: z.ZodType,
  keys: z.ZodType = secret,
): z.ZodObject & z.ZodType<PipelineShape> {
  return z.strictObject({
    pipeline: name.describe('The name of the pipeline.'),
    description: z.string().optional().describe('For people.'),
    brokers: z
      .array(broker)
      .min(1, 'a cluster has at least one broker')
      .describe('Where to find the cluster: host:port of some of its brokers. A pipeline has one cluster.'),
    tls: z
      .union([
        z.literal(true),
        z.strictObject({
          ca: secret
            .optional()
            .describe('Certificates of authorities (PEM), in place of those of the system.'),
          cert: secret.optional().describe('The certificate of this client (PEM).'),
          key: secret.optional().describe('The private key of this client (PEM).'),
          keyPassword: secret.optional().describe('The password of the private key.'),
        }),
      ])
      .optional()
      .describe('Encrypts and checks the connection. `true` trusts the authorities of the system.'),
    sasl: saslSchema(secret).optional().describe('How this client says who it is.'),
    plaintext: z
      .strictObject({
        accept: z
          .string()
          .describe(`The reason, in at least ${MIN_REASON} characters, why no TLS is needed here.`),
      })
      .optional()
      .describe('Accepts brokers on other machines without TLS.'),
    client: ClientSchema.default({}).describe('Client settings by their Kafka names.'),
    delivery: z
      .enum(['exactly-once', 'at-least-once'])
      .default('exactly-once')
      .describe('exactly-once: in transactions, needs node-rdkafka. at-least-once: duplicates are possible.'),
    driver: z
      .enum(['rdkafka', 'kafkajs'])
      .optional()
      .describe(
        'The Kafka client; chosen by the delivery, and by what is installed, unless stated. kafkajs refuses inputs that are compacted or hold records that transactions wrote.',
      ),
    instance: z
      .union([
        z
          .string()
          .regex(/^[A-Za-z0-9._-]{1,100}$/, 'it is written in letters, digits, dot, hyphen and underscore'),
        z.strictObject({ env: environmentName.describe('An environment variable that holds the name.') }),
      ])
      .optional()
      .describe(
        'Names this instance among those of the pipeline, the same over restarts; the host name unless stated.',
      ),
    keys: keys
      .optional()
      .describe('The keyset: { file: … }, { env: … } with its JSON, or { command: […] } that prints it.'),
    matchKeys: keys
      .optional()
      .describe(
        'The match keys of lists: { file: … }, { env: … } with its JSON, or { command: […] } that prints it. `lethe keys create --match FILE` makes them.',
      ),
    lists: z
      .record(
        z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'a list has the name that the policy gives it'),
        z.strictObject({
          file: z.string().min(1).describe('The file of the entries, relative to this one.'),
          removed: z
            .string()
            .min(1)
            .optional()
            .describe('Of a hashed list: a file of entries that were cancelled.'),
        }),
      )
      .optional()
      .describe('Where the lists of subjects are that policies name under `suppression:`, by name.'),
    tables: z
      .record(
        z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'a table has the name that the policy gives it'),
        z.union([
          z.strictObject({
            file: z.string().min(1).describe('The file of the table, relative to this one.'),
          }),
          z.strictObject({
            topic: topic.describe(
              'A compacted topic of one partition, of this cluster. It is read to its end before the first record, and followed from then on.',
            ),
            maxLag: time
              .default('60s')
              .describe('Further behind than this, 1s to 3600s, its routes wait and judge nothing.'),
            snapshot: z
              .string()
              .min(1)
              .optional()
              .describe(
                'A file on this host, relative to this one, that Lethe writes: a start reads it, and of the topic only what came since.',
              ),
          }),
        ]),
      )
      .optional()
      .describe('Where the consent tables are that policies name under `consent:`, by name.'),
    approval: z
      .strictObject({
        need: whole(1, 100).default(1).describe('How many people have to have approved each policy.'),
        keys: z
          .strictObject({
            file: z
              .string()
              .min(1)
              .describe('A file of public keys in PEM, relative to this one: whose approvals count.'),
          })
          .describe('The public keys of those who may approve.'),
      })
      .optional()
      .describe(
        'Runs only where every policy has so many approvals (POLICY.approval, made by `lethe approve`) by different keys.',
      ),
    ledger: z
      .strictObject({
        file: z.string().min(1).describe('The ledger of this host, relative to this file.'),
        signingKey: z
          .strictObject({
            file: z
              .string()
              .min(1)
              .describe('A private key of `lethe signing-key create`, without a passphrase.'),
          })
          .describe('The key that signs the entries.'),
        anchor: z
          .union([
            z.strictObject({
              file: z.string().min(1).describe('A file in another folder than that of the ledger.'),
            }),
            z.strictObject({
              topic: topic.describe(
                'A topic of this cluster, best a compacted one. No route reads or writes it.',
              ),
            }),
          ])
          .optional()
          .describe('Where the heads of the ledger are kept too, so that a cut end shows.'),
      })
      .optional()
      .describe(
        'Writes down each start and end of a run, and each change of a policy; where it cannot be written, nothing runs.',
      ),
    deadLetters: z
      .strictObject({
        seal: z
          .strictObject({
            recipients: z
              .union([
                z.strictObject({
                  file: z
                    .string()
                    .min(1)
                    .describe('A file of age recipients, one a line, relative to this one.'),
                }),
                z
                  .array(z.string().regex(/^age1[a-z0-9]{58,2048}$/, 'a recipient of age begins with age1'))
                  .min(1, 'name a recipient'),
              ])
              .describe('Who can open the originals: age recipients (age1…).'),
          })
          .describe('Seals the original of each dead letter, at most 100 a batch: an age file within it.'),
      })
      .optional()
      .describe('What dead letters carry beside coordinates and codes.'),
    registry: registrySchema(secret)
      .optional()
      .describe(
        'The schema registry that describes records of Avro: the REST interface of Confluent Schema Registry.',
      ),
    source: z
      .enum(['encrypted', 'clear', 'none'])
      .default('encrypted')
      .describe(
        'The header `lethe-source` of each output, which tells its input: encrypted for the holder of the keys, clear for everyone, or none.',
      ),
    batch: z
      .strictObject({
        records: whole(1, 100_000).default(5000).describe('Records of one batch at most.'),
        bytes: size
          .default('8MiB')
          .describe('Bytes of one batch at most, e.g. 8MiB; one record may be larger.'),
        time: time.default('100ms').describe('How long a batch waits for records, e.g. 100ms.'),
      })
      .prefault({})
      .describe('How much is settled at once: with exactly-once, in one transaction.'),
    maxRecordBytes: size.default('1MiB').describe('Longer records become dead letters, e.g. 1MiB.'),
    maxDeadLetters: z
      .union([
        limit,
        z.strictObject({
          most: limit.describe('A share such as 1%, or a count.'),
          window: whole(1, 1_000_000)
            .default(1000)
            .describe('The number of last records that the limit is judged over.'),
        }),
      ])
      .default('1%')
      .describe(
        'More dead letters than this stop the pipeline: a share such as 1%, or a count, among the last 1000 records.',
      ),
    http: z
      .strictObject({
        host: z
          .string()
          .regex(/^[A-Za-z0-9:._-]{1,255}$/, 'expected the address of an interface, e.g. 127.0.0.1')
          .default('127.0.0.1')
          .describe('The interface; 127.0.0.1 is this machine only.'),
        port: whole(0, 65_535).describe('0 takes any that is free.'),
      })
      .optional()
      .describe('Where /metrics, /livez and /readyz are served.'),
    routes: z
      .array(route)
      .min(1, 'a pipeline has at least one route')
      .describe('From topics to a topic or a data set, each with its policy.'),
  }) as unknown as z.ZodObject & z.ZodType<PipelineShape>
}

export const RouteSchema: z.ZodType<RouteShape> = route

/** What a file is read with: that a secret is there. Where it stands, `secret-node.ts` reads. */
export const PipelineSchema: ReturnType<typeof pipelineSchema> = pipelineSchema(
  z.custom((value) => value !== undefined),
)

/** A pipeline file, read and checked: what `lethe stream` runs. Secrets are still where the file says they are. */

import type { CountedGroups } from '../../engine/group-outcomes.ts'
import type { KeysCommand } from '../../keys/command-keys.ts'
import type { TextPosition as Place } from '../../policy/problems.ts'
import type { ChangeForm, KeyForm, OutputForm, PayloadForm } from '../../record/wire-form.ts'
import type { CompatibilityMode } from '../../registry/registry-client.ts'

/** Where a secret stands. Never the secret. */
export type Secret = { readonly file: string } | { readonly env: string }

/** Where the keyset stands, or the command that prints it. */
export type KeysPlace = Secret | KeysCommand

export type Delivery = 'exactly-once' | 'at-least-once'

export type Start = 'earliest' | 'latest' | { /** ms since the epoch */ readonly time: number }

export interface Tls {
  /** Certificates of authorities as PEM; undefined: those of the system. */
  readonly ca: Secret | undefined
  readonly cert: Secret | undefined
  readonly key: Secret | undefined
  readonly keyPassword: Secret | undefined
}

export type Sasl = PasswordSasl | TokenSasl

export interface PasswordSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: Secret
}

export interface TokenSasl {
  readonly mechanism: 'oauthbearer'
  /** A file that something else keeps up to date, or an endpoint that is asked. */
  readonly from: { readonly file: string } | Oidc
  /** What is told to the broker beside the token. */
  readonly extensions: Readonly<Record<string, string>>
  readonly username?: undefined
  readonly password?: undefined
}

/** The grant of client credentials (RFC 6749, 4.4). */
export interface Oidc {
  readonly tokenEndpoint: string
  readonly clientId: string
  readonly clientSecret: Secret
  readonly scope: string | undefined
  /** Certificates of authorities as PEM; undefined: those of the system. */
  readonly ca: Secret | undefined
  /** How long one request may take, in milliseconds. */
  readonly timeout: number
}

/** How to reach the schema registry. */
export interface Registry {
  /** Without a slash at its end. */
  readonly url: string
  readonly auth:
    | { readonly username: string; readonly password: Secret }
    | { readonly token: Secret }
    | undefined
  /** Undefined: as the system has it. */
  readonly tls: Tls | undefined
  /** Of one request, in milliseconds. */
  readonly timeout: number
  /** Schemas that a route keeps; and how long an id counts as unknown, in milliseconds. */
  readonly cache: { readonly schemas: number; readonly unknown: number }
}

/** What values of the output are. */
export interface OutputValue {
  readonly form: OutputForm
  /** Where schemas of the output stand, if it has any. */
  readonly subject: string
  /** What the subject has to have; undefined: whatever it has. */
  readonly compatibility: CompatibilityMode | undefined
  /** Whether schemas are registered, or only looked up. */
  readonly register: boolean
}

/** What keys of the output are, and the subject of their schema. */
export interface OutputKey {
  readonly format: 'json' | 'avro' | 'protobuf'
  readonly subject: string
}

export interface TopicOutput {
  readonly topic: string
  /** `key`: by the output key; `same`: the input's number. */
  readonly partition: 'key' | 'same'
  /** Whether the topic keeps the last record of each key only (cleanup.policy holds compact). */
  readonly compacted: boolean
  /** Undefined: JSON. */
  readonly value?: OutputValue | undefined
  /** Keys that are framed; undefined: keys are text. */
  readonly key?: OutputKey | undefined
  readonly dataset?: undefined
}

export const DATASET_FORMATS = ['ndjson', 'parquet'] as const
export type DatasetFormat = (typeof DATASET_FORMATS)[number]

/** Rows go into files of a folder. */
export interface Dataset {
  /** Found from the working directory: the pipeline's folder is in it. */
  readonly folder: string
  readonly format: DatasetFormat
  /** A file is closed at so many bytes of rows before compression, or so many ms after its first record. */
  readonly roll: { readonly bytes: number; readonly time: number }
}

export interface DatasetOutput {
  readonly dataset: Dataset
  readonly topic?: undefined
  readonly partition?: undefined
  readonly compacted: false
  readonly value?: undefined
  readonly key?: undefined
}

/** The topic of an output, where it is one. */
export const outputTopicsOf = ({ topic }: TopicOutput | DatasetOutput): readonly string[] =>
  topic === undefined ? [] : [topic]

/** The topics that a route writes to. */
export const writtenTopics = ({ to, deadLetterTopic }: Route): readonly string[] => [
  ...outputTopicsOf(to),
  deadLetterTopic,
]

/** How a route is sketched. Folder and file are found from the working directory; times are in ms. */
export interface RouteSketch {
  readonly folder: string
  readonly sides: readonly ('input' | 'output')[]
  /** Output paths; undefined: the fields with the role of a quasi-identifier. */
  readonly over: readonly string[] | undefined
  /** What one file is of. */
  readonly period: number
  /** How long a file is kept after its period. */
  readonly keep: number
  /** The file of legal holds; undefined: there are none. */
  readonly holds: string | undefined
}

export interface Route {
  /** Names the route in metrics, transactional ids and messages; unique in the pipeline. */
  readonly name: string
  readonly from: {
    /** Names, or one pattern (a regular expression that must match the whole name). */
    readonly topics: readonly string[] | { readonly pattern: string }
    readonly group: string
    readonly start: Start
    /** How records stand in the messages. */
    readonly value: PayloadForm
    readonly key: KeyForm
  }
  /** Undefined: records are rows by themselves. */
  readonly change?: ChangeForm | undefined
  /** Groups by which the account and metrics count what became of records. */
  readonly balance?: CountedGroups | undefined
  readonly to: TopicOutput | DatasetOutput
  readonly deadLetterTopic: string
  /** The policy's file, found from the working directory: the pipeline's folder is in it. */
  readonly policy: string
  readonly sketch?: RouteSketch | undefined
  readonly at: Place
}

/** Where a consent table is kept that is followed. */
export interface TableTopic {
  readonly topic: string
  /** Further behind than so many milliseconds, its routes wait. */
  readonly maxLag: number
  /** The file of its snapshot; undefined where none is kept. */
  readonly snapshot: string | undefined
}

export interface Pipeline {
  readonly file: string
  readonly name: string
  readonly brokers: readonly string[]
  readonly tls: Tls | undefined
  readonly sasl: Sasl | undefined
  /** The written reason for brokers on other machines without TLS. */
  readonly plaintext: string | undefined
  /** Client settings by their Kafka names, e.g. `fetch.min.bytes`; from an allow-list. */
  readonly client: ReadonlyMap<string, string | number | boolean>
  readonly delivery: Delivery
  /** Undefined: chosen by the delivery and by what is installed. */
  readonly driver: 'rdkafka' | 'kafkajs' | undefined
  /** Names this instance among those of the pipeline, and stays the same over restarts: see `resolveInstance`. */
  readonly instance: string | { readonly env: string } | undefined
  readonly keys: KeysPlace | undefined
  /** Where the match keys of lists stand. */
  readonly matchKeys: KeysPlace | undefined
  /** By name, where lists of subjects are. */
  readonly lists: ReadonlyMap<string, { readonly file: string; readonly removed: string | undefined }>
  /** By name, the files of consent tables, or their topics. */
  readonly tables: ReadonlyMap<string, string | TableTopic>
  /** What each policy has to have before it runs. */
  readonly approval: { readonly need: number; readonly keysFile: string } | undefined
  /** Where each run is written down. Files are found from the working directory. */
  readonly ledger:
    | {
        readonly file: string
        readonly signingKey: string
        /** A file, or a topic of this cluster. */
        readonly anchor: string | { readonly topic: string } | undefined
        readonly at: Place
      }
    | undefined
  /** The age recipients that originals of dead letters are sealed to, as they are written or in a file; undefined: none are. */
  readonly seal: readonly string[] | { readonly file: string } | undefined
  readonly registry: Registry | undefined
  readonly source: 'encrypted' | 'clear' | 'none'
  readonly batch: { readonly records: number; readonly bytes: number; readonly time: number }
  readonly maxRecordBytes: number
  /** More dead letters than this among the last records stop the pipeline; judged from `window` records on. */
  readonly deadLetters: {
    readonly limit: { readonly kind: 'count' | 'share'; readonly most: number }
    readonly window: number
  }
  /** Where metrics and probes are served. */
  readonly http: { readonly host: string; readonly port: number } | undefined
  readonly routes: readonly Route[]
}

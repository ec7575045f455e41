/**
 * The closed list of what Lethe logs. An event has a kind, and fields of stated kinds. There is no field for free
 * text: not even the message of an error fits in. `event-fields.ts` holds every event to it when it is written.
 */

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

/** What a file is that a run has read. */
export const CONFIGURATION_FILES = [
  'pipeline',
  'policy',
  'list',
  'approvals',
  'public-keys',
  'recipients',
  'keyset',
  'subjects',
] as const

export type ConfigurationFile = (typeof CONFIGURATION_FILES)[number]

type DriverName = 'rdkafka' | 'kafkajs'

/** `code` is one of `codes.ts`, else it is written as `other`. Names are those of the pipeline file and the policy; empty: none. */
export type LogEvent =
  | {
      readonly kind: 'started'
      readonly version: string
      readonly pipeline: string
      readonly driver: DriverName
      readonly delivery: 'exactly-once' | 'at-least-once'
      readonly workers: number
    }
  | { readonly kind: 'listening'; readonly host: string; readonly port: number }
  | {
      readonly kind: 'route-started'
      readonly route: string
      readonly policy: string
      readonly policyVersion: number
      readonly fingerprint: string
      /** The output topic; empty: none. */
      readonly topic: string
      /** Of a data set; empty: none. */
      readonly folder: string
    }
  /** A file of a data set has its name; `next`: the offset behind its last record. */
  | {
      readonly kind: 'file-published'
      readonly route: string
      readonly topic: string
      readonly partition: number
      readonly offset: number
      readonly next: number
      readonly rows: number
    }
  /** At the start of each process: what a route runs, and which keys. */
  | {
      readonly kind: 'policy-loaded'
      readonly route: string
      readonly policy: string
      readonly policyVersion: number
      readonly fingerprint: string
    }
  | {
      readonly kind: 'key-loaded'
      readonly key: string
      readonly status: 'enabled' | 'compromised' | 'disabled'
      /** Its check value: see `checkValueOf`. */
      readonly check: string
      readonly primary: 'yes' | 'no'
    }
  /** A file that the run has read is another one now; the run goes on with what it read. */
  | {
      readonly kind: 'configuration-changed'
      readonly what: ConfigurationFile
      readonly file: string
    }
  /** The last outputs of a topic were made under another policy than those that follow: the one that is named here. */
  | {
      readonly kind: 'mixed-fingerprints'
      readonly route: string
      readonly topic: string
      /** How many partitions end with it. */
      readonly partitions: number
      readonly policy: string
      readonly policyVersion: number
      readonly fingerprint: string
    }
  /** And it has the name and version of the one that is in force now. */
  | {
      readonly kind: 'version-not-raised'
      readonly route: string
      readonly topic: string
      readonly policy: string
      readonly policyVersion: number
      readonly fingerprint: string
    }
  /** Under which policy the last outputs were made cannot be told. */
  | {
      readonly kind: 'last-policy-unknown'
      readonly route: string
      readonly topic: string
      readonly code: string
    }
  /** A topic's settings could not be looked at before the start. */
  | { readonly kind: 'unchecked'; readonly route: string; readonly topic: string; readonly code: string }
  | { readonly kind: 'assigned' | 'revoked' | 'lost'; readonly route: string; readonly partitions: number }
  | {
      readonly kind: 'progress'
      readonly route: string
      readonly records: number
      readonly published: number
      readonly suppressed: number
      readonly deadLetters: number
      readonly lag: number
      readonly milliseconds: number
    }
  | {
      readonly kind: 'dead-letters'
      readonly route: string
      readonly code: string
      readonly count: number
    }
  /** Values that a rule keeps look personal: the first of a kind. */
  | {
      readonly kind: 'suspect-values'
      readonly route: string
      /** Its label. */
      readonly rule: string
      readonly looksLike: string
    }
  /** Records were published that their topic may delete at once, by their timestamps. */
  | {
      readonly kind: 'past-retention'
      readonly route: string
      readonly topic: string
      readonly count: number
    }
  /** Records that had a key were published without one; once a route. `count`: of the first batch with such. */
  | { readonly kind: 'unkeyed'; readonly route: string; readonly count: number }
  /** The rule of `$key` took the text of JSON objects; once a route. `count`: of the first batch with such. */
  | { readonly kind: 'whole-keys'; readonly route: string; readonly count: number }
  | {
      readonly kind: 'too-many-dead-letters'
      readonly route: string
      readonly count: number
      readonly window: number
    }
  /** Dead letters of one code that are not settled, and so not written, because there are too many. */
  | {
      readonly kind: 'unsettled'
      readonly route: string
      readonly code: string
      readonly count: number
      /** Where the first ones stand: `topic/partition/offset`, with blanks between. */
      readonly first: string
    }
  | {
      readonly kind: 'aborted' | 'discarded' | 'retry' | 'client-lost' | 'failed'
      readonly route: string
      readonly code: string
    }
  /**
   * A consent table in a topic: it was read to its end at the start; it is further behind than it may be, so that its routes wait;
   * it has caught up, and they go on. Its snapshot was read, or written.
   */
  | {
      readonly kind: 'table-read' | 'table-behind' | 'table-current' | 'snapshot-read' | 'snapshot-written'
      readonly table: string
      readonly topic: string
      readonly partition: number
      /** The first one that was not read. */
      readonly offset: number
      /** Subjects. */
      readonly count: number
      /** Since the instant before which all that was written has been read. */
      readonly milliseconds: number
    }
  /**
   * A schema that records of a route name, by its id in the registry: it is known from now on; its records become dead letters;
   * they wait, as the registry does not give it, or as the policy has no rule for what it tags.
   */
  | { readonly kind: 'schema-known'; readonly route: string; readonly schema: number }
  | {
      readonly kind: 'schema-refused' | 'schema-waits' | 'schema-held'
      readonly route: string
      readonly schema: number
      readonly code: string
    }
  /** A record of such a topic does not say what its subject said. */
  | {
      readonly kind: 'table-record'
      readonly table: string
      readonly topic: string
      readonly partition: number
      readonly offset: number
    }
  /** The snapshot of such a table is not used, or could not be written. */
  | {
      readonly kind: 'snapshot-unused' | 'snapshot-unwritten'
      readonly table: string
      readonly topic: string
      readonly partition: number
      /** The first one that was not read. */
      readonly offset: number
      readonly code: string
    }
  /** Files of sketches that are past their period: deleted, or kept by a legal hold; or one that is no whole sketch. */
  | { readonly kind: 'sketches-deleted' | 'sketches-held'; readonly route: string; readonly count: number }
  /** A sketch was not written, or old ones could not be looked through. */
  | { readonly kind: 'sketch-unwritten' | 'sketch-unread'; readonly route: string; readonly code: string }
  | { readonly kind: 'reached-end'; readonly route: string }
  | { readonly kind: 'worker-started'; readonly worker: number }
  | {
      readonly kind: 'worker-ended'
      readonly worker: number
      /** -1: ended by a signal. */
      readonly exitCode: number
      /** Until it is started again; -1: it is not. */
      readonly restartMilliseconds: number
    }
  | {
      readonly kind: 'stopping'
      readonly signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP'
      /** The deadline. */
      readonly milliseconds: number
    }
  | { readonly kind: 'stopped'; readonly exitCode: number; readonly milliseconds: number }
  /** A line of a client library, of which nothing else comes through. */
  | {
      readonly kind: 'client'
      readonly client: DriverName
      readonly severity: LogLevel
      readonly code: string
    }

export type EventKind = LogEvent['kind']

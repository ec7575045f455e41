/** The closed lists of codes: why a record became a dead letter, what stops a command, and how a command ends. */
import { FAILURE_CODES, type FailureCode } from '../transforms/transform.ts'

/** Why a record, as a whole, could not be taken. Never says what it held. */
export const RECORD_CODES = {
  'record-too-large': 'the record is longer than --max-record-bytes, or `maxRecordBytes`, allows',
  'value-empty': 'the record has a value of no bytes, which is neither JSON nor a tombstone',
  'schema-registry-framed':
    'the value is framed for a schema registry (0x00 and an id), and the pipeline does not say so: where JSON follows, write `value: { framing: confluent }` under `from:`',
  'not-framed':
    'the value does not begin with the frame of a schema registry (0x00 and an id) that the pipeline says it has',
  'key-not-framed':
    'the record key does not begin with the frame of a schema registry (0x00 and an id) that the pipeline says it has',
  'schema-unknown': 'the schema registry has no schema of the id in the frame of the value or key',
  'schema-refused':
    'the schema that the value or key names cannot be used: it is none of the format that the pipeline says, or refers to what the registry lacks',
  'schema-incompatible':
    'the schema of what would be written does not go with the versions before it of the output subject, as the registry judges it',
  'tagged-without-rule':
    'the schema that the value or key names tags what the policy keeps without saying so, or has rules of several tags for one field',
  'schema-too-large':
    'the schema that the value or key names is longer than 1 MiB, with what it refers to, or its tags are too many',
  'payload-malformed':
    'the bytes are not what their schema says: cut short, too long, a count, length or index that cannot be, or a map with one key twice',
  'payload-too-deep': 'records, arrays and maps of the payload nest more than 64 deep',
  'payload-too-large': 'the payload unfolds to more values, or longer texts, than a record may have',
  'output-unwritable':
    'a value has no place in the schema or the columns of the output, such as a number of more than 64 bits',
  'number-not-finite': 'a number that the policy names is NaN or infinite, which JSON cannot write',
  'not-connect-json':
    'the value or key is JSON, but not an object of `schema` and `payload`, as the pipeline says',
  'not-a-change': 'the value is no change event: it has no `op`, or one that is not known',
  'change-before':
    'the row before is there, and it is not said to be logged whole (`before: full`); or it is said so, and the row is missing',
  'not-json-text': 'the value is JSON, but not a string that holds JSON, as the pipeline says',
  'tombstone-without-key': 'the record has neither a value nor a key: what it deletes is not known',
  'key-missing': 'the record has no key, and a compacted topic takes none without one',
  'key-not-utf8': 'the record key is not UTF-8 text',
  'key-not-json':
    'the record key is not the JSON that the policy reads: an object where it names members of the key, a scalar where `$key` says `format: json`',
  'key-member-unlisted':
    'the JSON record key holds a member that the policy does not name, and the output is compacted, or the policy says `unlisted: reject`: name it, by `drop` where it tells no keys apart',
  'header-not-utf8': 'a header that the policy names is not UTF-8 text without NUL',
  'header-repeated': 'a header that the policy names is there more than once',
  'output-too-large': 'what is left of the record is larger than the output topic takes',
  'result-too-large':
    'what the rules make of the record is longer than 16 MiB and than four times the longest record that is taken',
  'output-refused': 'the output topic refuses the record',
  'bad-utf8': 'the record is not valid UTF-8',
  'bad-encoding': 'the record is not valid text in the encoding of its file',
  'json-syntax': 'the record is not JSON as RFC 8259 writes it',
  'json-truncated': 'the JSON text ends before its value does',
  'json-trailing': 'something follows the JSON value',
  'json-duplicate-name': 'an object has two members of one name, compared after decoding escapes',
  'json-nul-in-name': 'a member name holds a NUL',
  'json-lone-surrogate': 'a string holds half of a surrogate pair',
  'inner-json':
    'a text that the policy reads as JSON (`read:` at the top) is none: it is malformed, has a name twice, or something follows it',
  'json-too-deep': 'objects and arrays nest more than 64 deep',
  'not-an-object': 'the record is JSON, but not an object',
  'array-length':
    'the record is an array of none or of several: only an array of one object is read as that object',
  'container-for-scalar': 'an object or array stands where the policy names a scalar',
  'pattern-tie': 'two patterns that nothing ranks match the path of a value',
  'scalar-for-container':
    'a scalar stands where the policy names something below it, or an array for an object',
  'unlisted-field':
    'the record holds a field that the policy does not name, and the policy says `unlisted: reject`',
  'map-name-collision': 'two names of a map became one',
  'csv-ragged': 'the row has more or fewer fields than the header',
  'csv-syntax':
    'a quote or a lone carriage return stands where RFC 4180 does not allow one; where quotes are ordinary characters, the policy says `quote: none` in `input`',
  'kept-line-break':
    'a cell that leaves as it is holds a line break, as a stray quote makes it of several rows; `lineBreaks: allow` of the rule lets it pass',
  'csv-quote-unclosed':
    'a quoted field never closes; where quotes are ordinary characters, the policy says `quote: none` in `input`',
  'required-missing': 'the record lacks a value that the policy requires',
  'identifier-unparsable':
    'an identifier that a suppression list goes by cannot be brought to its normal form, so that it is not known who it is',
  'event-time-missing': 'the record has no event time',
  'event-time-unparsable': 'the event time is not written as the policy says',
  'event-time-out-of-domain':
    'the event time lies before `notBefore` or after `notAfter`, which epoch numbers always have: their unit may be another one',
  'event-time-future': 'the event time lies in the future',
  'no-rule-matches': 'no `when:` of the field matches the record',
  'suspect-value':
    'a value that would leave as it is looks personal or secret, and the policy says `suspects: dead-letter`',
} as const

export type RecordCode = keyof typeof RECORD_CODES

/** Every code that a dead letter can carry. */
export type DeadLetterCode = RecordCode | FailureCode

export const isDeadLetterCode = (text: string): text is DeadLetterCode =>
  Object.hasOwn(RECORD_CODES, text) || Object.hasOwn(FAILURE_CODES, text)

/** One sentence for a dead letter's code. */
export function describeCode(code: DeadLetterCode): string {
  return code in RECORD_CODES ? RECORD_CODES[code as RecordCode] : FAILURE_CODES[code as FailureCode]
}

/** How a command ends: the exit codes of every `lethe` command. */
export const EXIT = {
  ok: 0,
  violations: 1,
  usage: 2,
  deadLetters: 3,
  io: 4,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/**
 * The closed list of codes of errors, by subject: how a command ends, and what it means. A code keeps its meaning.
 * `passing` is `io` where nothing has to be corrected: the same command may succeed later.
 */
export const ERROR_GROUPS = {
  'Command line': {
    'bad-option': ['usage', 'an argument or option is wrong or missing, or does not go with another one'],
    'bad-environment': ['usage', 'an environment variable is not set, or its value is not accepted'],
    'unknown-name': ['usage', 'an argument names something that does not exist'],
    'step-failed': ['io', 'a step of `lethe demo` failed'],
    defect: ['io', 'a defect of Lethe; its text is withheld, since it may quote data'],
  },
  Sketches: {
    'sketch-damaged': ['io', 'a stored sketch is cut short, changed, or of another version'],
    'sketches-differ': ['usage', 'sketches of different keys, policies, sides or fields do not add up'],
    'sketch-expired': ['usage', 'a stored sketch is past its period, and has to be deleted'],
  },
  Files: {
    'file-missing': ['io', 'a file or object that is read does not exist'],
    'file-unreadable': ['io', 'a file cannot be read: no permission, or an error of the system'],
    'file-unwritable': ['io', 'a file cannot be written: no permission, or an error of the system'],
    'folder-missing': ['io', 'the folder of a file that is written does not exist'],
    'not-a-file': ['usage', 'a path that must be a regular file is a folder, a pipe or a device'],
    'file-too-large': ['usage', 'a file is larger than files of its kind may be'],
    'file-malformed': ['usage', 'a file is not in the form that its place demands, such as UTF-8 or JSON'],
    'input-damaged': ['io', 'an input, or its compressed data, is cut short or damaged'],
    'input-changed': [
      'io',
      'an input changed while it was read, or is not the file that a manifest speaks of',
    ],
    'format-unknown': ['usage', 'the format of an input is not stated and does not follow from its name'],
    'header-invalid': [
      'usage',
      'the first row of a CSV file is not a header, or its names are empty or repeated',
    ],
    'columns-mismatch': ['usage', 'the columns of a CSV file do not fit the policy'],
    'output-exists': ['usage', 'an output exists already; Lethe does not overwrite it'],
    'output-conflict': [
      'usage',
      'an output would overwrite a file that is read, be written twice, or mix what differs',
    ],
    'system-error': ['io', 'the operating system reports an error that is none of the above'],
  },
  Configuration: {
    'policy-invalid': ['usage', 'the policy has errors; `lethe lint` lists them'],
    'pipeline-invalid': ['usage', 'the pipeline file has errors; `lethe lint` lists them'],
    'approval-missing': ['usage', 'the policy has fewer approvals than the run requires'],
    'approval-options': ['usage', 'an option would change what was approved'],
    'cases-missing': ['usage', 'there is no file of cases beside the policy'],
    'config-changed': ['passing', 'a file of the configuration changed while the run began'],
    'config-differs': [
      'usage',
      'a worker process or thread has another configuration than the process that started it',
    ],
    'secret-invalid': ['usage', 'a secret that the pipeline file names is not set, is empty or is not text'],
    'certificate-invalid': [
      'usage',
      'a certificate or private key cannot be read, or the two do not belong together',
    ],
    'credentials-unreadable': [
      'passing',
      'certificates or passwords could not be read again for a new client',
    ],
    'setting-refused': ['usage', 'the driver or the broker does not support what the pipeline file sets'],
    'package-missing': [
      'usage',
      'a package that the pipeline or an object needs is not installed, or was built without what it needs',
    ],
  },
  Keys: {
    'keys-missing': ['usage', 'the policy needs keys, and none are given'],
    'keyset-invalid': ['usage', 'the keyset file is no keyset'],
    'keys-command-failed': ['passing', 'the command that prints the keyset failed or took too long'],
    'keyset-busy': ['passing', 'another command changes the keyset, or was cut short'],
    'secret-file-open': ['usage', 'others may read or write a file of keys, secrets or certificates'],
    'key-change-refused': ['usage', 'the state of the keyset does not allow the change'],
    'key-unusable': ['usage', 'the state of a key does not allow its use'],
    'key-unexpected': ['usage', 'a key is not the one that --expect-key names'],
    'key-guessable': ['usage', 'the secret of a key is known or can be guessed'],
    'signing-key-invalid': ['usage', 'a signing key is none, or its passphrase is missing or wrong'],
    'public-keys-invalid': ['usage', 'a file of public keys holds none, too few, or something else'],
    'match-key-missing': [
      'usage',
      'a list has entries under a match key that is not given, is another one, or is disabled',
    ],
    'test-keys': ['usage', 'the published test keys are given for real data'],
  },
  'Sealed originals': {
    'recipients-invalid': ['usage', 'a recipient of age is none, or none is named'],
    'identity-invalid': ['usage', 'a file of age identities holds none, or something else'],
    'seal-other-identity': ['usage', 'an original is sealed to other recipients than those of the identity'],
    'seal-damaged': ['usage', 'a sealed original was changed or cut short'],
    'seal-swapped': [
      'usage',
      'a sealed original belongs to another dead letter than the one that it stands in',
    ],
    'ledger-needed': ['usage', 'what is to be done has to be written down, and no ledger is named'],
  },
  Lifecycle: {
    'file-busy': ['passing', 'another process works on the file, or was cut short'],
    'ledger-unwritable': ['io', 'the ledger or its anchor cannot be written, so the action is not done'],
    'hold-invalid': ['usage', 'the file of legal holds holds something else, so nothing may be deleted'],
    'order-invalid': ['usage', 'the work order is none, was changed, or is of another policy'],
    'order-expired': ['usage', 'the work order is older than it may be'],
    'target-changed': ['io', 'what is stored is not what the work order was made of'],
    'too-much-to-delete': ['violations', 'more would be deleted than --max-delete allows'],
    'target-held': ['usage', 'what is to be deleted is under a legal hold'],
    'ledger-damaged': ['io', 'the ledger was changed, or its end was cut off'],
  },
  Cards: {
    'card-facts-invalid': ['usage', 'the file of facts about a data set has errors, which are printed'],
    'card-refused': [
      'usage',
      'no card is made of a run that published nothing, of another policy, or of other records or files',
    ],
    'lineage-unsent': [
      'passing',
      'the server of OpenLineage cannot be reached, or answers with a fault of its own',
    ],
    'lineage-refused': ['io', 'the server of OpenLineage does not take an event'],
  },
  Lists: {
    'list-missing': [
      'usage',
      'the policy names a list or a consent table, and the run is not told where it is',
    ],
    'list-invalid': [
      'usage',
      'a list or consent table is not in the form that the policy states, or is cut short',
    ],
    'table-unreadable': [
      'usage',
      'a record of the topic of a consent table is not what it must be, or what tells whose histories they are is missing',
    ],
    'table-behind': [
      'passing',
      'the topic of a consent table could not be read to its end, because no more came of it in time',
    ],
    'consent-invalid': [
      'usage',
      'a statement of consent cannot be read, lies in the future, or contradicts another',
    ],
  },
  Reports: {
    'report-mixed': [
      'usage',
      'the inputs of a report are of several policies or keys, or a measure is of other records',
    ],
    'findings-invalid': ['usage', 'the file of findings, or of limits, has errors, which are printed'],
  },
  Runs: {
    'too-many-dead-letters': ['deadLetters', 'more records became dead letters than the limit allows'],
    'too-many-partitions': [
      'usage',
      'the records of a data set have more partitions than --max-partitions allows',
    ],
    'patch-refused': ['usage', 'a policy cannot be changed by a patch as it is written'],
    'too-many-alone': ['violations', 'more data subjects stand alone than --max-unique allows'],
    'crowd-too-small': [
      'violations',
      'more records than may be suppressed are in classes that are smaller than `crowd:` asks for',
    ],
    'crowd-too-large': ['usage', 'there is more to count than is held to judge `crowd:`'],
    'crowd-broken': ['io', 'what was written does not hold `crowd:`, so it is withheld'],
    'crowd-refused': ['usage', 'the policy states `crowd:`, and what is run cannot hold it'],
    'replay-refused': [
      'usage',
      'these dead letters cannot be replayed: each record would not be there once, or not be the newest of its key',
    ],
    'account-mismatch': ['io', 'the counts of a run do not add up, so its output is withheld'],
    'worker-refused': ['usage', 'a worker process ended because of its configuration'],
    'worker-failed': ['io', 'a worker process ended, and another would end the same way'],
    'port-unavailable': ['io', 'metrics and probes cannot be served at their address'],
  },
  'Object stores': {
    'bucket-missing': ['io', 'a bucket does not exist'],
    'store-credentials-missing': ['usage', 'no credentials for the object store are found'],
    'store-auth-failed': ['io', 'the object store refuses the key, the signature or the token'],
    'store-right-missing': ['io', 'the user lacks a right on an object or a bucket'],
    'store-unavailable': [
      'passing',
      'the object store does not answer, or answers that it has no time, after all retries',
    ],
    'store-refused': ['io', 'the object store refuses a request, or does not do what S3 does'],
  },
  Shards: {
    'measure-too-large': ['usage', 'a measure would hold more records or values than it may'],
    'manifest-invalid': ['usage', 'a manifest is none, was cut short, or contradicts itself'],
    'manifest-differs': [
      'usage',
      'the policy, a key or an option of the run is another one than the manifest says',
    ],
    'classes-missing': [
      'usage',
      'the policy states `crowd:`, and the classes of all shards are not counted or not added up',
    ],
    'shard-unknown': ['usage', 'no shard is named, or the manifest has none of this number'],
    'cut-misplaced': ['usage', 'a manifest cuts a file where no record ends'],
    'folder-taken': ['usage', 'the folder of a run holds another run, or something else'],
    'shard-missing': ['violations', 'a shard of the manifest has not left its outputs'],
    'shard-repeated': ['violations', 'two accounts are of one shard'],
    'shard-foreign': ['violations', 'an account or a file is of no shard of the manifest'],
    'shards-differ': [
      'violations',
      'shards were made by another policy, key, list or instant than the manifest or the other shards say',
    ],
    'shard-damaged': ['violations', 'a file of a shard is not the one that its account speaks of'],
  },
  'Data sets': {
    'dataset-damaged': [
      'io',
      'a file of a data set is not what its name says, or files of a partition have a gap or an overlap',
    ],
    'dataset-mismatch': [
      'usage',
      'the folder of a data set is of another route, or holds nothing of what the group has read',
    ],
    'dataset-unsupported': [
      'usage',
      'the file system of a data set gives no file a second name, so that two writers could not tell who was first; or readers would pass by files of a topic',
    ],
  },
  'Schema registry': {
    'schema-unregistered': [
      'passing',
      'the output subject lacks the schema of what would be written, and the pipeline says that others register it',
    ],
    'tags-need-schema': ['usage', 'the policy goes by tags of schemas, and what is read has no schema'],
    'subject-mismatch': [
      'usage',
      'the output subject has another compatibility mode than the pipeline file says',
    ],
    'schema-unusable': [
      'usage',
      'a schema cannot be used, or no schema says what the policy makes of its records',
    ],
    'registry-unreachable': ['passing', 'the schema registry does not answer, or not in time'],
    'registry-refused': [
      'io',
      'the schema registry refuses the user or the connection, or answers with what none does',
    ],
  },
  Kafka: {
    'broker-unreachable': ['passing', 'no broker answers, or none in time'],
    'broker-auth-failed': ['io', 'the broker refuses the user, the password, the token or the mechanism'],
    'token-unavailable': ['passing', 'a token endpoint or file gives no valid token for the brokers now'],
    'token-refused': ['io', 'a token endpoint refuses the client, or answers with no token'],
    'broker-tls-failed': ['io', 'no TLS connection to the broker can be made'],
    'broker-unsupported': ['io', 'the broker speaks no version of the protocol that the driver knows'],
    'broker-refused': ['io', 'the broker refuses a request'],
    'clusters-differ': ['io', 'brokers that are named together belong to different clusters'],
    'right-missing': ['io', 'the user lacks a right on a topic, a group, the cluster or a transactional id'],
    'topic-missing': ['io', 'a topic or partition does not exist, or the user has no right to see it'],
    'topic-mismatch': ['usage', 'the settings of a topic contradict the pipeline file'],
    'group-conflict': [
      'io',
      'the consumer group has members of another kind, or a name that the broker does not take',
    ],
    'offsets-lost': [
      'io',
      'records were deleted before they were read, or the log ends before the settled offset',
    ],
    'records-unreadable': [
      'io',
      'records of an input topic are damaged, cannot be decompressed, or cannot be read safely with this driver',
    ],
    'dead-letter-refused': ['io', 'the dead-letter topic does not take a dead letter'],
    fenced: ['io', 'another process has taken over the transactional id or the place in the group'],
    'client-lost': ['passing', 'the Kafka client or its transaction was lost; another client may go on'],
    'client-failed': ['io', 'the Kafka client failed without saying why'],
  },
} as const

type Groups = typeof ERROR_GROUPS
export type ErrorCode = { [Group in keyof Groups]: keyof Groups[Group] }[keyof Groups]

export interface ErrorMeaning {
  readonly is: string
  readonly exitCode: ExitCode
  /** Whether the same command may succeed later, with nothing corrected. */
  readonly retryable: boolean
}

/** The same list, by code. */
export const ERROR_CODES: Readonly<Record<ErrorCode, ErrorMeaning>> = Object.fromEntries(
  Object.values<Readonly<Record<string, readonly [end: keyof typeof EXIT | 'passing', is: string]>>>(
    ERROR_GROUPS,
  )
    .flatMap((group) => Object.entries(group))
    .map(([code, [end, is]]) => [
      code,
      { is, exitCode: EXIT[end === 'passing' ? 'io' : end], retryable: end === 'passing' },
    ]),
) as Record<ErrorCode, ErrorMeaning>

/**
 * An error that a person is meant to read. The message says what is wrong and where, the suggestion what to
 * do; neither holds a value of the data. The code is for programs. Anything else that is thrown is a defect.
 */
export class LetheError extends Error {
  readonly code: ErrorCode
  readonly suggestion: string | undefined
  constructor(code: ErrorCode, message: string, suggestion?: string) {
    super(message)
    this.code = code
    this.suggestion = suggestion
  }

  get exitCode(): ExitCode {
    return ERROR_CODES[this.code].exitCode
  }

  /** Whether the same command may succeed later, with nothing corrected. */
  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable
  }
}

const WHY_UNWRITABLE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is a file',
  EISDIR: 'it is a folder',
  EPIPE: 'its reader is gone',
  EBUSY: 'it is a mount, which nothing can replace: name a file in a mounted folder',
  EFBIG: 'it is larger than the system allows',
}

/** What is made anew overwrites nothing. */
export const existsAlready = (name: string, suggestion = 'name another file'): LetheError =>
  new LetheError('output-exists', `${name} exists already and is not overwritten`, suggestion)

/** Why output cannot be written, `name` as the user knows it. */
export function unwritable(name: string, error: unknown, suggestion?: string): LetheError {
  const { code } = error as NodeJS.ErrnoException
  const why = WHY_UNWRITABLE[code ?? ''] ?? `the system says ${code ?? 'nothing more'}`
  const made = new LetheError('file-unwritable', `${name} cannot be written: ${why}`, suggestion)
  made.cause = error
  return made
}

/** A name may hold a password by mistake: what stands before an @ is not shown. */
const objectShown = (name: string): string => name.replace(/^(s3:\/\/).*@/is, '$1…@')

/**
 * What a system error about a file means, in words; `name` is the file as the user knows it. A folder is a wrong
 * argument, the rest is input/output.
 */
export function fileError(name: string, error: unknown, verb: 'read' | 'written' = 'read'): LetheError {
  const { code } = error as NodeJS.ErrnoException
  if (/^s3:\/\//i.test(name))
    return new LetheError(
      'not-a-file',
      `${objectShown(name)} is an object, and what is ${verb} here must be a file`,
      verb === 'read' ? 'copy it to a disk first' : 'write to a disk, and copy it then',
    )
  if (code === 'EISDIR') return new LetheError('not-a-file', `${name} is a folder`, 'name a file')
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return verb === 'read'
      ? new LetheError('file-missing', `${name} does not exist`, 'correct the name')
      : new LetheError(
          'folder-missing',
          `${name} cannot be written: its folder does not exist`,
          'make it first',
        )
  const kind = verb === 'read' ? 'file-unreadable' : 'file-unwritable'
  if (code === 'EACCES' || code === 'EPERM')
    return new LetheError(kind, `${name} cannot be ${verb}: permission denied`)
  return new LetheError(kind, `${name} cannot be ${verb} (${code ?? 'unknown error'})`)
}

/** A finding in a policy, keyset or cases file. Lines and columns count from 1. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly column: number
  /** From a closed list per kind of file, e.g. `unknown-key`. */
  readonly code: string
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly suggestion?: string | undefined
}

/** What can be wrong with a pipeline file: the closed list of codes. */
import { DOCUMENT_CODES, type DocumentCode, type Findings } from '../../policy/problems.ts'

const PIPELINE_ONLY_CODES = {
  'unknown-key': 'a key is not a word of a pipeline',
  'missing-key': 'a key is missing',
  'wrong-type': 'a value is of the wrong type or form',
  interpolation: 'a `$` with braces behind it is replaced by nothing',
  'bad-name': 'a name is not written as names are',
  'bad-broker': 'a broker is not written as host:port',
  'bad-topic': 'a topic cannot have this name',
  'bad-pattern': 'a pattern of topics cannot be read',
  'bad-start': 'where to start cannot be read',
  'bad-amount': 'a size or a time cannot be read, or is out of bounds',
  'bad-limit': 'the limit of dead letters cannot be read, or is never reached',
  'plain-secret': 'a secret stands in the file itself',
  'bad-secret': 'where a secret stands cannot be read',
  'bad-tls': 'certificate, key and password of the client do not belong together',
  'bad-registry': 'words under `registry:` do not go together, its URL is none, or nothing needs it',
  'bad-balance': 'the groups of a route cannot be told by its policy',
  'bad-change': 'a policy and the change events of its route do not go together',
  'deletes-left-out':
    'deletes among change events do not leave: the row before is not said to be logged whole',
  'bad-format': 'a format, its framing, the registry and the policy do not go together',
  'bad-sasl': 'words under `sasl:` do not go together, or the token endpoint is none',
  'plaintext-broker': 'events or passwords would cross a network in the clear',
  'bad-accept': 'a reason is too short to be one',
  'accept-without-need': 'a weakness is accepted where there is none',
  'unknown-setting': 'a client setting is none that a pipeline may set',
  'refused-setting': 'a client setting is not for a pipeline to set',
  'bad-setting': 'a client setting does not take this value',
  'bad-timeouts': 'timeouts do not go together',
  'not-in-driver': 'the driver cannot do what the pipeline asks of it',
  'driver-delivery': 'the driver does not give this delivery',
  'two-clusters': 'a pipeline has one cluster',
  'duplicate-route': 'two routes have one name',
  'duplicate-topic': 'a topic is listed twice',
  'topic-read-twice': 'two routes of one group read the same topic',
  'shared-group': 'two routes of one group read different topics',
  'output-among-inputs': 'an output is read again',
  'dead-letters-in-output': 'dead letters go to a topic of outputs',
  'dead-letters-among-inputs': 'dead letters are read again',
  'table-topic-shared': 'the topic of a consent table is also an input, an output or a dead-letter topic',
  'compacted-key': 'a compacted topic needs one token for each record key',
  'compacted-differs': 'two routes disagree on whether their output is compacted',
  'source-needs-keys': 'the source is encrypted, and there are no keys',
  'policy-needs-keys': 'the policy needs keys, and there are none',
  'policy-needs-list':
    'the policy names a list of subjects or a consent table, and the pipeline does not say where it is',
  'policy-crowd':
    'the policy states how many data subjects share the values of a record, and a stream cannot hold that',
  'unused-list': 'the pipeline has a list of subjects or a consent table that no policy names',
  'shared-snapshot': 'the snapshot of a consent table would take the place of another file of the pipeline',
  'bad-file': 'a policy that the pipeline names cannot be read',
  'clear-source': 'the source is told in the clear',
  'seals-originals': 'dead letters carry their original records, encrypted',
  'ledger-anchor': 'the anchor of the ledger is no second place, or a topic that is used for something else',
  'bad-dataset': 'words of a data set do not go together, or its folder is not for it alone',
  'dataset-envelope': 'the policy makes something that the rows of a data set have no place for',
  'dataset-places': 'files of a data set tell which raw record a row is of',
  'bad-sketch': 'a route cannot be sketched: its policy, its keys and `sketch:` do not go together',
  'same-partition': 'outputs keep the partition of their input',
} as const

export type PipelineCode = DocumentCode | keyof typeof PIPELINE_ONLY_CODES

/** Every code of a problem in a pipeline file, each with its sentence. */
export const PIPELINE_CODES: Readonly<Record<PipelineCode, string>> = {
  ...DOCUMENT_CODES,
  ...PIPELINE_ONLY_CODES,
}

export type PipelineFindings = Findings<PipelineCode>

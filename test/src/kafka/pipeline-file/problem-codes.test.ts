import { describe, expect, it } from 'vitest'
import { PIPELINE_CODES, type PipelineCode } from '../../../../src/kafka/pipeline-file/pipeline-codes.ts'
import { compile, pipeline, route } from './sources.ts'

const remote = 'brokers: [kafka.example.com:9092]'
const sasl = (words: string) => `sasl: { mechanism: plain, username: u, ${words} }`
const URL = 'https://idp.example.com/token'
const KAFKAJS = 'driver: kafkajs\ndelivery: at-least-once'
const bearer = (words: string, top = '') => `sasl: { mechanism: oauthbearer, ${words} }\n${top}`
const oidc = (url = URL, more = '', secret = '{ env: S }') =>
  `oidc: { tokenEndpoint: ${url.replace(/^(▸?)(.*)$/, '$1"$2"')}, clientId: lethe, clientSecret: ${secret}${more} }`
const REGISTRY = 'registry: { url: https://r.example }'
const AVRO = route({ topics: '[in], value: { format: avro, framing: confluent }' })
const TO_AVRO = (key: string) =>
  AVRO.replace('topic: out', `topic: out, value: { format: avro, framing: confluent }, key: ${key}`)
const FRAMED = route({ topics: '[in], value: { framing: confluent }' })
const second = (words: Parameters<typeof route>[0] = {}) =>
  route({ name: 'second', topics: '[in2]', group: 'g2', to: 'out2', dead: 'dead2', ...words })

const toDataset = (words: string, more: Parameters<typeof route>[0] = {}) =>
  route(more).replace('topic: out', words)
const DATASET = toDataset('dataset: d, format: ndjson')

const MATCHED = 'matchKeys: { env: M }\n'

/** Each pipeline has ▸ where its problem stands; the part behind the code tells cases of one code apart. */
const cases: readonly (readonly [code: PipelineCode, about: string, text: string])[] = [
  ['yaml-syntax', 'a bracket that never closes', 'pipeline: p\nbrokers: [1▸'],
  ['yaml-tab', 'indentation', 'pipeline: p\nroutes:\n▸\t- name: a\n'],
  ['yaml-documents', 'two pipelines in one file', `${pipeline('')}▸---\n${pipeline('')}`],
  ['yaml-alias', 'an anchor', pipeline('description: &x ▸text')],
  ['yaml-tag', 'a tag', pipeline('description: !mine ▸text')],
  ['duplicate-key', 'at the top', pipeline('driver: rdkafka\n▸driver: kafkajs')],
  ['inexact-number', 'a count', pipeline('maxDeadLetters: ▸9007199254740993')],
  ['wrong-type', 'the whole', '▸- pipeline\n'],
  ['wrong-type', 'a switch', pipeline('', route({ compacted: '▸1' }))],
  ['wrong-type', 'a source', pipeline('source: ▸sealed')],
  ['wrong-type', 'a recipient', pipeline('deadLetters: { seal: { recipients: [▸ssh-ed25519] } }')],
  [
    'wrong-type',
    'a mechanism',
    pipeline('sasl: { mechanism: ▸scram-512, username: u, password: { env: P } }'),
  ],
  ['wrong-type', 'TLS that is off', pipeline('tls: ▸false')],
  ['wrong-type', 'no route', 'pipeline: p\nbrokers: [localhost:1]\nsource: none\nroutes: ▸[]\n'],
  ['wrong-type', 'a port', pipeline('http: { port: ▸65536 }')],
  ['unknown-key', 'at the top', pipeline('▸broker: a')],
  ['unknown-key', 'of a route', pipeline('', route({ more: '▸ploicy: b' }))],
  ['unknown-key', 'of a batch', pipeline('batch: { ▸size: 1 }')],
  ['unknown-key', 'of TLS', pipeline('tls: { ▸rejectUnauthorized: false }')],
  ['unknown-key', '__proto__', pipeline('▸__proto__: { source: clear }')],
  ['unknown-key', 'the topic of a route', pipeline('', route({ more: '▸topic: b' }))],
  ['missing-key', 'at the top', `▸${pipeline('').replace('brokers: [localhost:9092]\n', '')}`],
  ['missing-key', 'of a route', pipeline('', route().replace('- name: events\n    ', '- ▸'))],
  ['missing-key', 'a password', pipeline('sasl: ▸{ mechanism: plain, username: u }')],
  ['interpolation', 'a topic', pipeline('', route({ to: `▸"\${TOPIC}"` }))],
  ['interpolation', 'a policy', pipeline('', route({ policy: `▸"\${DIR}/policy.yaml"` }))],
  ['interpolation', 'the file of a secret', pipeline(`keys: { file: ▸"\${KEYS}" }`)],
  ['bad-name', 'capitals', pipeline('pipeline: ▸My Pipeline')],
  ['bad-name', 'of a route', pipeline('', route({ name: '▸"a/b"' }))],
  ['bad-name', 'an instance', pipeline('instance: ▸"a b"')],
  ['bad-name', 'a group', pipeline('', route({ group: '▸"a b"' }))],
  ['bad-name', 'a group of ours', pipeline('', route({ group: '▸g.until-end' }))],
  ['bad-broker', 'no port', pipeline('brokers: [▸localhost]')],
  ['bad-broker', 'a URL', pipeline('brokers: [▸"kafka://localhost:9092"]')],
  ['bad-broker', 'a port that is none', pipeline('brokers: [▸localhost:70000]')],
  ['bad-broker', 'a text for a list', pipeline('brokers: ▸localhost:9092')],
  ['bad-broker', 'no address', pipeline('brokers: [▸"[1::2::3]:9092"]')],
  ['bad-topic', 'an output', pipeline('', route({ to: '▸"a b"' }))],
  ['bad-topic', 'an input', pipeline('', route({ topics: '[in, ▸"a*"]' }))],
  ['bad-topic', 'one of the cluster', pipeline('', route({ topics: '[▸__consumer_offsets]' }))],
  ['bad-topic', 'dots', pipeline('', route({ dead: '▸..' }))],
  ['bad-topic', 'a text for a list', pipeline('', route({ topics: '▸in' }))],
  ['bad-pattern', 'a bracket', pipeline('', route({ topics: '{ pattern: ▸"events.[a" }' }))],
  ['bad-pattern', 'a group', pipeline('', route({ topics: '{ pattern: ▸"events.(a" }' }))],
  ['bad-pattern', 'lookahead', pipeline('', route({ topics: '{ pattern: ▸"(?!out).*" }' }))],
  [
    'bad-pattern',
    'a class that POSIX has not',
    pipeline('', route({ topics: '{ pattern: ▸"events\\\\d" }' })),
  ],
  ['bad-pattern', 'a lazy repetition', pipeline('', route({ topics: '{ pattern: ▸"events.*?" }' }))],
  ['bad-start', 'a word', pipeline('', route({ start: '▸first' }))],
  ['bad-start', 'a day', pipeline('', route({ start: '▸2026-01-31' }))],
  ['bad-start', '30 February', pipeline('', route({ start: '▸2026-02-30T00:00:00Z' }))],
  ['bad-start', 'before 1970', pipeline('', route({ start: '▸1969-12-31T00:00:00Z' }))],
  ['bad-amount', 'a unit', pipeline('batch: { bytes: ▸8MB }')],
  ['bad-amount', 'too many bytes', pipeline('batch: { bytes: ▸65MiB }')],
  ['bad-amount', 'no unit', pipeline('batch: { time: ▸100 }')],
  ['bad-amount', 'too long', pipeline('batch: { time: ▸61s }')],
  ['bad-amount', 'a record', pipeline('maxRecordBytes: ▸1000MiB')],
  ['bad-limit', 'a share', pipeline('maxDeadLetters: ▸101%')],
  ['bad-limit', 'a word', pipeline('maxDeadLetters: { most: ▸few }')],
  ['bad-limit', 'never reached', pipeline('maxDeadLetters: ▸1000')],
  ['bad-limit', 'never reached in its window', pipeline('maxDeadLetters: ▸{ most: 20, window: 20 }')],
  ['plain-secret', 'a password', pipeline(sasl('password: ▸hunter2'))],
  ['plain-secret', 'a number', pipeline(sasl('password: ▸12345'))],
  ['plain-secret', 'a key in PEM', pipeline('tls:\n  cert: { file: c }\n  key: ▸|\n    -----BEGIN')],
  ['plain-secret', 'a key for the name of its file', pipeline('keys: { file: ▸"a\\nb" }')],
  ['bad-secret', 'both', pipeline(sasl('password: ▸{ file: a, env: B }'))],
  ['bad-secret', 'neither', pipeline(sasl('password: ▸{}'))],
  ['bad-secret', 'nothing', pipeline(sasl('password: ▸null'))],
  ['bad-secret', 'a list', pipeline(sasl('password: ▸[hunter2]'))],
  ['bad-secret', 'another word', pipeline(sasl('password: ▸{ hunter2: x }'))],
  ['bad-secret', 'no name of a variable', pipeline('keys: { env: ▸"hunter 2" }')],
  ['bad-secret', 'no name of a file', pipeline('keys: { file: ▸1 }')],
  ['bad-tls', 'a certificate without a key', pipeline('tls: { cert: ▸{ file: c } }')],
  ['bad-tls', 'a key without a certificate', pipeline('tls: { key: ▸{ file: c } }')],
  ['bad-tls', 'a password without a key', pipeline('tls: { keyPassword: ▸{ file: c } }')],
  ['missing-key', 'a mechanism', pipeline('sasl: ▸{ username: u, password: { env: P } }')],
  [
    'missing-key',
    'a client id',
    pipeline(bearer(`oidc: ▸{ tokenEndpoint: ${URL}, clientSecret: { env: S } }`)),
  ],
  ['unknown-key', 'a user name beside a token', pipeline(bearer('token: { file: t }, ▸username: u'))],
  ['unknown-key', 'a token beside a password', pipeline(sasl('password: { env: P }, ▸token: { file: t }'))],
  ['plain-secret', 'a token', pipeline(bearer('token: ▸eyJhbGciOiJub25lIn0.hunter2.'))],
  ['plain-secret', 'a client secret', pipeline(bearer(oidc(URL, '', '▸hunter2')))],
  ['bad-sasl', 'no source of tokens', pipeline('sasl: ▸{ mechanism: oauthbearer }')],
  ['bad-sasl', 'two sources', pipeline(bearer(`token: { file: t }, ${oidc().replace('oidc: ', 'oidc: ▸')}`))],
  ['bad-sasl', 'a token in a variable', pipeline(bearer('token: ▸{ env: TOKEN }'))],
  ['bad-sasl', 'an endpoint that is no URL', pipeline(bearer(oidc('▸idp.example.com/token')))],
  ['bad-sasl', 'an endpoint in the clear', pipeline(bearer(oidc('▸http://idp.example.com/token')))],
  ['bad-sasl', 'a password in a URL', pipeline(bearer(oidc('▸https://u:hunter2@idp.example.com/token')))],
  [
    'bad-sasl',
    'an authority without TLS',
    pipeline(bearer(oidc('http://localhost:1/', ', ca: ▸{ file: c }'))),
  ],
  ['bad-sasl', 'an extension', pipeline(bearer('token: { file: t }, extensions: { a-b: ▸x }', KAFKAJS))],
  [
    'bad-sasl',
    'an extension that is the token',
    pipeline(bearer('token: { file: t }, extensions: { auth: ▸x }', KAFKAJS)),
  ],
  ['bad-registry', 'one that nothing needs', pipeline('registry: ▸{ url: https://r.example }')],
  ['bad-registry', 'no URL', pipeline('registry: { url: ▸r.example }', AVRO)],
  ['bad-registry', 'one in the clear', pipeline('registry: { url: ▸http://r.example }', AVRO)],
  ['bad-registry', 'a password in a URL', pipeline('registry: { url: ▸https://u:hunter2@r.example }', AVRO)],
  [
    'bad-registry',
    'TLS without https',
    pipeline('registry: { url: http://localhost:1, tls: ▸{ ca: { file: c } } }', AVRO),
  ],
  [
    'bad-tls',
    'a certificate of the registry without a key',
    pipeline('registry: { url: https://r.example, tls: { cert: ▸{ file: c } } }', AVRO),
  ],
  [
    'bad-amount',
    'a time limit of the registry',
    pipeline('registry: { url: https://r.example, timeout: ▸61s }', AVRO),
  ],
  [
    'bad-amount',
    'how long an id is unknown',
    pipeline('registry: { url: https://r.example, cache: { unknown: ▸500ms } }', AVRO),
  ],
  [
    'plain-secret',
    'a password of the registry',
    pipeline('registry: { url: https://r.example, auth: { username: u, password: ▸hunter2 } }', AVRO),
  ],
  ['bad-format', 'Avro without a registry', pipeline('', AVRO.replace('from: {', 'from: ▸{'))],
  [
    'bad-format',
    'Avro without frames',
    pipeline(REGISTRY, route({ topics: '[in], value: ▸{ format: avro }' })),
  ],
  [
    'bad-format',
    'keys of Avro without frames',
    pipeline(REGISTRY, route({ topics: '[in], key: ▸{ format: avro }' })),
  ],
  [
    'bad-format',
    'a text in Avro',
    pipeline(
      REGISTRY,
      route({ topics: '[in], value: { format: avro, framing: confluent, inner: ▸json-text }' }),
    ),
  ],
  [
    'bad-format',
    'a payload in keys of Avro',
    pipeline(REGISTRY, route({ topics: '[in], key: { format: avro, framing: confluent, inner: ▸payload }' })),
  ],
  [
    'bad-change',
    'a data set',
    pipeline('', toDataset('dataset: d, format: ndjson', { more: 'change: ▸debezium' })),
  ],
  ...(
    [
      ['a field that is none', '{ by: nothing, groups: [DE] }', ''],
      ['a field beside the value', '{ by: $key, groups: [DE] }', ''],
      ['change events', '{ by: a, groups: [DE] }', '{ form: debezium, before: full }'],
      ['a group twice', '{ by: a, groups: [DE, FR, DE] }', ''],
      ['a group that is called as others are', '{ by: a, groups: [none] }', ''],
    ] as const
  ).map(([what, balance, change]): (typeof cases)[number] => [
    'bad-balance',
    what,
    pipeline(
      '',
      route({
        policy: 'plain.yaml',
        more: `balance: ▸${balance}${change === '' ? '' : `\n    change: ${change}`}`,
      }),
    ),
  ]),
  ['bad-change', 'no change events', pipeline('', route({ policy: '▸change.yaml' }))],
  [
    'bad-change',
    'conditions beside the row',
    pipeline('keys: { env: K }', route({ policy: 'key-one-when.yaml', more: 'change: ▸debezium' })),
  ],
  [
    'bad-change',
    'tombstones without keys',
    pipeline('', route({ policy: 'plain.yaml', more: 'change: ▸{ form: debezium, deletes: tombstone }' })),
  ],
  [
    'bad-format',
    'JSON in texts of Avro',
    pipeline(
      REGISTRY,
      route({ topics: '[in], value: { format: avro, framing: confluent }', policy: '▸texts.yaml' }),
    ),
  ],
  ['bad-format', 'tags of JSON', pipeline('', route({ policy: '▸tags.yaml' }))],
  [
    'bad-format',
    'tags into frames of JSON',
    pipeline(
      REGISTRY,
      AVRO.replace('topic: out', 'topic: out, value: { framing: confluent }').replace(
        'plain.yaml',
        '▸tags.yaml',
      ),
    ),
  ],
  [
    'bad-format',
    'Avro out of JSON',
    pipeline('', route({ to: 'out, value: { format: ▸avro, framing: confluent }' })),
  ],
  ['bad-format', 'JSON in frames', pipeline('', route({ to: 'out, value: { framing: ▸confluent }' }))],
  [
    'bad-format',
    'Protobuf without frames',
    pipeline(REGISTRY, route({ topics: '[in], value: ▸{ format: protobuf }' })),
  ],
  [
    'bad-format',
    'Protobuf out of JSON',
    pipeline(
      REGISTRY,
      FRAMED.replace('topic: out', 'topic: out, value: { format: ▸protobuf, framing: confluent }'),
    ),
  ],
  [
    'bad-format',
    'frames out without a registry',
    pipeline(
      '',
      FRAMED.replace('topic: out', 'topic: out, value: { framing: confluent }').replace(
        'from: {',
        'from: ▸{',
      ),
    ),
  ],
  [
    'bad-format',
    'keys of JSON in frames beside values without',
    pipeline(
      REGISTRY,
      FRAMED.replace('topic: out', 'topic: out, key: { format: ▸json, framing: confluent }'),
    ),
  ],
  [
    'bad-format',
    'keys of JSON without frames',
    pipeline(REGISTRY, route({ topics: '[in], key: ▸{ format: json }' })),
  ],
  [
    'bad-format',
    'texts that hold JSON into frames',
    pipeline(
      REGISTRY,
      FRAMED.replace('topic: out', 'topic: out, value: { framing: confluent }').replace(
        'plain.yaml',
        '▸texts.yaml',
      ),
    ),
  ],
  ['bad-format', 'a subject of JSON', pipeline('', route({ to: 'out, value: { subject: ▸s }' }))],
  [
    'bad-format',
    'Avro out without frames',
    pipeline(REGISTRY, AVRO.replace('topic: out', 'topic: out, value: ▸{ format: avro }')),
  ],
  [
    'bad-format',
    'keys of Avro beside JSON',
    pipeline('', route({ to: 'out, key: { format: ▸avro, framing: confluent }' })),
  ],
  ['bad-format', 'keys of text in frames', pipeline('', route({ to: 'out, key: { framing: ▸confluent }' }))],
  ['bad-format', 'a subject of keys of text', pipeline('', route({ to: 'out, key: { subject: ▸s }' }))],
  ['bad-format', 'keys of Avro out without frames', pipeline(REGISTRY, TO_AVRO('▸{ format: avro }'))],
  [
    'bad-format',
    'keys of JSON as Avro',
    pipeline(
      `keys: { env: K }\n${REGISTRY}`,
      TO_AVRO('▸{ format: avro, framing: confluent }').replace('plain.yaml', 'key-member.yaml'),
    ),
  ],
  ['not-in-driver', 'extensions', pipeline(bearer('token: { file: t }, extensions: ▸{ a: x }'))],
  ['wrong-type', 'scopes', pipeline(bearer(oidc(URL, ', scope: ▸"a  b"')))],
  ['bad-amount', 'a time limit of tokens', pipeline(bearer(oidc(URL, ', timeout: ▸61s')))],
  ['plaintext-broker', 'a name', pipeline('brokers: [▸kafka:9092]')],
  ['plaintext-broker', 'the second one', pipeline('brokers: [localhost:9092, ▸10.0.0.1:9092]')],
  ['plaintext-broker', 'a name that looks like here', pipeline('brokers: [▸localhost.example.com:9092]')],
  ['plaintext-broker', 'an address that looks like here', pipeline('brokers: [▸127.0.0.1.example.com:9092]')],
  ['plaintext-broker', 'IPv6', pipeline('brokers: [▸"[2001:db8::1]:9092"]')],
  ['bad-accept', 'too short', pipeline(`${remote}\nplaintext: { accept: ▸why not }`)],
  ['bad-accept', 'spaces', pipeline(`${remote}\nplaintext: { accept: ▸"            " }`)],
  ['accept-without-need', 'this machine', pipeline('▸plaintext: { accept: for the time being }')],
  [
    'accept-without-need',
    'TLS',
    pipeline(`${remote}\ntls: true\n▸plaintext: { accept: for the time being }`),
  ],
  ['unknown-setting', 'a slip', pipeline('client: { ▸fetch.min.byte: 1 }')],
  ['unknown-setting', 'of a client', pipeline('client: { ▸plugin.library.paths: x }')],
  ['refused-setting', 'a password', pipeline('client: { ▸sasl.password: hunter2 }')],
  [
    'refused-setting',
    'TLS that trusts all',
    pipeline('client: { ▸ssl.endpoint.identification.algorithm: none }'),
  ],
  ['refused-setting', 'logs', pipeline('client: { ▸debug: all }')],
  ['refused-setting', 'commits', pipeline('client: { ▸enable.auto.commit: true }')],
  ['bad-setting', 'a type', pipeline('client: { fetch.min.bytes: ▸many }')],
  ['bad-setting', 'out of range', pipeline('client: { fetch.max.bytes: ▸1073741824 }')],
  ['bad-setting', 'a codec', pipeline('client: { compression.type: ▸brotli }')],
  ['bad-setting', 'a list', pipeline('client: ▸[]')],
  ['bad-timeouts', 'a transaction', pipeline('client: { transaction.timeout.ms: ▸35000 }')],
  ['bad-timeouts', 'a session', pipeline('client: { session.timeout.ms: ▸40000 }')],
  ['bad-timeouts', 'heartbeats', pipeline('client: { heartbeat.interval.ms: ▸15001 }')],
  ['bad-timeouts', 'polls', pipeline('client: { max.poll.interval.ms: ▸44999 }')],
  ['bad-timeouts', 'a request', pipeline('client: { request.timeout.ms: ▸30001 }')],
  [
    'not-in-driver',
    'a setting',
    pipeline('delivery: at-least-once\ndriver: kafkajs\nclient: { linger.ms: ▸5 }'),
  ],
  [
    'not-in-driver',
    'a strategy',
    pipeline(
      'delivery: at-least-once\ndriver: kafkajs\nclient: { partition.assignment.strategy: ▸cooperative-sticky }',
    ),
  ],
  ['not-in-driver', 'IPv6', pipeline('brokers: [▸"[::1]:9092"]\ndelivery: at-least-once\ndriver: kafkajs')],
  ['driver-delivery', 'stated', pipeline('delivery: exactly-once\ndriver: ▸kafkajs')],
  ['driver-delivery', 'by default', pipeline('driver: ▸kafkajs')],
  ['two-clusters', 'brokers of a route', pipeline('', route({ more: '▸brokers: [other:9092]' }))],
  ['two-clusters', 'brokers of an output', pipeline('', route({ to: 'out, ▸brokers: [other:9092]' }))],
  ['duplicate-route', 'a name', pipeline('', route(), second({ name: '▸events' }))],
  ['duplicate-topic', 'a name', pipeline('', route({ topics: '[a, b, ▸a]' }))],
  ['topic-read-twice', 'by name', pipeline('', route(), second({ group: 'g', topics: '▸[other, in]' }))],
  [
    'topic-read-twice',
    'by pattern',
    pipeline('', route(), second({ group: 'g', topics: '▸{ pattern: i. }' })),
  ],
  [
    'topic-read-twice',
    'by name, after a pattern',
    pipeline('', route({ topics: '{ pattern: i. }' }), second({ group: 'g', topics: '▸[in]' })),
  ],
  [
    'topic-read-twice',
    'by one pattern',
    pipeline('', route({ topics: '{ pattern: i. }' }), second({ group: 'g', topics: '▸{ pattern: i. }' })),
  ],
  ['shared-group', 'names', pipeline('', route(), second({ group: '▸g' }))],
  ['output-among-inputs', 'of the route', pipeline('', route({ to: '▸in' }))],
  ['output-among-inputs', 'of another', pipeline('', route({ to: '▸in2' }), second())],
  [
    'output-among-inputs',
    'by pattern',
    pipeline('', route({ topics: '{ pattern: "(in|out).*" }', to: '▸out.a' })),
  ],
  ['dead-letters-in-output', 'of the route', pipeline('', route({ dead: '▸out' }))],
  ['dead-letters-in-output', 'of another', pipeline('', route({ dead: '▸out2' }), second())],
  ['dead-letters-among-inputs', 'by name', pipeline('', route({ dead: '▸in' }))],
  [
    'dead-letters-among-inputs',
    'by pattern',
    pipeline('', route({ topics: '{ pattern: ".*" }', dead: '▸x' })),
  ],
  ...[
    'plain',
    'key-dropped',
    'key-kept',
    'key-when',
    'key-one-when',
    'key-lossy',
    'key-member-lossy',
    'key-members-dropped',
    'key-else',
    'key-step',
  ].map(
    (policy) =>
      [
        'compacted-key',
        policy,
        pipeline('keys: { env: K }', route({ compacted: '▸true', policy: `${policy}.yaml` })),
      ] as const,
  ),
  [
    'compacted-differs',
    'one topic',
    pipeline(
      'keys: { env: K }',
      route({ policy: 'key.yaml', compacted: 'true' }),
      second({ to: 'out', compacted: '▸false' }),
    ),
  ],
  ['source-needs-keys', 'by default', `▸${pipeline('').replace('source: none\n', '')}`],
  ['source-needs-keys', 'stated', pipeline('source: ▸encrypted')],
  ['policy-needs-keys', 'a token', pipeline('', route({ policy: '▸keyed.yaml' }))],
  [
    'policy-needs-keys',
    'a list under match keys',
    pipeline('lists: { erasures: { file: e } }', route({ policy: '▸listed.yaml' })),
  ],
  ['policy-needs-list', 'a list', pipeline('', route({ policy: '▸hashed.yaml' }))],
  ...[
    'crowd-fails',
    'crowd-of-files',
    'crowd-near',
    'crowd-of-records',
    'crowd-of-keys',
    'crowd-of-key-parts',
  ].map((name) => ['policy-crowd', name, pipeline('', route({ policy: `▸${name}.yaml` }))] as const),
  [
    'policy-crowd',
    'two rows',
    pipeline('', route({ policy: '▸crowd.yaml', more: 'change: { form: debezium, before: full }' })),
  ],
  [
    'unused-list',
    'a slip',
    pipeline('lists: { register: { file: e }, registers: ▸{ file: e } }', route({ policy: 'hashed.yaml' })),
  ],
  ...(
    [
      ['output', route({ to: 'consent', policy: 'table.yaml' })],
      ['dead letters', route({ dead: 'consent', policy: 'table.yaml' })],
      ['input', route({ topics: '[consent]', policy: 'table.yaml' })],
      ['input by pattern', route({ topics: '{ pattern: c.* }', policy: 'table.yaml' })],
      ['output of another', `${route({ policy: 'table.yaml' })}${second({ to: 'consent' })}`],
    ] as const
  ).map(
    ([about, routes]) =>
      [
        'table-topic-shared',
        about,
        pipeline(`${MATCHED}tables: { training: { topic: ▸consent } }`, routes),
      ] as const,
  ),
  [
    'not-in-driver',
    'a table in a topic',
    pipeline(
      `${MATCHED}delivery: at-least-once\ndriver: kafkajs\ntables: { training: { topic: ▸consent } }`,
      route({ policy: 'table.yaml' }),
    ),
  ],
  [
    'shared-snapshot',
    'match keys',
    pipeline('matchKeys: { file: m.json }\ntables: { t: { topic: a, snapshot: ▸./m.json } }'),
  ],
  [
    'shared-snapshot',
    'another table',
    pipeline('tables: { t: { topic: a, snapshot: s }, u: { topic: b, snapshot: ▸x/../s } }'),
  ],
  ['bad-secret', 'match keys', pipeline('matchKeys: ▸{ file: a, env: B }')],
  ...['{ file: other.ndjson }', '{ topic: in }', '{ topic: out }', '{ topic: dead }'].map(
    (anchor) =>
      [
        'ledger-anchor',
        anchor,
        pipeline(`ledger: { file: l.ndjson, signingKey: { file: k.pem }, anchor: ▸${anchor} }`),
      ] as const,
  ),
  ['missing-key', 'a topic or a data set', pipeline('', route().replace('to: { topic: out }', 'to: ▸{ }'))],
  [
    'missing-key',
    'the format of a data set',
    pipeline('', toDataset('dataset: d').replace('to: {', 'to: ▸{')),
  ],
  [
    'bad-dataset',
    'a prefix of an object store that another route has',
    pipeline(
      '',
      toDataset('dataset: s3://clean/d/, format: ndjson'),
      toDataset('dataset: ▸s3://clean/d, format: ndjson', { name: 'second', group: 'g2' }),
    ),
  ],
  [
    'bad-dataset',
    'a name with a password',
    pipeline('', toDataset('dataset: ▸"s3://user:pass@clean/d", format: ndjson')),
  ],
  ['bad-dataset', 'a format', pipeline('', toDataset('dataset: d, format: ▸csv'))],
  ['bad-dataset', 'a word of topics', pipeline('', toDataset('dataset: d, format: ndjson, partition: ▸key'))],
  ['bad-dataset', 'a topic, too', pipeline('', toDataset('topic: ▸out, dataset: d, format: ndjson'))],
  ['bad-dataset', 'a word of data sets', pipeline('', toDataset('topic: out, roll: ▸{ time: 5s }'))],
  [
    'bad-dataset',
    'a folder twice',
    pipeline('', DATASET, toDataset('dataset: ▸x/../d, format: ndjson', { name: 'second', group: 'g2' })),
  ],
  [
    'bad-dataset',
    'a long topic',
    pipeline('', toDataset('dataset: d, format: ndjson', { topics: `[▸${'t'.repeat(191)}]` })),
  ],
  [
    'bad-dataset',
    'a topic that readers pass by',
    pipeline('', toDataset('dataset: d, format: ndjson', { topics: '[▸_orders]' })),
  ],
  [
    'bad-dataset',
    'columns that only the data tell',
    pipeline('', toDataset('dataset: d, format: parquet', { policy: '▸open.yaml' })),
  ],
  ['bad-amount', 'when to roll', pipeline('', toDataset('dataset: d, format: ndjson, roll: { time: ▸1ms }'))],
  ['not-in-driver', 'a data set', pipeline(KAFKAJS, toDataset('dataset: ▸d, format: ndjson'))],
  [
    'bad-sketch',
    'no keys and no subject',
    pipeline('', route({ policy: 'plain.yaml', more: 'sketch: ▸{ folder: s, holds: none }' })),
  ],
  [
    'bad-amount',
    'a long period',
    pipeline('', route({ policy: 'plain.yaml', more: 'sketch: { folder: s, holds: none, period: ▸32d }' })),
  ],
  ['bad-file', 'a policy', pipeline('', route({ policy: '▸gone.yaml' }))],
]

const warnings: readonly (readonly [code: PipelineCode, text: string])[] = [
  ['deletes-left-out', pipeline('', route({ policy: 'plain.yaml', more: 'change: ▸debezium' }))],
  ['clear-source', pipeline('source: ▸clear')],
  ['same-partition', pipeline('', route({ partition: '▸same' }))],
  ['seals-originals', pipeline('deadLetters: { seal: ▸{ recipients: { file: r.txt } } }')],
  ['dataset-places', pipeline('', DATASET.replace('dataset: d', 'dataset: ▸d'))],
]

function marked(text: string): { text: string; line: number; column: number } {
  const before = text.slice(0, text.indexOf('▸')).split('\n')
  return { text: text.replace('▸', ''), line: before.length, column: before.at(-1)!.length + 1 }
}

describe('problem codes of a pipeline', () => {
  it.each(cases)('%s: %s', (code, _about, source) => {
    const { text, line, column } = marked(source)
    const { pipeline: compiled, problems } = compile(text)
    expect(compiled).toBeUndefined()
    expect(problems.map((p) => `${p.line}:${p.column} ${p.code}`)).toContain(`${line}:${column} ${code}`)
    expect(JSON.stringify(problems)).not.toContain('hunter')
  })

  it.each(warnings)('%s is a warning', (code, source) => {
    const { text, line, column } = marked(source)
    const { pipeline: compiled, problems } = compile(text)
    expect(compiled).toBeDefined()
    expect(problems.map((p) => [p.line, p.column, p.severity, p.code])).toEqual([
      [line, column, 'warning', code],
    ])
  })

  it('a record key may be of the crowd where rows have none', () => {
    const { problems } = compile(
      pipeline('', toDataset('dataset: d, format: ndjson', { policy: 'crowd-of-keys.yaml' })),
    )
    expect(problems.map(({ code }) => code)).toEqual(['dataset-places', 'dataset-envelope'])
  })

  it('dataset-envelope is a warning', () => {
    const { pipeline: compiled, problems } = compile(
      pipeline('keys: { env: K }', toDataset('dataset: d, format: ndjson', { policy: 'key.yaml' })),
    )
    expect(compiled).toBeDefined()
    expect(problems.map(({ code }) => code)).toEqual(['dataset-places', 'dataset-envelope'])
  })

  it('are all reached, and say what to do', () => {
    const reached = new Set<string>()
    for (const [, source] of [
      ...cases.map(([code, , text]) => [code, text]),
      ...warnings,
      [
        'dataset-envelope',
        pipeline('keys: { env: K }', toDataset('dataset: d, format: ndjson', { policy: 'key.yaml' })),
      ],
    ])
      for (const problem of compile(marked(source!).text).problems) {
        reached.add(problem.code)
        expect([problem.code, problem.message]).not.toEqual([problem.code, ''])
      }
    expect([...reached].sort()).toEqual(expect.arrayContaining(Object.keys(PIPELINE_CODES).sort()))
  })

  it('are one only where one thing is wrong', () => {
    const alone = new Set<PipelineCode>([
      'plain-secret',
      'plaintext-broker',
      'two-clusters',
      'refused-setting',
      'bad-timeouts',
      'compacted-key',
      'shared-group',
      'missing-key',
    ])
    for (const [code, about, source] of cases)
      if (alone.has(code) && about !== 'stated')
        expect([about, compile(marked(source).text).problems.length]).toEqual([about, 1])
  })
})

/** Pipelines and policies as texts, and compiling them without a disk. */
import { LetheError } from '../../../../src/errors.ts'
import {
  type CompiledPipeline,
  compilePipeline,
} from '../../../../src/kafka/pipeline-file/compile-pipeline.ts'
import { type PolicyFile, policyFileOf } from '../../../../src/policy/policy-file.ts'

const head = 'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  amount: keep\n'
const dated = `${head}  at: { use: generalize.date, to: day }\n`
const hmac = '{ use: hash.hmac, domain: customer }'

/** Policies by the names that pipelines know them under. */
const POLICIES: Readonly<Record<string, string>> = {
  'plain.yaml': head,
  'tags.yaml': `${head.replace('fields:', 'tags: { PII: drop }\nfields:')}  a: keep\n`,
  'texts.yaml': `${head.replace('fields:', 'read: { body: json }\nfields:')}  body.a: keep\n`,
  'keyed.yaml': `${head}  id: ${hmac}\n`,
  'listed.yaml': `${head}  id: drop\nsuppression: [{ list: erasures, by: id }]\n`,
  'hashed.yaml': `${head}  id: drop\nsuppression: [{ list: register, by: id, entries: sha256-hex }]\n`,
  'table.yaml': `${dated.replace('fields:', 'time: at\nfields:')}consent: [{ table: training, by: id }]\n`,
  'crowd.yaml': `${head.replace('fields:', 'subject: s\nfields:')}  q: { use: keep, role: quasi-identifier }\ncrowd: { k: 5, onFail: suppress, window: 30d }\n`,
  'crowd-fails.yaml': `${head.replace('fields:', 'subject: s\nfields:')}  q: { use: keep, role: quasi-identifier }\ncrowd: { k: 5, window: 30d }\n`,
  'crowd-of-files.yaml': `${head.replace('fields:', 'subject: s\nfields:')}  q: { use: keep, role: quasi-identifier }\ncrowd: { k: 5, onFail: suppress }\n`,
  'crowd-near.yaml': `${head.replace('fields:', 'subject: s\nfields:')}  q: { use: keep, role: quasi-identifier }\n  d: { use: keep, role: sensitive }\ncrowd: { k: 5, t: 0.2, onFail: suppress, window: 30d }\n`,
  'crowd-of-keys.yaml': `${head.replace('fields:', 'subject: s\nfields:')}  $key: { use: generalize.prefix, keep: 3, role: quasi-identifier }\ncrowd: { k: 5, onFail: suppress, window: 30d }\n`,
  'crowd-of-key-parts.yaml': `${head.replace('fields:', 'subject: s\nfields:')}  q: { use: keep, role: quasi-identifier }\n  $key.kind: { use: generalize.prefix, keep: 1, role: sensitive }\ncrowd: { k: 5, l: 2, onFail: suppress, window: 30d }\n`,
  'crowd-of-records.yaml': `${head}  q: { use: keep, role: quasi-identifier }\ncrowd: { k: 5, onFail: suppress, window: 30d }\n`,
  'key.yaml': `${head}  $key: ${hmac}\n`,
  'open.yaml': `${head}  "body.*_note": drop\n  "*_code": { use: mask.replace, with: x }\n`,
  'broken.yaml': head.replace('keep', 'kepe'),
  'change.yaml': `${head}  $change.op: keep\n`,
  'key-member.yaml': `${head}  $key.id: ${hmac}\n  $key.kind: drop\n`,
  'key-member-lossy.yaml': `${head}  $key.id: { use: generalize.prefix, keep: 2 }\n`,
  'key-members-dropped.yaml': `${head}  $key.id: drop\n`,
  'key-dropped.yaml': `${head}  $key: drop\n`,
  'key-kept.yaml': `${head}  $key: { use: keep, accept: a number of an article }\n`,
  'key-when.yaml': `${head}  $key: [{ when: { amount: [1] }, use: hash.hmac, domain: a }, ${hmac}]\n`,
  'key-one-when.yaml': `${head}  $key: [{ when: { amount: [1] }, use: hash.hmac, domain: a }]\n`,
  'key-lossy.yaml': `${head}  $key: { use: generalize.prefix, keep: 2 }\n`,
  'key-else.yaml': `${head}  $key: { use: hash.email, domain: d, else: null }\n`,
  'key-step.yaml': `${dated.replace('fields:', 'time: at\nfields:')}  $key: ${hmac}\nretention: { steps: [{ after: 9d, fields: { $key: drop } }] }\n`,
}

function readPolicy(file: string): PolicyFile {
  const text = POLICIES[file]
  if (text === undefined) throw new LetheError('file-missing', `the policy ${file} does not exist`)
  return policyFileOf(file, text)
}

/** Compiles a pipeline called `p.yaml`, beside the policies above. */
export function compile(text: string): CompiledPipeline {
  return compilePipeline(
    {
      file: 'p.yaml',
      text,
      readFile: () => {
        throw new Error('a pipeline reads no file but policies')
      },
    },
    { readPolicy },
  )
}

export interface RouteWords {
  readonly name?: string
  readonly topics?: string
  readonly group?: string
  readonly start?: string
  readonly to?: string
  readonly partition?: string
  readonly compacted?: string
  readonly dead?: string
  readonly policy?: string
  readonly more?: string
}

/** One route, everything sound that is not stated otherwise. */
export function route(words: RouteWords = {}): string {
  const { name = 'events', topics = '[in]', group = 'g', start, to = 'out', partition, compacted } = words
  const { dead = 'dead', policy = 'plain.yaml', more } = words
  const optional = (key: string, value: string | undefined) =>
    value === undefined ? '' : `, ${key}: ${value}`
  return `  - name: ${name}
    from: { topics: ${topics}, group: ${group}${optional('start', start)} }
    to: { topic: ${to}${optional('partition', partition)}${optional('compacted', compacted)} }
    deadLetterTopic: ${dead}
    policy: ${policy}
${more === undefined ? '' : `    ${more}\n`}`
}

/** A pipeline of these lines at its top, and of these routes. */
export function pipeline(top: string, ...routes: readonly string[]): string {
  const lines = top === '' ? '' : `${top}\n`
  const has = (key: string) => new RegExp(`^▸?${key}:`, 'm').test(top)
  return [
    has('pipeline') ? '' : 'pipeline: p\n',
    has('brokers') ? '' : 'brokers: [localhost:9092]\n',
    has('source') ? '' : 'source: none\n',
    lines,
    'routes:\n',
    ...(routes.length === 0 ? [route()] : routes),
  ].join('')
}

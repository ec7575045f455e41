/** What tests of erasure from topics share: a pipeline in a folder of its own, with keys, a list, and a subject who asks. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type kafkajs from 'kafkajs'
import { expect } from 'vitest'
import type { ErasureOrder } from '../../src/erasure/erasure-order.ts'
import { broker } from '../broker/suite.ts'
import { type Ended, folder, lethe, root, warm } from '../src/cli/lethe.ts'
import { made, type Names, produce, type TopicWords } from './cluster-world.ts'

export const CANARY: string = 'c-77canary77'
const POLICY = `policy: p
version: 1
purpose: train_ai_system
subject: customer.id
unlisted: drop
fields:
  $key: { use: hash.hmac, domain: customer }
  customer.id: { use: hash.hmac, domain: customer }
  n: { use: generalize.number, width: 10 }
suppression: [{ list: erasures, by: customer.id }]
`
export const KEEPING: Readonly<Record<string, string>> = { 'retention.ms': '-1' }

export interface World {
  readonly address: string
  readonly cwd: string
  readonly names: Names
  readonly run: (code: number, ...args: readonly string[]) => Promise<{ stdout: string; stderr: string }>
  readonly order: () => ErasureOrder
  readonly said: string[]
}

export const LIST: readonly string[] = ['--suppression', 'erasures.ndjson', '--no-holds']
export const PIPELINE: readonly string[] = ['--pipeline', 'pipeline.yaml']
export const APPLY: readonly string[] = ['forget', 'apply', 'o.json', ...PIPELINE, ...LIST]

/** Runs `apply` in a process whose client does this to the requests that it sends. */
export const applied = (cwd: string, hook: string, order = 'o.json'): Promise<Ended> => {
  writeFileSync(
    join(cwd, 'hook.cjs'),
    `const { prototype } = require(${JSON.stringify(join(root, 'node_modules/kafkajs/src/broker/index.js'))})
const { readdirSync, writeFileSync } = require('node:fs')
const { produce, deleteRecords } = prototype
${hook}
`,
  )
  return lethe(APPLY.with(2, order), { cwd, env: { NODE_OPTIONS: `--require=${join(cwd, 'hook.cjs')}` } })
}

export async function world(
  output: TopicWords,
  to: string = '',
  more: string = '',
  address: string = broker.address,
): Promise<World> {
  const names = await made({ output, dead: { settings: KEEPING } }, address)
  const cwd = folder({
    'policy.yaml': POLICY,
    'pipeline.yaml': `pipeline: p
brokers: ["${address}"]
delivery: at-least-once
keys: { file: keys.json }
matchKeys: { file: match.json }
lists: { erasures: { file: erasures.ndjson } }
${more}
routes:
  - name: events
    from: { topics: [${names.input}], group: g.${names.input}, start: earliest }
    to: { topic: ${names.output}${to} }
    deadLetterTopic: ${names.dead}
    policy: policy.yaml
`,
  })
  return { address, names, ...(await readyToForget(cwd)) }
}

/** Keys, match keys, an empty list, and who asks: in the folder of a pipeline. */
export async function readyToForget(cwd: string): Promise<Omit<World, 'address' | 'names'>> {
  writeFileSync(join(cwd, 'asked.txt'), `${CANARY}\n`, { mode: 0o600 })
  const said: string[] = []
  const run = async (code: number, ...args: readonly string[]) => {
    const ended = await warm(args, { cwd })
    expect([args.join(' '), ended.stderr, ended.code]).toEqual([args.join(' '), ended.stderr, code])
    said.push(ended.stdout, ended.stderr)
    return ended
  }
  await run(0, 'keys', 'create', 'keys.json')
  await run(0, 'keys', 'create', '--match', 'match.json')
  await run(0, 'forget', 'begin', '-p', 'policy.yaml', '--suppression', 'erasures.ndjson')
  const order = () => JSON.parse(readFileSync(join(cwd, 'o.json'), 'utf8')) as ErasureOrder
  return { cwd, run, order, said }
}

export const event = (id: string, n: number): kafkajs.Message => ({
  key: id,
  value: JSON.stringify({ customer: { id }, n }),
})

export async function streamed(
  { address, cwd, names }: World,
  events: readonly kafkajs.Message[],
  code: number,
): Promise<void> {
  await produce(address, names.input, events)
  const ended = await lethe(['stream', 'pipeline.yaml', '--until-end'], { cwd })
  expect([ended.stderr, ended.code]).toEqual([ended.stderr, code])
}

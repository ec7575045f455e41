/** A policy is compiled once in each thread of a stream, however many routes name it. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createKeysetFile } from '../../../src/keys/file.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { COMPILED_CHANNEL } from '../../../src/policy/compile.ts'
import { batchWork } from '../../../src/run/batch-work.ts'
import { fromPost, toPost } from '../../../src/run/configuration.ts'
import { prepareFrom, prepareFromDisk } from '../../../src/run/stream/prepare.ts'
import { folder } from '../cli/lethe.ts'

const policy = (name: string, field: string): string => `policy: ${name}
version: 1
purpose: train_ai_system
fields:
  ${field}: { use: hash.hmac, domain: d }
`

const route = (name: string, file: string): string => `  - name: ${name}
    from: { topics: [in-${name}], group: ${name} }
    to: { topic: out-${name} }
    deadLetterTopic: dead-${name}
    policy: ${file}
`

/** How often each policy is compiled by `work`. */
function compilations<T>(work: () => T): { readonly made: T; readonly counts: Record<string, number> } {
  const counts: Record<string, number> = {}
  const listen = (message: unknown): void => {
    const file = (message as { file: string }).file.replace(/^.*\//, '')
    counts[file] = (counts[file] ?? 0) + 1
  }
  subscribe(COMPILED_CHANNEL, listen)
  try {
    return { made: work(), counts }
  } finally {
    unsubscribe(COMPILED_CHANNEL, listen)
  }
}

describe('the policies of a stream', () => {
  it('are compiled once in the process, once in a worker process, and once in a thread', () => {
    const cwd = folder({
      'one.yaml': policy('one', 'a'),
      'two.yaml': policy('two', 'b'),
      'pipeline.yaml': `pipeline: shop
brokers: ["127.0.0.1:1"]
sasl: { mechanism: plain, username: u, password: { file: password } }
keys: { file: keys.json }
routes:
${route('r', 'one.yaml')}${route('s', 'two.yaml')}${route('t', 'one.yaml')}`,
    })
    createKeysetFile(join(cwd, 'keys.json'), createKeyset(new Date()))
    writeFileSync(join(cwd, 'password'), 'first', { mode: 0o600 })
    const file = join(cwd, 'pipeline.yaml')
    const once = { 'one.yaml': 1, 'two.yaml': 1 }

    const lead = compilations(() => prepareFromDisk(file).prepared)
    expect(lead.counts).toEqual(once)
    const prepared = lead.made
    expect(prepared.routes.map(({ plan }) => plan.name)).toEqual(['one', 'two', 'one'])

    const posted = fromPost(toPost(prepared.configuration))
    // A worker reads nothing from disk.
    writeFileSync(join(cwd, 'one.yaml'), 'gone')
    const worker = compilations(() => prepareFrom(file, posted, prepared.instance, prepared.groupsKey))
    expect(worker.counts).toEqual(once)
    expect(worker.made.digest).toBe(prepared.digest)

    const setups = worker.made.routes.map(({ setup }) => setup)
    expect(compilations(() => batchWork({ kind: 'batches', routes: setups })).counts).toEqual(once)
  })
})

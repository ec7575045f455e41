/** Fake customer events by seed, marked so that a leak is found, and what the policy makes of each. */

import type { Message as SentMessage } from 'kafkajs'
import { MessageBatch } from '../../../src/engine/message-batch.ts'
import { loadKeyring } from '../../../src/keys/file.ts'
import type { Keyring } from '../../../src/keys/keyring.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { keyRules } from '../../../src/policy/key-rules.ts'
import { readPolicyFile } from '../../../src/policy/policy-file.ts'
import { messageEngine } from '../../../src/run/engines.ts'
import { flatOf } from '../../src/engine/flat-outcome.ts'
import type { Expected, LogRecord, Write } from '../checker/records.ts'

/** In every raw value. */
export const CANARY = 'ZqCanaryXJ'

export const POLICY = `policy: chaos
version: 1
purpose: train_ai_system
subject: customer.id
time: occurred_at
unlisted: drop
fields:
  occurred_at: { use: generalize.date, to: hour }
  customer.id: { use: hash.hmac, domain: customer }
  customer.email: { use: hash.hmac, domain: email, normalize: email }
  $key: { use: hash.hmac, domain: customer }
  $headers.kind: { use: keep, accept: it names the kind of the event }
  "items[].sku": keep
  "items[].serial": { use: hash.hmac, domain: serial }
retention:
  steps:
    - { after: 400d, then: suppress }
`

export type Draw = (below: number) => number

/** Numbers that look random and are the same for the same seed (mulberry32). */
export function drawOf(seed: number): Draw {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

const DAY_MS = 86_400_000
export const SUBJECTS = 40

/** The n-th event: some are malformed, some expired, some tombstones; keys repeat. */
export function eventOf(n: number, draw: Draw): SentMessage {
  const id = `${CANARY}-customer-${draw(SUBJECTS)}`
  const sort = draw(50)
  if (sort === 0) return { key: id, value: null }
  const age = sort === 1 ? 500 : draw(100)
  const event = {
    occurred_at: new Date(Date.now() - age * DAY_MS - 3_600_000).toISOString(),
    customer: { id, email: `${CANARY}.${n}@example.com`, name: `${CANARY} name` },
    items: Array.from({ length: draw(4) }, (_, i) => ({ sku: `s${i}`, serial: `${CANARY}-${n}-${i}` })),
    notes: `${CANARY} ${'free text '.repeat(draw(20))}`,
  }
  const text = JSON.stringify(event)
  const headers = { kind: n % 2 === 0 ? 'even' : 'odd', trace: `${CANARY}-trace` }
  if (sort === 2) return { key: id, value: text.slice(0, -2), headers }
  return { key: id, value: text, headers }
}

export interface Oracle {
  readonly keys: Keyring
  /** name@version#fingerprint */
  readonly policy: string
  readonly expected: (input: LogRecord) => Expected
}

/** What a policy makes of records: said by the rewriter itself, which has tests of its own. */
export function oracleOf(
  policyFile: string,
  keysFile: string,
  { compacted = false, maxRecordBytes = 1 << 20 }: { compacted?: boolean; maxRecordBytes?: number } = {},
): Oracle {
  const keys = loadKeyring(keysFile)
  const source = readPolicyFile(policyFile)
  const { plan, policy } = compilePolicy(source, { keys })
  if (plan === undefined || policy === undefined) throw new Error('the policy of the test has errors')
  // Of lists and tables the checker knows otherwise.
  const rewriter = messageEngine(
    { ...plan, suppression: [], consentTables: [] },
    {
      now: Date.now(),
      maxRecordBytes,
      compacted,
      keyRules: keyRules(policy, source, keys),
    },
  )
  const expected = (input: LogRecord): Expected => {
    const outcomes = rewriter.rewrite(MessageBatch.of([input]))
    const { kind, key, value, headers, timestamp, tombstones, code } = flatOf(outcomes.at(0, rewriter.rules))
    const writes: Write[] = tombstones.map((token) => ({ key: Buffer.from(token), value: null }))
    // The outcome's bytes belong to the rewriter.
    if (kind === 'publish')
      writes.push({
        key: key && Buffer.from(key),
        value: value && Buffer.from(value),
        headers,
        ...(timestamp === undefined ? {} : { timestamp }),
      })
    return { kind, writes, ...(code === undefined ? {} : { code }) }
  }
  return { keys, policy: `${plan.name}@${plan.version}#${plan.fingerprint}`, expected }
}

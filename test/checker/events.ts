/** Events of a model stream, what a policy makes of them, and what a defect makes of them instead. */
import { createHmac } from 'node:crypto'
import type { Expected, LogRecord, Write } from '../integration/checker/records.ts'
import type { NewRecord } from './logs.ts'

/** The ways to be wrong that the checker must see. */
export type Defect =
  | 'offset committed early'
  | 'abort skipped'
  | 'no seek after abort'
  | 'a batch of a revoked partition committed in a newer epoch'
  | 'start at latest without a committed offset'
  | 'random salt'
  | 'raw dead letter'
  | 'raw key'
  | 'an array missed'
  | 'a tombstone under the primary key only'

export const CANARY = 'ZqCanaryXJ'
export const POLICY = 'model@1#0123456789abcdef'
const CODE = 'json-invalid'
const KEYS = ['k2', 'k1']

/** Made before: runs of one seed ask for the same ones. */
const tokens = new Map<string, string>()

/** A token under a key of the keyset; a salt is what no stream may add. */
export function token(key: string, text: string, salt = ''): string {
  const asked = `${key} ${salt} ${text}`
  let made = tokens.get(asked)
  if (made === undefined) {
    const digest = createHmac('sha256', key + salt)
      .update(text)
      .digest('base64url')
    made = `${key}.${digest.slice(0, 22)}`
    tokens.set(asked, made)
  }
  return made
}

interface Event {
  readonly id: string
  readonly email: string
  readonly expired?: boolean
  readonly items: readonly { readonly email: string }[]
}

/** The n-th event: published, expired, malformed or a tombstone, of one of `subjects` customers. */
export function eventOf(n: number, draw: (below: number) => number, subjects = 6): NewRecord {
  const id = `${CANARY}-customer-${draw(subjects)}`
  const email = (): string => `${CANARY}${n}.${draw(1000)}@example.com`
  const sort = draw(10)
  const key = Buffer.from(id)
  if (sort === 0) return { key, value: null, headers: [] }
  if (sort === 1) return { key, value: Buffer.from(`{"id":"${id}","email":"${email()}`), headers: [] }
  const items = Array.from({ length: draw(3) }, () => ({ email: email() }))
  const event: Event = { id, email: email(), ...(sort === 2 ? { expired: true } : {}), items }
  return { key, value: Buffer.from(JSON.stringify(event)), headers: [] }
}

function rewritten({ id, email, items }: Event, salt: string, isArrayMissed: boolean): Buffer {
  const item = (one: { readonly email: string }): object =>
    isArrayMissed ? one : { email: token('k2', one.email, salt) }
  return Buffer.from(
    JSON.stringify({
      id: token('k2', id, salt),
      email: token('k2', email, salt),
      items: items.map(item),
    }),
  )
}

/** What the policy makes of a record: the truth. With a defect: what a stream with it makes of it. */
export function expected(input: LogRecord, defect?: Defect, salt = ''): Expected {
  const id = String(input.key)
  const tombstones = (defect === 'a tombstone under the primary key only' ? ['k2'] : KEYS).map(
    (key): Write => ({ key: Buffer.from(token(key, id)), value: null }),
  )
  if (input.value === null) return { kind: 'tombstone', writes: tombstones }
  let event: Event
  try {
    event = JSON.parse(String(input.value))
  } catch {
    return { kind: 'dead-letter', writes: [], code: CODE }
  }
  if (event.expired) return { kind: 'suppress', writes: tombstones }
  const used = defect === 'random salt' ? salt : ''
  const key = defect === 'raw key' ? input.key : Buffer.from(token('k2', id, used))
  return { kind: 'publish', writes: [{ key, value: rewritten(event, used, defect === 'an array missed') }] }
}

/** The records that a stream writes for an input, by topic. */
export function writesOf(
  input: LogRecord,
  defect: Defect | undefined,
  salt: string,
): readonly { readonly isDeadLetter: boolean; readonly record: NewRecord }[] {
  const { topic, partition, offset } = input
  const stamp = { name: 'lethe-policy', value: Buffer.from(POLICY) }
  const source = { name: 'lethe-source', value: Buffer.from(`${topic}/${partition}/${offset}`) }
  const { kind, writes } = expected(input, defect, salt)
  if (kind !== 'dead-letter')
    return writes.map(({ key, value }) => ({
      isDeadLetter: false,
      record: { key: key && Buffer.from(key), value: value && Buffer.from(value), headers: [source, stamp] },
    }))
  const more = defect === 'raw dead letter' ? { record: String(input.value) } : {}
  const letter = {
    v: 1,
    topic,
    partition,
    offset,
    code: CODE,
    policy: POLICY,
    pipeline: 'p',
    route: 'r',
    ...more,
  }
  return [
    {
      isDeadLetter: true,
      record: { key: null, value: Buffer.from(JSON.stringify(letter)), headers: [stamp] },
    },
  ]
}

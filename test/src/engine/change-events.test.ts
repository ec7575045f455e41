/** What becomes of change events of each kind, of their images, and of what stands in place of values. */
import { describe, expect, it } from 'vitest'
import { reconciles } from '../../../src/engine/account.ts'
import { GroupCount } from '../../../src/engine/group-count.ts'
import type { Message } from '../../../src/engine/message.ts'
import { MessageBatch } from '../../../src/engine/message-batch.ts'
import type { MessageEngine } from '../../../src/engine/message-engine.ts'
import { newGroupsKey } from '../../../src/groups/subject-groups.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import {
  type ChangeForm,
  DEFAULT_PLACEHOLDER as P,
  PLAIN_FORM,
  type WireForm,
} from '../../../src/record/wire-form.ts'
import { createDeidentifier } from '../../../src/run/deidentifier.ts'
import { messageEngine, type RunEngineOptions } from '../../../src/run/engines.ts'
import { rewrite } from './flat-outcome.ts'

const NOW = Date.UTC(2026, 5, 1)
const keys = Keyring.fromKeyset(testKeyset())
const CHANGE: ChangeForm = { deletes: 'publish', before: 'full', placeholder: P }
/** The key alone is logged of the row before. */
const KEYED: ChangeForm = { ...CHANGE, before: 'key' }

function problemsOf(fields: string, more = '') {
  const text = `policy: p\nversion: 1\npurpose: train_ai_system\n${more}\nfields:\n${fields}`
  return compilePolicy(policyFileOf('p.yaml', text), { keys })
}

function planOf(fields: string, more = ''): Plan {
  const { plan, problems } = problemsOf(fields, more)
  if (plan === undefined) throw new Error(JSON.stringify(problems))
  return plan
}

const FIELDS = `
  id: { use: hash.hmac, domain: customer }
  name: { use: mask.characters, keepLast: 2, length: 6 }
  "tags[]": { use: hash.hmac, domain: tag }
  $key.id: { use: hash.hmac, domain: customer }
  $change.op: keep`
const plan = planOf(FIELDS)

interface Options extends Partial<RunEngineOptions> {
  readonly change?: ChangeForm
  readonly form?: Partial<WireForm>
  readonly compacted?: boolean
}

const engineOf = (
  of: Plan,
  { form, change = CHANGE, compacted = false, ...more }: Options = {},
): MessageEngine =>
  messageEngine(of, { now: NOW, keyRules: [], compacted, ...more }, { ...PLAIN_FORM, change, ...form })

const message = (event: unknown, key: unknown = { id: 7 }): Message => ({
  key: key === null ? null : Buffer.from(JSON.stringify(key)),
  value: event === null ? null : Buffer.from(typeof event === 'string' ? event : JSON.stringify(event)),
  headers: undefined,
  timestamp: NOW,
})

/** What becomes of events: what is published, or why it is not. */
function became(engine: MessageEngine, events: readonly unknown[], key?: unknown): unknown[] {
  const outcomes = rewrite(
    engine,
    events.map((event) => message(event, key)),
  )
  expect(reconciles(engine.account)).toBe(true)
  return outcomes.map((one) =>
    one.kind === 'publish'
      ? (JSON.parse(Buffer.from(one.value!).toString()) as unknown)
      : [
          one.kind,
          one.code ?? one.reason ?? one.tombstones.map((bytes) => Buffer.from(bytes).toString()),
        ].flat(),
  )
}

const rowOf = (of: Plan, row: object): unknown => {
  const outcome = createDeidentifier(of, { format: 'json', now: NOW }).deidentify(
    Buffer.from(JSON.stringify(row)),
  )
  return outcome.kind === 'publish' ? JSON.parse(Buffer.from(outcome.value).toString()) : outcome
}
const keyOf = (id: number): string =>
  Buffer.from(rewrite(engineOf(plan), [message({ op: 'c', after: {} }, { id })])[0]!.key!).toString()

const update = { before: { id: 1, name: 'Amara' }, after: { id: 1, name: 'Amare' }, op: 'u' }
const remove = { before: { id: 1, name: 'Amara' }, after: null, op: 'd' }

describe('118. kinds of events', () => {
  it('knows those without a row, and what is none', () => {
    const events = [
      { op: 't', before: null, after: null, source: { table: 'a' } },
      { op: 'm', message: { prefix: 'p', content: 'U2VjcmV0' } },
      { source: { table: 'a' }, databaseName: 'shop', ddl: "ALTER TABLE a ADD b text DEFAULT 'secret'" },
      { source: {}, databaseName: 'shop', ddl: null, tableChanges: [{ id: 'a' }] },
      { status: 'BEGIN', id: '571:53195832', ts_ms: 1, event_count: null },
      { status: 'END', id: '571:53195832', ts_ms: 1, event_count: 2 },
      { ts_ms: 1 },
      { status: 'paid', id: 4 },
      { id: 1, name: 'Amara' },
      { op: 'x', after: { id: 1 } },
      { op: 5, after: { id: 1 } },
      [],
      { op: 'c', after: 'text' },
      { schema: {}, payload: { op: 'c', after: {} } },
    ]
    expect(became(engineOf(plan), events)).toEqual([
      { before: null, after: null, op: 't' },
      ['suppress', 'change: message of the log'],
      ['suppress', 'change: schema change'],
      ['suppress', 'change: schema change'],
      ['suppress', 'change: transaction'],
      ['suppress', 'change: transaction'],
      ['dead-letter', 'not-a-change'],
      ['dead-letter', 'not-a-change'],
      ['dead-letter', 'not-a-change'],
      ['dead-letter', 'not-a-change'],
      ['dead-letter', 'not-a-change'],
      ['dead-letter', 'array-length'],
      ['dead-letter', 'scalar-for-container'],
      ['dead-letter', 'not-a-change'],
    ])
    const silent = planOf('  id: { use: hash.hmac, domain: customer }\n')
    const truncate = { op: 't', before: null, after: null }
    expect(became(engineOf(silent), [truncate])).toEqual([['suppress', 'change: truncate']])
    const engine = engineOf(plan, { compacted: true })
    expect(became(engine, [truncate], null)).toEqual([['suppress', 'change: truncate']])
  })

  it('knows them also where what no rule names fails a record', () => {
    const strict = planOf(`${FIELDS}\n  $change.source: drop\n`, 'unlisted: reject')
    const events = [
      { op: 'm', message: { content: 'U2VjcmV0' } },
      { status: 'BEGIN', id: '5', ts_ms: 1 },
      { op: 'c', before: null, after: { id: 1 }, source: { db: 'x' } },
      { op: 'c', before: null, after: { id: 1, more: 1 } },
      { op: 'c', before: null, after: { id: 1 }, ts_ms: 4 },
    ]
    expect(became(engineOf(strict), events)).toEqual([
      ['suppress', 'change: message of the log'],
      ['suppress', 'change: transaction'],
      { before: null, after: rowOf(strict, { id: 1 }), op: 'c' },
      ['dead-letter', 'unlisted-field'],
      ['dead-letter', 'unlisted-field'],
    ])
  })

  it('publishes a delete with the row before it, or writes a tombstone, which no gate judges', () => {
    const gated = planOf(FIELDS, 'consent: [ { from: agreed, when: { is: true } } ]')
    expect(became(engineOf(plan), [remove])).toEqual([
      { before: rowOf(plan, { id: 1, name: 'Amara' }), after: null, op: 'd' },
    ])
    expect(became(engineOf(gated), [remove])).toEqual([['suppress', 'consent unknown from agreed']])
    const change: ChangeForm = { ...CHANGE, deletes: 'tombstone' }
    for (const of of [plan, gated]) {
      const engine = engineOf(of, { change })
      const torn = { ...remove, before: [] }
      expect(became(engine, [remove, torn, null])).toEqual([
        ['tombstone', keyOf(7)],
        of === plan ? ['dead-letter', 'scalar-for-container'] : ['suppress', 'consent unknown from agreed'],
        ['tombstone', keyOf(7)],
      ])
      expect(engine.account.tombstones).toBe(2)
      expect(became(engine, [remove], null)).toEqual([['dead-letter', 'tombstone-without-key']])
    }
    const keyless = planOf('  id: keep\n')
    expect(became(engineOf(keyless, { change }), [remove])).toEqual([
      ['suppress', 'tombstone, and no key may leave'],
    ])
  })

  it('is a row by itself on a route without change events, and `$change` names nothing there', () => {
    const engine = messageEngine(plan, { now: NOW, keyRules: [], compacted: false })
    expect(became(engine, [{ id: 1, op: 'c' }])).toEqual([rowOf(plan, { id: 1 })])
  })
})

describe('119. two images', () => {
  const judged = planOf(
    `${FIELDS}\n  at: { use: generalize.date, to: day }\n`,
    'time: at\nretention: { steps: [ { after: 30d, fields: { name: { use: mask.null } } }, { after: 400d, then: suppress } ] }\nconsent: [ { from: agreed, when: { is: true }, default: allow, accept: "a test of silence" } ]\n',
  )
  const at = (days: number): string => new Date(NOW - days * 86_400_000).toISOString()
  const event = (before: object | null, after: object | null, op = 'u') => ({ before, after, op })

  it('leave only if both may, by the older one', () => {
    const [young, old, over] = [
      { at: at(1), name: 'Annabel' },
      { at: at(40), name: 'Annabel' },
      { at: at(500), name: 'Annabel' },
    ]
    const engine = engineOf(judged)
    const events = [
      event(young, young),
      event(old, young),
      event(young, old),
      event(over, young),
      event(young, over),
      event({ ...young, agreed: false }, young),
      event(young, { ...young, agreed: false }),
      event(null, { name: 'Annabel' }, 'c'),
      event({ name: 'Annabel' }, young),
      event({}, young),
    ]
    const masked = '******el'
    expect(became(engine, events).map((one) => (Array.isArray(one) ? one : namesOf(one)))).toEqual([
      [masked, masked],
      [null, null],
      [null, null],
      ['suppress', 'retention suppress after 400d'],
      ['suppress', 'retention suppress after 400d'],
      ['suppress', 'consent denied by agreed'],
      ['suppress', 'consent denied by agreed'],
      ['dead-letter', 'event-time-missing'],
      ['dead-letter', 'event-time-missing'],
      // Both images of an update have the same columns.
      ['dead-letter', 'change-before'],
    ])
    const outcomes = rewrite(
      engine,
      [event(old, young), event(young, old), event(null, young, 'c')].map((one) => message(one)),
    )
    const day = (days: number): number => Math.floor((NOW - days * 86_400_000) / 86_400_000) * 86_400_000
    expect(outcomes.map(({ timestamp }) => timestamp)).toEqual([day(40), day(40), day(1)])
  })

  it('say whose a dead letter is where they agree', () => {
    const owned = planOf(`${FIELDS}\n  n: { use: generalize.number, width: 10 }\n`, 'subject: id')
    const engine = engineOf(owned, { subjectToken: (subject) => `token of ${subject}` })
    const subjects = [
      event({ id: 1, n: 'x' }, { id: 1, n: 'x' }),
      event({ id: 1, n: 5 }, { id: 2, n: 'x' }),
      event(null, { id: 2, n: 'x' }, 'c'),
    ].map((one) => {
      const outcomes = engine.rewrite(MessageBatch.of([message(one)]))
      return [outcomes.code(0), outcomes.subject(0)]
    })
    expect(subjects).toEqual([
      ['unparsable', 'token of 1'],
      ['unparsable', undefined],
      ['unparsable', 'token of 2'],
    ])
  })

  it('count both among the rows that show quasi-identifiers', () => {
    const quasi = planOf(
      '  id: { use: hash.hmac, domain: customer }\n  zip: { use: generalize.prefix, keep: 2, role: quasi-identifier }\n',
      'subject: id',
    )
    const count = new GroupCount(quasi, newGroupsKey())
    const engine = engineOf(quasi, { groups: count })
    became(engine, [
      event(null, { id: 1, zip: '12345' }, 'c'),
      event({ id: 1, zip: '12345' }, { id: 1, zip: '99999' }),
      event({ id: 2, zip: '99999' }, null, 'd'),
    ])
    expect(count.groups.take()).toMatchObject({ records: 4 })
  })

  it('count each image as one value that is there or absent', () => {
    const engine = engineOf(plan)
    became(engine, [event(null, { id: 1 }, 'c'), event({ id: 1 }, { id: 1, name: 'Annabel' })])
    const tally = (label: string) =>
      engine.account.rules[plan.rules.findIndex((rule) => rule.label === label)]
    expect(tally('id hash.hmac')).toMatchObject({ applied: 3, absent: 0 })
    expect(tally('name mask.characters')).toMatchObject({ applied: 1, absent: 2 })
  })

  it('do not go with conditions beside the row', () => {
    const asks = planOf(`  id: keep
  $key:
    - { use: hash.hmac, domain: customer, when: { id: ["1"] } }
    - { use: mask.null }
`)
    expect(() => engineOf(asks)).toThrow(/a change event may hold two rows/)
  })
})

describe('120. what stands for a value that is unchanged', () => {
  const wide = planOf(
    `
  id: { use: hash.hmac, domain: customer }
  text: { use: hash.hmac, domain: t }
  "list[]": { use: hash.hmac, domain: t }
  "labels.$names": { use: hash.hmac, domain: t }
  "labels.*": { use: hash.hmac, domain: t }
  kept: keep
  doc.name: { use: hash.hmac, domain: t }`,
    'read: { doc: json }\n',
  )

  it.each([P, 'n/a'])('passes as it is, in each form that it is written in: %s', (placeholder) => {
    const bytes = Buffer.from(placeholder)
    const forms = [
      { text: placeholder },
      { text: bytes.toString('base64') },
      { text: bytes.toString('hex') },
      { text: JSON.stringify({ [placeholder]: placeholder }) },
      { kept: placeholder },
      { doc: placeholder },
      { list: [placeholder] },
      { list: [...bytes] },
      { labels: { [placeholder]: placeholder } },
    ]
    const change: ChangeForm = { ...KEYED, placeholder }
    const events = forms.map((after) => ({ before: null, after, op: 'u' }))
    expect(became(engineOf(wide, { change }), events)).toEqual(
      forms.map((after) => ({ before: null, after })),
    )
    expect(became(engineOf(wide, { change, kernels: false }), events)).toEqual(
      forms.map((after) => ({ before: null, after })),
    )
  })

  it('is a value where it is only a part of one, or the numbers differ', () => {
    const bytes = [...Buffer.from(P)]
    const forms = [{ text: `${P}.` }, { list: [...bytes, 1] }, { list: [bytes[0], ...bytes.slice(1, -1), 7] }]
    for (const after of forms) {
      const [event] = became(engineOf(wide, { change: KEYED }), [{ before: null, after, op: 'u' }]) as [
        { after: object },
      ]
      expect(event.after).toEqual(rowOf(wide, after))
      expect(JSON.stringify(event)).not.toContain(P)
    }
  })

  it('is missing to gates', () => {
    const gated = planOf(
      '  id: keep\n',
      'consent: [ { from: agreed, when: { is: true } } ]\nrequired: [ id ]',
    )
    const events = [
      { op: 'u', before: null, after: { id: 1, agreed: P } },
      { op: 'u', before: null, after: { id: P, agreed: true } },
    ]
    expect(became(engineOf(gated, { change: KEYED }), events)).toEqual([
      ['suppress', 'consent unknown from agreed'],
      ['dead-letter', 'required-missing'],
    ])
  })
})

describe('121. JSON with its schema', () => {
  const schema = { type: 'struct', fields: [{ field: 'name', default: 'CANARY' }] }
  const form: Partial<WireForm> = {
    value: { format: 'json', framing: 'none', inner: 'payload' },
    key: { format: 'text', framing: 'none', inner: 'payload' },
  }

  it('becomes what its payload becomes, and the schema does not leave', () => {
    const wrapped = engineOf(plan, { form })
    const outcomes = rewrite(
      wrapped,
      [update, remove].map((payload) => message({ schema, payload }, { schema, payload: { id: 7 } })),
    )
    expect(outcomes).toEqual(
      rewrite(
        engineOf(plan),
        [update, remove].map((event) => message(event)),
      ),
    )
    const spaced = `{"payload" : ${JSON.stringify(update, null, 1)} ,\n "schema":null}`
    const one = rewrite(wrapped, [message(spaced, { schema, payload: { id: 7 } })])
    expect(JSON.parse(Buffer.from(one[0]!.value!).toString())).toEqual(became(engineOf(plan), [update])[0])
  })

  it('takes keys that are scalars', () => {
    const scalar = planOf('  id: keep\n  $key: { use: hash.hmac, domain: customer, format: json }\n')
    const plain = rewrite(engineOf(scalar), [message(update, 'a"b')])[0]!
    const wrapped = rewrite(engineOf(scalar, { form }), [
      message({ schema, payload: update }, { schema, payload: 'a"b' }),
    ])[0]!
    expect(wrapped.key).toEqual(plain.key)
    expect(wrapped.key).not.toBeNull()
  })

  it.each([
    ['{"payload":1,"payload":{}}', 'json-duplicate-name'],
    ['{"schema":{},"schema":{},"payload":{}}', 'json-duplicate-name'],
    ['{"schema":{"a":1,}}', 'json-syntax'],
    ['{"payload":{"op":"c"}} x', 'json-trailing'],
    ['{"schema":{}}', 'not-connect-json'],
    ['{"op":"c","after":{"id":1}}', 'not-connect-json'],
    ['{"payload":{},"more":1}', 'not-connect-json'],
    ['7', 'not-an-object'],
    ['', 'value-empty'],
    ['{"payload":null}', 'not-an-object'],
    ['{"payload":{}}', 'not-a-change'],
  ])('refuses %s', (value, code) => {
    const key = { schema, payload: { id: 7 } }
    expect(became(engineOf(plan, { form }), [value], key)).toEqual([['dead-letter', code]])
  })

  it('refuses keys that are none', () => {
    for (const key of [{ id: 7 }, 7, { payload: {}, x: 1 }])
      expect(became(engineOf(plan, { form }), [{ schema, payload: update }], key)).toEqual([
        ['dead-letter', 'key-not-json'],
      ])
  })
})

describe('124. what the row before holds', () => {
  /** As Debezium 3.6 writes it for PostgreSQL under REPLICA IDENTITY DEFAULT: all but the key is made up, from types and defaults. */
  const made =
    '{"id":12,"email":"","agreed":false,"opted_out":false,"at":"1970-01-01T00:00:00Z","owner":0,"note":null,"kind":"Zq-default"}'
  const deleted = `{"before":${made},"after":null,"op":"d"}`
  const row = { id: 12, email: 'a@x.example', opted_out: true, owner: 5, kind: 'Zq7' }
  const judged = planOf(
    '  id: { use: hash.hmac, domain: customer }\n  owner: { use: hash.hmac, domain: customer }\n  kind: keep\n  $key.id: { use: hash.hmac, domain: customer }\n  $change.op: keep\n',
    'subject: owner\nconsent: [ { from: opted_out, when: { is: false } } ]',
  )
  const update = { op: 'u', before: { ...row, opted_out: false }, after: { ...row, opted_out: false } }

  it('is neither published nor judged where its key alone was logged', () => {
    const keyed = engineOf(judged, { change: KEYED })
    expect(became(keyed, [deleted, null])).toEqual([
      ['suppress', 'change: delete without its row'],
      ['tombstone', keyOf(7)],
    ])
    const tombstone = engineOf(judged, { change: { ...KEYED, deletes: 'tombstone' } })
    expect(became(tombstone, [deleted])).toEqual([['tombstone', keyOf(7)]])
    const others = [
      update,
      { ...update, op: 'c' },
      { op: 't', before: update.before, after: null },
      { ...update, before: null },
    ]
    const kinds = became(keyed, others).map((one) => (Array.isArray(one) ? one.join(' ') : 'published'))
    expect(kinds).toEqual([
      'dead-letter change-before',
      'dead-letter change-before',
      'dead-letter change-before',
      'published',
    ])
  })

  it('is a row where it was logged whole, and then no update goes without', () => {
    const events = [
      { op: 'd', before: row, after: null },
      update,
      { ...update, before: null },
      { op: 'c', after: update.after },
    ]
    const kinds = became(engineOf(judged), events).map((one) =>
      Array.isArray(one) ? one.join(' ') : 'published',
    )
    expect(kinds).toEqual([
      'suppress consent denied by opted_out',
      'published',
      'dead-letter change-before',
      'published',
    ])
  })
})

describe('122. paths of `$change`', () => {
  it.each([
    ['$change', 'beside the value a record has'],
    ['$change.', 'a path ends with a dot'],
    ['$change.before.id', 'are rows'],
    ['$change.after', 'are rows'],
    ['$change.source.*', 'member by member'],
    ['$change.x[]', 'member by member'],
  ])('refuses %s', (path, says) => {
    const { problems } = problemsOf(`  id: keep\n  "${path}": keep\n`)
    expect(problems.map(({ message }) => message).join()).toContain(says)
  })

  it('refuses paths that overlap, and values from elsewhere', () => {
    const { problems } = problemsOf(
      '  id: keep\n  $change.source: drop\n  $change.source.table: keep\n  $change.op: { use: keep, from: id }\n',
    )
    expect(problems.map(({ code }) => code)).toEqual(expect.arrayContaining(['path-overlap', 'bad-from']))
  })
})

const namesOf = (event: unknown): unknown[] => {
  const { before, after } = event as Record<'before' | 'after', { name?: unknown } | null>
  return [before?.name, after?.name]
}

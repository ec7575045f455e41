/** Which stored records are of a subject, where they stand in frames of a schema registry or are change events. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import avsc from 'avsc'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { describe, expect, it } from 'vitest'
import { keyChecksOf, type SubjectSearch, searchOf } from '../../../src/erasure/finders.ts'
import type { Judged } from '../../../src/erasure/judged.ts'
import { searchesFor } from '../../../src/erasure/locate-rows.ts'
import { OutputSearch } from '../../../src/erasure/record-search.ts'
import { StoredSchemas } from '../../../src/erasure/stored-schemas.ts'
import { heldSubjectsOf, tellingHolds } from '../../../src/erasure/telling-holds.ts'
import { LetheError } from '../../../src/errors.ts'
import type { InputRecord } from '../../../src/kafka/record.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { MatchKeys } from '../../../src/keys/match-keys.ts'
import type { Hold } from '../../../src/lifecycle/legal-hold.ts'
import { DEBEZIUM as ASSUMED, type ChangeForm, frameOf } from '../../../src/record/wire-form.ts'
import { SchemaBook, written } from './framed-world.ts'

const DEBEZIUM: ChangeForm = { ...ASSUMED, before: 'full' }

const NOW = Date.parse('2026-03-10T12:34:56Z')
const keyset = createKeyset(new Date(NOW))
const POLICY = `policy: p
version: 1
purpose: train_ai_system
subject: customer.id
fields:
  $key: { use: hash.hmac, domain: customer }
  customer.id: { use: hash.hmac, domain: customer }
  customer.city: { use: generalize.prefix, keep: 2, else: drop }
  "items[].buyer": { use: hash.hmac, domain: customer, else: drop }
  "items[].price": keep
  "labels.*": { use: hash.hmac, domain: customer, else: drop }
  labels.$names: { use: keep, accept: names of a test }
  at: { use: generalize.date, to: day, else: drop }
  amount: keep
  $change.op: keep
  $change.source.by: { use: hash.hmac, domain: customer }
suppression: [{ list: erasures, by: customer.id }]
`
async function searchBy(policy: string): Promise<SubjectSearch> {
  const at = mkdtempSync(join(tmpdir(), 'lethe-test-'))
  writeFileSync(join(at, 'p.yaml'), policy)
  const made = await searchOf(join(at, 'p.yaml'), keyset)
  rmSync(at, { recursive: true })
  return made
}
const search = await searchBy(POLICY)
const { plan } = search
const ASKED = '17'
const TOKEN = search.outputsOf(ASKED).tokens[0]!

const judge = async (
  records: readonly InputRecord[],
  source: SchemaBook | undefined,
  changes: readonly (ChangeForm | undefined)[],
  holds: readonly Hold[] = [],
  by: SubjectSearch = search,
): Promise<readonly Judged[]> => {
  const request = {
    searches: searchesFor([by], [ASKED]),
    keyChecks: keyChecksOf(keyset),
    holds,
    heldAt: NOW,
  }
  return await new OutputSearch(request, changes, new StoredSchemas(source)).judge(records)
}

/** Whether a value that another reader decoded has the token somewhere: the key and nothing else is left out. */
const hasToken = (value: unknown): boolean => JSON.stringify(value).includes(TOKEN)

function decoded({ value }: InputRecord, book: SchemaBook): unknown {
  const bytes = Buffer.from(value!)
  if (bytes[0] !== 0) return JSON.parse(bytes.toString())
  const { text, kind } = book.schemas[bytes.readUInt32BE(1) - 1]!
  if (kind === 'JSON') return JSON.parse(bytes.subarray(5).toString())
  return avsc.Type.forSchema(JSON.parse(text) as avsc.Schema, { wrapUnions: true }).fromBuffer(
    bytes.subarray(5),
  )
}

const field = (name: string, type: unknown) => ({ name, type })
const record = (name: string, fields: readonly unknown[]) => ({ type: 'record', name, fields })

/** A type of identifiers, and how one is written in it. */
interface IdType {
  readonly type: unknown
  readonly of: (id: string) => unknown
}
const IDS: readonly IdType[] = [
  { type: 'string', of: (id) => id },
  { type: 'long', of: Number },
  { type: ['null', 'string'], of: (id) => ({ string: id }) },
  { type: ['null', 'long', 'string'], of: (id) => ({ long: Number(id) }) },
  { type: ['string', 'null', 'int'], of: (id) => ({ int: Number(id) }) },
  { type: { type: 'enum', name: 'Id', symbols: ['A'] }, of: () => 'A' },
]
/** Between listed fields stands what no rule names. */
const FILLERS: readonly (readonly [unknown, unknown])[] = [
  ['string', 'no rule names this'],
  [['null', 'double'], { double: 1.5 }],
  [{ type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 }, Buffer.from([1, 2])],
  [{ type: 'array', items: { type: 'map', values: 'long' } }, [{ a: 1 }, {}]],
  [record('Hidden', [field('id', 'string')]), { id: ASKED }],
]
const AT: readonly (readonly [unknown, unknown])[] = [
  [{ type: 'long', logicalType: 'timestamp-millis' }, NOW],
  [{ type: 'int', logicalType: 'date' }, 20_000],
  ['string', '2026-02-03'],
]
const idType = fc.constantFrom(...IDS.slice(0, 5))
const ids = fc.constantFrom('17', '2', '3')
const schemas = fc.record({
  id: idType,
  buyer: idType,
  label: fc.constantFrom(IDS[0]!, IDS[1]!, IDS[3]!),
  isItemNullable: fc.boolean(),
  at: fc.constantFrom(...AT),
  fillers: fc.array(fc.nat(FILLERS.length - 1), { maxLength: 3 }),
})
const row = fc.record({
  id: ids,
  buyers: fc.array(ids, { maxLength: 2 }),
  labels: fc.array(ids, { maxLength: 2 }),
})

type Shape = typeof schemas extends fc.Arbitrary<infer Of> ? Of : never
type Row = typeof row extends fc.Arbitrary<infer Of> ? Of : never

/** A schema of rows, and what writes a row by it. Names of types are not given twice. */
function rowsOf({ id, buyer, label, isItemNullable, at, fillers }: Shape) {
  const more = [...new Set(fillers)].map((one) => [`x${one}`, FILLERS[one]!] as const)
  const item = record('Item', [field('buyer', buyer.type), field('price', 'double')])
  const type = record('Row', [
    ...more.slice(0, 1).map(([name, [of]]) => field(name, of)),
    field('customer', ['null', record('Customer', [field('city', 'string'), field('id', id.type)])]),
    ...more.slice(1).map(([name, [of]]) => field(name, of)),
    field('items', { type: 'array', items: isItemNullable ? ['null', item] : item }),
    field('labels', { type: 'map', values: label.type }),
    field('at', at[0]),
    field('amount', { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 }),
  ])
  const of = ({ id: own, buyers, labels }: Row) => ({
    customer: { Customer: { city: 'Lyon', id: id.of(own) } },
    items: buyers.map((one, index) => {
      const made = { buyer: buyer.of(one), price: index + 0.5 }
      return isItemNullable ? { Item: made } : made
    }),
    labels: Object.fromEntries(labels.map((one, index) => [`n${index}`, label.of(one)])),
    at: at[1],
    amount: Buffer.from([4, 210]),
    ...Object.fromEntries(more.map(([name, [, value]]) => [name, value])),
  })
  return { type, of }
}

const opOf = (before: unknown, after: unknown): string =>
  before !== null && after === null ? 'd' : before === null ? 'c' : 'u'
const isOf = ({ id, buyers, labels }: Row): boolean => [id, ...buyers, ...labels].includes(ASKED)
const OUTPUTS = ['json', 'framed-json', 'avro'] as const

describe('a search over stored records', () => {
  it('finds rows of a subject in whatever format they stand, and no others', async () => {
    await fc.assert(
      fc.asyncProperty(
        schemas,
        fc.array(fc.tuple(row, ids), { minLength: 1, maxLength: 6 }),
        fc.constantFrom(...OUTPUTS),
        async (shape, events, output) => {
          const { type, of } = rowsOf(shape)
          const book = new SchemaBook()
          const records = written(
            { plan, book, output },
            type,
            events.map(([one, key]) => ({ key, value: of(one) })),
          )
          const judged = await judge(records, book, [undefined])
          for (const [at, [one, key]] of events.entries()) {
            const { by, byKey, unjudged, problem, mayBeEvent } = judged[at]!
            expect([by !== undefined, byKey, unjudged, problem, mayBeEvent]).toEqual([
              isOf(one) || key === ASKED,
              key === ASKED,
              undefined,
              undefined,
              false,
            ])
            expect(hasToken(decoded(records[at]!, book))).toBe(isOf(one))
          }
          // Also where its route is one of change events by now.
          expect(await judge(records, book, [DEBEZIUM])).toEqual(judged)
        },
      ),
      { numRuns: 25 },
    )
  })

  it('finds change events of which either image is of a subject, whatever stands beside', async () => {
    await fc.assert(
      fc.asyncProperty(
        schemas,
        fc.array(fc.record({ before: fc.option(row), after: fc.option(row), key: ids, by: ids }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.constantFrom(...OUTPUTS),
        async (shape, events, output) => {
          const { type, of } = rowsOf(shape)
          const envelope = record('Envelope', [
            field('before', ['null', type]),
            field('after', ['null', 'Row']),
            field('op', 'string'),
            field('source', record('Source', [field('by', 'string'), field('lsn', 'long')])),
          ])
          const book = new SchemaBook()
          const image = (one: Row | null) => (one === null ? null : { Row: of(one) })
          const kept = events.filter(({ before, after }) => before !== null || after !== null)
          const records = written(
            { plan, book, output, change: DEBEZIUM },
            envelope,
            kept.map(({ before, after, key, by }) => ({
              key,
              value: {
                ...{ before: image(before), after: image(after), op: opOf(before, after) },
                source: { by, lsn: 1 },
              },
            })),
          )
          const judged = await judge(records, book, [DEBEZIUM])
          for (const [at, { before, after, key, by }] of kept.entries()) {
            const inValue = [before, after].some((one) => one !== null && isOf(one)) || by === ASKED
            expect([judged[at]!.by !== undefined, judged[at]!.byKey, judged[at]!.unjudged]).toEqual([
              inValue || key === ASKED,
              key === ASKED,
              undefined,
            ])
            expect(hasToken(decoded(records[at]!, book))).toBe(inValue)
          }
          // Rows of another route of the topic are told too, and neither is taken for the other.
          expect((await judge(records, book, [undefined, DEBEZIUM])).map(({ by }) => by)).toEqual(
            judged.map(({ by }) => by),
          )
          // And those that were written before a route was stated otherwise.
          expect((await judge(records, book, [undefined])).map(({ by }) => by)).toEqual(
            judged.map(({ by }) => by),
          )
        },
      ),
      { numRuns: 25 },
    )
  })

  it('lets a change event go past a hold on subjects only where each row in it names another', async () => {
    const matchKeys = new MatchKeys(createKeyset(new Date(NOW), undefined, 'match'))
    const hold: Hold = {
      ...{ id: 'h00000001', target: 'topic:out', from: null, until: null, owner: 'legal' },
      ...{ reason: 'case 512, one person', kept: 'a copy', added: NOW - 1, expires: NOW + 1000 },
      released: undefined,
      subjects: heldSubjectsOf(['2'], { searches: [search], matchKeys, keyChecks: keyChecksOf(keyset) }),
    }
    const holds = tellingHolds([hold], matchKeys, NOW)
    const { type, of } = rowsOf({
      ...{ id: IDS[1]!, buyer: IDS[0]!, label: IDS[0]!, isItemNullable: false, at: AT[0]!, fillers: [] },
    })
    const envelope = record('Envelope', [
      field('before', ['null', type]),
      field('after', ['null', 'Row']),
      field('op', 'string'),
      field('source', record('Source', [field('by', ['null', 'string'])])),
    ])
    const images = [null, 'untold', '17', '2', '3'] as const
    const image = (id: (typeof images)[number]) => {
      if (id === null) return null
      const named = of({ id: id === 'untold' ? '3' : id, buyers: [], labels: [] })
      return { Row: id === 'untold' ? { ...named, customer: null } : named }
    }
    const events = images.flatMap((before) =>
      images.flatMap((after) => (['17', null, '3'] as const).map((by) => ({ before, after, by, key: '17' }))),
    )
    for (const output of OUTPUTS) {
      const book = new SchemaBook()
      const records = written(
        { plan, book, output, change: DEBEZIUM },
        envelope,
        events.map(({ before, after, by, key }) => ({
          key,
          value: {
            ...{ before: image(before), after: image(after), op: opOf(before, after) },
            source: { by: by === null ? null : { string: by } },
          },
        })),
      )
      const judged = await judge(records, book, [DEBEZIUM], holds)
      for (const [at, { before, after, by }] of events.entries()) {
        const rows = [before, after].filter((id) => id !== null)
        const isProven = by !== '3' && rows.length > 0 && rows.every((id) => id === '17' || id === '3')
        expect([output, before, after, by, judged[at]!.notOf?.has(hold.id) === true]).toEqual([
          ...[output, before, after, by, isProven],
        ])
      }
    }
  })

  it('reads what rules of tags wrote beside the paths, and says where these may hold tokens of a subject', async () => {
    const tagged = (rule: string) =>
      searchBy(`policy: t
version: 1
purpose: train_ai_system
subject: id
fields:
  id: { use: hash.hmac, domain: customer }
tags:
  PII: ${rule}
suppression: [{ list: erasures, by: id }]
`)
    const schema = record('Row', [
      field('id', 'string'),
      { ...field('phone', 'string'), 'confluent:tags': ['PII'] },
    ])
    for (const [rule, isSearched] of [
      ['{ use: mask.characters, keepLast: 2 }', true],
      ['{ use: hash.hmac, domain: customer }', false],
    ] as const) {
      const by = await tagged(rule)
      for (const output of OUTPUTS.filter((one) => one !== 'framed-json')) {
        const book = new SchemaBook()
        const records = written(
          { plan: by.plan, book, output },
          schema,
          [ASKED, '2'].map((id) => ({ key: id, value: { id, phone: '0123456' } })),
        )
        expect(JSON.stringify(decoded(records[0]!, book))).toContain('phone')
        const judged = await judge(records, book, [undefined], [], by)
        expect(judged.map((one) => [one.by, one.unjudged])).toEqual([
          ['id', undefined],
          [undefined, undefined],
        ])
      }
      expect(by.form.unsearched.length === 0).toBe(isSearched)
    }
  })

  it('finds, or tells as unread, whatever another reader finds a token in, in bytes that are damaged', async () => {
    const { type, of } = rowsOf({
      ...{ id: IDS[2]!, buyer: IDS[0]!, label: IDS[0]!, isItemNullable: true, at: AT[0]!, fillers: [0, 1] },
    })
    const book = new SchemaBook()
    const [whole] = written({ plan, book, output: 'avro' }, type, [
      { key: '2', value: of({ id: '2', buyers: ['3', ASKED], labels: [ASKED, '2'] }) },
    ])
    const damage = fc.array(
      fc.record({ at: fc.nat(whole!.value!.length - 6), byte: fc.nat(255), isCut: fc.boolean() }),
      { minLength: 1, maxLength: 4 },
    )
    const told = { token: 0, unread: 0, none: 0 }
    await fc.assert(
      fc.asyncProperty(damage, async (all) => {
        let value = Buffer.from(whole!.value!)
        for (const { at, byte, isCut } of all) {
          if (at + 5 >= value.length) continue
          if (isCut && byte < 64) value = Buffer.concat([value.subarray(0, at + 5), value.subarray(at + 6)])
          else value[at + 5] = byte
        }
        const record = { ...whole!, value }
        const [{ by, unjudged }] = (await judge([record], book, [undefined])) as [Judged]
        const isUnread = unjudged === 'unreadable'
        told[by !== undefined ? 'token' : isUnread ? 'unread' : 'none']++
        let seen: unknown
        try {
          seen = decoded(record, book)
        } catch {
          expect(by === undefined && !isUnread).toBe(false)
          return
        }
        if (hasToken(seen)) expect(by !== undefined || isUnread).toBe(true)
      }),
      { numRuns: 100 },
    )
    expect(Math.min(told.token, told.unread)).toBeGreaterThan(5)
  })

  it('reads values of Protobuf', async () => {
    const proto = `syntax = "proto3";
      message Row { Customer customer = 1; repeated Item items = 2; map<string, string> labels = 3; string at = 4; }
      message Customer { string id = 1; string city = 2; }
      message Item { string buyer = 1; double price = 2; }`
    const { root } = protobuf.parse(proto)
    const book = new SchemaBook()
    const id = book.put(proto, 'PROTOBUF')
    // Behind the frame stands which message it is: the first.
    const value = (message: object) =>
      Buffer.concat([frameOf(id), Buffer.of(0), root.lookupType('Row').encode(message).finish()])
    const label = `${plan.name}@${plan.version}#${plan.fingerprint}`
    const told = { topic: 'out', partition: 0, offset: 0, key: null, timestamp: NOW }
    const headers = [{ name: 'lethe-policy', value: Buffer.from(label) }]
    const other = search.outputsOf('2').tokens[0]!
    const rows = [
      { customer: { id: TOKEN, city: 'Ly' } },
      { customer: { id: other }, items: [{ buyer: other, price: 1 }, { buyer: TOKEN }] },
      { customer: { id: other }, labels: { a: TOKEN } },
      { customer: { id: other }, at: '2026-02-03' },
    ]
    const records = rows.map((message): InputRecord => ({ ...told, value: value(message), headers }))
    expect((await judge(records, book, [undefined])).map(({ by, unjudged }) => by ?? unjudged)).toEqual([
      ...['customer.id', 'items[].buyer', 'labels.*', undefined],
    ])
  })

  it('tells, by a code, the schema without which a record cannot be read', async () => {
    const { type, of } = rowsOf({
      ...{ id: IDS[1]!, buyer: IDS[0]!, label: IDS[0]!, isItemNullable: false, at: AT[0]!, fillers: [] },
    })
    const book = new SchemaBook()
    const write = (output: 'avro' | 'json', id: Row['id']) =>
      written({ plan, book, output }, type, [{ key: '2', value: of({ id, buyers: [], labels: [] }) }])[0]!
    const [avro, json] = [write('avro', ASKED), write('json', ASKED)]
    const unused = (schema: string, kind?: 'JSON'): InputRecord => ({
      ...avro,
      value: Buffer.concat([frameOf(book.put(schema, kind)), avro.value!.subarray(5)]),
    })
    const far = { ...avro, value: Buffer.concat([frameOf(4_000_000_000), avro.value!.subarray(5)]) }
    const records = [
      ...[avro, json, far, unused('{"type":"record"}'), unused('{"type":"object"}', 'JSON')],
      { ...avro, value: avro.value!.subarray(0, -2) },
      { ...avro, key: far.value },
    ]
    const said = async (source: SchemaBook | undefined) =>
      (await judge(records, source, [undefined])).map(({ by, unjudged, problem }) =>
        [by, unjudged, problem?.code].filter((one) => one !== undefined).join(' '),
      )
    expect(await said(book)).toEqual([
      'customer.id',
      'customer.id',
      'schema-unknown',
      'schema-refused',
      'unreadable',
      'unreadable',
      'customer.id schema-unknown',
    ])
    expect(await said(undefined)).toEqual(
      records.map((one) => (one === json ? 'customer.id' : 'schema-registry-framed')),
    )
    const away = new SchemaBook()
    away.fault = () => new LetheError('registry-unreachable', 'it does not answer', 'look at it')
    expect(new Set(await said(away))).toEqual(new Set(['registry-unreachable', 'customer.id']))
    // It is not asked for each of them.
    expect(away.asked).toHaveLength(1)
    // What keeps Lethe from asking is an error of the command.
    away.fault = () => new LetheError('secret-invalid', 'no password', 'write one')
    await expect(said(away)).rejects.toMatchObject({ code: 'secret-invalid' })
  })
})

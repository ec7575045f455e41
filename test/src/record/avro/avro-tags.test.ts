/** Rules by tag over records of Avro: which rule a field has, and what fails closed. */
import { describe, expect, it } from 'vitest'
import { MessageBatch } from '../../../../src/engine/message-batch.ts'
import { SchemaFault, type SchemaText } from '../../../../src/record/schema-text.ts'
import { checkTags } from '../../../../src/run/check-tags.ts'
import { messageEngine, outputSchemaOf } from '../../../../src/run/engines.ts'
import {
  AVRO_FORM,
  avroEngine,
  framed,
  type Outcome,
  outcomesOf,
  planOf,
  textOf,
  typeOf,
} from './avro-world.ts'

const TAGS = `tags:
  PII.email: { use: mask.replace, with: EMAIL }
  PII: { use: mask.replace, with: PII }
  SECRET: drop
  OWNER: ignore
`
const record = (name: string, fields: readonly unknown[], more: object = {}) => ({
  type: 'record',
  name,
  fields,
  ...more,
})
const field = (name: string, type: unknown, ...tags: readonly string[]) => ({
  name,
  type,
  ...(tags.length === 0 ? {} : { 'confluent:tags': tags }),
})

function outcome(fields: string, schema: unknown, value: unknown, tags = TAGS, more = ''): Outcome {
  const engine = avroEngine(planOf(fields, `${tags}${more}`), [schema])
  return outcomesOf(engine, [framed(1, typeOf(schema).toBuffer(value))])[0]!
}

/** What is wrong with a schema. */
function fault(fields: string, schema: unknown, tags = TAGS, more = ''): string {
  try {
    checkTags(planOf(fields, `${tags}${more}`), textOf(schema) as SchemaText, 'value', 'avro')
  } catch (error) {
    if (!(error instanceof SchemaFault)) throw error
    expect(error.code).toBe('tagged-without-rule')
    return error.message
  }
  return 'none'
}

describe('rules by tag', () => {
  it('take what carries the tag wherever it stands, with what is around it', () => {
    const contact = record('Contact', [field('mail', 'string', 'PII.email'), field('kind', 'string')])
    const schema = record('E', [
      field('id', 'long'),
      field('mail', ['null', 'string'], 'PII.email'),
      field('other', 'string'),
      field('contacts', { type: 'array', items: contact }),
      field('main', ['null', 'string', 'Contact']),
      field('codes', { type: 'array', items: 'string' }, 'PII.code'),
      field('pin', 'int', 'SECRET'),
      field('owned', 'string', 'OWNER'),
      field('plain', record('P', [field('x', 'string')])),
    ])
    const value = {
      id: 7,
      mail: { string: 'a@x' },
      other: 'o',
      contacts: [{ mail: 'b@x', kind: 'k' }],
      main: { Contact: { mail: 'c@x', kind: 'k' } },
      codes: ['q', 'r'],
      pin: 5,
      owned: 'w',
      plain: { x: 'y' },
    }
    expect(outcome('id: keep', schema, value)).toEqual({
      value: {
        id: 7,
        mail: 'EMAIL',
        contacts: [{ mail: 'EMAIL' }],
        main: { mail: 'EMAIL' },
        codes: ['PII', 'PII'],
      },
    })
    expect(outcome('id: keep', schema, { ...value, mail: null, main: { string: 's' }, codes: [] })).toEqual({
      value: { id: 7, mail: null, contacts: [{ mail: 'EMAIL' }], codes: [] },
    })
  })

  it('hold below a container that carries the tag, but for what has a rule of its own', () => {
    const schema = record('E', [
      field(
        'person',
        record('Person', [
          field('name', 'string'),
          field('age', ['null', 'int']),
          field('mail', 'string', 'PII.email'),
          field('pin', 'string', 'SECRET'),
          field('kind', 'string'),
          field('owned', 'string', 'OWNER'),
          field('labels', { type: 'map', values: 'string' }),
          field('past', { type: 'array', items: record('Q', [field('street', 'string')]) }),
        ]),
        'PII',
      ),
    ])
    const person = {
      name: 'n',
      age: { int: 4 },
      mail: 'm',
      pin: 'p',
      kind: 'c',
      owned: 'o',
      labels: { a: 'b' },
      past: [{ street: 's' }],
    }
    expect(outcome('person.kind: { use: mask.replace, with: CITY }', schema, { person })).toEqual({
      value: {
        person: {
          name: 'PII',
          age: 'PII',
          mail: 'EMAIL',
          kind: 'CITY',
          owned: 'PII',
          labels: { PII: 'PII' },
          past: [{ street: 'PII' }],
        },
      },
    })
    expect(fault('person.kind: keep', schema)).toBe(
      '`person.kind` carries the tag `PII`, and the rule of `person.kind` keeps it',
    )
  })

  it('go behind listed paths, and behind patterns that do not keep', () => {
    const schema = record('E', [
      field('a', 'string', 'PII'),
      field('b_x', 'string', 'PII'),
      field('c_x', 'string', 'PII'),
      field('d', 'string', 'PII'),
    ])
    const value = { a: 'a', b_x: 'b', c_x: 'c', d: 'd' }
    const rules = `a: { use: mask.replace, with: A }
      b_*: { use: mask.replace, with: B }
      c_*: { use: keep, accept: "what it matches is wanted here" }
      e: { from: d, use: mask.replace, with: D }`
    expect(outcome(rules, schema, value)).toEqual({ value: { a: 'A', b_x: 'B', c_x: 'PII', e: 'D' } })
  })

  it('hold in what is kept as a subtree, whose rest stays as it is', () => {
    const inner = record('In', [
      field('n', 'int'),
      field('mail', ['null', 'string'], 'PII.email'),
      field('list', {
        type: 'array',
        items: ['string', record('L', [field('s', 'string', 'SECRET'), field('t', 'string')])],
      }),
      field('map', { type: 'map', values: record('M', [field('v', 'string', 'PII'), field('w', 'long')]) }),
      field('plain', { type: 'map', values: 'string' }),
      field('empty', record('Empty', [])),
    ])
    const schema = record('E', [field('in', ['null', inner])])
    const value = {
      in: {
        In: {
          n: 1,
          mail: { string: 'a@x' },
          list: [{ string: 'kept' }, { L: { s: 'secret', t: 't' } }],
          map: { k: { v: 'v', w: 2 } },
          plain: { p: 'q' },
          empty: {},
        },
      },
    }
    const rules = 'in: { use: keep.subtree, accept: "wanted in this test" }'
    const kept = {
      in: {
        n: 1,
        mail: 'EMAIL',
        list: ['kept', { t: 't' }],
        map: { k: { v: 'PII', w: 2 } },
        plain: { p: 'q' },
        empty: {},
      },
    }
    expect(outcome(rules, schema, value)).toEqual({ value: kept })
    expect(outcome(rules, schema, { in: null })).toEqual({ value: { in: null } })
    const said = `in: { use: keep.subtree, tagged: [PII.email, PII, SECRET], accept: "wanted in this test" }`
    expect(outcome(said, schema, value)).toMatchObject({
      value: { in: { mail: 'a@x', list: ['kept', { s: 'secret', t: 't' }], map: { k: { v: 'v', w: 2 } } } },
    })
    expect(fault(rules, record('E', [field('in', inner, 'PII')]))).toContain('`in` carries the tag `PII`')
  })
})

describe('what carries a tag', () => {
  const keep = (tags: string) => `a: { use: keep, tagged: [${tags}], accept: "wanted in this test" }`
  const schema = (...tags: string[]) => record('E', [field('a', 'string', ...tags)])

  it('is not kept by a path unless its rule names each tag', () => {
    expect(outcome('a: keep', schema(), { a: 'x' })).toEqual({ value: { a: 'x' } })
    expect(outcome('a: keep', schema('OWNER.team'), { a: 'x' })).toEqual({ value: { a: 'x' } })
    for (const tags of [['PII'], ['PII.email'], ['SECRET'], ['UNHEARD'], ['OWNER', 'UNHEARD']])
      expect(outcome('a: keep', schema(...tags), { a: 'x' })).toMatchObject({ code: 'tagged-without-rule' })
    expect(outcome(keep('PII'), schema('PII'), { a: 'x' })).toEqual({ value: { a: 'x' } })
    expect(fault(keep('PII'), schema('PII', 'UNHEARD'))).toBe(
      '`a` carries the tag `PII`, `UNHEARD`, and the rule of `a` keeps it'.replace('`PII`, ', ''),
    )
    expect(fault(keep('PII'), schema('PII.email'))).not.toBe('none')
    expect(fault('b: { from: a, use: keep }', schema('PII'))).toContain('the rule of `b` keeps it')
  })

  it('is told wherever schemas write it', () => {
    const pii = { 'confluent:tags': ['PII'] }
    const of = (type: unknown, ...more: unknown[]) => record('E', [field('a', type), ...more])
    const named = record('N', [field('x', 'string')], pii)
    const kept = 'a: { use: keep.subtree, accept: "wanted in this test" }'
    const rest = `${kept}\nb: { use: keep.subtree, accept: "wanted in this test" }`
    for (const type of [
      { type: 'string', ...pii },
      ['null', { type: 'string', ...pii }],
      named,
      { type: 'enum', name: 'C', symbols: ['A'], ...pii },
    ])
      expect(fault(kept, of(type), 'tags: {}\n')).toContain('`PII`')
    // A type that is defined in one place is tagged in all.
    expect(fault(rest, of(named, field('b', 'N')), 'tags: {}\n')).toContain('`b` carries')
    expect(fault(kept, of({ type: 'array', items: { type: 'string', ...pii } }), 'tags: {}\n')).toContain(
      '`a[]`',
    )
    expect(fault(kept, of({ type: 'map', values: { type: 'string', ...pii } }), 'tags: {}\n')).toContain(
      '`a.*`',
    )
    expect(fault('a: keep', record('E', [field('a', 'string')], pii), 'tags: {}\n')).toContain('`a` carries')
    for (const odd of ['PII', [['PII']], { PII: true }, [7]]) {
      const schema = record('E', [{ name: 'a', type: 'string', 'confluent:tags': odd }])
      expect(fault('a: keep', schema, 'tags: {}\n')).not.toBe('none')
    }
  })

  it('is refused by a code where types refer to each other without end', () => {
    const count = 2000
    const chain = (...tags: string[]) =>
      record('E', [
        ...Array.from({ length: count }, (_, at) =>
          field(
            `f${at}`,
            record(
              `R${at}`,
              at === 0 ? [field('x', 'string', ...tags)] : [field('next', ['null', `R${at - 1}`])],
            ),
          ),
        ),
        field('a', `R${count - 1}`),
      ])
    const kept = 'a: { use: keep.subtree, accept: "wanted in this test" }'
    const text = textOf(chain()) as SchemaText
    const tooLarge = expect.objectContaining({ code: 'schema-too-large' })
    expect(() => outputSchemaOf(planOf(kept), text)).toThrow(tooLarge)
    const tagged = textOf(chain('PII')) as SchemaText
    expect(() => checkTags(planOf(kept, TAGS), tagged, 'value', 'avro')).toThrow(tooLarge)
    const engine = avroEngine(planOf(kept, TAGS), [chain('PII')])
    expect(outcomesOf(engine, [framed(1, Buffer.alloc(1))])).toMatchObject([{ code: 'schema-too-large' }])
  })

  it('may be told by the registry beside the schema', () => {
    const text = textOf({ ...record('E', [field('a', 'string'), field('b', 'string')]), namespace: 'x.y' })
    const faultOf = (pattern: string, rules: string) => {
      try {
        checkTags(
          planOf(rules, 'tags: {}\n'),
          { ...(text as SchemaText), tags: [[pattern, ['PII']]] },
          'value',
          'avro',
        )
      } catch (error) {
        return (error as SchemaFault).code
      }
      return 'none'
    }
    for (const pattern of ['x.y.E.a', '**.a', 'x.*.E.?', '**', 'x**a'])
      expect(faultOf(pattern, 'a: keep'), pattern).toBe('tagged-without-rule')
    // The record itself.
    expect(faultOf('x.y.E', 'a: keep')).toBe('tagged-without-rule')
    for (const pattern of ['x.y.E.b', '*.a', 'x.*.a', 'E.a', '', 'x.y.E.a.b', 'X.y.E.a'])
      expect(faultOf(pattern, 'a: keep'), pattern).toBe('none')
    expect(faultOf('**.a', 'b: keep')).toBe('none')
    const long = { ...record('E', [field('a', 'string')]), namespace: 'x'.repeat(500_000) }
    const patterns = Array.from({ length: 100 }, () => ['**'.padEnd(256, 'y'), ['PII']] as const)
    const check = () =>
      checkTags(
        planOf('a: keep', 'tags: {}\n'),
        { ...(textOf(long) as SchemaText), tags: patterns },
        'value',
        'avro',
      )
    expect(check).toThrow(expect.objectContaining({ code: 'schema-too-large' }))
  })

  it('has the rule that drops, where several tags have rules, or none', () => {
    const tags = `tags:\n  A: { use: mask.replace, with: A }\n  B: { use: mask.replace, with: B }\n  C: drop\n`
    expect(outcome('x: drop', schema('A', 'C'), { a: 'x' }, tags)).toEqual({ value: {} })
    expect(outcome('x: drop', schema('A', 'B'), { a: 'x' }, tags)).toMatchObject({
      code: 'tagged-without-rule',
    })
    expect(fault('x: drop', schema('A', 'B'), tags)).toBe(
      '`a` carries the tag `A`, `B`, which have several rules',
    )
    expect(fault('a: { use: mask.replace, with: a }', schema('A', 'B'), tags)).toBe('none')
  })

  it('is left out where no rule names it, or refused where the policy rejects what is unlisted', () => {
    expect(outcome('b: drop', schema('UNHEARD'), { a: 'x' })).toEqual({ value: {} })
    expect(fault('b: drop', schema('UNHEARD'), TAGS, 'unlisted: reject\n')).toContain('no rule names it')
    expect(fault('b: drop', schema('PII'), TAGS, 'unlisted: reject\n')).toBe('none')
  })

  it('is not kept among the members of a map that are named, nor as its names', () => {
    const map = record('E', [field('m', { type: 'map', values: 'string' }, 'PII')])
    expect(fault('m.x: keep', map)).toContain('`m.x` carries')
    expect(outcome('m.x: { use: mask.replace, with: X }', map, { m: { x: 'x', y: 'y' } })).toEqual({
      value: { m: { x: 'X' } },
    })
    const rules = `"m.*": { use: mask.replace, with: X }
      m.$names: { use: keep, accept: "wanted in this test" }`
    expect(fault(rules, map)).toContain('the rule of `m.$names` keeps it')
    const number = 'tags:\n  PII: { use: mask.null }\n'
    expect(fault('b: drop', map, number)).toContain('makes no names')
    const pattern = '"**.x": { use: keep, accept: "wanted in this test" }'
    const none = 'tags: {}\n'
    expect(outcome(pattern, map, { m: { x: 'x' } }, none)).toMatchObject({ code: 'tagged-without-rule' })
    expect(outcome(pattern, map, { m: { y: 'x' } }, none)).toEqual({ value: {} })
  })

  it('may be recursive', () => {
    const node = record('Node', [
      field('mail', 'string', 'PII.email'),
      field('other', 'string'),
      field('next', ['null', 'Node']),
    ])
    const value = { mail: 'a', other: 'o', next: { Node: { mail: 'b', other: 'o', next: null } } }
    expect(outcome('x: drop', node, value)).toEqual({ value: { mail: 'EMAIL', next: { mail: 'EMAIL' } } })
    expect(
      outcome(
        'node: { use: keep.subtree, accept: "wanted in this test" }',
        record('E', [field('node', node)]),
        {
          node: value,
        },
      ),
    ).toEqual({
      value: { node: { mail: 'EMAIL', other: 'o', next: { mail: 'EMAIL', other: 'o', next: null } } },
    })
  })
})

describe('a policy with tags', () => {
  it('is refused for values without a schema', () => {
    const plan = planOf('a: keep', 'tags: {}\n')
    const make = () => messageEngine(plan, { now: 0, compacted: false, keyRules: [] })
    expect(make).toThrow(/has rules by tags, and json has no schema/)
  })

  it.each([
    ['keep of a key', '$key: { use: keep, accept: "wanted in this test" }', true],
    ['keep of its member', '$key.id: { use: keep, accept: "wanted in this test" }', true],
    ['keep of another member', '$key.n: { use: keep, accept: "wanted in this test" }', false],
    ['a transform', '$key.id: { use: mask.replace, with: K }', false],
    ['a tag that is said', '$key.id: { use: keep, tagged: [PII], accept: "wanted in this test" }', false],
  ])('goes for what the schema of a key tags: %s', (_, rule, isRefused) => {
    const key = record('K', [field('id', 'string', 'PII'), field('n', 'string')])
    const plan = planOf(`a: drop\n${rule}`, TAGS)
    const form = { ...AVRO_FORM, key: { format: 'avro', framing: 'confluent' } } as const
    const engine = messageEngine(plan, { now: 0, compacted: false, keyRules: [] }, form)
    const value = record('E', [field('a', 'string')])
    engine.learn({
      known: [
        { id: 1, part: 'value', schema: textOf(value) },
        { id: 2, part: 'key', schema: textOf(key) },
      ],
      forgotten: [],
    })
    const outcomes = engine.rewrite(
      MessageBatch.of([
        {
          key: framed(2, typeOf(key).toBuffer({ id: 'i', n: 'n' })),
          value: framed(1, typeOf(value).toBuffer({ a: 'a' })),
          headers: undefined,
          timestamp: 0,
        },
      ]),
    )
    expect(outcomes.code(0)).toBe(isRefused ? 'tagged-without-rule' : undefined)
    const check = (part: object) => () =>
      checkTags(plan, { text: JSON.stringify(part), references: [] }, 'key', 'json')
    const tagged = { type: 'object', properties: { id: { 'confluent:tags': ['PII'] }, n: {} } }
    if (isRefused) expect(check(tagged)).toThrow(SchemaFault)
    else expect(check(tagged)).not.toThrow()
    expect(check({ type: 'object', properties: { other: {} } })).not.toThrow()
  })
})

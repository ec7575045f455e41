/** A hundred changes of a schema of each format, half of them with what is personal: nothing of it leaves, by one policy. */
import avsc from 'avsc'
import protobufjs from 'protobufjs'
import { describe, expect, it } from 'vitest'
import type { MessageEngine } from '../../../../src/engine/message-engine.ts'
import { type KnownSchema, SchemaFault, type SchemaText } from '../../../../src/record/schema-text.ts'
import { PLAIN_FORM, type ValueFormat, type WireForm } from '../../../../src/record/wire-form.ts'
import { messageEngine, outputSchemaOf } from '../../../../src/run/engines.ts'
import { framed, type Outcome, outcomesOf, planOf, typeOf } from '../avro/avro-world.ts'
import { asAvro, asJson, asProtobuf } from './tag-dialects.ts'
import { type Evolved, evolved, POLICY, TAGS } from './tag-evolution.ts'

const EVOLUTIONS = 100
const PLAN = planOf(POLICY, TAGS)

const textOf = (schema: string): SchemaText => ({ text: schema, references: [] })
const engines = new Map<string, MessageEngine>()
function engineOf(format: ValueFormat, output: WireForm['output'] = 'json'): MessageEngine {
  const made =
    engines.get(`${format} ${output}`) ??
    messageEngine(
      PLAN,
      { now: 0, compacted: false, keyRules: [] },
      { ...PLAIN_FORM, value: { format, framing: 'confluent', inner: 'none' }, checksFrames: true, output },
    )
  engines.set(`${format} ${output}`, made)
  return made
}

/** What becomes of a value by its schema, as text. */
function becomes(
  engine: MessageEngine,
  id: number,
  schema: KnownSchema['schema'],
  value: Uint8Array,
  output?: KnownSchema['output'],
  read: (bytes: Uint8Array) => string = (bytes) => Buffer.from(bytes).toString('utf8'),
): Outcome {
  engine.learn({ known: [{ id, part: 'value', schema, output }], forgotten: [] })
  return outcomesOf(engine, [framed(id, value)], read)[0]!
}

interface Tried {
  readonly name: string
  /** What becomes of each. */
  readonly of: (made: Evolved, id: number) => Outcome
}

function outputOf(schema: SchemaText, format: 'avro' | 'protobuf'): string | undefined {
  try {
    return outputSchemaOf(PLAN, schema, format, format)
  } catch (error) {
    if (!(error instanceof SchemaFault)) throw error
    return undefined
  }
}

const TRIED: readonly Tried[] = [
  {
    name: 'Avro as JSON',
    of: ({ record }, id) => {
      const { schema, value } = asAvro(record)
      return becomes(engineOf('avro'), id, textOf(JSON.stringify(schema)), typeOf(schema).toBuffer(value))
    },
  },
  {
    name: 'Avro',
    of: ({ record }, id) => {
      const { schema, value } = asAvro(record)
      const text = textOf(JSON.stringify(schema))
      const written = outputOf(text, 'avro')
      const output = written === undefined ? undefined : { id, text: written }
      return becomes(engineOf('avro', 'avro'), id, text, typeOf(schema).toBuffer(value), output, (bytes) => {
        const read = avsc.Type.forSchema(JSON.parse(written!) as avsc.Schema, { wrapUnions: true })
        return `${written} ${JSON.stringify(read.fromBuffer(Buffer.from(bytes.subarray(5))))}`
      })
    },
  },
  {
    name: 'JSON',
    of: ({ record }, id) => {
      const { schema, value } = asJson(record)
      return becomes(engineOf('json'), id, textOf(JSON.stringify(schema)), Buffer.from(JSON.stringify(value)))
    },
  },
  {
    name: 'Protobuf as JSON',
    of: ({ record }, id) => {
      const { schema, value } = asProtobuf(record)
      return becomes(engineOf('protobuf'), id, textOf(schema), Buffer.concat([Buffer.from([0]), value]))
    },
  },
  {
    name: 'Protobuf',
    of: ({ record }, id) => {
      const { schema, value } = asProtobuf(record)
      const written = outputOf(textOf(schema), 'protobuf')
      const output = written === undefined ? undefined : { id, text: written }
      const bytes = Buffer.concat([Buffer.from([0]), value])
      return becomes(engineOf('protobuf', 'protobuf'), id, textOf(schema), bytes, output, (payload) => {
        const type = protobufjs.parse(written!, { keepCase: true }).root.lookupType(record.name)
        return `${written} ${JSON.stringify(type.decode(payload.subarray(6)))}`
      })
    },
  },
]

const ALL = Array.from({ length: EVOLUTIONS }, (_, seed) => evolved(seed))
const OUTCOMES = TRIED.map(({ of }) => ALL.map((made, seed) => of(made, seed + 1)))

describe.each(TRIED)('100 changes of a schema: $name', (tried) => {
  const outcomes = OUTCOMES[TRIED.indexOf(tried)]!

  it('let nothing personal leave, and what is kept stays', () => {
    for (const [seed, { personal, kept, isRefused }] of ALL.entries()) {
      const outcome = outcomes[seed]!
      if (isRefused) {
        expect(outcome, `${seed}`).toMatchObject({ code: 'tagged-without-rule' })
        continue
      }
      expect(outcome, `${seed}`).toHaveProperty('value')
      const { value } = outcome as { value: string }
      for (const text of personal) expect(value.includes(text), `${seed} ${text}`).toBe(false)
      for (const text of kept) expect(value.includes(text), `${seed} ${text}`).toBe(true)
    }
  })

  it('are of all kinds', () => {
    const published = outcomes.filter((one) => 'value' in one).map((one) => JSON.stringify(one))
    expect(published.length).toBeGreaterThan(50)
    expect(published.length).toBeLessThan(95)
    for (const made of ['PERSONAL', 'PHONE', 'k1.', 'canary-'])
      expect(published.filter((text) => text.includes(made)).length).toBeGreaterThan(10)
  })
})

it('one policy has the same tokens, whatever format a record has', () => {
  const tokensIn = (outcome: Outcome): readonly string[] =>
    [...new Set(JSON.stringify(outcome).match(/k1\.[\w-]+/g))].toSorted()
  const tokens = OUTCOMES.map((outcomes) => outcomes.map(tokensIn))
  for (const other of tokens.slice(1)) expect(other).toEqual(tokens[0])
})

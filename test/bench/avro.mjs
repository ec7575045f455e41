/**
 * `npm run bench:avro [-- EVENTS]`: what the events of the NDJSON case cost as messages of Avro and Protobuf, beside the same events as
 * messages of JSON, in turn, each in a process of its own. Processor time; see README.md.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create, createFileRegistry, fromJson, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import avsc from 'avsc'
import { MessageBatch } from '../../dist/src/engine/message-batch.js'
import { Keyring } from '../../dist/src/keys/keyring.js'
import { testKeyset } from '../../dist/src/keys/test-keyset.js'
import { compilePolicy } from '../../dist/src/policy/compile.js'
import { readPolicyFile } from '../../dist/src/policy/policy-file.js'
import { PLAIN_FORM } from '../../dist/src/record/wire-form.js'
import { messageEngine, outputSchemaOf } from '../../dist/src/run/engines.js'
import { generate } from './data.mjs'

const PAIRS = 10
const BATCH = 5000
const SCHEMA_ID = 7
const events = Number(process.argv[2] ?? 100_000)
if (!Number.isInteger(events) || events < 1) {
  process.stderr.write('npm run bench:avro [-- EVENTS]\n')
  process.exit(2)
}
const only = process.argv[3]
if (only === undefined) {
  process.stdout.write('| | bytes | µs | JSON: bytes | µs | events/s, to JSON |\n|---|---|---|---|---|---|\n')
  for (const name of ['Avro to JSON', 'Avro to Avro', 'Protobuf to JSON']) {
    const { status } = spawnSync(process.execPath, [import.meta.filename, String(events), name], {
      stdio: 'inherit',
    })
    if (status !== 0) process.exit(1)
  }
  process.exit(0)
}

/** The schema of these values: fields that some lack may be null, whole numbers are long. */
function schemaOf(values, name) {
  const there = values.filter((value) => value !== null && value !== undefined)
  const kinds = new Set(there.map((value) => (Array.isArray(value) ? 'array' : typeof value)))
  if (kinds.size !== 1) throw new Error(`${name}: of several kinds`)
  const [kind] = kinds
  let type = kind
  if (kind === 'number') type = there.every(Number.isInteger) ? 'long' : 'double'
  else if (kind === 'array') type = { type: 'array', items: schemaOf(there.flat(), `${name}_item`) }
  else if (kind === 'object') {
    const names = [...new Set(there.flatMap(Object.keys))]
    const fields = names.map((field) => ({
      name: field,
      type: schemaOf(
        there.map((value) => value[field]),
        `${name}_${field}`,
      ),
    }))
    type = { type: 'record', name, fields }
  }
  return there.length < values.length ? ['null', type] : type
}

const keys = Keyring.fromKeyset(testKeyset())
const { plan } = compilePolicy(readPolicyFile(join(import.meta.dirname, 'policies/ndjson.yaml')), { keys })
const folder = mkdtempSync(join(tmpdir(), 'lethe-bench-'))
const file = join(folder, 'events')
generate('ndjson', events, 'repeat', file)
const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
rmSync(folder, { recursive: true, force: true })
const records = lines.map((line) => JSON.parse(line))
const schema = schemaOf(records, 'event')
const type = avsc.Type.forSchema(schema, { wrapUnions: false })
const frame = Buffer.from([0, 0, 0, 0, SCHEMA_ID])
/** Absent members are null. */
const complete = (value, of) => {
  if (of instanceof avsc.types.UnwrappedUnionType)
    return value == null
      ? null
      : complete(
          value,
          of.types.find(({ typeName }) => typeName !== 'null'),
        )
  if (of.typeName === 'array') return value.map((item) => complete(item, of.itemsType))
  if (of.typeName !== 'record') return value
  return Object.fromEntries(of.fields.map((field) => [field.name, complete(value[field.name], field.type)]))
}
const avro = records.map((record) => Buffer.concat([frame, type.toBuffer(complete(record, type))]))
const json = lines.map((line) => Buffer.from(line))

/** The messages of Protobuf for a record of Avro: what may be null is optional. */
function messageOf({ name, fields }) {
  const nestedType = []
  const oneofDecl = []
  const field = fields.map(({ name: fieldName, type }, at) => {
    const isOptional = Array.isArray(type)
    const inner = isOptional ? type[1] : type
    const isList = inner.type === 'array'
    const item = isList ? inner.items : inner
    const made = { name: fieldName, number: at + 1, label: isList ? 3 : 1 }
    if (typeof item === 'object') {
      nestedType.push(messageOf(item))
      return { ...made, type: 11, typeName: item.name }
    }
    made.type = { string: 9, long: 3, double: 1, boolean: 8 }[item]
    if (!isOptional || isList) return made
    oneofDecl.push({ name: `_${fieldName}` })
    return { ...made, proto3Optional: true, oneofIndex: oneofDecl.length - 1 }
  })
  return { name, field, nestedType, oneofDecl }
}
/** Names of types from the root on. */
function qualify(message, scope) {
  const own = `${scope}.${message.name}`
  for (const field of message.field) if (field.typeName) field.typeName = `${own}.${field.typeName}`
  for (const inner of message.nestedType) qualify(inner, own)
  return message
}
const protoFile = create(FileDescriptorProtoSchema, {
  name: 'event.proto',
  syntax: 'proto3',
  messageType: [qualify(messageOf(schema), '')],
})
const [desc] = createFileRegistry(protoFile, () => undefined).getFile('event.proto').messages
const bare = (value) => JSON.parse(JSON.stringify(value, (_, one) => (one === null ? undefined : one)))
const protobuf = records.map((record) =>
  Buffer.concat([frame, Buffer.from([0]), toBinary(desc, fromJson(desc, bare(record)))]),
)

const options = () => ({ now: Date.now(), compacted: false, keyRules: [] })
const avroEngine = messageEngine(plan, options(), {
  ...PLAIN_FORM,
  value: { format: 'avro', framing: 'confluent', inner: 'none' },
})
avroEngine.learn({
  known: [{ id: SCHEMA_ID, part: 'value', schema: { text: JSON.stringify(schema), references: [] } }],
  forgotten: [],
})
const jsonEngine = messageEngine(plan, options())
const schemaText = { text: JSON.stringify(schema), references: [] }
const toAvroEngine = messageEngine(plan, options(), {
  ...PLAIN_FORM,
  value: { format: 'avro', framing: 'confluent', inner: 'none' },
  output: 'avro',
})
const output = { id: 8, text: outputSchemaOf(plan, schemaText) }
toAvroEngine.learn({ known: [{ id: SCHEMA_ID, part: 'value', schema: schemaText, output }], forgotten: [] })

const protobufEngine = messageEngine(plan, options(), {
  ...PLAIN_FORM,
  value: { format: 'protobuf', framing: 'confluent', inner: 'none' },
})
const protobufText = Buffer.from(toBinary(FileDescriptorProtoSchema, protoFile)).toString('base64')
protobufEngine.learn({
  known: [{ id: SCHEMA_ID, part: 'value', schema: { text: protobufText, references: [] } }],
  forgotten: [],
})

function* batches(values) {
  for (let at = 0; at < values.length; at += BATCH)
    yield MessageBatch.of(
      values.slice(at, at + BATCH).map((value) => ({ key: null, value, headers: undefined, timestamp: 0 })),
    )
}

/** One beside JSON in a process: a route reads one format, and code that meets several is slower for each. */
const CASES = {
  'Avro to JSON': { engine: avroEngine, values: avro },
  'Avro to Avro': { engine: toAvroEngine, values: avro },
  'Protobuf to JSON': { engine: protobufEngine, values: protobuf },
}
const contestants = [{ engine: jsonEngine, values: json }, CASES[only]]
const run = ({ engine, values }) => {
  let spent = 0
  for (const batch of batches(values)) {
    const before = process.cpuUsage()
    engine.rewrite(batch)
    const { user, system } = process.cpuUsage(before)
    spent += user + system
  }
  return spent / events
}
for (const contestant of contestants) run(contestant)
for (const { engine } of contestants) {
  const { published, records: seen } = engine.takeAccount()
  if (published !== events) throw new Error(`${published} of ${seen} records were published`)
}
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
const pairs = Array.from({ length: PAIRS }, () => contestants.map(run))
const of = (which) => median(pairs.map((pair) => pair[which])).toFixed(2)
const bytes = (values) => Math.round(values.reduce((sum, { length }) => sum + length, 0) / events)
const ratio = (which) => median(pairs.map((pair) => pair[0] / pair[which])).toFixed(2)
process.stdout.write(
  `| ${only} | ${bytes(contestants[1].values)} | ${of(1)} | ${bytes(json)} | ${of(0)} | ${ratio(1)} |\n`,
)

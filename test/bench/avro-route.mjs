/**
 * One route of `npm run bench:avro`, in a process of its own: `FILE NAME`. It rewrites the events of the file once for each message
 * that it gets, and answers with what that took: microseconds of processor time and of time an event.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MessageBatch } from '../../dist/src/engine/message-batch.js'
import { Keyring } from '../../dist/src/keys/keyring.js'
import { testKeyset } from '../../dist/src/keys/test-keyset.js'
import { compilePolicy } from '../../dist/src/policy/compile.js'
import { readPolicyFile } from '../../dist/src/policy/policy-file.js'
import { PLAIN_FORM } from '../../dist/src/record/wire-form.js'
import { messageEngine, outputSchemaOf } from '../../dist/src/run/engines.js'
import { avroValues, protobufValues, SCHEMA_ID, schemaOf } from './registry-values.mjs'

const BATCH = 5000
const [file, name] = process.argv.slice(2)
const [format, output] = name.toLowerCase().split(' to ')

const keys = Keyring.fromKeyset(testKeyset())
const { plan } = compilePolicy(readPolicyFile(join(import.meta.dirname, 'policies/ndjson.yaml')), { keys })
const options = { now: Date.now(), compacted: false, keyRules: [] }

function open() {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  if (format === 'json')
    return { engine: messageEngine(plan, options), values: lines.map((line) => Buffer.from(line)) }
  const records = lines.map((line) => JSON.parse(line))
  const of = format === 'avro' ? avroValues : protobufValues
  const { values, text } = of(records, schemaOf(records, 'event'))
  const schema = { text, references: [] }
  const form = { ...PLAIN_FORM, value: { format, framing: 'confluent', inner: 'none' } }
  const registered =
    output === 'json' ? {} : { output: { id: 8, text: outputSchemaOf(plan, schema, format, output) } }
  const engine = messageEngine(plan, options, output === 'json' ? form : { ...form, output })
  engine.learn({ known: [{ id: SCHEMA_ID, part: 'value', schema, ...registered }], forgotten: [] })
  return { engine, values }
}

const { engine, packed, ends } = pack(open())

/** The values in one piece: many objects in memory would be looked at whenever garbage is collected. */
function pack({ engine, values }) {
  let end = 0
  return {
    engine,
    packed: Buffer.concat(values),
    ends: Int32Array.from(values, ({ length }) => (end += length)),
  }
}

/** Messages from number `from` on, to before `to`. */
function batchOf(from, to) {
  const messages = Array.from(ends.subarray(from, to), (end, at) => {
    const value = packed.subarray(ends[from + at - 1] ?? 0, end)
    return { key: null, value, headers: undefined, timestamp: 0 }
  })
  return MessageBatch.of(messages)
}

function run() {
  let [processor, wall] = [0, 0]
  const count = ends.length
  for (let at = 0; at < count; at += BATCH) {
    const batch = batchOf(at, at + BATCH)
    const before = process.cpuUsage()
    const began = performance.now()
    engine.rewrite(batch)
    wall += (performance.now() - began) * 1000
    const { user, system } = process.cpuUsage(before)
    processor += user + system
  }
  const { published, records } = engine.takeAccount()
  if (published !== count) throw new Error(`${name}: ${published} of ${records} records were published`)
  return { processor: processor / count, wall: wall / count, bytes: packed.length / count }
}

globalThis.gc?.()
process.on('message', () => process.send(run()))

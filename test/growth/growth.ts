/** Looks for work that grows out of proportion: in every transform, and in what walks and writes records. */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Engine } from '../../src/engine/engine.ts'
import { loadKeyring } from '../../src/keys/file.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { padded } from '../../src/record/codec.ts'
import { csvEngine, jsonEngine } from '../../src/run/engines.ts'
import {
  type CompileContext,
  type CompiledTransform,
  longestResult,
  OptionError,
  type RecordContext,
  type Transform,
  WRITE_ROOM,
} from '../../transforms/transform.ts'
import { type Family, RECORDS, ROWS, TEXTS } from './hostile.ts'
import { overgrowth } from './measure.ts'
import { compiledSets } from './options.ts'

/** Bytes of output for a byte of input, at most: a token for a digit and its comma. */
const MOST_TIMES = 32

const keys = loadKeyring(
  join(fileURLToPath(new URL('../..', import.meta.url)), 'config/keys/test.keyset.json'),
)
const context: CompileContext = {
  path: 'example',
  key: (use, domain) => keys.key(use, domain),
  readText: () => {
    throw new OptionError('there is no such file')
  },
  readTable: () => [
    ['Berlin', 'Germany', '*'],
    ['Paris', 'France', '*'],
  ],
  usesList: () => {},
  usesPlatform: () => {},
}
const RECORD: RecordContext = { subject: 'c-1', eventTime: Date.UTC(2024, 6, 15), now: Date.UTC(2026, 5, 1) }

/** What is wrong with a transform, for values of up to `n` UTF-16 units: a line each. */
export function faultsOf(transform: Transform, n: number, texts: readonly Family[] = TEXTS): string[] {
  const faults: string[] = []
  for (const { options, compiled } of compiledSets(transform, context)) {
    const say = (family: string, what: string) =>
      faults.push(`${options.slice(0, 200)} over ${family}: ${what}`)
    for (const { name, make } of texts) {
      const ratio = overgrowth((size) => {
        const text = make(size)
        const work = oneValue(compiled, text)
        return () => {
          const result = work()
          if (typeof result === 'string' && result.length > longestResult(text.length))
            say(name, `a result of ${result.length} units for ${text.length}`)
        }
      }, n)
      if (ratio !== undefined) say(name, `${ratio.toFixed(1)} times the time for twice the length`)
    }
    const value = transform.examples[0]?.input ?? 'Berlin'
    for (const unit of ['x', 'é', '\u0301\u0316']) {
      const ratio = overgrowth(
        (size) => manyValues(compiled, value, unit.repeat(size / 2 / unit.length), size / 16),
        n,
      )
      if (ratio !== undefined)
        say(
          'many values of one subject',
          `${ratio.toFixed(1)} times the time for twice as many of a subject twice as long`,
        )
    }
  }
  return faults
}

/** Gives what `apply` gives. */
function oneValue(compiled: CompiledTransform, text: string): () => unknown {
  const bytes = new TextEncoder().encode(text)
  const out = new Uint8Array(bytes.length + WRITE_ROOM)
  const ends = new Int32Array(1)
  return () => {
    const result = compiled.apply(text, RECORD)
    compiled.applyAll?.([text], [], 1)
    compiled.writeBytes?.(bytes, 0, bytes.length, out, 0)
    compiled.writeAllBytes?.(bytes, Int32Array.of(0), Int32Array.of(bytes.length), 1, out, 0, ends)
    return result
  }
}

function manyValues(compiled: CompiledTransform, value: string, subject: string, count: number): () => void {
  return () => {
    const record = { ...RECORD, subject }
    for (let i = 0; i < count; i++) compiled.apply(value, record)
  }
}

const POLICY = `
policy: growth
version: 1
purpose: train_ai_system
subject: id
fields:
  id: { use: hash.hmac, domain: subject }
  s: { use: mask.characters, keepLast: 4 }
  "a[]": { use: mask.replace, with: "x" }
  o.x: keep
  "m.*": { use: mask.replace, with: "x" }
  "m.$names": { use: hash.hmac, domain: names }
  k: { use: keep.subtree, accept: "what is below k is copied here" }
  c: { use: mask.null }
  "w[]":
    - { when: { c: [x] }, use: mask.replace, with: "y" }
    - { use: mask.null }
  "d[]": { use: shift.date }
  "q[]": { use: noise.number, span: 50 }
`

const COLUMNS = `
policy: growth
version: 1
purpose: train_ai_system
fields:
  a: { use: mask.characters, keepLast: 4 }
  b: { use: hash.hmac, domain: b }
  c: { use: mask.replace, with: "x" }
`

function planOf(text: string) {
  const readFile = () => {
    throw new Error('no file')
  }
  const { plan, problems } = compilePolicy({ file: 'growth.yaml', text, readFile }, { keys })
  if (plan === undefined) throw new Error(JSON.stringify(problems))
  return plan
}

/** The same for JSON records and CSV rows of up to `n` bytes, with kernels and without. */
export function faultsOfRecords(n: number): string[] {
  const faults: string[] = []
  const json = planOf(POLICY)
  const csv = planOf(COLUMNS)
  const style = { delimiter: ',', lineBreak: '\n', escapeFormulas: false } as const
  for (const kernels of [true, false]) {
    const options = { now: 0, kernels, maxRecordBytes: 2 * n }
    const walk = (text: string, open: () => Engine) => {
      const bytes = Buffer.from(text)
      const chunk = padded(bytes)
      const rewriter = open()
      return () => {
        const { output } = rewriter.rewrite(chunk, bytes.length)
        if (output.length > MOST_TIMES * n) throw new Error(`${output.length} bytes of output`)
      }
    }
    const judge = (name: string, make: (size: number) => string, open: () => Engine) => {
      const ratio = overgrowth((size) => walk(make(size), open), n)
      if (ratio !== undefined)
        faults.push(
          `${name}, kernels ${kernels ? 'on' : 'off'}: ${ratio.toFixed(1)} times the time for twice the length`,
        )
    }
    for (const { name, make } of RECORDS)
      judge(
        name,
        (size) => `${make(size)}\n`,
        () => jsonEngine(json, options),
      )
    for (const { name, make } of ROWS)
      judge(name, make, () => csvEngine(csv, ['a', 'b', 'c'], 'input', style, options))
  }
  return faults
}

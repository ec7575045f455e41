/** Policies over records whose values may be texts that hold JSON: by files of JSON and CSV, and by messages. */
import { Keyring } from '../../../src/keys/keyring.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'
import { type Compiled, compilePolicy } from '../../../src/policy/compile.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { type PolicyFile, policyFileOf } from '../../../src/policy/policy-file.ts'
import { padded } from '../../../src/record/codec.ts'
import type { Layout } from '../../../src/run/chunk.ts'
import { ChunkRewriter } from '../../../src/run/chunk-work.ts'
import { createMessageDeidentifier } from '../../../src/run/message-deidentifier.ts'
import { flatOf } from '../engine/flat-outcome.ts'

const keys = Keyring.fromKeyset(testKeyset())
const NOW = Date.parse('2026-03-10T12:00:00Z')

export interface CompiledPolicy {
  readonly source: PolicyFile
  readonly result: Compiled
  readonly plan: Plan
}

export function compiled(policy: object): CompiledPolicy {
  const text = JSON.stringify({ policy: 'p', version: 1, purpose: 'train_ai_system', ...policy })
  const source = policyFileOf('p.yaml', text, () => new Uint8Array())
  const result = compilePolicy(source, { keys })
  if (result.plan === undefined) throw new Error(JSON.stringify(result.problems))
  return { source, result, plan: result.plan }
}

export interface Ended {
  /** What leaves, without the line break; a code where nothing does. */
  readonly text: string
  readonly counts: readonly { readonly looked: number }[]
  readonly unlisted: number
}

/** One chunk, which begins at `offset` of its file. */
export function chunk(plan: Plan, layout: Layout, text: string, offset = 0): Ended {
  const bytes = Buffer.from(text)
  const done = new ChunkRewriter(plan, { now: NOW }, undefined).rewrite({
    layoutId: 0,
    layout,
    bytes: padded(bytes) as Uint8Array<ArrayBuffer>,
    length: bytes.length,
    offset,
  })
  return {
    text:
      done.deadLetters[0]?.code ??
      (done.output.length === 0 ? 'suppress' : Buffer.from(done.output).toString().replace(/\n$/, '')),
    counts: done.account.rules,
    unlisted: done.account.unlisted,
  }
}

/** Each line by itself. */
export const inNdjson = ({ plan }: CompiledPolicy, lines: readonly string[]): Ended[] =>
  lines.map((line) => chunk(plan, { format: 'ndjson' }, `${line}\n`))

export const csvLayout = (header: readonly string[]): Layout => ({
  format: 'csv',
  header,
  style: { delimiter: ',', lineBreak: '\n', escapeFormulas: false },
  input: 'in.csv',
})

/** Each row by itself. */
export const inCsv = (
  { plan }: CompiledPolicy,
  header: readonly string[],
  rows: readonly string[],
): Ended[] => rows.map((row) => chunk(plan, csvLayout(header), `${row}\n`))

/** Values of messages with these keys: the value that leaves, or the code; and the key. */
export function inMessages(
  { source, result }: CompiledPolicy,
  values: readonly string[],
  key: string | null = null,
): { readonly text: string; readonly key: string | undefined }[] {
  const deidentifier = createMessageDeidentifier(source, result, { keys, now: NOW })
  const messages = values.map((value) => ({
    key: key === null ? null : Buffer.from(key),
    value: Buffer.from(value),
    headers: [],
    timestamp: -1,
  }))
  return deidentifier
    .deidentify(messages)
    .map(flatOf)
    .map((one) => ({
      text: one.code ?? (one.kind === 'publish' ? Buffer.from(one.value!).toString() : one.kind),
      key: one.key ? Buffer.from(one.key).toString() : undefined,
    }))
}

export const cell = (text: string): string =>
  /["\n\r,]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text

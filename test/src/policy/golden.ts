/** Runs a policy of test/fixtures/golden-0.1.0 over its inputs, as `golden.json` tells it of 0.1.0. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Keyring } from '../../../src/keys/keyring.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'
import { type Compiled, compileWith } from '../../../src/policy/compile.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { readPolicyFile } from '../../../src/policy/policy-file.ts'
import { padded } from '../../../src/record/codec.ts'
import { resolveColumns } from '../../../src/record/csv/csv-columns.ts'
import { headerLine } from '../../../src/record/csv/csv-text.ts'
import { createDeidentifier } from '../../../src/run/deidentifier.ts'
import { csvEngine, runShape } from '../../../src/run/engines.ts'
import { createMessageDeidentifier } from '../../../src/run/message-deidentifier.ts'
import { transforms } from '../../../transforms/index.ts'
import type { Transform } from '../../../transforms/transform.ts'
import { flatOf } from '../engine/flat-outcome.ts'

export const FOLDER = 'test/fixtures/golden-0.1.0'

/** Retention is judged at this instant. */
const NOW = Date.parse('2026-06-01T00:00:00Z')

const keys = Keyring.fromKeyset(testKeyset())

/** What became of each record of an input, in a line of text each. */
export interface Results {
  readonly ndjson?: readonly string[]
  readonly csv?: readonly string[]
  readonly messages?: readonly string[]
}

/** Lists that entered the fingerprint after 0.1.0, for rules whose results changed for some input. */
const LATER_LISTS: ReadonlySet<string> = new Set([
  'text that nfkc takes',
  'phone numbers that normalize takes',
  'addresses that normalize takes',
])

/** Compiles a policy file; `versions` takes the place of the versions of transforms, without later lists. */
export function compileGolden(file: string, versions?: Readonly<Record<string, number>>): Compiled {
  const asBefore = (one: Transform): Transform => ({
    ...one,
    version: versions?.[one.name] ?? one.version,
    versionOf: () => undefined,
    compile: (options, context) =>
      one.compile(options, {
        ...context,
        usesList: (name, digest) => LATER_LISTS.has(name) || context.usesList(name, digest),
      }),
  })
  const register = versions === undefined ? transforms : transforms.map(asBefore)
  return compileWith(readPolicyFile(file), keys, new Map(register.map((one) => [one.name, one])))
}

export function resultsOf(name: string, compiled: Compiled): Results {
  const plan = compiled.plan!
  const read = (extension: string) => {
    const file = join(FOLDER, `${name}.${extension}`)
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined
  }
  const ndjson = read('ndjson')
  const csv = read('csv')
  const messages = read('messages.json')
  return {
    ...(ndjson === undefined ? {} : { ndjson: recordResults(plan, ndjson) }),
    ...(csv === undefined ? {} : { csv: csvResults(plan, csv) }),
    ...(messages === undefined ? {} : { messages: messageResults(name, compiled, messages) }),
  }
}

function recordResults(plan: Plan, text: string): string[] {
  const deidentifier = createDeidentifier(plan, { format: 'json', now: NOW })
  return linesOf(text).map((line) => {
    const outcome = deidentifier.deidentify(Buffer.from(line))
    if (outcome.kind === 'publish') return Buffer.from(outcome.value).toString()
    return outcome.kind === 'suppress' ? 'suppress' : `dead-letter ${outcome.code}`
  })
}

/** The lines of the output, and of the dead letters. */
function csvResults(plan: Plan, text: string): string[] {
  const [header, ...rows] = linesOf(text)
  const style = {
    delimiter: header!.includes(';') ? ';' : ',',
    lineBreak: '\n',
    escapeFormulas: false,
  } as const
  const names = header!.split(style.delimiter)
  const rewriter = csvEngine(plan, names, 'golden', style, { now: NOW })
  const body = Buffer.from(`${rows.join('\n')}\n`)
  const { output, deadLetters } = rewriter.rewrite(padded(body), body.length)
  const head = headerLine(
    resolveColumns(plan, runShape(plan), names, 'golden').output.map((column) => column.header),
    style,
  )
  return [
    ...linesOf(Buffer.concat([head, output]).toString()),
    ...deadLetters.map(({ record, code }) => `record ${record + 1}: dead-letter ${code}`),
  ]
}

function messageResults(name: string, compiled: Compiled, text: string): string[] {
  const messages = JSON.parse(text) as {
    key: string | null
    value: string | null
    headers: [string, string][]
    timestamp: number
  }[]
  const deidentifier = createMessageDeidentifier(readPolicyFile(join(FOLDER, `${name}.yaml`)), compiled, {
    keys,
    compacted: true,
    now: () => NOW,
  })
  const bytes = (one: string | null) => (one === null ? null : Buffer.from(one))
  const shown = (one: Uint8Array | null) => (one === null ? null : Buffer.from(one).toString())
  return deidentifier
    .deidentify(
      messages.map(({ key, value, headers, timestamp }) => ({
        key: bytes(key),
        value: bytes(value),
        headers: headers.map(([header, held]) => ({ name: header, value: Buffer.from(held) })),
        timestamp,
      })),
    )
    .map(flatOf)
    .map(({ kind, key, value, headers, timestamp, tombstones, code }) =>
      kind === 'dead-letter'
        ? `dead-letter ${code}`
        : JSON.stringify([
            kind,
            shown(key),
            shown(value),
            headers.map((header) => [header.name, header.value]),
            timestamp ?? null,
            tombstones.map(shown),
          ]),
    )
}

function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split('\n')
}

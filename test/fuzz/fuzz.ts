/**
 * Arbitrary policies over arbitrary, partly damaged records: kernels on and off, one worker and two, chunks cut
 * anywhere, each against a reference that shares no code with them. A seed repeats a run.
 */

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { CsvSplitter, LineSplitter, type Piece } from '../../src/files/splitter.ts'
import type { Keyring } from '../../src/keys/keyring.ts'
import type { CsvStyle } from '../../src/record/csv/csv-text.ts'
import { csvEngine, jsonEngine } from '../../src/run/engines.ts'
import * as reference from '../src/record/reference.ts'
import {
  anyDamage,
  damaged,
  flatSpecWith,
  recordFor,
  specWith,
  withMemberTwice,
} from '../src/record/specs.ts'
import { readRows, writeRow } from './csv-reference.ts'
import { compileSpec, type FuzzPolicy, textFunctions, USES } from './uses.ts'

export interface FuzzOptions {
  readonly seed: number
  readonly milliseconds: number
  /** Fewer say nothing: on a busy machine it goes on until there are so many. */
  readonly atLeast?: { readonly commands: number; readonly published: number }
  /** The built command. */
  readonly script: string
  readonly say: (line: string) => void
}

export interface FuzzCounts {
  policies: number
  records: number
  published: number
  /** Runs of the command. */
  commands: number
  findings: string[]
}

/** One record: published as this text, or a dead letter by one of these codes. */
type Expected = { readonly publish: string } | { readonly dead: readonly string[]; readonly line: number }

interface Case {
  readonly policy: FuzzPolicy
  readonly format: 'ndjson' | 'csv'
  readonly bytes: Uint8Array
  readonly header: readonly string[]
  readonly expected: readonly Expected[]
  /** Where to cut. */
  readonly chunkBytes: number
}

/** What became of a text, as far as anybody can see it. */
interface Seen {
  readonly output: string
  readonly dead: readonly { readonly line: number; readonly code: string }[]
  readonly records: number
}

const STYLE: CsvStyle = { delimiter: ',', lineBreak: '\n', escapeFormulas: false }
const COLUMNS = ['a', 'b', 'Aa', 'x y', 'é', 'q']
/** The command is started for one case in so many: a process costs as much as hundreds of records. */
const CASES_PER_COMMAND = 12
/** Samples of one draw of fast-check, the later ones larger. */
const DRAW = 24

export async function fuzz({ seed, milliseconds, atLeast, script, say }: FuzzOptions): Promise<FuzzCounts> {
  const counts: FuzzCounts = { policies: 0, records: 0, published: 0, commands: 0, findings: [] }
  const folder = mkdtempSync(join(tmpdir(), 'lethe-fuzz-'))
  const until = performance.now() + milliseconds
  const isOver = (): boolean =>
    performance.now() > until &&
    counts.commands >= (atLeast?.commands ?? 0) &&
    counts.published >= (atLeast?.published ?? 0)
  try {
    const keysFile = join(folder, 'keys.json')
    const made = await command(script, ['keys', 'create', keysFile], '')
    if (made.code !== 0) throw new Error(`no keyset: ${made.stderr}`)
    const { loadKeyring } = await import('../../src/keys/file.ts')
    const keys = loadKeyring(keysFile)
    const transformOf = textFunctions(keys)
    for (let draw = 0; !isOver(); draw++) {
      const arbitrary = draw % 2 === 0 ? jsonCase(keys, transformOf) : csvCase(keys, transformOf)
      for (const one of fc.sample(arbitrary, { seed: seed + draw, numRuns: DRAW })) {
        if (one === undefined) continue
        if (isOver()) break
        counts.policies++
        counts.records += one.expected.length
        counts.published += one.expected.filter((expected) => 'publish' in expected).length
        const results: [string, Seen][] = [true, false].map((kernels) => [
          `kernels ${kernels}`,
          inProcess(one, kernels),
        ])
        if (counts.policies % CASES_PER_COMMAND === 0)
          for (const workers of [1, 2]) {
            counts.commands++
            results.push([`${workers} workers`, await byCommand(one, workers, script, folder, keysFile)])
          }
        for (const [how, seen] of results) {
          const difference = differenceOf(one, seen)
          if (difference === undefined) continue
          counts.findings.push(
            `seed ${seed + draw}, ${one.format}, chunks of ${one.chunkBytes}, ${how}: ${difference}`,
          )
          say(
            `${counts.findings.at(-1)}\n${one.policy.text}\n${JSON.stringify(Buffer.from(one.bytes).toString('latin1'))}`,
          )
        }
        if (counts.findings.length >= 5) return counts
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return counts
}

function jsonCase(keys: Keyring, transformOf: reference.TransformOf): fc.Arbitrary<Case | undefined> {
  return specWith(USES).chain(({ spec, tree }) => {
    const line = fc
      .tuple(recordFor(tree), fc.option(anyDamage, { freq: 5 }), fc.option(fc.nat(), { freq: 6 }))
      .map(([record, damage, twice]) => {
        const text = Buffer.from(twice === null ? record : withMemberTwice(record, twice))
        // A line feed would make two records of it.
        return damage === null
          ? text
          : Buffer.from(damaged(text, damage)).map((byte) => (byte === 10 ? 32 : byte))
      })
    const lines = fc
      .array(fc.tuple(line, fc.constantFrom(1, 1, 1, 2, 40)), { minLength: 1, maxLength: 12 })
      .map((drawn) => drawn.flatMap(([text, times]) => Array.from({ length: times }, () => text)))
    return fc
      .tuple(
        lines,
        fc.constantFrom('\n', '\n', '\r\n', '\n\n'),
        fc.boolean(),
        fc.integer({ min: 1, max: 3000 }),
      )
      .map(([texts, end, last, chunkBytes]) => {
        const policy = compileSpec(spec, keys)
        if (policy === undefined) return undefined
        const bytes = Buffer.concat(
          texts.flatMap((text, i) => (i === texts.length - 1 && !last ? [text] : [text, Buffer.from(end)])),
        )
        const step = end === '\n\n' ? 2 : 1
        const expected = texts.flatMap((text, i): Expected[] => {
          if (/^[ \t\r\n]*$/.test(text.toString('latin1'))) return []
          const made = reference.expect(policy.spec, text, transformOf)
          return ['publish' in made ? made : { ...made, line: i * step + 1 }]
        })
        return { policy, format: 'ndjson' as const, bytes, header: [], expected, chunkBytes }
      })
  })
}

function csvCase(keys: Keyring, transformOf: reference.TransformOf): fc.Arbitrary<Case | undefined> {
  const columns = fc.uniqueArray(fc.constantFrom(...COLUMNS), { minLength: 1, maxLength: 5 })
  const cell = fc.oneof(
    fc.constantFrom('', 'x', 'é', '12', '-0.5', 'US', '1', '😀', '"x"', '""', '"a,b"', '"a""b"', ' x '),
    fc.nat(90).map((length) => 'y'.repeat(length)),
    fc.nat(40).map((length) => `"${'""'.repeat(length)}"`),
  )
  const damage = fc.constantFrom('"', '\r', 'a"b', '"\n"', '\xff', ',', '""')
  return columns.chain((header) =>
    fc
      .tuple(
        flatSpecWith(
          USES,
          header.filter((name) => name !== 'q'),
        ),
        fc.array(
          fc.tuple(
            fc.array(cell, { minLength: header.length, maxLength: header.length }),
            fc.option(damage, { freq: 8 }),
            fc.constantFrom(1, 1, 1, 2, 30),
          ),
          { maxLength: 15 },
        ),
        fc.constantFrom('\n', '\n', '\r\n'),
        fc.integer({ min: 1, max: 2000 }),
      )
      .map(([spec, drawn, lineBreak, chunkBytes]) => {
        if (spec.unlisted === 'reject' && header.includes('q')) return undefined
        const policy = compileSpec(spec, keys)
        if (policy === undefined) return undefined
        const rows = drawn.flatMap(([cells, odd, times]) => {
          const text = `${odd === null ? '' : odd}${cells.join(',')}`
          return Array.from({ length: times }, () => text)
        })
        // Bytes as they are: one odd byte is not UTF-8.
        const body = Buffer.concat(
          rows.flatMap((row) => [
            row.startsWith('\xff')
              ? Buffer.concat([Buffer.from([0xff]), Buffer.from(row.slice(1))])
              : Buffer.from(row),
            Buffer.from(lineBreak),
          ]),
        )
        const expected = expectRows(policy, header, body, transformOf)
        if (expected === undefined) return undefined
        const head = Buffer.from(`${header.join(',')}${lineBreak}`)
        return {
          policy,
          format: 'csv' as const,
          bytes: Buffer.concat([head, body]),
          header,
          expected,
          chunkBytes,
        }
      }),
  )
}

/** What the policy makes of rows: each as the record that it stands for. Undefined where no column may leave. */
function expectRows(
  policy: FuzzPolicy,
  header: readonly string[],
  body: Uint8Array,
  transformOf: reference.TransformOf,
): Expected[] | undefined {
  const output = outputColumns(policy, header)
  if (output.length === 0 || new Set(output.map((column) => column.header)).size < output.length)
    return undefined
  const { fields } = policy.spec
  const refuses: reference.Refuses = (rule, field, text) => {
    const planned = policy.plan.fields[fields.indexOf(field)]!.rulesByStep[0]![field.rules.indexOf(rule)]!
    return planned.watched && /[\r\n]/.test(text) ? 'kept-line-break' : undefined
  }
  const expected: Expected[] = []
  for (const { line, cells, isBlank } of readRows(body, ',', header.length)) {
    if (isBlank) continue
    // The header is line 1.
    if (typeof cells === 'string') {
      expected.push({ dead: [cells], line: line + 1 })
      continue
    }
    const record = Object.fromEntries(header.map((name, i) => [name, cells[i]!]))
    const made = reference.expect(
      { ...policy.spec, unlisted: 'drop' },
      Buffer.from(JSON.stringify(record)),
      transformOf,
      refuses,
    )
    if ('dead' in made) expected.push({ ...made, line: line + 1 })
    else {
      const out = JSON.parse(made.publish) as unknown
      const cellsOut = output.map(({ names }) => textAt(out, names))
      expected.push({ publish: writeRow(cellsOut, ',', '') })
    }
  }
  return expected
}

/** The input's columns that stay, in its order, then the derived ones in the policy's: header, and path of names. */
function outputColumns(
  { spec, plan }: FuzzPolicy,
  header: readonly string[],
): { readonly header: string; readonly names: readonly string[] }[] {
  const namesOf = (path: readonly reference.Step[]): string[] =>
    path.map((step) => (step as { name: string }).name)
  const own = new Set<string>()
  const derived: { header: string; names: string[] }[] = []
  spec.fields.forEach(({ path, from, rules }, index) => {
    if (rules.every(({ use }) => use === 'drop')) return
    const names = namesOf(path)
    if (from === undefined) own.add(names[0]!)
    else if (header.includes(namesOf(from)[0]!))
      derived.push({
        header: names.length === 1 ? names[0]! : plan.fields[index]!.path.text,
        names,
      })
  })
  return [
    ...header.filter((name) => own.has(name)).map((name) => ({ header: name, names: [name] })),
    ...derived,
  ]
}

/** The text at a path of a record that was made; empty where nothing is. */
function textAt(record: unknown, names: readonly string[]): string {
  let here = record
  for (const name of names) here = (here as Record<string, unknown> | undefined)?.[name]
  return here === undefined || here === null ? '' : String(here)
}

function inProcess(one: Case, kernels: boolean): Seen {
  const { policy, format, chunkBytes } = one
  const options = { now: 0, kernels }
  const head = format === 'csv' ? one.bytes.indexOf(10) + 1 : 0
  const split = { chunkBytes, maxRecordBytes: 1 << 20 }
  const splitter = format === 'csv' ? new CsvSplitter(split, ',') : new LineSplitter(split)
  const lineBreak = one.bytes[head - 2] === 13 ? ('\r\n' as const) : ('\n' as const)
  const rewriter =
    format === 'csv'
      ? csvEngine(policy.plan, one.header, 'input', { ...STYLE, lineBreak }, options)
      : jsonEngine(policy.plan, options)
  const seen = { output: '', dead: [] as { line: number; code: string }[], records: 0 }
  let lines = head > 0 ? 1 : 0
  const take = (pieces: readonly Piece[]): void => {
    for (const piece of pieces) {
      if (piece.kind === 'rejected') {
        for (let n = 0; n < piece.records; n++) seen.dead.push({ line: lines + n + 1, code: piece.code })
        seen.records += piece.records
        lines += piece.lines
        continue
      }
      const made = rewriter.rewrite(piece.bytes, piece.length)
      seen.output += Buffer.from(made.output).toString()
      for (const { line, code } of made.deadLetters) seen.dead.push({ line: lines + line + 1, code })
      lines += made.lines
      seen.records += rewriter.takeAccount().records
    }
  }
  for (let at = head; at < one.bytes.length; at += chunkBytes)
    take(splitter.push(one.bytes.subarray(at, at + chunkBytes)))
  take(splitter.end())
  return { ...seen, output: seen.output.replaceAll('\r\n', '\n') }
}

async function byCommand(
  one: Case,
  workers: number,
  script: string,
  folder: string,
  keysFile: string,
): Promise<Seen> {
  const policyFile = join(folder, 'policy.yaml')
  const deadFile = join(folder, 'dead.ndjson')
  const summaryFile = join(folder, 'summary.json')
  for (const file of [deadFile, summaryFile]) rmSync(file, { force: true })
  writeFileSync(policyFile, one.policy.text)
  const { code, stdout, stderr } = await command(
    script,
    [
      ...['batch', '-', '--format', one.format, '-p', policyFile, '--keys', keysFile, '-o', '-'],
      ...['--workers', String(workers), '--chunk-bytes', String(one.chunkBytes), '--quiet'],
      ...['--dead-letter', deadFile, '--summary', summaryFile, '--max-dead-letters', '1000000'],
    ],
    one.bytes,
  )
  if (code !== 0 && code !== 3) return { output: `exit ${code}: ${stderr}`, dead: [], records: -1 }
  const dead = readFileSync(deadFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((text) => {
      const {
        line,
        code: why,
        records = 1,
      } = JSON.parse(text) as { line: number; code: string; records?: number }
      return Array.from({ length: records }, (_, n) => ({ line: line + n, code: why }))
    })
  const summary = JSON.parse(readFileSync(summaryFile, 'utf8')) as { records: { in: number } }
  const output = one.format === 'csv' ? stdout.slice(stdout.indexOf('\n') + 1) : stdout
  return { output: output.replaceAll('\r\n', '\n'), dead, records: summary.records.in }
}

/** Where what was seen is not what is expected; undefined where it is. Says no value: the seed gives the case. */
function differenceOf({ expected, format }: Case, { output, dead, records }: Seen): string | undefined {
  if (records < 0) return output
  if (records !== expected.length) return `${records} records instead of ${expected.length}`
  const published = expected.flatMap((one) => ('publish' in one ? [one.publish] : []))
  const text = published.map((one) => `${one}\n`).join('')
  // Line breaks inside of cells were made one kind.
  if (output !== (format === 'csv' ? text.replaceAll('\r\n', '\n') : text)) return 'the output differs'
  const refused = expected.flatMap((one) => ('dead' in one ? [one] : []))
  if (
    !isDeepStrictEqual(
      dead.map(({ line }) => line),
      refused.map(({ line }) => line),
    )
  )
    return 'dead letters stand on other lines'
  const at = refused.findIndex(({ dead: codes }, i) => !codes.includes(usual(dead[i]!.code)))
  return at < 0
    ? undefined
    : `a dead letter says ${dead[at]!.code} instead of ${refused[at]!.dead.join(' or ')}`
}

/** Both codes of a text that is not JSON are one here: where a text ends early is a matter of taste. */
const usual = (code: string): string => (code === 'json-truncated' ? 'json-syntax' : code)

function command(
  script: string,
  args: readonly string[],
  input: string | Uint8Array,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { env: { ...process.env, LETHE_KEYS_FILE: '' } })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.on('error', reject)
    child.on('close', (code) =>
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    )
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

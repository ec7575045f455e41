/** A batch under `crowd:` publishes exactly the records of classes that are large enough, as a naive count over its input says. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { batchFiles } from '../../../src/batch/batch-files.ts'
import type { LetheError } from '../../../src/errors.ts'
import { inspectInput } from '../../../src/files/input.ts'
import { equalCloseness, histogramsOf } from '../../../src/measures/diversity.ts'
import { preparePool } from '../../../src/run/chunk-pool.ts'
import { RunFiles } from '../../../src/run/run-files.ts'

const LONG = 'a text that is longer than the short ones, of which tables are made'
const mostly = (common: unknown, ...others: readonly unknown[]): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(common) }, fc.constantFrom(...others))
const anyValue = mostly('a', undefined, null, '', 'b', '1985', 1985, 'ä"b', LONG)
const anyRecord = fc.record(
  {
    s: fc.constantFrom<unknown>(undefined, null, '', 'p', 'q', 'r', 7, '7', `${LONG}${LONG}`),
    a: anyValue,
    b: fc.constantFrom<unknown>('x', 1985, null),
    list: mostly(['a'], undefined, ['a', 'b'], ['ab'], [null]),
    d: fc.constantFrom('flu', 'cold', 'ache', null),
    // Records that die, and records without consent, are in no class.
    born: mostly('1985-03-10', 'no date'),
    ok: mostly(true, false),
  },
  { requiredKeys: ['s', 'd', 'born', 'ok'] },
)
type Given = Readonly<Record<string, unknown>>

interface Terms {
  readonly k: number
  readonly l: number | undefined
  readonly t: number | undefined
  readonly hasSubject: boolean
}
const anyTerms = fc.record({
  k: fc.integer({ min: 2, max: 4 }),
  l: fc.constantFrom(undefined, 2, 3),
  t: fc.constantFrom(undefined, 0.1, 0.3, 0.5),
  hasSubject: fc.boolean(),
})

const policyOf = ({ k, l, t, hasSubject }: Terms, more: string): string => `policy: p
version: 1
purpose: train_ai_system
${hasSubject ? 'subject: s\n' : ''}fields:
  s: drop
  a: { use: keep, role: quasi-identifier }
  b: { use: keep, role: quasi-identifier }
  "list[]": { use: keep, role: quasi-identifier }
  d: { use: keep, role: sensitive }
  n: keep
  born: { use: generalize.date, to: year, format: date }
consent: { from: ok, when: { is: true } }
crowd: { k: ${k}${l === undefined ? '' : `, l: ${l}`}${t === undefined ? '' : `, t: ${t}`}, ${more} }
`

/** Text of a value; what is nothing is one. */
const textOf = (value: unknown): string =>
  value === undefined || value === null || value === ''
    ? 'nothing'
    : `: ${JSON.stringify(value).replace(/^"|"$/g, '')}`
const codesOf = (texts: readonly string[]): Int32Array<ArrayBuffer> => {
  const known = [...new Set(texts)]
  return Int32Array.from(texts, (text) => known.indexOf(text))
}

/** Numbers of the records that leave, and of those that would without the crowd. */
function naive(given: readonly Given[], { k, l, t, hasSubject }: Terms) {
  const candidates = [...given.keys()].filter(
    (at) => given[at]!['born'] !== 'no date' && given[at]!['ok'] === true,
  )
  const classOf = (at: number): string =>
    JSON.stringify(['a', 'b', 'list'].map((name) => textOf(given[at]![name])))
  const subjectOf = (at: number): string => (hasSubject ? textOf(given[at]!['s']) : `record ${at}`)
  const countBy = (at: number, all: readonly number[], of: (at: number) => string): number =>
    new Set(all.filter((other) => classOf(other) === classOf(at)).map(of)).size
  let left = candidates.filter(
    (at) =>
      countBy(at, candidates, subjectOf) >= k &&
      countBy(at, candidates, (other) => textOf(given[other]!['d'])) >= (l ?? 1),
  )
  for (let before = -1; t !== undefined && before !== left.length; ) {
    before = left.length
    const classes = codesOf(left.map(classOf))
    const values = codesOf(left.map((at) => textOf(given[at]!['d'])))
    const count = new Set(classes).size
    const far = equalCloseness(histogramsOf(classes, count, values, codesOf(left.map(subjectOf))))
    left = left.filter((_, at) => far[classes[at]!]! <= t + 1e-9)
  }
  return { candidates, left }
}

describe('a crowd over files', () => {
  let cwd = ''
  const at = (name: string): string => join(cwd, name)
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'lethe-crowd-'))
  })
  afterEach(() => {
    rmSync(cwd, { recursive: true, force: true })
  })

  async function run(given: readonly Given[], policy: string, inputs: readonly string[]) {
    writeFileSync(at('p.yaml'), policy)
    const half = Math.ceil(given.length / inputs.length)
    for (const [file, name] of inputs.entries())
      writeFileSync(
        at(name),
        given
          .map((one, n) => `${JSON.stringify({ n, ...one })}\n`)
          .slice(file * half, (file + 1) * half)
          .join(''),
      )
    rmSync(at('out.ndjson'), { force: true })
    const files = inputs.map((name) => inspectInput(at(name), undefined))
    const prepared = preparePool(files, 1)
    try {
      return await batchFiles(
        files,
        {
          policy: at('p.yaml'),
          output: at('out.ndjson'),
          maxDeadLetters: { kind: 'count', most: 1000 },
          maxRecordBytes: 1 << 20,
          // Several chunks, and blocks.
          chunkBytes: 300,
        },
        { keyring: undefined },
        prepared,
        new RunFiles(),
        { progress: () => {}, account: () => {} },
      )
    } finally {
      await prepared.close()
    }
  }

  it('publishes the records of classes that are large enough, and no others', async () => {
    let published = 0
    let suppressed = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRecord, { minLength: 1, maxLength: 60, size: 'max' }),
        anyTerms,
        async (given, terms) => {
          const { candidates, left } = naive(given, terms)
          const policy = policyOf(terms, 'onFail: suppress, maxSuppressed: 100%')
          const summary = await run(given, policy, ['in.ndjson', 'in2.ndjson'])
          const lines = readFileSync(at('out.ndjson'), 'utf8').trimEnd().split('\n')
          const numbers = lines.flatMap((line) =>
            line === '' ? [] : [(JSON.parse(line) as { n: number }).n],
          )
          expect(numbers).toEqual(left)
          expect(summary.records.suppressed['crowd'] ?? 0).toBe(candidates.length - left.length)
          published += left.length
          suppressed += candidates.length - left.length
        },
      ),
      { numRuns: 14 },
    )
    // Else it shows little.
    expect(published).toBeGreaterThan(10)
    expect(suppressed).toBeGreaterThan(10)
  })

  it('leaves nothing where more would go than may', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRecord, { minLength: 1, maxLength: 12 }),
        fc.constantFrom('onFail: fail', 'onFail: suppress, maxSuppressed: 25%'),
        async (given, more) => {
          const terms = { k: 2, l: undefined, t: undefined, hasSubject: true }
          const { candidates, left } = naive(given, terms)
          const gone = candidates.length - left.length
          const mayLeave = gone <= (more === 'onFail: fail' ? 0 : 0.25) * candidates.length
          const ended = await run(given, policyOf(terms, more), ['in.ndjson']).catch(
            (error: unknown) => error,
          )
          if (mayLeave) expect(ended).toMatchObject({ status: 'done' })
          else expect((ended as LetheError).code).toBe('crowd-too-small')
          expect(existsSync(at('out.ndjson'))).toBe(mayLeave)
        },
      ),
      { numRuns: 8 },
    )
  })
})

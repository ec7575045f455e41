/** What every registered transform promises, held against each of them. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { optionRows } from '../../src/catalogue/catalogue.ts'
import { loadKeyring } from '../../src/keys/file.ts'
import { transforms } from '../../transforms/index.ts'
import { expire } from '../../transforms/retention/expire.ts'
import { covers } from '../../transforms/reveals/covers.ts'
import { ALL, ASSUMED_ALL, NOTHING } from '../../transforms/reveals/revelation.ts'
import { inWords } from '../../transforms/reveals/words.ts'
import {
  type CompileContext,
  type CompiledTransform,
  type Example,
  FAILURE_CODES,
  Failure,
  OptionError,
  type RecordContext,
  type Result,
  type Transform,
} from '../../transforms/transform.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const keys = loadKeyring(join(root, 'config/keys/test.keyset.json'))

const TABLE = [
  ['Berlin', 'Germany', '*'],
  ['Hamburg', 'Germany', '*'],
  ['Paris', 'France', '*'],
]

const context: CompileContext = {
  path: 'example',
  key: (use, domain) => keys.key(use, domain),
  readText: () => {
    throw new OptionError('there is no such file')
  },
  readTable: () => TABLE,
  usesList: () => {},
  usesPlatform: () => {},
}

/** Options for transforms whose examples would need a file. */
const OPTIONS_WITHOUT_EXAMPLES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'generalize.hierarchy': { file: 'cities.csv', level: 1 },
}

const INPUTS = [
  'Berlin',
  '0',
  '-1.50',
  '1985-03-12',
  '2024-07-15T13:45:00Z',
  'jane.doe@example.com',
  '+49 30 123456',
  '192.168.7.9',
  '2001:db8::1',
  '52.520008',
  '94103',
  '4111 1111 1111 1111',
  'https://example.com/a?b=c#d',
  '東京都',
  '👩‍👩‍👧 x',
  ' ',
  '"',
  '\u0000\u001b[2J',
]

function recordOf(example: Pick<Example, 'subject' | 'eventTime'>): RecordContext {
  const { subject, eventTime } = example
  const now = Date.UTC(2026, 5, 1)
  return { subject, eventTime: eventTime === undefined ? undefined : Date.parse(eventTime), now }
}

const RECORD: RecordContext = {
  subject: 'C-1001',
  eventTime: Date.parse('2024-07-15T13:45:00Z'),
  now: Date.UTC(2026, 5, 1),
}
const NO_RECORD: RecordContext = { subject: undefined, eventTime: undefined, now: Date.UTC(2026, 5, 1) }

/** Every set of options that the transform's examples show, each once. */
function optionSets(transform: Transform): Readonly<Record<string, unknown>>[] {
  const shown = transform.examples.map((example) => example.options)
  const extra = OPTIONS_WITHOUT_EXAMPLES[transform.name]
  const sets = extra === undefined ? shown : [extra, ...shown]
  return sets.filter(
    (set, i) => sets.findIndex((other) => JSON.stringify(other) === JSON.stringify(set)) === i,
  )
}

const compileWith = (transform: Transform, options: Readonly<Record<string, unknown>>): CompiledTransform =>
  transform.compile(transform.options.parse(options), context)

/** Well-formed, not empty: what a transform is promised to see. */
const value = fc
  .oneof(
    fc.constantFrom(...INPUTS),
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.string({ unit: 'grapheme', minLength: 1 }),
    fc.integer().map(String),
    fc.double({ noNaN: true }).map(String),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    fc.ipV4(),
    fc.ipV6(),
    fc.emailAddress(),
    fc.webUrl({ withQueryParameters: true }),
  )
  .filter((text) => text !== '' && text.isWellFormed())

const PLAIN = /^[A-Za-z0-9*][A-Za-z0-9._\-:+@/*=]*$/
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

function checkResult(transform: Transform, compiled: CompiledTransform, text: string, result: Result): void {
  if (result instanceof Failure) {
    expect(Object.keys(FAILURE_CODES)).toContain(result.code)
    expect(result.code, 'a transform of ours broke').not.toBe('transform-error')
    expect(Object.keys(transform.failures), 'a failure that the transform does not declare').toContain(
      result.code,
    )
    return
  }
  expect(typeof result).toBe('string')
  expect(result.isWellFormed()).toBe(true)
  if (!transform.properties.mayReturnInput) expect(result).not.toBe(text)
  if (compiled.plain === true) expect(result).toMatch(PLAIN)
  if (compiled.yields === 'number') expect(result).toMatch(NUMBER)
}

/** Whether a value that a file exports is a transform, whatever its file is called. */
function isTransform(exported: unknown): exported is Transform {
  if (typeof exported !== 'object' || exported === null) return false
  const { name, compile, examples } = exported as Partial<Transform>
  return typeof name === 'string' && typeof compile === 'function' && Array.isArray(examples)
}

describe('the register', () => {
  it('holds every transform that a file of the folders exports', async () => {
    const folder = join(root, 'transforms')
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile() && entry.name.endsWith('.ts') && !/\.(as|wasm)\.ts$/.test(entry.name),
    )
    const found = new Set<unknown>()
    for (const { parentPath, name } of files) {
      const exports = (await import(pathToFileURL(join(parentPath, name)).href)) as Record<string, unknown>
      for (const exported of Object.values(exports)) if (isTransform(exported)) found.add(exported)
    }
    expect([...found].map((one) => (one as Transform).name).sort()).toEqual(
      [...transforms, expire].map(({ name }) => name).sort(),
    )
  })

  it('is in alphabetical order and holds every file of the families, once', () => {
    const names = transforms.map((transform) => transform.name)
    expect(names).toEqual([...new Set(names)].sort())
    expect(names.length).toBeGreaterThan(20)
  })
})

describe.each(transforms.map((transform) => [transform.name, transform] as const))(
  '%s',
  (name, transform) => {
    it('is the file that its name says, and has a test', () => {
      const file = `${name.replaceAll('.', '/')}`
      expect(existsSync(join(root, `transforms/${file}.ts`))).toBe(true)
      const family = readdirSync(join(root, 'test/transforms', file.slice(0, file.indexOf('/'))))
      const own = file.slice(file.indexOf('/') + 1)
      const tested =
        family.includes(`${own}.test.ts`) || family.some((test) => /^(?:token|fakes)\.test\.ts$/.test(test))
      expect(tested).toBe(true)
    })

    it('says of itself what people ask', () => {
      const { summary, properties, doesNotStop, failures, version } = transform
      expect(summary).toMatch(/^[A-Z].{10,}\.$/s)
      expect(doesNotStop.length).toBeGreaterThan(30)
      expect(Number.isInteger(version) && version >= 1).toBe(true)
      for (const text of [
        properties.reversible,
        properties.formatKept,
        properties.accepts,
        properties.yields,
      ])
        expect(text.length).toBeGreaterThan(1)
      for (const text of Object.values(failures)) expect(text.length).toBeGreaterThan(10)
      for (const { name: option, description } of optionRows(transform))
        expect({ option, described: description.length > 10 }).toEqual({ option, described: true })
    })

    it('knows its options: an unknown one is refused', () => {
      const options = optionSets(transform)[0] ?? {}
      expect(transform.options.safeParse(options).success).toBe(true)
      expect(transform.options.safeParse({ ...options, noSuchOption: 1 }).success).toBe(false)
    })

    it.each(transform.examples.map((example) => [example.title, example] as const))(
      'does as its example says: %s',
      (_, example) => {
        const { apply } = compileWith(transform, example.options)
        const result = apply(example.input, recordOf(example))
        const { output } = example
        if (typeof output === 'string') expect(result).toBe(output)
        else {
          expect(result).toBeInstanceOf(Failure)
          expect((result as Failure).code).toBe(output.fails)
          expect(Object.keys(transform.failures)).toContain(output.fails)
        }
      },
    )

    const sets = optionSets(transform).map((set) => [JSON.stringify(set), set] as const)

    it('says what its results tell, which is a token where it says that it is one', () => {
      for (const [, set] of sets) {
        const revealed = transform.reveals(transform.options.parse(set))
        expect(revealed).not.toBe(ASSUMED_ALL)
        expect(revealed.tells).not.toBe('all')
        expect(revealed.tells === 'equality').toBe(transform.properties.stableToken)
        expect(inWords(revealed).length).toBeGreaterThan(5)
        // What is the same tells the same.
        const vague =
          revealed.tells === 'part' &&
          revealed.parts.some(
            (one) => one.of === 'unmatched' || (one.of === 'characters' && one.share === 'open'),
          )
        expect(covers(revealed, transform.reveals(transform.options.parse(set)))).toBe(!vague)
        expect(covers(revealed, ALL)).toBe(false)
        expect(covers(ALL, revealed)).toBe(true)
        expect(covers(revealed, NOTHING)).toBe(true)
        expect(covers(ASSUMED_ALL, revealed)).toBe(revealed.tells === 'nothing')
      }
    })

    it.each(sets)('never throws, and gives only what it declares, with %s', (_, options) => {
      const compiled = compileWith(transform, options)
      const shown = transform.examples.map((example) => example.input)
      for (const text of [...INPUTS, ...shown]) {
        for (const record of [RECORD, NO_RECORD])
          checkResult(transform, compiled, text, compiled.apply(text, record))
      }
      fc.assert(
        fc.property(value, fc.constantFrom(RECORD, NO_RECORD), (text, record) => {
          checkResult(transform, compiled, text, compiled.apply(text, record))
        }),
        { numRuns: 75 },
      )
    })

    it.each(sets)('repeats itself, compiled twice, with %s', (_, options) => {
      const one = compileWith(transform, options)
      const other = compileWith(transform, options)
      expect([other.yields, other.plain]).toEqual([one.yields, one.plain])
      fc.assert(
        fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (texts) => {
          const results = texts.map((text) => one.apply(text, RECORD))
          // In another order, after other values: nothing is remembered that changes a result.
          const again = texts.toReversed().map((text) => other.apply(text, RECORD))
          expect(again.toReversed()).toEqual(results)
        }),
        { numRuns: 25 },
      )
    })

    const kernels = sets.filter(([, options]) => compileWith(transform, options).applyAll !== undefined)
    if (kernels.length > 0) {
      it.each(kernels)('is the same value by value and many at once, with %s', (_, options) => {
        const compiled = compileWith(transform, options)
        fc.assert(
          fc.property(fc.array(value, { maxLength: 40 }), (texts) => {
            const out: Result[] = ['untouched', ...texts].reverse()
            const expected = texts.map((text) => compiled.apply(text, NO_RECORD))
            const behind = out.slice(texts.length)
            compiled.applyAll!(texts, out, texts.length)
            expect(out.slice(0, texts.length)).toEqual(expected)
            expect(out.slice(texts.length)).toEqual(behind)
          }),
          { numRuns: 50 },
        )
      })
    }
  },
)

describe('retention.expire', () => {
  it.each(expire.examples.map((example) => [example.title, example] as const))(
    'does as its example says: %s',
    (_, example) => {
      const { judge } = expire.compile(example.options as unknown as Parameters<typeof expire.compile>[0])
      expect(String(judge(Date.parse(example.eventTime!), Date.parse(example.input)))).toBe(example.output)
    },
  )
})

/** Byte kernels against the definition: `writeBytes` gives the UTF-8 of what `apply` gives, or -1. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadKeyring } from '../../src/keys/file.ts'
import { transforms } from '../../transforms/index.ts'
import {
  type CompileContext,
  type CompiledTransform,
  OptionError,
  type RecordContext,
  type Transform,
  WRITE_ROOM,
} from '../../transforms/transform.ts'
import { expectSame } from '../same.ts'
import { anyValue, COMMON, OPTION_SETS, optionsAtRandom } from './byte-values.ts'

const keys = loadKeyring(
  join(fileURLToPath(new URL('../..', import.meta.url)), 'config/keys/test.keyset.json'),
)
const TABLE = [
  ['Berlin', 'Germany', '*'],
  ['Köln', 'Germany', '*'],
  ['東京', 'Japan', '*'],
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
const RECORD: RecordContext = { subject: undefined, eventTime: undefined, now: Date.UTC(2026, 5, 1) }
const UNTOUCHED = 0xa5

type Options = Readonly<Record<string, unknown>>

const compileWith = (transform: Transform, options: Options): CompiledTransform =>
  transform.compile(transform.options.parse(options), context)

/** What `apply` gives, in UTF-8; undefined for a failure. */
function expected(compiled: CompiledTransform, text: string): Buffer | undefined {
  const result = compiled.apply(text, RECORD)
  return typeof result === 'string' ? Buffer.from(result, 'utf8') : undefined
}

/** What stands around a value within its source. */
interface Place {
  readonly before: string
  readonly behind: string
  /** Where the result is to stand. */
  readonly at: number
}

/** Runs the kernel over one value and holds the result against `apply`. Gives whether the kernel took the value. */
function check(compiled: CompiledTransform, text: string, { before, behind, at }: Place): boolean {
  const value = Buffer.from(text, 'utf8')
  const start = Buffer.byteLength(before)
  const end = start + value.length
  const source = new Uint8Array(Buffer.concat([Buffer.from(before), value, Buffer.from(behind)]))
  const kept = source.slice()
  const room = value.length + WRITE_ROOM
  const out = new Uint8Array(at + room + 64).fill(UNTOUCHED)
  const to = compiled.writeBytes!(source, start, end, out, at)
  // In one comparison: these run for every value.
  const isUntouched = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === UNTOUCHED)
  expectSame(
    {
      source: Buffer.compare(source, kept),
      before: isUntouched(out.subarray(0, at)),
      behind: isUntouched(out.subarray(at + room)),
    },
    { source: 0, before: true, behind: true },
  )
  if (to === -1) return false
  expectSame(Number.isInteger(to) && to > at && to <= at + room, true)
  const written = Buffer.from(out.subarray(at, to)).toString('latin1')
  expectSame<string | undefined>(written, expected(compiled, text)?.toString('latin1'))
  return true
}

const place: fc.Arbitrary<Place> = fc.record({
  before: fc.constantFrom('', '1', '9999999999', 'abcdefgh', 'https://', '@', '-', '.', '"', 'é', '\r'),
  behind: fc.constantFrom(
    '',
    '0',
    '77.',
    '.123',
    '0000000000',
    '12345678.9',
    'abcdefgh',
    '.com',
    '-',
    'Z',
    '"',
    'é',
    '\n',
  ),
  at: fc.nat(40),
})

/** The options of the examples and those of `OPTION_SETS`, each once. */
function optionSets(transform: Transform): readonly Options[] {
  const sets = [
    ...transform.examples.map((example) => example.options),
    ...(OPTION_SETS[transform.name] ?? []),
  ]
  return [...new Map(sets.map((set) => [JSON.stringify(set), set])).values()]
}

const compiledSets = transforms.flatMap((transform) =>
  optionSets(transform).map((options) => {
    const compiled = compileWith(transform, options)
    return [transform.name, JSON.stringify(options), compiled, transform] as const
  }),
)
const single = compiledSets.filter(([, , compiled]) => compiled.writeBytes !== undefined)
const many = compiledSets.filter(([, , compiled]) => compiled.writeAllBytes !== undefined)

describe('byte kernels', () => {
  it('are there for every transform that records are full of', () => {
    const names = new Set(single.map(([name]) => name))
    expect([...names]).toEqual(expect.arrayContaining(Object.keys(COMMON)))
    expect(names.size).toBeGreaterThanOrEqual(13)
  })

  it.each(single)('%s %s: writes what apply gives, or asks it', (name, _, compiled, transform) => {
    for (const { input } of transform.examples) check(compiled, input, { before: '7a', behind: '7a', at: 3 })
    fc.assert(
      fc.property(anyValue(name), place, (text, around) => {
        check(compiled, text, around)
      }),
      { numRuns: 200 },
    )
  })

  it.each(Object.keys(optionsAtRandom))('%s: so it does under options at random', (name) => {
    const transform = transforms.find((other) => other.name === name)!
    const values = fc.array(anyValue(name), { minLength: 20, maxLength: 20 })
    fc.assert(
      fc.property(optionsAtRandom[name]!, values, place, (options, texts, around) => {
        const compiled = compileWith(transform, options)
        if (compiled.writeBytes === undefined) return
        for (const text of texts) check(compiled, text, around)
      }),
      { numRuns: 50 },
    )
  })

  const common = Object.entries(COMMON).flatMap(([name, cases]) =>
    cases.map(({ options, values }) => [name, JSON.stringify(options), options, values] as const),
  )
  it.each(common)('%s %s: takes the common values itself', (name, _, options, values) => {
    const compiled = compileWith(transforms.find((other) => other.name === name)!, options)
    const left = values.filter((text) => !check(compiled, text, { before: 'a1', behind: '1a', at: 5 }))
    expect(left).toEqual([])
  })

  if (many.length > 0) {
    it.each(many)('%s %s: the same for many values at once', (name, _, compiled) => {
      fc.assert(
        fc.property(fc.array(anyValue(name), { maxLength: 40 }), fc.nat(40), (texts, at) => {
          const starts = new Int32Array(texts.length + 1)
          const ends = new Int32Array(texts.length + 1)
          let source = Buffer.from('7a')
          texts.forEach((text, i) => {
            starts[i] = source.length
            source = Buffer.concat([source, Buffer.from(text)])
            ends[i] = source.length
            source = Buffer.concat([source, Buffer.from(',')])
          })
          const out = new Uint8Array(at + source.length + texts.length * WRITE_ROOM + 64).fill(UNTOUCHED)
          const resultEnds = new Int32Array(texts.length + 1).fill(-7)
          compiled.writeAllBytes!(source, starts, ends, texts.length, out, at, resultEnds)
          expect(out.subarray(0, at).every((byte) => byte === UNTOUCHED)).toBe(true)
          expect(resultEnds[texts.length]).toBe(-7)
          let from = at
          texts.forEach((text, i) => {
            const to = resultEnds[i]!
            expectSame(to >= from && to - from <= Buffer.byteLength(text) + WRITE_ROOM, true)
            if (to > from) {
              const written = Buffer.from(out.subarray(from, to)).toString('latin1')
              expectSame<string | undefined>(written, expected(compiled, text)?.toString('latin1'))
            }
            from = to
          })
        }),
        { numRuns: 50 },
      )
    })
  }
})

/** What revelations say of each other has to hold of the results: over the register and over real values. */
import { hkdfSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { transforms } from '../../transforms/index.ts'
import { shownByPattern } from '../../transforms/mask/shown-by-pattern.ts'
import { covers } from '../../transforms/reveals/covers.ts'
import { ALL, type Part, part, type Revelation } from '../../transforms/reveals/revelation.ts'
import { tellsNearlyAll, union } from '../../transforms/reveals/together.ts'
import { type CompileContext, Failure } from '../../transforms/transform.ts'

const TABLE = [
  ['94103', '941', 'CA', '*'],
  ['94110', '941', 'CA', '*'],
  ['10115', '101', 'BE', '*'],
]
const context: CompileContext = {
  path: 'x',
  key: (use, domain) => ({
    id: 'k1',
    bytes: new Uint8Array(hkdfSync('sha256', 'test', '', `${use}/${domain}`, 32)),
  }),
  readText: () => '',
  readTable: () => TABLE,
  usesList: () => {},
  usesPlatform: () => {},
}

/** Options beside those of the examples, so that many pairs can be compared. */
const MORE: Readonly<Record<string, readonly Record<string, unknown>[]>> = {
  'generalize.prefix': [{ keep: 1 }, { keep: 2 }, { keep: 4 }],
  'generalize.number': [
    { width: 10 },
    { width: 20 },
    { width: 30, origin: 5 },
    { edges: [10, 50] },
    { width: 5 },
    { width: 10, decimal: ',', grouping: '.' },
    { width: 20, decimal: ',' },
    { width: 10, grouping: ',' },
  ],
  'generalize.hierarchy': [1, 2, 3].map((level) => ({ file: 'h', level })),
  'generalize.date': ['year', 'quarter', 'month', 'week', 'day'].map((to) => ({ to })),
  'generalize.category': [{ allow: ['94103', '7'] }, { allow: ['7'] }, { map: { 7: 'a', 94103: 'a' } }],
  'mask.characters': [
    { keepLast: 4 },
    { keepLast: 2 },
    { keepFirst: 3, length: 3 },
    { keepFirst: 3, keepLast: 2 },
  ],
  'mask.pattern': [{ pattern: '.+' }, { pattern: '^.(.+)$', masks: 'groups' }, { pattern: '[0-9]' }],
  'generalize.ip': [
    { v4: 16, v6: 32 },
    { v4: 8 },
    { v4: 16, list: 'first' },
    { v4: 8, list: 'last' },
    { v4: 8, endpoint: 'allow' },
  ],
  'generalize.url': [
    { keepParams: ['a*'] },
    { keepParams: ['a', 'ab'] },
    { keepPath: 1, keepParams: ['ab*'], schemeless: 'allow' },
  ],
  'generalize.geo': [
    { axis: 'latitude', cell: 1 },
    { axis: 'latitude', cell: 2 },
  ],
  'mask.card': [{ keepLast: 2 }, { keepFirst: 4 }, { keepFirst: 4, keepLast: 0, luhn: 'ignore' }],
}

interface Answer {
  readonly name: string
  readonly revealed: Revelation
  readonly run: (text: string) => string
}

const answers: readonly Answer[] = transforms.flatMap((transform) =>
  [...transform.examples.map((example) => example.options), ...(MORE[transform.name] ?? [])].map((set) => {
    const options = transform.options.parse(set)
    const { apply } = transform.compile(options, context)
    return {
      name: `${transform.name} ${JSON.stringify(set)}`,
      revealed: transform.reveals(options),
      run: (text: string) => {
        const result = apply(text, {
          subject: 's',
          eventTime: Date.UTC(2026, 1, 1),
          now: Date.UTC(2026, 5, 1),
        })
        return result instanceof Failure ? `!${result.code}` : result
      },
    }
  }),
)

const digit = (length: number) =>
  fc
    .array(fc.integer({ min: 0, max: 2 }), { minLength: length, maxLength: length })
    .map((all) => all.join(''))
const two = (most: number) => fc.integer({ min: 1, max: most }).map((n) => String(n).padStart(2, '0'))
const values = fc.oneof(
  fc.integer({ min: 0, max: 80 }).map(String),
  fc.constantFrom('94103', '94110', '10115', '7', 'a@b.example', 'anna@b.example', 'https://a.example/b/c'),
  digit(5),
  fc.tuple(digit(1), fc.constantFrom('.', ','), digit(3)).map((all) => all.join('')),
  fc
    .tuple(fc.constantFrom('10.0.0.1', '10.1.1.1:80'), fc.constantFrom('10.0.1.1', '11.2.0.1'))
    .map((all) => all.join(', ')),
  fc
    .tuple(fc.constantFrom('a', 'ab', 'abc', 'b'), digit(1))
    .map(([name, value]) => `https://a.example/b?${name}=${value}&c=1`),
  fc.tuple(fc.constantFrom('1984', '1985'), two(12), two(28)).map((all) => all.join('-')),
  fc.tuple(fc.constantFrom('10.0', '10.1'), digit(1), digit(1)).map((all) => all.join('.')),
  fc.constantFrom('4111111111111111', '4111 1111 1111 1111', '5555555555554444', '378282246310005'),
  fc.string({ unit: fc.constantFrom('a', 'b', 'é', '👍🏽'), minLength: 1, maxLength: 9 }),
)

it('who tells nothing gives every value one result', () => {
  const silent = answers.filter(({ revealed }) => revealed.tells === 'nothing')
  expect(silent.length).toBeGreaterThan(3)
  fc.assert(
    fc.property(fc.array(values, { minLength: 2, maxLength: 20 }), (texts) => {
      for (const { name, run } of silent)
        expect(new Set(texts.map(run).filter((result) => !result.startsWith('!'))).size, name).toBeLessThan(2)
    }),
  )
})

describe('what covers says', () => {
  const telling = answers.filter(({ revealed }) => revealed.tells === 'part')
  const pairs = telling.flatMap((one) =>
    telling
      .filter((other) => one !== other && covers(one.revealed, other.revealed))
      .map((other) => [one, other] as const),
  )

  it('is said of many pairs', () => expect(pairs.length).toBeGreaterThan(30))

  it('holds: two values with one result have one result under what is covered', () => {
    fc.assert(
      fc.property(fc.array(values, { minLength: 60, maxLength: 60 }), (texts) => {
        const results = new Map(telling.map((one) => [one, texts.map(one.run)]))
        for (const [one, other] of pairs) {
          const seen = new Map<string, string>()
          const [before, after] = [results.get(one)!, results.get(other)!]
          for (const [i, result] of before.entries()) {
            // A failure says nothing of the value, and what fails under the one may be read by the other.
            if (result.startsWith('!') || after[i]!.startsWith('!')) continue
            const known = seen.get(result) ?? after[i]!
            if (after[i] !== known) expect.fail(`${one.name} does not cover ${other.name}`)
            seen.set(result, known)
          }
        }
      }),
      { numRuns: 30, endOnFailure: true },
    )
  })

  it('goes from one to the next: it is transitive', () => {
    for (const [one, other] of pairs)
      for (const { name, revealed } of answers)
        if (covers(other.revealed, revealed))
          expect(covers(one.revealed, revealed), `${one.name}, ${other.name}, ${name}`).toBe(true)
  })
})

describe('what several parts tell', () => {
  const parts: readonly Part[] = answers.flatMap(({ revealed }) =>
    revealed.tells === 'part' ? revealed.parts : [],
  )

  it('never is less than what some of them do', () => {
    const some = fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(
        some,
        fc.constantFrom(...parts),
        fc.constantFrom('value' as const, 'identifier' as const),
        (few, more, strict) => {
          if (union(few, strict).tells === 'all') expect(union([...few, more], strict)).toBe(ALL)
          // And what leaves next to nothing open is told by two of them already.
          if (union([...few, more], strict).tells === 'all') {
            const all = [...few, more]
            expect(all.some((one) => all.some((other) => union([one, other], strict).tells === 'all'))).toBe(
              true,
            )
          }
        },
      ),
      { numRuns: 1500 },
    )
  })

  it('is nearly all for an identifier where it is for a value', () => {
    for (const one of parts)
      if (tellsNearlyAll(part(one))) expect(tellsNearlyAll(part(one), 'identifier')).toBe(true)
  })
})

describe('what a pattern provably leaves', () => {
  it.each([
    ['.+', 'match', { first: 0, last: 0 }],
    ['.', 'match', { first: 0, last: 0 }],
    ['(?s).+', 'match', { first: 0, last: 0 }],
    ['^[a-z]+$', 'match', { first: 0, last: 0 }],
    ['^[0-9 ()+-]{5,}$', 'match', { first: 0, last: 0 }],
    ['^(.+)$', 'groups', { first: 0, last: 0 }],
    ['^.{2}(.+)$', 'groups', { first: 2, last: 0 }],
    ['^(.+).{4}$', 'groups', { first: 0, last: 4 }],
    ['^\\d{3}-(\\d+)-\\d{1,4}$', 'groups', { first: 3, last: 4 }],
    ['^a(.+)-b?(.+)x$', 'groups', { first: 0, last: 0 }],
    ['^(?:[a-z]x){2}(.+)$', 'groups', { first: 2, last: 0 }],
    ['-', 'match', undefined],
    ['[0-9]+', 'match', undefined],
    ['^.', 'match', undefined],
    ['^.+', 'match', undefined],
    ['^a+|b$', 'match', undefined],
    ['^.+\\$', 'match', undefined],
    ['(?m)^.+$', 'match', undefined],
    ['^(.).+$', 'groups', undefined],
    ['^(.)[a-z]*$', 'groups', undefined],
    ['^((.)b)$', 'groups', undefined],
    ['^\\bx(.+)$', 'groups', undefined],
  ] as const)('of %s, hiding the %s: %j', (source, masks, expected) => {
    expect(shownByPattern(source, masks)).toEqual(expected)
  })
})

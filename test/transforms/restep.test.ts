/** Stored results that are taken to a later step: of every registered transform that says it can. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { transforms } from '../../transforms/index.ts'
import { type CompileContext, Failure, type RecordContext } from '../../transforms/transform.ts'

const TABLE = ['70', '71', '80', '81', '90'].flatMap((area) =>
  ['1', '2', '3'].map((end) => [`${area}${end}`, `${area}*`, `${area[0]}**`, 'any']),
)

const context: CompileContext = {
  path: 'a',
  key: () => ({ id: 'k1', bytes: new Uint8Array(32) }),
  readText: () => '',
  readTable: () => TABLE,
  usesList: () => {},
  usesPlatform: () => {},
}
const record: RecordContext = {
  subject: undefined,
  eventTime: Date.parse('2026-03-10T12:00:00Z'),
  now: Date.parse('2026-03-10T12:00:00Z'),
}

const moments = fc
  .integer({ min: Date.parse('1900-01-01'), max: Date.parse('2100-01-01') })
  .map((time) => new Date(time).toISOString())

/** Options to pair with each other, and values for them. */
const WORLDS: Readonly<
  Record<string, { readonly options: readonly object[]; readonly values: fc.Arbitrary<string> }>
> = {
  'generalize.date': {
    options: ['UTC', 'Asia/Tokyo', 'America/New_York'].flatMap((zone) =>
      ['hour', 'day', 'week', 'month', 'quarter', 'year'].map((to) => ({ to, zone })),
    ),
    values: moments,
  },
  'generalize.prefix': {
    options: [1, 2, 3, 5].map((keep) => ({ keep })),
    values: fc.string({ unit: 'grapheme', maxLength: 9 }),
  },
  // Of a label whose bounds have more than 40 digits it fails, as the transform does of a number.
  'generalize.number': {
    options: [
      ...['0.5', 1, 5, 10, 20, 25, 100].map((width) => ({ width })),
      { width: 10, origin: 5 },
      { width: 20, origin: 5 },
      { width: 10, top: 90 },
      { edges: [1, 5] },
      { width: 10, as: 'midpoint' },
    ],
    values: fc.oneof(fc.integer().map(String), fc.double({ noNaN: true, min: -1e30, max: 1e30 }).map(String)),
  },
  'generalize.hierarchy': {
    options: [1, 2, 3].map((level) => ({ file: 'h.csv', level })),
    values: fc.constantFrom(...TABLE.map(([value]) => value!), 'none'),
  },
  'generalize.category': {
    options: [
      { allow: ['US', 'CA'], map: { DE: 'EU', FR: 'EU' } },
      { allow: ['US'], map: { DE: 'EU', FR: 'EU' } },
      { map: { US: 'America', CA: 'America', DE: 'EU', FR: 'EU' } },
      { map: { DE: 'Europe', FR: 'other Europe' } },
      { map: { US: 'known', CA: 'known', DE: 'known', FR: 'known' }, other: 'unknown' },
      { map: { DE: 'other', FR: 'EU' }, other: 'rest' },
    ],
    values: fc.constantFrom('US', 'CA', 'DE', 'FR', 'LI', 'other', 'EU', 'America'),
  },
  'generalize.age': {
    options: [
      ...[1, 2, 5, 10, 20].map((width) => ({ width })),
      { width: 10, topCode: 80 },
      { edges: [10, 20, 50] },
      { edges: [7, 65], topCode: 85 },
    ],
    values: fc.integer({ min: 1890, max: 2026 }).map((year) => `${year}-03-09`),
  },
  'generalize.birth-year': {
    options: [
      { asOfYear: 2026 },
      { asOfYear: 2030 },
      { asOfYear: 2026, topCode: 80 },
      { asOfYear: 2040, topCode: 60 },
    ],
    values: fc.integer({ min: 1880, max: 2045 }).map(String),
  },
  'generalize.geo': {
    options: (['latitude', 'longitude', 'both'] as const).flatMap((axis) => [
      ...['0.01', '0.05', '0.25', 1, 5].map((cell) => ({ axis, cell })),
      ...['0.1', 1].map((cell) => ({ axis, cell, at: 'center' })),
    ]),
    values: fc
      .tuple(
        fc.oneof(fc.double({ noNaN: true, min: -90, max: 90 }), fc.constantFrom(-90, 0, 90)),
        fc.oneof(fc.double({ noNaN: true, min: -180, max: 180 }), fc.constantFrom(-180, 180)),
        fc.boolean(),
      )
      .map(([latitude, longitude, both]) => (both ? `${latitude},${longitude}` : `${latitude}`)),
  },
  'generalize.ip': {
    options: [
      ...[
        [31, 127],
        [24, 64],
        [24, 48],
        [17, 47],
        [8, 32],
        [1, 1],
      ].map(([v4, v6]) => ({ v4, v6 })),
      { v4: 16, v6: 100 },
      { v4: 16, v6: 40, list: 'first' },
      { v4: 16, v6: 40, endpoint: 'allow' },
    ],
    values: fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.ipV4().map((address) => `::ffff:${address}`),
      fc.ipV4().map((address) => `64:ff9b:1::${address}`),
      fc.ipV4().map((address) => `2001:db8::5efe:${address}`),
    ),
  },
  'generalize.url': {
    options: [
      {},
      ...[1, 3].map((keepPath) => ({ keepPath })),
      { keepPath: 2, keepParams: ['utm_*', 'ref'] },
      { keepPath: 1, keepParams: ['ref'] },
      { keepParams: ['ref'], schemeless: 'allow' },
      { keepPath: 2, schemeless: 'allow', relative: 'allow' },
      { keepPath: 1, relative: 'allow' },
    ],
    values: fc
      .tuple(
        fc.constantFrom(
          'https://Shop.example',
          'http://a.b.example:81',
          '//shop.example',
          'shop.example',
          '',
        ),
        fc.array(fc.constantFrom('a', 'B%20c', '', '.', '..', 'é'), { maxLength: 5 }),
        fc.array(fc.constantFrom('ref=1', 'utm_a=%41', 'x=y', 'r%65f=2', '='), { maxLength: 4 }),
        fc.constantFrom('', '#top'),
      )
      .map(([host, path, query, end]) => {
        const search = query.length === 0 ? '' : `?${query.join('&')}`
        return `${host}/${path.join('/')}${search}${end}`
      }),
  },
  'mask.characters': {
    options: [
      ...[0, 1, 3].flatMap((keepFirst) => [0, 2, 4].map((keepLast) => ({ keepFirst, keepLast }))),
      ...[0, 2].flatMap((keepFirst) => [0, 3].map((keepLast) => ({ keepFirst, keepLast, length: 5 }))),
      { keepFirst: 1, with: '•' },
    ],
    values: fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 14 }),
      fc
        .array(fc.constantFrom('a', 'b', '*', ' ', '\u200b', '\u0301'), { minLength: 1 })
        .map((all) => all.join('')),
      fc.stringMatching(/^[A-Za-z0-9]{1,12}$/),
    ),
  },
  'mask.card': {
    options: [
      ...[0, 4, 6].flatMap((keepFirst) => [0, 2, 4].map((keepLast) => ({ keepFirst, keepLast }))),
      { keepFirst: 6, with: 'x' },
      { keepFirst: 2, with: '-' },
    ].map((options) => ({ ...options, luhn: 'ignore' })),
    values: fc.stringMatching(/^[0-9](?:[ -]?[0-9]){11,18}$/),
  },
  'mask.email': {
    options: [
      ...[0, 1].flatMap((keepFirst) => [
        { keepFirst },
        { keepFirst, domain: 'mask' },
        { keepFirst, domains: ['gmail.example'] },
        { keepFirst, domains: ['gmail.example', 'b.example'] },
      ]),
      { keepFirst: 1, with: '•' },
    ],
    values: fc
      .tuple(
        fc.constantFrom('ada', 'jsmith', '*bcdef', '=abcd', "'=abcde", 'мария'),
        fc.constantFrom('gmail.example', 'B.example', 'smith.example', 'c.example'),
      )
      .map(([local, host]) => `${local}@${host}`),
  },
}

/** In how many of the values it may fail, of those that both steps take: where what is stored does not tell. */
const UNTOLD: Readonly<Record<string, number>> = {
  'generalize.number': 0.1,
  'generalize.url': 0.2,
  'mask.characters': 0.2,
  'mask.card': 0.3,
}

/** What a pair of options comes to. How many values were taken, and of how many of these the stored text does not tell. */
function holds(
  name: string,
  previous: object,
  next: object,
  values: fc.Arbitrary<string>,
): { readonly taken: number; readonly untold: number } | undefined {
  const transform = transforms.find((one) => one.name === name)!
  const [before, after] = [previous, next].map((options) => transform.options.parse(options))
  const [fine, coarse] = [before, after].map((options) => transform.compile(options, context))
  const restep = transform.restep(previous, next) ?? coarse!.restep?.(before)
  if (restep === undefined) return undefined
  let taken = 0
  let untold = 0
  fc.assert(
    fc.property(values, (value) => {
      const stored = fine!.apply(value, record)
      const wanted = coarse!.apply(value, record)
      if (stored instanceof Failure || wanted instanceof Failure) return
      taken++
      for (const text of [stored, wanted]) {
        const result = restep(text)
        if (result instanceof Failure) untold += text === stored ? 1 : 0
        else expect(result, `${value} was ${text}`).toBe(wanted)
      }
    }),
    { numRuns: 30 },
  )
  return { taken, untold }
}

describe('restep', () => {
  it('is said by no transform that this test has no values for', () => {
    const said = transforms.filter(({ examples, restep }) =>
      examples.some(({ options }) => restep(options, options) !== undefined),
    )
    // This one has no examples, as it needs a file.
    const names = [...said.map(({ name }) => name), 'generalize.hierarchy']
    expect(names.sort()).toEqual(Object.keys(WORLDS).sort())
  })

  it.each(Object.entries(WORLDS))(
    'of %s gives what the next step would have made of the value',
    (name, world) => {
      let told = 0
      const total = { taken: 0, untold: 0 }
      for (const previous of world.options)
        for (const next of world.options) {
          const counts = holds(name, previous, next, world.values)
          if (counts === undefined) continue
          told++
          total.taken += counts.taken
          total.untold += counts.untold
        }
      expect(total.taken).toBeGreaterThan(told)
      expect(total.untold).toBeLessThanOrEqual(total.taken * (UNTOLD[name] ?? 0))
      expect(told).toBeGreaterThan(world.options.length)
      expect(told).toBeLessThan(world.options.length ** 2)
    },
  )

  it('fails for a text that neither step wrote', () => {
    const of = (name: string, previous: object, next: object) =>
      transforms.find((one) => one.name === name)!.restep(previous, next)!
    const date = of('generalize.date', { to: 'day' }, { to: 'year' })
    for (const text of ['', 'x', '2026-02-30', '2026-3-1', '2026-03-10T10:00:00Z', '12026'])
      expect(date(text)).toBeInstanceOf(Failure)
    const prefix = of('generalize.prefix', { keep: 3 }, { keep: 2 })
    for (const text of ['', 'a', 'abcd']) expect(prefix(text)).toBeInstanceOf(Failure)
    const number = of('generalize.number', { width: 5 }, { width: 10 })
    for (const text of ['', '7', '[5,9)', 'under 5', '[5,)']) expect(number(text)).toBeInstanceOf(Failure)
  })
})

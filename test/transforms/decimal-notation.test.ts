import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Decimal, parseDecimal, printDecimal } from '../../transforms/decimal.ts'
import { type NotationOptions, notation } from '../../transforms/decimal-notation.ts'
import { number } from '../../transforms/generalize/number.ts'
import { number as noise } from '../../transforms/noise/number.ts'
import { OptionError } from '../../transforms/transform.ts'
import { contextWith, optionError, running } from './generalize/compiling.ts'

/** The number that is read, as it is printed; undefined for none. */
function read(options: NotationOptions, text: string): string | undefined {
  const plain = notation(options)!(text)
  const value = plain === undefined ? 'unparsable' : parseDecimal(plain)
  return typeof value === 'string' ? undefined : printDecimal(value)
}

/** How some locales write numbers, as the platform's own formatter does. */
const LOCALES: Readonly<Record<string, NotationOptions>> = {
  'en-US': { grouping: ',' },
  'en-IN': { grouping: ',' },
  'de-DE': { decimal: ',', grouping: '.' },
  'de-CH': { grouping: "'" },
  'fr-FR': { decimal: ',', grouping: ' ' },
  'pl-PL': { decimal: ',', grouping: ' ' },
  'sv-SE': { decimal: ',', grouping: ' ' },
  'pt-BR': { decimal: ',', grouping: '.' },
}
const CURRENCIES = ['USD', 'EUR', 'SEK', 'INR', 'CHF', 'BRL']
const cents = fc.tuple(fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }), fc.nat(4)).map(([units, scale]) => ({
  value: Number(units) / 10 ** scale,
  text: printDecimal(parseDecimal(`${units}e-${scale}`) as Decimal),
}))

describe('notation', () => {
  it.each(Object.entries(LOCALES))('%s: every way to write a number gives that number', (locale, options) => {
    const formats = [
      { style: 'decimal' },
      { style: 'percent' },
      ...CURRENCIES.flatMap((currency) =>
        (['symbol', 'code', 'narrowSymbol'] as const).map((currencyDisplay) => ({
          style: 'currency' as const,
          currency,
          currencyDisplay,
        })),
      ),
    ] as const
    const writers = formats.flatMap((format) =>
      ([true, false] as const).map((useGrouping) => ({
        share: format.style === 'percent' ? 100 : 1,
        format: new Intl.NumberFormat(locale, { ...format, useGrouping, maximumFractionDigits: 6 }),
      })),
    )
    const signs = writers.flatMap(({ format }) =>
      format.formatToParts(1).filter(({ type }) => type === 'currency' || type === 'percentSign'),
    )
    const affix = [...new Set(signs.map(({ value }) => value))]
    expect(affix.length).toBeGreaterThan(6)
    fc.assert(
      fc.property(cents, fc.constantFrom('', ' ', '\t', '\u00a0'), ({ value, text }, blank) => {
        for (const { share, format } of writers) {
          const written = format.format(value / share)
          expect([written, read({ ...options, affix }, blank + written + blank)]).toEqual([written, text])
        }
      }),
      { numRuns: 40 },
    )
  })

  it.each([
    [{ decimal: ',', grouping: '.' }, '1.234,50', '1234.5'],
    [{ decimal: ',' }, '12,50', '12.5'],
    [{ affix: ['$'] }, '$12.50', '12.5'],
    [{ decimal: '.' }, ' 12.5 ', '12.5'],
    [{ grouping: ' ' }, '1 234', '1234'],
    [{ affix: ['%'] }, '12 %', '12'],
    [{ affix: ['%'] }, '12%', '12'],
    [{ affix: ['$'] }, '-$12.50', '-12.5'],
    [{ affix: ['$'] }, '$-12.50', '-12.5'],
    [{ affix: ['K', 'SEK'] }, 'SEK 5', '5'],
    [{ affix: ['$', 'USD'] }, '$ 12.50 USD', '12.5'],
    [{ affix: ['Fr.'] }, 'Fr.12.50', '12.5'],
    [{ grouping: "'" }, '1’234.5', '1234.5'],
    [{ grouping: ',' }, '12,34,567', '1234567'],
    [{ decimal: ',' }, '1,5e3', '1500'],
    [{ decimal: ',' }, '\u22121,5', '-1.5'],
    [{ decimal: ',', grouping: '.' }, '1234,50', '1234.5'],
  ] as const)('%j: %j is %s', (options, text, value) => {
    expect(read(options, text)).toBe(value)
  })

  it.each([
    [{ decimal: ',' }, '12.50'],
    [{ decimal: ',', grouping: '.' }, '12.50'],
    [{ decimal: ',', grouping: '.' }, '1.23,4'],
    [{ decimal: ',', grouping: '.' }, '1,234.50'],
    [{ grouping: ',' }, '12,50'],
    [{ grouping: ',' }, '0,123'],
    [{ grouping: ',' }, '1234,567'],
    [{ grouping: ',' }, '1,234,56'],
    [{ grouping: ',' }, '1,,234'],
    [{ grouping: ',' }, ',123'],
    [{ grouping: ',' }, '1,234e3'],
    [{ grouping: ',' }, '1.234,567'],
    [{ grouping: ' ' }, '1  234'],
    [{ grouping: ' ' }, '1 2'],
    [{ decimal: '.' }, '1 234'],
    [{ decimal: '.' }, '1,234'],
    [{ affix: ['$'] }, '-$-5'],
    [{ affix: ['$'] }, '$'],
    [{ affix: ['$'] }, '€5'],
    [{ affix: ['$'] }, '$$5'],
    [{ affix: ['EUR'] }, '5 eur'],
    [{ affix: ['%'] }, '(5%)'],
    [{ affix: ['%'] }, '5-'],
    [{ decimal: ',' }, '0x10'],
    [{ decimal: ',' }, '١'],
  ] as const)('%j: %j is not a number', (options, text) => {
    expect(read(options, text)).toBeUndefined()
  })

  it('reads nothing that the plain form with other separators does not say', () => {
    const signs = fc.string({ unit: fc.constantFrom(..."0123456789.,' -+$%e"), maxLength: 14 })
    const options = fc.record(
      {
        decimal: fc.constantFrom('.' as const, ',' as const),
        grouping: fc.constantFrom(',' as const, '.' as const, ' ' as const, "'" as const),
        affix: fc.constant(['$', '%']),
      },
      { requiredKeys: ['affix'] },
    )
    fc.assert(
      fc.property(options, signs, (stated, text) => {
        fc.pre(stated.grouping !== (stated.decimal ?? '.'))
        const value = read(stated, text)
        if (value === undefined) return
        // What is left out is a group, an affix or white space: the digits are those of the value, in their order.
        const mantissa = text.split('e')[0]!.replace(/\D/g, '').replace(/^0+/, '')
        expect(mantissa.replace(/0+$/, '')).toBe(value.replace(/\D/g, '').replace(/^0+|0+$/g, ''))
        expect(value.startsWith('-')).toBe(text.split('e')[0]!.includes('-') && /[1-9]/.test(mantissa))
      }),
      { numRuns: 2000 },
    )
  })

  it('refuses one character for both', () => {
    expect(notation({})).toBeUndefined()
    expect(() => notation({ grouping: '.' })).toThrow(OptionError)
    expect(() => notation({ decimal: ',', grouping: ',' })).toThrow(OptionError)
    expect(optionError(number, { width: 1, grouping: '.' }).option).toBe('grouping')
  })

  it.each(['', ' ', '5', '$ ', '+', 'a-b', '.', ',', "'", 'x1'])('refuses the affix %j', (affix) => {
    expect(number.options.safeParse({ width: 1, affix: [affix] }).success).toBe(false)
  })
})

describe('transforms that read numbers', () => {
  it('give a dot, and the result of the plain number', () => {
    const record = { subject: 'c-1', eventTime: undefined, now: 0 }
    const german = { decimal: ',', grouping: '.', affix: ['€'] }
    const run = (options: object) => running(number, { width: 5, as: 'midpoint', ...options })
    expect(run(german)('1.234,50 €')).toBe(run({})('1234.50'))
    expect(run(german)('1.234,50 €')).toBe('1232.5')
    const options = { span: 10, decimals: 2, domain: 'd' }
    const of = (more: object) => running(noise, { ...options, ...more }, contextWith(), record)
    expect(of(german)('1.234,50 €')).toBe(of({})('1234.5'))
    expect(of(german)('1.234,50 €')).toMatch(/^\d+\.\d+$/)
    expect(of(german)('1,234.50 €')).toBe('!unparsable')
  })
})

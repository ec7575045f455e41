import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type NormalizeOptions, normalizer } from '../../../transforms/hash/normalize.ts'
import { type CompileContext, fail, OptionError } from '../../../transforms/transform.ts'
import { context } from './context.ts'

function run(options: NormalizeOptions, text: string) {
  return normalizer(options, context())!(text)
}

describe('normalize', () => {
  it('none needs no function', () => {
    expect(normalizer({ normalize: 'none' }, context())).toBeUndefined()
  })

  it('trim takes U+0020 and U+0009 to U+000D off both ends and nothing else', () => {
    expect(run({ normalize: 'trim' }, ' \t\n\v\f\r a\t b \r\n')).toBe('a\t b')
    expect(run({ normalize: 'trim' }, '\u00a0a\u2003\u0085\u0008')).toBe('\u00a0a\u2003\u0085\u0008')
    expect(run({ normalize: 'trim' }, ' \t ')).toBe(fail('unparsable'))
  })

  it('lower changes A to Z only', () => {
    expect(run({ normalize: 'lower' }, ' @AZaz[`{ ÄÖΣİ\u212a')).toBe(' @azaz[`{ ÄÖΣİ\u212a')
    expect(run({ normalize: 'lower' }, 'HELLO World 09')).toBe('hello world 09')
  })

  it('email is trim, then lower', () => {
    expect(run({ normalize: 'email' }, '\tJane.DOE+Tag@Example.COM ')).toBe('jane.doe+tag@example.com')
    expect(run({ normalize: 'email' }, 'JÜRGEN@Example.com')).toBe('jÜrgen@example.com')
    expect(run({ normalize: 'email' }, '\r\n')).toBe(fail('unparsable'))
  })

  it.each([
    ['mailto:x@y.example', 'x@y.example'],
    [' MAILTO:Jo+Tag@Y.example ', 'jo+tag@y.example'],
    ['x@bücher.example', 'x@xn--bcher-kva.example'],
    ['x@BU\u0308CHER.example', 'x@xn--bcher-kva.example'],
    ['x@xn--bcher-kva.example', 'x@xn--bcher-kva.example'],
    ['x@XN--BCHER-KVA.Example', 'x@xn--bcher-kva.example'],
    ['x@例え。テスト', 'x@xn--r8jz45g.xn--zckzah'],
    ['x@straße.example', 'x@xn--strae-oqa.example'],
    ['x@ΣΑΣ.example', 'x@xn--mxa9ab.example'],
    ['jürgen@bücher.example', 'jürgen@xn--bcher-kva.example'],
    ['"a b, @ <c>"@y.example', '"a b, @ <c>"@y.example'],
    ['x@[192.0.2.1]', 'x@[192.0.2.1]'],
    ['x@[IPv6:2001:db8::1]', 'x@[ipv6:2001:db8::1]'],
    // What has no @ is not an address, and is hashed as it was.
    ['Name, Other <none>', 'name, other <none>'],
    ['@Handle', '@handle'],
    ['x@', 'x@'],
    ["o'neil%a!b=c@y_z.example", "o'neil%a!b=c@y_z.example"],
  ])('email: %j is %s', (text, address) => {
    expect(run({ normalize: 'email' }, text)).toBe(address)
  })

  it.each([
    'Name <x@y.example>',
    '<x@y.example>',
    '"Name" <x@y.example>',
    'x@y.example (Name)',
    'Name x@y.example',
    'a@x.example;b@x.example',
    'a@x.example, b@x.example',
    'a@x.example b@x.example',
    'a@b@x.example',
    '"x@y.example"',
    'mailto:x@y.example?subject=a',
    'mailto:x%2Btag@y.example',
    'mailto:mailto:x@y.example',
    'mailto:a@x.example,b@x.example',
    'SMTP:x@y.example',
    '\u00a0x@y.example',
    'x@y.example\u0000',
    'x@\u00adbücher.example',
    'x@ｅxample.example',
    'x@é１２.example',
    'x@bü/cher.example',
    'x@ü%41.example',
    'x@xn--ü.example',
    'x@[é]',
    `x@${'é'.repeat(64)}.example`,
    `x@${'é.'.repeat(600)}example`,
  ])('email: %j is refused', (text) => {
    expect(run({ normalize: 'email' }, text)).toBe(fail('unparsable'))
  })

  it('gives every accepted way to write one address one form, or refuses it', () => {
    const label = fc.stringMatching(/^[a-zäöüßéłñ例えж]{1,12}$/)
    const addresses = fc.tuple(fc.stringMatching(/^[a-z0-9]+([.+_-][a-z0-9]+)?$/), label, label)
    fc.assert(
      fc.property(addresses, ([local, one, other]) => {
        const address = `${local}@${one}.${other}`
        // As the URL standard reads a host.
        const ascii = `${local}@${new URL(`http://${one}.${other}.example`).hostname.replace(/\.example$/, '')}`
        const ways = [
          address,
          [...address].map((sign) => (sign === 'ß' ? sign : sign.toUpperCase())).join(''),
          address.normalize('NFD'),
          ascii,
        ]
        const around = ways.flatMap((way) => [
          way,
          ` ${way}\t`,
          `mailto:${way}`,
          `Name <${way}>`,
          `${way}, ${way}`,
          `${way} `,
        ])
        const refused = around.filter((way) => /[<,]/.test(way))
        for (const way of around)
          expect([way, run({ normalize: 'email' }, way)]).toEqual([
            way,
            refused.includes(way) ? fail('unparsable') : ascii,
          ])
      }),
    )
  })

  it('changes no form of an address in ASCII that stands alone', () => {
    const sign = fc.stringMatching(/^[!-~]$/).filter((one) => !'"(),:;<>@'.includes(one))
    const side = fc.string({ unit: sign, maxLength: 20 })
    fc.assert(
      fc.property(side, side, (local, domain) => {
        const text = `${local}@${domain}`
        expect(run({ normalize: 'email' }, text)).toBe(text.toLowerCase())
      }),
    )
  })

  it('nfkc is Unicode NFKC and says that it depends on the platform', () => {
    const parts: string[] = []
    const watched: CompileContext = { ...context(), usesPlatform: (part) => parts.push(part) }
    const nfkc = normalizer({ normalize: 'nfkc' }, watched)!
    expect(nfkc('e\u0301 ﬁ ２')).toBe('é fi 2')
    expect(parts).toEqual(['unicode'])
  })

  it.each([
    ['+49 30 123456', undefined, '4930123456'],
    [' +49 (0)30/123-456.7\t', undefined, '490301234567'],
    ['0049 30 123456', undefined, '4930123456'],
    ['(00) 49 30 123456', 1, '4930123456'],
    ['030 123456', 49, '4930123456'],
    ['30 123456', '49', '4930123456'],
    ['(212) 555-0100', 1, '12125550100'],
    ['+0049301234', 49, '0049301234'],
    ['+1234567', undefined, '1234567'],
    ['+123456789012345', undefined, '123456789012345'],
    ['012345', 99, '9912345'],
    ['tel:+48-600-100-200', undefined, '48600100200'],
    [' TEL:0048 600 100 200 ', undefined, '48600100200'],
    ['tel:600100200', 48, '48600100200'],
    // Six digits cannot hold a country code.
    ['48 12 34', 48, '48481234'],
  ] as const)('phone: %j with country code %s is %s', (text, countryCode, number) => {
    expect(run({ normalize: 'phone', countryCode }, text)).toBe(number)
  })

  it.each([
    ['030 123456', undefined],
    ['+123456', 49],
    ['+1234567890123456', 49],
    ['000 12345', 49],
    ['1234', 49],
    ['30 123456 ext 7', 49],
    ['49+30123456', 49],
    ['++4930123456', 49],
    ['( )', 49],
    ['+', 49],
    ['٠٣٠١٢٣٤٥٦', 49],
    ['030\u00a0123456', 49],
    ['030\n123456', 49],
    ['48600100200', 48],
    ['48 600 100 200', '48'],
    ['(48) 600-100-200', 48],
    ['1 212 555 0100', 1],
    ['481234567', 48],
    ['tel:48600100200', 48],
    ['+48 600100200 ext. 12', 48],
    ['tel:+48600100200;ext=12', 48],
    ['tel:', 48],
    ['tel:tel:+48600100200', 48],
    ['fax:+48600100200', 48],
  ])('phone: %j with country code %s is refused', (text, countryCode) => {
    expect(run({ normalize: 'phone', countryCode }, text)).toBe(fail('unparsable'))
  })

  it.each([
    ['join', '48600100200', '48600100200'],
    ['join', '(48) 600 100 200', '48600100200'],
    ['join', '481234567', '481234567'],
    ['join', '600100200', '48600100200'],
    ['join', '0481234567', '48481234567'],
    ['national', '48600100200', '4848600100200'],
    ['national', '481234567', '48481234567'],
    ['national', '600100200', '48600100200'],
  ] as const)('bareCountryCode: %s of %s is %s', (bareCountryCode, text, number) => {
    expect(run({ normalize: 'phone', countryCode: 48, bareCountryCode }, text)).toBe(number)
  })

  it('gives every accepted way to write one phone number that number, or refuses it', () => {
    const separators = fc.array(fc.constantFrom('', '', ' ', '-', '.', '/', ')', '(', '\t'), {
      minLength: 20,
      maxLength: 20,
    })
    const codes = fc.constantFrom('1', '7', '48', '49', '358')
    fc.assert(
      fc.property(codes, fc.stringMatching(/^[1-9][0-9]{6,11}$/), separators, (code, national, between) => {
        const spaced = (digits: string) => [...digits].map((digit, at) => digit + between[at]!).join('')
        const ways = [
          `+${spaced(code + national)}`,
          spaced(`00${code}${national}`),
          spaced(`0${national}`),
          `(0) ${spaced(national)}`,
          spaced(national),
          spaced(code + national),
        ]
        const forms = ways.flatMap((way) => [
          way,
          ` ${way}\t`,
          `tel:${way}`,
          `${way} ext. 12`,
          `${way};ext=1`,
        ])
        const phone = { normalize: 'phone', countryCode: code } as const
        const results = forms.map((form) => run({ ...phone, bareCountryCode: 'refuse' }, form))
        expect(new Set(results)).toEqual(new Set([code + national, fail('unparsable')]))
        expect(forms.map((form) => run(phone, form))).toEqual(results)
        // What is sure is read alike whatever is said of the rest.
        if (national.startsWith(code)) return
        for (const form of forms)
          expect([code + national, fail('unparsable')]).toContain(
            run({ ...phone, bareCountryCode: 'join' }, form),
          )
        expect(run({ ...phone, bareCountryCode: 'join' }, code + national)).toBe(code + national)
      }),
    )
  })

  it('phone gives 7 to 15 ASCII digits, and gives them again for +digits', () => {
    const text = fc.string({ unit: fc.constantFrom(...'0123456789+ ()-./\t0000'), maxLength: 24 })
    fc.assert(
      fc.property(text, (written) => {
        const number = run({ normalize: 'phone', countryCode: 44 }, written)
        if (typeof number !== 'string') return
        expect(number).toMatch(/^[0-9]{7,15}$/)
        expect(run({ normalize: 'phone' }, `+${number}`)).toBe(number)
      }),
    )
  })

  it('refuses a country code that nothing would use', () => {
    expect(() => normalizer({ normalize: 'email', countryCode: 49 }, context())).toThrow(OptionError)
    const bare = { normalize: 'phone', bareCountryCode: 'join' } as const
    expect(() => normalizer(bare, context())).toThrow(OptionError)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { url } from '../../../transforms/generalize/url.ts'
import { coarser } from '../coarser.ts'
import { running, weakOptions } from './compiling.ts'

const run = running(url, {})

describe('generalize.url', () => {
  it.each([
    ['https://shop.example', 'https://shop.example'],
    ['https://shop.example/', 'https://shop.example'],
    ['HTTPS://Shop.Example:8443/a?b=c#d', 'https://shop.example'],
    ['https://anna:secret@shop.example/x', 'https://shop.example'],
    ['https://shop.example@evil.example/', 'https://evil.example'],
    ['wss://live.example?token=1', 'wss://live.example'],
    ['http://localhost:3000/', 'http://localhost'],
    ['https://Bücher.example/', 'https://xn--bcher-kva.example'],
    ['https://shop.example?q=a\\b', 'https://shop.example'],
  ])('%s: %s', (text, expected) => {
    expect(run(text)).toBe(expected)
  })

  it.each([
    'shop.example',
    '//shop.example',
    'https:shop.example',
    'https:/shop.example',
    'https:///shop.example',
    'https://',
    'mailto:a@b.example',
    'javascript:alert(1)',
    'ftp://files.example/',
    'file:///etc/passwd',
    ' https://shop.example',
    'https://shop.example ',
    'https://shop.example\n',
    'https://shop.ex\tample/',
    'https:\\\\shop.example',
    'https://a b.example/',
    'https://shop.example\\@evil.example/',
    'https://xn--\u00e4.example/',
    'https://shop.example:99999/',
    '',
    'https://%00/',
    'https://xn--abc.example/',
    'https://shop.xn--abc',
  ])('fails on %j', (text) => {
    expect(run(text)).toBe('!unparsable')
  })

  it.each([
    'http://203.0.113.7/',
    'http://[2001:db8::1]/',
    'http://0x7f.1/',
    'http://3405803783/',
    'http://203.0.113.7:80/x',
  ])('fails on %s: an address is no name', (text) => {
    expect(run(text)).toBe('!out-of-domain')
  })

  it.each([
    [1, 'https://shop.example/orders/1234?x=1', 'https://shop.example/orders'],
    [2, 'https://shop.example/orders/1234?x=1', 'https://shop.example/orders/1234'],
    [1, 'https://shop.example/orders', 'https://shop.example/orders'],
    [3, 'https://shop.example/orders/', 'https://shop.example/orders'],
    [2, 'https://shop.example', 'https://shop.example'],
    [1, 'https://shop.example/a/../b/c', 'https://shop.example/b'],
    [1, 'https://shop.example#/orders', 'https://shop.example'],
  ])('keepPath %i of %s: %s', (keepPath, text, expected) => {
    expect(running(url, { keepPath })(text)).toBe(expected)
  })

  it('says of short plain URLs what the URL standard says', () => {
    const near = fc.stringMatching(
      /^https?:\/\/[-a-z0-9.]{1,20}\.[a-z]{2,5}([/?#:@\\][-a-z0-9/?#.@ \\]{0,12})?$/,
    )
    const hosts = fc.tuple(
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      fc.constantFrom('', '?a', '#b'),
    )
    fc.assert(
      fc.property(
        fc.oneof(
          near,
          hosts.map((parts) => parts.join('')),
        ),
        (text) => {
          const result = run(text)
          if (result.startsWith('!')) return
          const parsed = new URL(text)
          expect(result).toBe(`${parsed.protocol}//${parsed.hostname}`)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('never lets user, port, query or fragment out, and throws on nothing', () => {
    const part = fc.stringMatching(/^[a-z]{3,8}$/)
    fc.assert(
      fc.property(
        part,
        part,
        fc.integer({ min: 1000, max: 9999 }),
        part,
        part,
        (user, password, port, query, hash) => {
          const text = `https://${user}Q:${password}Q@h.example:${port}/p?${query}Q#${hash}Q`
          expect(running(url, { keepPath: 1 })(text)).toBe('https://h.example/p')
        },
      ),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(run(`https://${text}`)).toBeTypeOf('string')
      }),
    )
  })

  it('calls longer paths weak, and is coarser with shorter ones', () => {
    expect(weakOptions(url, { keepPath: 1 })).toEqual([])
    expect(weakOptions(url, { keepPath: 2 })).toEqual(['keepPath'])
    expect(coarser(url, { keepPath: 2 }, { keepPath: 0 })).toBe(true)
    expect(coarser(url, { keepPath: 0 }, { keepPath: 1 })).toBe(false)
  })
})

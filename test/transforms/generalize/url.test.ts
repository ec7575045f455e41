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
  ])('fails on %s: an address is not a name', (text) => {
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

  const params = running(url, { keepParams: ['utm_*', 'ref', 'filter[size]'] })

  it.each([
    [
      'https://shop.example/p?utm_source=a&email=x@y.example&ref=b',
      'https://shop.example?utm_source=a&ref=b',
    ],
    ['https://shop.example?ref', 'https://shop.example?ref'],
    ['https://shop.example?ref=1&ref=2', 'https://shop.example?ref=1&ref=2'],
    ['https://shop.example?utm%5Fterm=%C3%A9', 'https://shop.example?utm%5Fterm=%C3%A9'],
    ['https://shop.example?filter%5Bsize%5D=9&filter[x]=1', 'https://shop.example?filter%5Bsize%5D=9'],
    ['https://shop.example?ref=a=b', 'https://shop.example?ref=a=b'],
    ['https://shop.example?REF=1&refs=1&xutm_a=1&=ref&utm_', 'https://shop.example?utm_'],
    ['https://shop.example?a=1;ref=2', 'https://shop.example'],
    ['https://shop.example?', 'https://shop.example'],
    ['https://shop.example?&&', 'https://shop.example'],
    ['https://shop.example#?ref=1', 'https://shop.example'],
    ['https://shop.example/?ref=1#ref', 'https://shop.example?ref=1'],
  ])('keepParams of %s: %s', (text, expected) => {
    expect(params(text)).toBe(expected)
  })

  it('keeps of a query what is named and nothing else, in its order', () => {
    const name = fc.constantFrom('utm_source', 'utm_', 'ref', 'Ref', 'email', 'x', '', 'filter[size]', 'utm')
    const pairs = fc.array(fc.tuple(name, fc.webFragments({ size: 'small' })), { maxLength: 6 })
    const keeps = (one: string) => ['ref', 'filter[size]'].includes(one) || one.startsWith('utm_')
    fc.assert(
      fc.property(pairs, (all) => {
        const query = new URLSearchParams(all as [string, string][])
        const result = new URL(params(`https://h.example/p?${query}#f`))
        expect([...result.searchParams]).toEqual(all.filter(([one]) => keeps(one)))
      }),
    )
  })

  const schemeless = running(url, { schemeless: 'allow', keepPath: 1 })
  it.each([
    ['shop.example', '//shop.example'],
    ['//shop.example', '//shop.example'],
    ['Shop.Example:8443/orders/12?x=1', '//shop.example/orders'],
    ['//anna:secret@shop.example:8443/orders/12', '//shop.example/orders'],
    ['//localhost/orders', '//localhost/orders'],
    ['www.shop.example?x=a.b/c', '//www.shop.example'],
    ['bücher.example/x', '//xn--bcher-kva.example/x'],
    ['https://shop.example/orders', 'https://shop.example/orders'],
  ])('schemeless: %s gives %s', (text, expected) => {
    expect(schemeless(text)).toBe(expected)
    if (!text.startsWith('https:')) expect(run(text)).toBe('!unparsable')
  })

  it.each([
    'anna@shop.example',
    'mailto:anna@shop.example',
    'tel:+48600100200',
    'localhost:3000',
    'orders/12',
    '/orders/12',
    '///shop.example',
    '//',
    '.',
    'a.',
    '1.5',
    'shop.example:http',
    'shop.example\\x',
    ' shop.example',
    'shop.example ',
    'v1.2/x',
    'javascript:alert(1)',
  ])('schemeless fails on %j', (text) => {
    expect(schemeless(text)).toMatch(/^!/)
  })

  it('schemeless gives addresses no way out', () => {
    expect(schemeless('203.0.113.7/x')).toBe('!out-of-domain')
    expect(schemeless('//203.0.113.7/x')).toBe('!out-of-domain')
    expect(schemeless('//[2001:db8::1]/x')).toBe('!out-of-domain')
  })

  const relative = { relative: 'allow', keepParams: ['page'] }
  it.each([
    ['/', '/', '/'],
    ['/orders/12?page=2&user=7#top', '/?page=2', '/orders?page=2'],
    ['/a/../b/c', '/', '/b'],
    ['/?page=2', '/?page=2', '/?page=2'],
    ['/orders/', '/', '/orders'],
  ])('relative: %s gives %s, and %s with a segment', (text, bare, first) => {
    expect(running(url, relative)(text)).toBe(bare)
    expect(running(url, { ...relative, keepPath: 1 })(text)).toBe(first)
    expect(run(text)).toBe('!unparsable')
  })

  it.each([
    '//shop.example/x',
    'orders/12',
    '?page=2',
    '#top',
    './x',
    '/\\x',
    '/x ',
    '/a\nb',
    'shop.example',
  ])('relative fails on %j', (text) => {
    expect(running(url, relative)(text)).toBe('!unparsable')
  })

  it('says of a URL in any form what it says of the absolute one', () => {
    const all = { schemeless: 'allow', relative: 'allow', keepPath: 2, keepParams: ['a*'] }
    const urls = fc.webUrl({ withQueryParameters: true, withFragments: true, validSchemes: ['https'] })
    fc.assert(
      fc.property(urls, (text) => {
        const apply = running(url, all)
        const known = apply(text)
        fc.pre(!known.startsWith('!') && /^[^/]+\/\/[^/:@]+\.[a-z]{2,}([/?#]|$)/.test(text))
        expect(apply(text.slice('https:'.length))).toBe(known.slice('https:'.length))
        expect(apply(text.slice('https://'.length))).toBe(known.slice('https:'.length))
        const path = text.slice('https://'.length).search(/[/?#]/)
        const rest = path < 0 ? '' : text.slice('https://'.length + path)
        if (!rest.startsWith('/') || rest.startsWith('//')) return
        const { host } = new URL(text)
        expect(apply(rest)).toBe(known.slice(`https://${host}`.length).replace(/^(?!\/)/, '/'))
      }),
    )
  })

  it('calls longer paths weak, and is coarser with shorter ones', () => {
    expect(weakOptions(url, { keepPath: 1 })).toEqual([])
    expect(weakOptions(url, { keepPath: 2 })).toEqual(['keepPath'])
    expect(coarser(url, { keepPath: 2 }, { keepPath: 0 })).toBe(true)
    expect(coarser(url, { keepPath: 0 }, { keepPath: 1 })).toBe(false)
    expect(weakOptions(url, { keepParams: ['utm_*', 'q'] })).toEqual([])
    expect(weakOptions(url, { keepParams: ['ut*'] })).toEqual(['keepParams'])
    expect(url.options.safeParse({ keepParams: ['*'] }).success).toBe(false)
    expect(url.options.safeParse({ keepParams: ['a*b'] }).success).toBe(false)
  })
})

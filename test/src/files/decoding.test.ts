/** Decoding in pieces gives what decoding at once gives, and marks what is not text where it stands. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodingOf } from '../../../src/files/decoding.ts'

const inPieces = (encoding: string, bytes: Uint8Array, cuts: readonly number[]): Buffer => {
  const decoding = decodingOf(encoding)!
  const out: Uint8Array[] = []
  let at = 0
  for (const cut of [...cuts, bytes.length]) {
    const to = Math.min(bytes.length, at + cut)
    out.push(Uint8Array.from(decoding.push(bytes.subarray(at, to))))
    at = to
  }
  return Buffer.concat([...out, decoding.end()])
}

const cuts = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 30 })
const latin = fc.string({ unit: fc.constantFrom('a', ',', '\n', 'é', 'ß', '€', '’', 'Ÿ') })

describe('decoding', () => {
  it('gives the text of UTF-16, however it is cut, U+FFFD too', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), cuts, fc.boolean(), (text, where, isBig) => {
        const bytes = Buffer.from(text, 'utf16le')
        if (isBig) bytes.swap16()
        const got = inPieces(isBig ? 'utf-16be' : 'utf-16le', bytes, where)
        expect(got.toString()).toBe(text)
        expect(got.includes(0xff)).toBe(false)
      }),
    )
  })

  it('marks half of a pair and an odd byte, and nothing else', () => {
    const text = Buffer.from('a\ud83d\nb\ude00\u{1f600}\n\ufffd', 'utf16le')
    fc.assert(
      fc.property(cuts, (where) => {
        const got = inPieces('utf-16le', Buffer.concat([text, Buffer.of(0x41)]), where)
        expect(got.toString('latin1')).toBe(
          Buffer.from('a?\nb?\u{1f600}\n\ufffd?').toString('latin1').replaceAll('?', '\xff'),
        )
      }),
    )
  })

  it('gives the text of windows-1252, of which Node 20 makes ISO 8859-1', () => {
    const of = (text: string): Buffer =>
      Buffer.from([...text].map((sign) => ({ '€': 0x80, '’': 0x92, Ÿ: 0x9f })[sign] ?? sign.charCodeAt(0)))
    fc.assert(
      fc.property(latin, cuts, (text, where) => {
        expect(inPieces('windows-1252', of(text), where).toString()).toBe(text)
      }),
    )
  })

  it.each(['shift_jis', 'gb18030', 'euc-kr', 'koi8-u', 'iso-2022-jp'])(
    'of %s takes any bytes, cut anywhere, as the platform does at once',
    (encoding) => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60 }), cuts, (bytes, where) => {
          const whole = new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes)
          const got = inPieces(encoding, bytes, where)
          const marked = Buffer.concat(
            whole
              .split('\ufffd')
              .flatMap((part, at) => [at > 0 ? Buffer.of(0xff) : Buffer.of(), Buffer.from(part)]),
          )
          expect(got).toEqual(marked)
        }),
      )
    },
  )

  it.each([
    ['gb18030', [0x81, 0x30, 0x00]],
    ['gb18030', [0x61, 0xcb, 0x38, 0x80]],
    ['iso-2022-jp', [0x1b, 0x28, 0x28]],
  ])('of %s goes on where a character turns out to be none at the end of a piece: %j', (encoding, bytes) => {
    const whole = Buffer.concat([Buffer.alloc(100, 'a'), Buffer.from(bytes)])
    const marked = Buffer.from(new TextDecoder(encoding).decode(whole))
    const expected = marked.toString('latin1').replaceAll('\xef\xbf\xbd', '\xff')
    for (let cut = 95; cut <= whole.length; cut++)
      for (const next of [0, 1, 2])
        expect(inPieces(encoding, whole, [cut, next]).toString('latin1')).toBe(expected)
  })

  it('leaves the line break behind a character that is cut short', () => {
    expect(inPieces('shift_jis', Buffer.of(0x61, 0x82, 0x0a, 0x62), [2]).toString('latin1')).toBe('a\xff\nb')
  })
})

/** Texts in other encodings, by a table and by hand: nothing here decodes. */
import { gzipSync } from 'node:zlib'
import { compress } from '@cloudpss/zstd/napi'

type Legacy =
  | 'windows-1252'
  | 'windows-1251'
  | 'iso-8859-2'
  | 'koi8-r'
  | 'shift_jis'
  | 'big5'
  | 'euc-jp'
  | 'euc-kr'
  | 'gb18030'
  | 'iso-2022-jp'
type Unicode = 'utf-8' | 'utf-8 with a mark' | 'utf-16le with a mark' | 'utf-16be with a mark' | 'utf-16le'
export type Encoding = Legacy | Unicode

/** A text that each encoding has, and its bytes. Some of them are those of a quote, a backslash or a digit in ASCII. */
const WORDS: Readonly<Record<Legacy, readonly [text: string, hex: string]>> = {
  'windows-1252': ['Zoë Müller – 5 €', '5a6feb204dfc6c6c6572209620352080'],
  'windows-1251': ['Жанна Ёлкина', 'c6e0edede020a8ebeae8ede0'],
  'iso-8859-2': ['Łódź Šárka', 'a3f364bc20a9e1726b61'],
  'koi8-r': ['Жанна Ёлкина', 'f6c1cecec120b3cccbc9cec1'],
  // ソ ends with the byte of a backslash, as 功 does in Big5.
  shift_jis: ['東京 ソフト', '938c8b9e20835c83748367'],
  big5: ['成功 許', 'a6a8a55c20b35c'],
  'euc-jp': ['東京 ソフト', 'c5ecb5fe20a5bda5d5a5c8'],
  'euc-kr': ['서울 김', 'bcadbfef20b1e8'],
  // 𠀀 has two bytes of digits.
  gb18030: ['丂 姓名 𠀀 ﹐€', '814020d0d5c3fb209532823620a96fa2e3'],
  // あ has the byte of a quote.
  'iso-2022-jp': ['あ，い', '1b24422422212424241b2842'],
}

export const ENCODINGS: readonly Encoding[] = [
  'utf-8',
  'utf-8 with a mark',
  'utf-16le with a mark',
  'utf-16be with a mark',
  'utf-16le',
  ...(Object.keys(WORDS) as Legacy[]),
]

const isLegacy = (encoding: Encoding): encoding is Legacy => encoding in WORDS

/** A text beyond ASCII that the encoding has. */
export const wordOf = (encoding: Encoding): string =>
  isLegacy(encoding) ? WORDS[encoding][0] : 'Zoë 東京 😀 Ёлка'

/** What a policy says of the encoding: nothing where the bytes themselves do. */
export const statedOf = (encoding: Encoding): string | undefined =>
  isLegacy(encoding) || encoding === 'utf-16le' ? encoding : undefined

/** `text`, of ASCII and the word of the encoding. */
export function encode(text: string, encoding: Encoding): Buffer {
  if (isLegacy(encoding)) {
    const [word, hex] = WORDS[encoding]
    const parts = text.split(word).map((part) => Buffer.from(part, 'ascii'))
    return Buffer.concat(parts.flatMap((part, at) => (at === 0 ? [part] : [Buffer.from(hex, 'hex'), part])))
  }
  if (encoding === 'utf-8') return Buffer.from(text)
  if (encoding === 'utf-8 with a mark') return Buffer.from(`\ufeff${text}`)
  const wide = Buffer.from(encoding === 'utf-16le' ? text : `\ufeff${text}`, 'utf16le')
  return encoding === 'utf-16be with a mark' ? wide.swap16() : wide
}

export type Packing = '' | '.gz' | '.zst'
export const PACKINGS: readonly Packing[] = ['', '.gz', '.zst']

export function pack(bytes: Uint8Array, packing: Packing): Uint8Array {
  return packing === '' ? bytes : packing === '.gz' ? gzipSync(bytes) : compress(bytes)
}

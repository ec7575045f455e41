/**
 * `config/vectors/tokens.json` is frozen. It is held against a reading of `config/vectors/README.md` that uses
 * nothing but node:crypto, and against the transforms and the keyring.
 */
import { createHash, createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadKeyring, readKeysetFile } from '../../../src/keys/file.ts'
import { checkValueOf } from '../../../src/keys/keyring.ts'
import { email } from '../../../transforms/hash/email.ts'
import { hmac } from '../../../transforms/hash/hmac.ts'
import { integer } from '../../../transforms/hash/integer.ts'
import { sha256 } from '../../../transforms/hash/sha256.ts'
import { uuid } from '../../../transforms/hash/uuid.ts'
import { type CompileContext, fail, type KeyUse } from '../../../transforms/transform.ts'
import { context, NO_RECORD } from '../../transforms/hash/context.ts'

interface Options {
  readonly domain: string
  readonly normalize?: string
  readonly countryCode?: number | string
  readonly bareCountryCode?: 'refuse' | 'join' | 'national'
  readonly bits?: number
  readonly encoding?: 'hex' | 'base64url'
  readonly min?: number
  readonly max: number
  readonly host?: string
}

interface Vector {
  readonly use: string
  readonly options: Options
  readonly input: string
  readonly normalized?: string
  readonly digest?: string
  readonly output?: string
  readonly fails?: 'unparsable' | 'not-well-formed'
}

interface Tokens {
  readonly keyset: string
  readonly fieldKeys: readonly { readonly use: KeyUse; readonly domain: string; readonly key: string }[]
  readonly vectors: readonly Vector[]
}

const FOLDER = new URL('../../../config/vectors/', import.meta.url)
const TEXT = readFileSync(new URL('tokens.json', FOLDER), 'utf8')
const TOKENS: Tokens = JSON.parse(TEXT)
const KEYSET = new URL(TOKENS.keyset, FOLDER)
const SECRET: string = JSON.parse(readFileSync(KEYSET, 'utf8')).keys[0].secret

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

// Sections 1 to 5 of the text, one function each.

function normalizeAsWritten(
  text: string,
  { normalize = 'none', countryCode, bareCountryCode = 'refuse' }: Options,
): string | undefined {
  const trim = (value: string) =>
    value.replace(/^[\u0020\u0009-\u000d]+/, '').replace(/[\u0020\u0009-\u000d]+$/, '')
  const lower = (value: string) =>
    value.replace(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32))
  if (normalize === 'none') return text
  if (normalize === 'trim') return trim(text)
  if (normalize === 'lower') return lower(text)
  // The vectors have no domain beyond ASCII; test/transforms/hash/normalize.test.ts has some.
  if (normalize === 'email') return lower(trim(text))
  if (normalize === 'nfkc') return text.normalize('NFKC')
  const written = trim(text).replace(/^[Tt][Ee][Ll]:/, '')
  if ([...written].some((one, at) => !'0123456789 \t()-./'.includes(one) && !(one === '+' && at === 0)))
    return undefined
  let digits = [...written].filter((one) => '0123456789'.includes(one)).join('')
  if (!written.startsWith('+')) {
    if (digits.startsWith('00')) digits = digits.slice(2)
    else if (countryCode === undefined || digits === '') return undefined
    else if (digits.startsWith('0')) digits = `${countryCode}${digits.slice(1)}`
    else if (digits.length >= 7 && digits.startsWith(String(countryCode))) {
      if (bareCountryCode === 'refuse') return undefined
      if (bareCountryCode === 'national') digits = `${countryCode}${digits}`
    } else digits = `${countryCode}${digits}`
  }
  return digits.length >= 7 && digits.length <= 15 ? digits : undefined
}

function fieldKeyAsWritten(use: string, domain: string): Buffer {
  const extracted = createHmac('sha256', Buffer.alloc(32)).update(Buffer.from(SECRET, 'base64url')).digest()
  return createHmac('sha256', extracted)
    .update(`lethe/v1/${use}/${domain}`, 'utf8')
    .update(Buffer.of(1))
    .digest()
}

function digestAsWritten({ use, options }: Vector, text: string): Buffer {
  if (use === 'hash.sha256') return createHash('sha256').update(text, 'utf8').digest()
  return createHmac('sha256', fieldKeyAsWritten('token', options.domain)).update(text, 'utf8').digest()
}

function formAsWritten({ use, options }: Vector, m: Buffer): string {
  const first = m.subarray(0, 16)
  switch (use) {
    case 'hash.hmac':
      return `k1.${m.subarray(0, (options.bits ?? 128) / 8).toString(options.encoding ?? 'base64url')}`
    case 'hash.uuid': {
      const number = BigInt(`0x${first.toString('hex')}`)
      const set = (value: bigint, from: bigint, bits: bigint, to: bigint) =>
        (value & ~(((1n << bits) - 1n) << from)) | (to << from)
      const digits = set(set(number, 76n, 4n, 8n), 62n, 2n, 2n)
        .toString(16)
        .padStart(32, '0')
      return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    }
    case 'hash.integer': {
      const min = BigInt(options.min ?? 1)
      return String(min + (BigInt(`0x${first.toString('hex')}`) % (BigInt(options.max) - min + 1n)))
    }
    case 'hash.email':
      return `k1.${first.toString('hex')}@${options.host ?? 'example.invalid'}`
    default:
      return m.toString(options.encoding ?? 'hex')
  }
}

describe('config/vectors/tokens.json', () => {
  it('is frozen: a change of a token breaks joins that people have made', () => {
    const content = JSON.stringify(TOKENS)
    expect(TOKENS.vectors.length).toBe(307)
    expect(createHash('sha256').update(content).digest('hex')).toBe(
      '6cd0752627c55c3afab77f9985860ad0381ad167790168510c57ddffd38f67f7',
    )
  })

  it('has the field keys that the text gives, and the keyring derives the same', () => {
    const keyring = loadKeyring(KEYSET.pathname)
    for (const { use, domain, key } of TOKENS.fieldKeys) {
      expect(fieldKeyAsWritten(use, domain).toString('hex')).toBe(key)
      expect(Buffer.from(keyring.key(use, domain).bytes).toString('hex')).toBe(key)
    }
    expect(new Set(TOKENS.fieldKeys.map(({ key }) => key)).size).toBe(TOKENS.fieldKeys.length)
  })

  it('gives the check value of the published key, as the text does', () => {
    const [key] = readKeysetFile(KEYSET.pathname).keys
    expect(fieldKeyAsWritten('check', '').subarray(0, 4).toString('hex')).toBe('5f914fda')
    expect(checkValueOf(key!)).toBe('5f914fda')
    expect(readFileSync(new URL('README.md', FOLDER), 'utf8')).toContain('`5f914fda`')
  })

  it('has the results that the text gives', () => {
    for (const vector of TOKENS.vectors) {
      if (vector.fails === 'not-well-formed') {
        expect(vector.input).toMatch(LONE_SURROGATE)
        continue
      }
      expect(vector.input).not.toMatch(LONE_SURROGATE)
      const text = normalizeAsWritten(vector.input, vector.options)
      if (vector.fails === 'unparsable') {
        expect(text ?? '').toBe('')
        continue
      }
      const digest = digestAsWritten(vector, text!)
      expect([text, digest.toString('hex'), formAsWritten(vector, digest)]).toEqual([
        vector.normalized,
        vector.digest,
        vector.output,
      ])
    }
  })

  it('has every transform, normalisation and encoding in it', () => {
    const seen = new Set(
      TOKENS.vectors.flatMap(({ use, options, fails }) => [
        use,
        `${use} ${options.normalize ?? 'none'}`,
        options.encoding,
        fails,
      ]),
    )
    for (const transform of [hmac, uuid, integer, email, sha256]) {
      for (const normalize of ['none', 'trim', 'lower', 'email', 'phone', 'nfkc'])
        expect(seen).toContain(`${transform.name} ${normalize}`)
    }
    for (const one of ['hex', 'base64url', 'unparsable', 'not-well-formed']) expect(seen).toContain(one)
  })

  it('is what the transforms give', () => {
    const keyring = loadKeyring(KEYSET.pathname)
    const compileContext: CompileContext = { ...context(), key: (use, domain) => keyring.key(use, domain) }
    const transforms = new Map(
      [hmac, uuid, integer, email, sha256].map((transform) => [transform.name, transform]),
    )
    for (const { use, options, input, output, fails } of TOKENS.vectors) {
      const transform = transforms.get(use)!
      const compiled = transform.compile(transform.options.parse(options), compileContext)
      expect(compiled.apply(input, NO_RECORD)).toEqual(fails === undefined ? output : fail(fails))
    }
  })
})

describe('config/vectors/README.md', () => {
  it('states results that are so', () => {
    const text = readFileSync(new URL('README.md', FOLDER), 'utf8')
    const stated = [...text.matchAll(/^print\(.*# (?:.*: )?(\S+)$/gm)].map((match) => match[1])
    const given = (use: string) =>
      TOKENS.vectors.find(
        ({ use: name, input, options }) =>
          name === use && input === ' Jane.Doe@Example.com' && options.normalize === 'email',
      )?.output
    expect(stated).toEqual([
      given('hash.hmac'),
      given('hash.email'),
      given('hash.uuid'),
      given('hash.integer'),
    ])
  })
})

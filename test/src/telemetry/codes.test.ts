/** The closed list of codes: all that the installed clients know, and nothing that is no code. */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { RECORD_CODES } from '../../../src/errors.ts'
import { CODE } from '../../../src/kafka/drivers/rdkafka/client-errors.ts'
import { clientCode, deadLetterCode, knownCode } from '../../../src/telemetry/codes.ts'
import { FAILURE_CODES } from '../../../transforms/transform.ts'

const require = createRequire(import.meta.url)

/** Source of a client's list of errors; undefined where an optional client is not installed. */
function source(path: string): string | undefined {
  try {
    return readFileSync(require.resolve(path), 'utf8')
  } catch {
    return undefined
  }
}

const rdkafka = source('node-rdkafka/lib/error.js')

const quiet = (code: string): string => code.toLowerCase().replaceAll('_', '-')

describe('codes of clients', () => {
  it('hold every error of the protocol that kafkajs knows', () => {
    const types = [...source('kafkajs/src/protocol/error.js')!.matchAll(/type: '([A-Z_0-9]+)'/g)]
    expect(types.length).toBeGreaterThan(80)
    for (const [, code] of types)
      if (code !== 'KAFKAJS_UNKNOWN_ERROR_CODE') {
        expect(clientCode(code!)).toBe(quiet(code!))
        expect(clientCode(quiet(code!))).toBe(quiet(code!))
      }
  })

  it.skipIf(rdkafka === undefined)('hold every error that librdkafka knows', () => {
    const codes = new Set(rdkafka!.match(/\bERR_[A-Z_0-9]+/g))
    expect(codes.size).toBeGreaterThan(150)
    for (const code of codes) expect(clientCode(code), code).toBe(quiet(code.replace(/^ERR__?/, '')))
  })

  it('hold those of the system and of TLS', () => {
    expect(clientCode('ECONNRESET')).toBe('econnreset')
    expect(clientCode('ERR_TLS_CERT_ALTNAME_INVALID')).toBe('tls-cert-altname-invalid')
  })

  it('hold every code that the drivers give', () => {
    const folder = fileURLToPath(new URL('../../../src/kafka/drivers', import.meta.url))
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'))
    const said = files.flatMap((file) => [
      ...readFileSync(join(folder, file), 'utf8').matchAll(
        /(?:\bcode: |\bnew Moment\(|#discard\(|#abort\(|\bcode \?\? )'([\w-]+)'/g,
      ),
    ])
    expect(said.length).toBeGreaterThan(5)
    expect(said.map((match) => match[1]!).filter((code) => clientCode(code) !== code)).toEqual([])
    for (const name of Object.keys(CODE)) expect(clientCode(quiet(name)), name).toBe(quiet(name))
  })
})

describe('codes of dead letters', () => {
  it('are those of src/errors.ts', () => {
    for (const code of Object.keys({ ...RECORD_CODES, ...FAILURE_CODES })) {
      expect(deadLetterCode(code)).toBe(code)
      expect(knownCode(code)).toBe(code)
    }
  })
})

it.each([
  '',
  'ERR_',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'Ada Lovelace',
  'bad-utf8 ',
  'Econnreset',
])('%j is no code', (text) => {
  expect(clientCode(text)).toBe('other')
  expect(deadLetterCode(text)).toBe('other')
  expect(knownCode(text)).toBe('other')
})

it.each([undefined, null, 42, {}, [], new Error('E-mail: ada@example.org')])(
  'what is not text is no code',
  (thing) => {
    expect(knownCode(thing as never)).toBe('other')
  },
)

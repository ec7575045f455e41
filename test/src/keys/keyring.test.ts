import { createHmac, createSecretKey, hkdfSync } from 'node:crypto'
import { inspect } from 'node:util'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { LetheError } from '../../../src/errors.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { addKey, compromiseKey, createKeyset, disableKey, promoteKey } from '../../../src/keys/keyset.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'
import type { KeyUse } from '../../../transforms/transform.ts'

const NOW = new Date('2025-01-01T00:00:00Z')
const USES: readonly KeyUse[] = ['token', 'shift', 'noise', 'pick', 'source', 'check']

/** RFC 5869, section 2, by its own words: extract with a salt of zeros, expand to at most one block. */
function hkdf(secret: Buffer, salt: Buffer, info: Buffer): Buffer {
  const extracted = createHmac('sha256', salt.length === 0 ? Buffer.alloc(32) : salt)
    .update(secret)
    .digest()
  return createHmac('sha256', extracted).update(info).update(Buffer.of(1)).digest()
}

/** k1 compromised, k2 primary, k3 disabled, k4 enabled. */
function mixed(): Keyring {
  let keyset = createKeyset(NOW)
  for (let n = 2; n <= 4; n++) keyset = addKey(keyset, NOW)
  return Keyring.fromKeyset(disableKey(compromiseKey(promoteKey(keyset, 'k2'), 'k1'), 'k3'))
}

describe('HKDF', () => {
  // RFC 5869, appendix A.1 and A.3 (first 32 of 42 bytes). They hold node's function and our reading of the text equal.
  it.each([
    [
      '0b'.repeat(22),
      '000102030405060708090a0b0c',
      'f0f1f2f3f4f5f6f7f8f9',
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf',
    ],
    ['0b'.repeat(22), '', '', '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d'],
  ])('gives the vector of RFC 5869 for %s', (secret, salt, info, expected) => {
    const [ikm, s, i] = [secret, salt, info].map((hex) => Buffer.from(hex, 'hex')) as [Buffer, Buffer, Buffer]
    expect(hkdf(ikm, s, i).toString('hex')).toBe(expected)
    expect(Buffer.from(hkdfSync('sha256', createSecretKey(ikm), s, i, 32)).toString('hex')).toBe(expected)
  })
})

describe('Keyring', () => {
  it('derives by RFC 5869 from key, use and domain', () => {
    const keyring = Keyring.fromKeyset(testKeyset())
    const secret = Buffer.from(Array.from({ length: 32 }, (_, at) => at))
    for (const use of USES) {
      for (const domain of ['customer', 'a.b', 'é', '']) {
        const expected = hkdf(secret, Buffer.alloc(0), Buffer.from(`lethe/v1/${use}/${domain}`, 'utf8'))
        const key = keyring.key(use, domain)
        expect(key.id).toBe('k1')
        expect(Buffer.from(key.bytes).toString('hex')).toBe(expected.toString('hex'))
      }
    }
  })

  it('gives every use, domain and key another field key, so that tokens tell nothing of shifts, noise or picks', () => {
    const keyring = mixed()
    const seen = new Set<string>()
    let count = 0
    for (const id of keyring.enabledIds) {
      for (const use of USES) {
        for (const domain of ['customer', 'email', 'subject', 'customer.id', 'token', 'shift']) {
          seen.add(Buffer.from(keyring.key(use, domain, id).bytes).toString('hex'))
          count++
        }
      }
    }
    expect(seen.size).toBe(count)
    // A published token is an HMAC under the field key for `token`. Neither that key nor a MAC under it is
    // the key or the MAC of another use, so a table of tokens answers no question about the others.
    const macs = USES.map((use) =>
      createHmac('sha256', keyring.key(use, 'subject').bytes).update('C-1').digest('hex'),
    )
    expect(new Set(macs).size).toBe(USES.length)
    for (const mac of macs) expect(seen.has(mac)).toBe(false)
  })

  it('derives once', () => {
    const keyring = mixed()
    expect(keyring.key('token', 'a')).toBe(keyring.key('token', 'a', 'k2'))
    expect(keyring.key('token', 'a')).not.toBe(keyring.key('token', 'a', 'k4'))
  })

  it('uses the primary key, or the one named, if it is enabled', () => {
    const keyring = mixed()
    expect(keyring.primaryId).toBe('k2')
    expect(keyring.enabledIds).toEqual(['k2', 'k4'])
    expect(keyring.key('token', 'a').id).toBe('k2')
    expect(keyring.key('token', 'a', 'k4').id).toBe('k4')
    for (const [id, message] of [
      ['k1', 'k1 is compromised'],
      ['k3', 'k3 is disabled'],
      ['k5', 'no key k5'],
      ['', 'no key of that id'],
    ] as const) {
      expect(() => keyring.key('token', 'a', id)).toThrow(LetheError)
      expect(() => keyring.key('token', 'a', id)).toThrow(message)
    }
  })

  it('refuses a domain that OpenSSL would not take', () => {
    expect(() => mixed().key('token', 'é'.repeat(504))).not.toThrow()
    expect(() => mixed().key('token', 'é'.repeat(505))).toThrow(LetheError)
  })

  it('tells the test keyset from others', () => {
    expect(Keyring.fromKeyset(testKeyset()).isTest).toBe(true)
    expect(mixed().isTest).toBe(false)
  })

  it('never shows a secret or a derived key when printed or made JSON of', () => {
    const keyring = mixed()
    const key = keyring.key('token', 'a')
    const shown = [keyring, key]
      .flatMap((one) => [
        inspect(one, { depth: 9, showHidden: true, getters: true }),
        JSON.stringify(one),
        `${one}`,
      ])
      .join()
    const secrets = keyring.keyset.keys.map((one) => one.secret.export())
    for (const bytes of [...secrets, Buffer.from(key.bytes)]) {
      for (const form of [
        bytes.toString('hex'),
        bytes.toString('base64'),
        bytes.toString('base64url'),
        bytes.join(', '),
        bytes.join(','),
      ]) {
        expect(shown).not.toContain(form)
        expect(shown).not.toContain(form.slice(0, 12))
      }
    }
    expect(String(keyring)).toBe('Keyring(4 keys, primary k2)')
  })

  it('can be made again in a worker thread, from the keyset posted to it', async () => {
    const keyring = mixed()
    const worker = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads')
       const { hkdfSync } = require('node:crypto')
       const { primary, keys } = workerData
       const secret = keys.find((key) => key.id === primary).secret
       parentPort.postMessage({ keyset: workerData, bytes: hkdfSync('sha256', secret, '', 'lethe/v1/token/a', 32) })`,
      { eval: true, workerData: keyring.keyset },
    )
    const { keyset, bytes } = await new Promise<{
      keyset: ReturnType<typeof testKeyset>
      bytes: ArrayBuffer
    }>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    expect(Buffer.from(bytes)).toEqual(Buffer.from(keyring.key('token', 'a').bytes))
    expect(Keyring.fromKeyset(keyset).key('token', 'a').bytes).toEqual(keyring.key('token', 'a').bytes)
  })
})

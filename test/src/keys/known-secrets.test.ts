import { createSecretKey, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EXIT } from '../../../src/errors.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import type { Key, Keyset } from '../../../src/keys/keyset.ts'
import { guessable, isPublished } from '../../../src/keys/known-secrets.ts'
import { refuseOtherKeys, refusePublished } from '../../../src/keys/real-data.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'

const bytes = (at: (index: number) => number): Buffer =>
  Buffer.from(Array.from({ length: 32 }, (_, i) => at(i)))
const text = (words: string): Buffer => Buffer.concat([Buffer.from(words), Buffer.alloc(32)]).subarray(0, 32)

const published = testKeyset().keys[0]!.secret.export()
const block = Buffer.from('a1b2c3d4e5f60718293a4b5c6d7e8f90', 'hex')

const key = (id: string, secret: Uint8Array, status: Key['status'] = 'enabled'): Key => ({
  id,
  status,
  created: '2026-01-01T00:00:00Z',
  secret: createSecretKey(secret),
})
const keysetOf = (...keys: Key[]): Keyset => ({ use: 'token', primary: keys[0]!.id, keys, test: false })

describe('a secret that can be guessed', () => {
  it.each<[string, Buffer]>([
    ['all zeros', bytes(() => 0)],
    ['all ones', bytes(() => 255)],
    ['counting up', bytes((i) => i + 1)],
    ['counting down, over zero', bytes((i) => (16 - i) & 0xff)],
    ['a pattern of two', bytes((i) => (i % 2 === 0 ? 0xde : 0xad))],
    ['a pattern of five', bytes((i) => [7, 99, 3, 200, 41][i % 5]!)],
    ['a block twice', Buffer.concat([Buffer.alloc(16, 'q8#kV0!zR@'), Buffer.alloc(16, 'q8#kV0!zR@')])],
    ['words', Buffer.from('correct horse battery staple yes')],
    ['a password and zeros', text('hunter2!')],
    ['words and a line break', Buffer.from('correct horse battery stapler !\n')],
    ['words and a few zeros', Buffer.concat([Buffer.from('correct horse battery'), Buffer.alloc(11)])],
    ['words in another script', Buffer.from('żółta łódź płynie po rzec')],
    ['words in UTF-16', Buffer.from('correct horse ba', 'utf16le')],
    ['even numbers', bytes((i) => i * 2)],
    ['multiples of seven', bytes((i) => (i * 7) & 0xff)],
    ['the published one in words of two bytes', Buffer.from(published).swap16()],
    ['the published one in words of four bytes', Buffer.from(published).swap32()],
    ['the published one in words of eight bytes', Buffer.from(published).swap64()],
    ['the published one backwards', Buffer.from(published).reverse()],
    ['the published one, its first half twice', bytes((i) => i % 16)],
    ['the published one under a mask', bytes((i) => i ^ 0xa5)],
    ['counting in 16 bits', bytes((i) => (i % 2 === 0 ? 0 : i >> 1))],
    ['ones in zeros', bytes((i) => (i === 9 || i === 20 ? 1 : 0))],
    ['a block and its mirror', Buffer.concat([block, Buffer.from(block).reverse()])],
    ['hex words', Buffer.from('deadbeefcafebabedeadbeefcafebabefeedfacefeedface0badf00d0badf00d', 'hex')],
    ['a pattern of twenty', bytes((i) => [...block, 3, 5, 250, 99][i % 20]!)],
    ['hex digits', Buffer.from('9f86d081884c7d659a2feaa0c55ad015')],
  ])('%s', (_name, secret) => {
    expect(secret).toHaveLength(32)
    expect(guessable(secret)).toBeDefined()
    const refusal = expect.objectContaining({ exitCode: EXIT.usage, message: expect.stringContaining('k1') })
    expect(() => Keyring.fromKeyset(keysetOf(key('k1', secret)))).toThrow(refusal)
    const other = keysetOf(key('k1', randomBytes(32)), key('k2', secret))
    expect(() => Keyring.fromKeyset(other)).toThrow(expect.objectContaining({ exitCode: EXIT.usage }))
    // One that is not used any more does no harm, and the keyset must stay readable.
    expect(
      Keyring.fromKeyset(keysetOf(key('k1', randomBytes(32)), key('k2', secret, 'disabled'))),
    ).toBeDefined()
  })

  it('is never a random one', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        () => guessable(randomBytes(32)) === undefined,
      ),
      { numRuns: 2000 },
    )
  })
})

describe('the published keys', () => {
  const secret = testKeyset().keys[0]!.secret.export()

  it('are known by their secret, whatever the keyset says', () => {
    expect(isPublished(secret)).toBe(true)
    const unflagged = Keyring.fromKeyset(keysetOf(key('k1', randomBytes(32)), key('k7', secret)))
    expect(unflagged.isTest).toBe(true)
    expect(() => refusePublished(unflagged)).toThrow(/published/)
    const disabled = Keyring.fromKeyset(keysetOf(key('k1', randomBytes(32)), key('k7', secret, 'disabled')))
    expect(() => refusePublished(disabled)).not.toThrow()
  })
})

describe('keys that are expected', () => {
  const keyset = testKeyset()

  it('pass where their check values are theirs, and where nothing is expected', () => {
    expect(() => refuseOtherKeys(keyset, ['k1'], [])).not.toThrow()
    expect(() => refuseOtherKeys(undefined, [], [])).not.toThrow()
  })

  it.each<[string, Keyset | undefined, string[], string, RegExp]>([
    ['another secret', keyset, ['k1'], 'k1', /k1 has the check value [0-9a-f]{8}, and 00000000 was expected/],
    ['no such id', keyset, ['k1'], 'k2', /k2 was expected, and the keyset has none/],
    ['no keys', undefined, [], 'k1', /no keys are given/],
  ])('are refused: %s', (_name, given, used, id, message) => {
    expect(() => refuseOtherKeys(given, used, [{ id, check: '00000000' }])).toThrow(message)
  })
})

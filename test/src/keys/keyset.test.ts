import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { LetheError } from '../../../src/errors.ts'
import {
  addKey,
  compromiseKey,
  createKeyset,
  disableKey,
  type Keyset,
  promoteKey,
} from '../../../src/keys/keyset.ts'
import { formatKeyset, parseKeyset } from '../../../src/keys/keyset-format.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'

const NOW = new Date('2025-03-04T05:06:07.890Z')

/** k1 to k`count`, k1 primary, secrets told apart by their bytes. */
function keysetOf(count: number): Keyset {
  let keyset = createKeyset(NOW, (bytes) => Buffer.alloc(bytes, 0xa1))
  for (let n = 2; n <= count; n++) keyset = addKey(keyset, NOW, (bytes) => Buffer.alloc(bytes, 0xa0 + n))
  return keyset
}

const statuses = (keyset: Keyset) => keyset.keys.map((key) => `${key.id} ${key.status}`)

describe('a keyset', () => {
  it('starts with one enabled key of 32 random bytes', () => {
    const keyset = createKeyset(NOW)
    expect(keyset).toMatchObject({ primary: 'k1', test: false })
    expect(keyset.keys[0]).toMatchObject({ id: 'k1', status: 'enabled', created: '2025-03-04T05:06:07Z' })
    expect(keyset.keys[0]!.secret.symmetricKeySize).toBe(32)
    expect(createKeyset(NOW).keys[0]!.secret.equals(keyset.keys[0]!.secret)).toBe(false)
  })

  it('rotates: add, promote, disable; ids are never given twice', () => {
    const rotated = disableKey(promoteKey(keysetOf(2), 'k2'), 'k1')
    expect(rotated.primary).toBe('k2')
    expect(statuses(addKey(rotated, NOW))).toEqual(['k1 disabled', 'k2 enabled', 'k3 enabled'])
    const gone = disableKey(disableKey(keysetOf(3), 'k2'), 'k3')
    expect(addKey(gone, NOW).keys.at(-1)!.id).toBe('k4')
  })

  it('changes nothing in place', () => {
    const keyset = keysetOf(2)
    const before = formatKeyset(keyset)
    promoteKey(keyset, 'k2')
    compromiseKey(keyset, 'k2')
    addKey(keyset, NOW)
    expect(formatKeyset(keyset)).toBe(before)
  })

  it('marks a disabled key as compromised too', () => {
    expect(statuses(compromiseKey(disableKey(keysetOf(2), 'k2'), 'k2'))).toEqual([
      'k1 enabled',
      'k2 compromised',
    ])
  })

  it.each<[string, () => unknown, string]>([
    ['promote an unknown key', () => promoteKey(keysetOf(1), 'k9'), 'no key k9'],
    ['promote the primary', () => promoteKey(keysetOf(1), 'k1'), 'already'],
    ['promote a disabled key', () => promoteKey(disableKey(keysetOf(2), 'k2'), 'k2'), 'is disabled'],
    ['promote a compromised key', () => promoteKey(compromiseKey(keysetOf(2), 'k2'), 'k2'), 'is compromised'],
    ['disable the primary', () => disableKey(keysetOf(2), 'k1'), 'cannot be disabled'],
    ['compromise the primary', () => compromiseKey(keysetOf(2), 'k1'), 'cannot be marked'],
    ['disable twice', () => disableKey(disableKey(keysetOf(2), 'k2'), 'k2'), 'already'],
    ['disable a compromised key', () => disableKey(compromiseKey(keysetOf(2), 'k2'), 'k2'), 'must stay'],
    ['compromise twice', () => compromiseKey(compromiseKey(keysetOf(2), 'k2'), 'k2'), 'already'],
    ['add to the test keyset', () => addKey(testKeyset(), NOW), 'published'],
  ])('refuses to %s', (_, change, message) => {
    expect(change).toThrow(LetheError)
    expect(change).toThrow(message)
  })

  it('says which key to promote before the primary goes', () => {
    const suggestion = (change: () => unknown) => {
      try {
        change()
      } catch (error) {
        return (error as LetheError).suggestion
      }
    }
    expect(suggestion(() => disableKey(keysetOf(2), 'k1'))).toContain('k2')
    expect(suggestion(() => disableKey(keysetOf(1), 'k1'))).toContain('add a key')
  })

  it('does not print an id that may be a misplaced secret', () => {
    expect(() => promoteKey(keysetOf(1), 'AAECAwQF')).toThrow('no key of that id')
  })

  it('never shows a secret when printed or made JSON of', () => {
    const keyset = keysetOf(2)
    const shown = [
      inspect(keyset, { depth: 9, showHidden: true, getters: true }),
      JSON.stringify(keyset),
      String(keyset),
    ].join()
    for (const { secret } of keyset.keys) {
      const bytes = secret.export()
      for (const form of [
        bytes.toString('hex'),
        bytes.toString('base64'),
        bytes.toString('base64url'),
        'a1 a1',
        '161, 161',
        '161,161',
      ]) {
        expect(shown).not.toContain(form)
      }
    }
  })
})

describe('the JSON of a keyset', () => {
  const good = JSON.parse(formatKeyset(keysetOf(3)))
  const SECRET: string = good.keys[0].secret
  const withKey = (at: number, change: object) => ({
    ...good,
    keys: good.keys.map((key: object, index: number) => (index === at ? { ...key, ...change } : key)),
  })

  it('is read back as it was written', () => {
    const keyset = promoteKey(compromiseKey(keysetOf(3), 'k2'), 'k3')
    const text = formatKeyset(keyset)
    expect(formatKeyset(parseKeyset(text, 'f'))).toBe(text)
    expect(JSON.parse(text)).toMatchObject({ lethe: 'keyset', version: 1, primary: 'k3' })
    expect(formatKeyset(parseKeyset(formatKeyset(testKeyset()), 'f'))).toContain('"test": true')
  })

  it('may have gaps: a host may hold younger keys only', () => {
    expect(parseKeyset(JSON.stringify({ ...good, primary: 'k3', keys: [good.keys[2]] }), 'f').primary).toBe(
      'k3',
    )
  })

  it.each<[string, unknown, string]>([
    ['another kind of file', { ...good, lethe: 'policy' }, 'at lethe'],
    ['another version', { ...good, version: 2 }, 'at version'],
    ['no keys', { ...good, keys: [] }, 'at keys'],
    ['a list', [good], 'at its root'],
    ['null', null, 'at its root'],
    ['an unknown member', { ...good, extra: SECRET }, 'does not know, at its root'],
    ['an unknown member of a key', withKey(1, { [SECRET]: 1 }), 'does not know, at keys[1]'],
    ['an unlisted primary', { ...good, primary: SECRET }, 'primary key that it does not list'],
    ['a disabled primary', withKey(0, { status: 'disabled' }), 'primary key that is disabled'],
    ['an id twice', withKey(1, { id: 'k1' }), 'lists k1 twice'],
    ['ids out of order', withKey(0, { id: 'k9' }), 'out of order'],
    ['a secret twice', withKey(2, { secret: SECRET }), 'one secret under two ids'],
    ['k0', withKey(0, { id: 'k0' }), 'at keys[0].id'],
    ['another status', withKey(0, { status: SECRET }), 'at keys[0].status'],
    ['a date without a zone', withKey(0, { created: '2025-01-01T00:00:00' }), 'at keys[0].created'],
    ['a short secret', withKey(0, { secret: SECRET.slice(1) }), 'at keys[0].secret'],
    ['a secret with loose bits', withKey(0, { secret: `${SECRET.slice(0, 42)}_` }), 'at keys[0].secret'],
    ['test: false', { ...good, test: false }, 'at test'],
  ])('is refused with %s, and the error shows nothing of it', (_, document, message) => {
    const read = () => parseKeyset(JSON.stringify(document), 'my.keyset.json')
    expect(read).toThrow(LetheError)
    expect(read).toThrow(message)
    expect(read).toThrow('my.keyset.json')
    expect(read).not.toThrow(SECRET.slice(0, 8))
  })

  it('is refused where it is not JSON, without the parser quoting it', () => {
    expect(() => parseKeyset(`{"secret": ${SECRET}`, 'f')).toThrow('f is not JSON')
    expect(() => parseKeyset(`{"secret": ${SECRET}`, 'f')).not.toThrow(SECRET.slice(0, 8))
  })
})

/** Keys that sign: their files, and what is none. */
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createSigningKeyFiles, passphraseOf, readSigningKey } from '../../../src/signing/private-key.ts'
import { parsePublicKeys } from '../../../src/signing/public-key.ts'
import { folder } from '../cli/lethe.ts'

const made = (passphrase?: string) => {
  const file = join(folder(), 'key.pem')
  return { file, publicKey: createSigningKeyFiles(file, passphrase) }
}
const codeOf = (act: () => unknown): unknown => {
  try {
    act()
  } catch (error) {
    return (error as { code?: unknown }).code
  }
  return 'nothing thrown'
}

describe('a signing key', () => {
  it('is a PKCS#8 file of mode 0600 and an SPKI file, which node:crypto reads', () => {
    const { file, publicKey } = made()
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
    const pem = readFileSync(`${file}.pub`, 'utf8')
    expect(pem).toMatch(/^-----BEGIN PUBLIC KEY-----\n/)
    const bytes = Buffer.from('text')
    const signature = readSigningKey(file).sign(bytes)
    expect(verify(null, bytes, createPublicKey(pem), signature)).toBe(true)
    expect(parsePublicKeys(pem, 'f').map(({ id }) => id)).toEqual([publicKey.id])
  })

  it('overwrites nothing, and leaves nothing behind where one of its files exists', () => {
    const { file } = made()
    const [secret, pub] = [readFileSync(file, 'utf8'), readFileSync(`${file}.pub`, 'utf8')]
    expect(codeOf(() => createSigningKeyFiles(file))).toBe('output-exists')
    expect([readFileSync(file, 'utf8'), readFileSync(`${file}.pub`, 'utf8')]).toEqual([secret, pub])
    const other = join(folder({ 'a.pem': 'mine' }), 'a.pem')
    expect(codeOf(() => createSigningKeyFiles(other))).toBe('output-exists')
    expect(existsSync(`${other}.pub`)).toBe(false)
    expect(readFileSync(other, 'utf8')).toBe('mine')
    expect(codeOf(() => createSigningKeyFiles('/none/of/this'))).toBe('folder-missing')
  })

  it('opens with its passphrase alone', () => {
    const { file } = made('correct horse')
    expect(readFileSync(file, 'utf8')).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
    expect(readSigningKey(file, 'correct horse').sign(Buffer.from('a'))).toHaveLength(64)
    expect(codeOf(() => readSigningKey(file, 'wrong'))).toBe('signing-key-invalid')
    expect(codeOf(() => readSigningKey(file))).toBe('signing-key-invalid')
  })

  it('is refused where others may read it, and where it is of another kind', () => {
    const { file } = made()
    chmodSync(file, 0o644)
    expect(codeOf(() => readSigningKey(file))).toBe('secret-file-open')
    chmodSync(file, 0o600)
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }))
    expect(codeOf(() => readSigningKey(file))).toBe('signing-key-invalid')
    writeFileSync(file, 'no key')
    expect(codeOf(() => readSigningKey(file))).toBe('signing-key-invalid')
    expect(codeOf(() => readSigningKey(`${file}.none`))).toBe('file-missing')
  })

  it('takes its passphrase from a variable or a file', () => {
    const file = join(folder({ 'pass.txt': 'secret words\n' }), 'pass.txt')
    chmodSync(file, 0o600)
    expect(passphraseOf({ passphraseFile: file })).toBe('secret words')
    expect(passphraseOf({})).toBeUndefined()
    expect(codeOf(() => passphraseOf({ passphraseEnv: 'LETHE_TEST_NOT_SET' }))).toBe('bad-environment')
    expect(codeOf(() => passphraseOf({ passphraseEnv: 'A', passphraseFile: file }))).toBe('bad-option')
    chmodSync(file, 0o644)
    expect(codeOf(() => passphraseOf({ passphraseFile: file }))).toBe('secret-file-open')
  })
})

describe('a file of public keys', () => {
  const pem = (): string => {
    const { file } = made()
    return readFileSync(`${file}.pub`, 'utf8')
  }

  it('holds one or more, each counted once, and comments', () => {
    const [one, other] = [pem(), pem()]
    expect(parsePublicKeys(`# who\n${one}${other}\n# again\n${one}`, 'f')).toHaveLength(2)
  })

  it.each([
    ['nothing', ''],
    ['words', 'trust me'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n'],
    ['a block that is no key', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
    [
      'a key of another kind',
      String(
        generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }),
      ),
    ],
  ])('is refused where it holds %s', (_is, text) => {
    expect(codeOf(() => parsePublicKeys(text, 'f'))).toBe('public-keys-invalid')
  })
})

/**
 * Ed25519 keys (RFC 8032) that sign what people and runs state: approvals, ledgers, receipts. The private key is a PKCS#8
 * PEM (RFC 5958), the public key beside it an SPKI PEM (RFC 8410). They derive nothing, and have nothing to do with keysets.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { closeSync, fsyncSync, openSync, unlinkSync, writeFileSync } from 'node:fs'
import { existsAlready, fileError, LetheError } from '../errors.ts'
import { readSecretFile, refuseExposed } from '../keys/secret-file.ts'
import { type PublicKey, publicKeyOf } from './public-key.ts'

/** OpenSSL's name of how a private key is encrypted under a passphrase (PBES2, RFC 8018). */
const CIPHER = 'aes-256-cbc'

export interface SigningKey {
  readonly publicKey: PublicKey
  /** The 64 bytes of the signature over `bytes`. */
  sign(bytes: Uint8Array): Buffer
}

/**
 * Makes FILE (mode 0600) and FILE.pub. Never overwrites: where one of the two exists, neither is written.
 * @throws LetheError (usage) where one exists, (io) where one cannot be written
 */
export function createSigningKeyFiles(file: string, passphrase?: string): PublicKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const secret = privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    ...(passphrase === undefined ? {} : { cipher: CIPHER, passphrase }),
  })
  writeNew(`${file}.pub`, String(publicKey.export({ type: 'spki', format: 'pem' })), 0o644)
  try {
    writeNew(file, String(secret), 0o600)
  } catch (error) {
    unlinkSync(`${file}.pub`)
    throw error
  }
  return publicKeyOf(publicKey)
}

/**
 * Reads the private key in `file`.
 * @throws LetheError (usage) where it is open to others, no Ed25519 key, or its passphrase is missing or wrong; (io) where it
 *   cannot be read
 */
export function readSigningKey(file: string, passphrase?: string): SigningKey {
  const text = readSecret(file, 'a signing key', 'signing keys')
  const isEncrypted = text.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----')
  if (isEncrypted && passphrase === undefined)
    throw invalid(
      `${file} is protected by a passphrase`,
      'say --passphrase-env NAME or --passphrase-file FILE',
    )
  let key: KeyObject
  try {
    key = createPrivateKey({ key: text, format: 'pem', passphrase })
  } catch {
    // The words of the library may quote what the file holds.
    throw isEncrypted
      ? invalid(`the passphrase does not open ${file}`, 'check the passphrase')
      : invalid(`${file} holds no private key in PEM`, 'make one with `lethe signing-key create FILE`')
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw invalid(
      `${file} is a key of another kind: signatures are made with Ed25519`,
      'make one with `lethe signing-key create FILE`',
    )
  return { publicKey: publicKeyOf(createPublicKey(key)), sign: (bytes) => sign(null, bytes, key) }
}

export interface PassphraseOptions {
  readonly passphraseEnv?: string
  readonly passphraseFile?: string
}

/** The passphrase that the options name; undefined where they name none. @throws LetheError where it cannot be had */
export function passphraseOf({ passphraseEnv, passphraseFile }: PassphraseOptions): string | undefined {
  if (passphraseEnv !== undefined && passphraseFile !== undefined)
    throw new LetheError(
      'bad-option',
      'two passphrases are named',
      'say --passphrase-env or --passphrase-file',
    )
  if (passphraseEnv !== undefined) {
    const text = process.env[passphraseEnv]
    if (text === undefined || text === '')
      throw new LetheError(
        'bad-environment',
        `${passphraseEnv} is not set, or empty`,
        'set it to the passphrase',
      )
    return text
  }
  if (passphraseFile === undefined) return undefined
  const text = readSecret(passphraseFile, 'a file that holds a passphrase', 'files of passphrases').replace(
    /\r?\n$/,
    '',
  )
  if (text === '') throw invalid(`${passphraseFile} is empty`, 'write the passphrase into it')
  return text
}

function readSecret(file: string, what: string, kind: string): string {
  try {
    const { text, stats } = readSecretFile(file, what)
    refuseExposed(file, stats, kind)
    return text
  } catch (error) {
    throw error instanceof LetheError ? error : fileError(file, error)
  }
}

function writeNew(file: string, text: string, mode: number): void {
  let descriptor: number
  try {
    descriptor = openSync(file, 'wx', mode)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw existsAlready(file)
    throw fileError(file, error, 'written')
  }
  try {
    writeFileSync(descriptor, text)
    fsyncSync(descriptor)
  } catch (error) {
    unlinkSync(file)
    throw fileError(file, error, 'written')
  } finally {
    closeSync(descriptor)
  }
}

const invalid = (message: string, suggestion: string): LetheError =>
  new LetheError('signing-key-invalid', message, suggestion)

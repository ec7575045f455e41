/**
 * Reads the secrets that a pipeline file names: what comes out connects, makes tokens, and is never logged. Errors name
 * the file or the variable, and nothing of what it holds.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { hostname } from 'node:os'
import { fileError, LetheError } from '../../errors.ts'
import { keysetOfCommand } from '../../keys/command-keys.ts'
import { loadKeyring } from '../../keys/file.ts'
import { Keyring } from '../../keys/keyring.ts'
import type { Keyset } from '../../keys/keyset.ts'
import { parseKeyset } from '../../keys/keyset-format.ts'
import { refusePublished } from '../../keys/real-data.ts'
import { readSecretFile, refuseExposed } from '../../keys/secret-file.ts'
import type { RegistryConnection } from '../../registry/registry-request.ts'
import type { Connection } from '../driver.ts'
import { fetchToken } from '../oauth/client-credentials.ts'
import { expiryOf, isBearerToken, type Token } from '../oauth/token.ts'
import { TokenSource } from '../oauth/token-source.ts'
import type { KeysPlace, Pipeline, Registry, Sasl, Secret } from './pipeline.ts'

/** `process.env`, or what stands for it. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * How to reach the brokers of `pipeline`.
 * @throws LetheError: io if a file cannot be read; usage if one is exposed or holds something else, or a variable is
 *   not set
 */
export function resolveConnection(
  pipeline: Pipeline,
  environment: Environment = process.env,
  tokens: TokenSource | undefined = tokensOf(pipeline, environment),
): Connection {
  const { brokers, client, sasl } = pipeline
  return {
    brokers,
    client,
    tls: pipeline.tls && resolveTls(pipeline.tls, environment),
    sasl:
      tokens === undefined
        ? sasl && resolvePassword(sasl, environment)
        : { mechanism: 'oauthbearer', tokens },
  }
}

function resolvePassword(sasl: Sasl, environment: Environment): Connection['sasl'] {
  if (sasl.mechanism === 'oauthbearer') return undefined
  const { mechanism, username } = sasl
  return { mechanism, username, password: read(sasl.password, 'sasl.password', environment) }
}

/**
 * How to reach the schema registry: asked for each request, so that new passwords are taken up.
 * @throws LetheError like `resolveConnection`
 */
export function resolveRegistry(
  registry: Registry,
  environment: Environment = process.env,
): RegistryConnection {
  const { url, auth, tls, timeout } = registry
  return {
    url,
    authorization: auth && authorizationOf(auth, environment),
    tls: tls && resolveTls(tls, environment, 'registry.tls'),
    timeout,
  }
}

function authorizationOf(auth: NonNullable<Registry['auth']>, environment: Environment): string {
  if ('token' in auth) {
    const token = read(auth.token, 'registry.auth.token', environment).trim()
    if (isBearerToken(token)) return `Bearer ${token}`
    throw new LetheError(
      'secret-invalid',
      `${nameOf(auth.token)}, which \`registry.auth.token\` names, holds no bearer token`,
    )
  }
  const password = read(auth.password, 'registry.auth.password', environment)
  return `Basic ${Buffer.from(`${auth.username}:${password}`).toString('base64')}`
}

/** A token is read again so often, whatever it says of its end: who writes the file may have renewed it. */
const TOKEN_FILE_MS = 60_000

/**
 * What gives tokens to the clients of a pipeline, for all of them; undefined where it names none. Secrets are read for
 * each request, so that new ones are taken up.
 */
export function tokensOf(
  { sasl }: Pick<Pipeline, 'sasl'>,
  environment: Environment = process.env,
): TokenSource | undefined {
  if (sasl?.mechanism !== 'oauthbearer') return undefined
  const { from, extensions } = sasl
  return 'file' in from
    ? new TokenSource({ extensions, atMost: TOKEN_FILE_MS, fetch: async () => tokenIn(from) })
    : new TokenSource({
        extensions,
        fetch: () =>
          fetchToken({
            endpoint: new URL(from.tokenEndpoint),
            clientId: from.clientId,
            clientSecret: read(from.clientSecret, 'sasl.oidc.clientSecret', environment),
            scope: from.scope,
            ca: from.ca && certificatesIn(from.ca, 'sasl.oidc.ca', environment),
            timeout: from.timeout,
          }),
      })
}

function tokenIn(where: { readonly file: string }): Token {
  const value = read(where, 'sasl.token', {}).trim()
  if (!isBearerToken(value))
    throw new LetheError('secret-invalid', `${where.file}, which \`sasl.token\` names, holds no bearer token`)
  return { value, expiresAt: expiryOf(value) }
}

/**
 * The keys of a pipeline; undefined where it names none.
 * @throws LetheError like `resolveConnection`; and (usage) for a keyset that is published
 */
export function resolveKeyring(
  { keys }: Pick<Pipeline, 'keys'>,
  environment: Environment = process.env,
): Keyring | undefined {
  if (keys === undefined) return undefined
  const keyring = keyringOf(keys, environment)
  refusePublished(keyring)
  return keyring
}

function keyringOf(keys: KeysPlace, environment: Environment): Keyring {
  if ('file' in keys) return loadKeyring(keys.file)
  return Keyring.fromKeyset(resolveKeyset(keys, 'keys', environment))
}

/**
 * The keyset of an environment variable or a command; `word` names it in errors.
 * @throws LetheError like `resolveConnection`, and what `keysetOfCommand` throws
 */
export function resolveKeyset(
  keys: Exclude<KeysPlace, { readonly file: string }>,
  word: 'keys' | 'matchKeys',
  environment: Environment = process.env,
): Keyset {
  if ('command' in keys) return keysetOfCommand(keys)
  return parseKeyset(read(keys, word, environment), nameOf(keys))
}

/**
 * The name of this instance: as the file says, else that of the host.
 * @throws LetheError (usage) where that is not a name
 */
export function resolveInstance(
  { instance }: Pipeline,
  environment: Environment = process.env,
  host: () => string = hostname,
): string {
  const from = typeof instance === 'object' ? `the environment variable ${instance.env}` : 'the host'
  const name = typeof instance === 'object' ? environment[instance.env] : (instance ?? host())
  if (name === undefined || name === '')
    throw new LetheError('bad-environment', `${from} names no instance`, 'set it, or write `instance: NAME`')
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(name))
    throw new LetheError(
      'bad-environment',
      `${from} gives a name that no instance can have`,
      'up to 100 letters, digits, dots, hyphens and underscores; write `instance: NAME`',
    )
  return name
}

function resolveTls(
  tls: NonNullable<Pipeline['tls']>,
  environment: Environment,
  word = 'tls',
): Connection['tls'] {
  const ca = tls.ca && certificatesIn(tls.ca, `${word}.ca`, environment)
  const cert = tls.cert && read(tls.cert, `${word}.cert`, environment, 'public')
  const key = tls.key && read(tls.key, `${word}.key`, environment)
  const keyPassword = tls.keyPassword && read(tls.keyPassword, `${word}.keyPassword`, environment)
  if (cert !== undefined && key !== undefined) {
    const certificate = certificateOf(cert, tls.cert!)
    if (!certificate.checkPrivateKey(privateKeyOf(key, tls.key!, keyPassword)))
      throw new LetheError(
        'certificate-invalid',
        `the certificate in ${nameOf(tls.cert!)} is not that of the private key in ${nameOf(tls.key!)}`,
        'name the two that were made together',
      )
  }
  return { ca, cert, key, keyPassword }
}

function certificatesIn(where: Secret, word: string, environment: Environment): string {
  const text = read(where, word, environment, 'public')
  certificateOf(text, where)
  return text
}

function certificateOf(text: string, where: Secret): X509Certificate {
  try {
    if (text.includes('-----BEGIN CERTIFICATE-----')) return new X509Certificate(text)
  } catch {
    // The words of the library are not passed on.
  }
  throw new LetheError(
    'certificate-invalid',
    `${nameOf(where)} holds no certificate in PEM`,
    'name a file of certificates',
  )
}

function privateKeyOf(text: string, where: Secret, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey({ key: text, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) })
  } catch {
    throw new LetheError(
      'certificate-invalid',
      /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)
        ? `the private key in ${nameOf(where)} cannot be opened ${passphrase === undefined ? 'without a password' : 'with its password'}`
        : `${nameOf(where)} holds no private key in PEM`,
      'check `tls.key` and `tls.keyPassword`',
    )
  }
}

function nameOf(secret: Secret): string {
  return 'file' in secret ? secret.file : `the environment variable ${secret.env}`
}

/** `public`: everyone may read it, but other users must not be able to replace it. */
function read(
  secret: Secret,
  word: string,
  environment: Environment,
  kind: 'secret' | 'public' = 'secret',
): string {
  const text = 'file' in secret ? readFile(secret.file, word, kind) : environment[secret.env]
  if (text === undefined)
    throw new LetheError(
      'secret-invalid',
      `${nameOf(secret)}, which \`${word}\` names, is not set`,
      'set it, or name another',
    )
  if (text === '')
    throw new LetheError('secret-invalid', `${nameOf(secret)}, which \`${word}\` names, is empty`)
  if (text.includes('\ufffd') || text.includes('\0'))
    throw new LetheError(
      'secret-invalid',
      `${nameOf(secret)}, which \`${word}\` names, holds no text in UTF-8`,
    )
  return text
}

function readFile(file: string, word: string, kind: 'secret' | 'public'): string {
  let found: ReturnType<typeof readSecretFile>
  try {
    found = readSecretFile(file, `the file of \`${word}\``)
  } catch (error) {
    if (error instanceof LetheError || (error as NodeJS.ErrnoException).code === undefined) throw error
    throw fileError(`${file}, which \`${word}\` names,`, error)
  }
  if (kind === 'secret') refuseExposed(file, found.stats, 'files that hold secrets')
  else if (process.platform !== 'win32' && (found.stats.mode & 0o002) !== 0)
    throw new LetheError(
      'secret-file-open',
      `${file} may be written by everybody: whom it trusts would be up to them`,
      `chmod o-w ${file}`,
    )
  // Editors and `echo` end a file with a newline, which is no part of a password.
  return found.text.replace(/\r?\n$/, '')
}

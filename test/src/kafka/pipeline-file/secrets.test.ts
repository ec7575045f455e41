import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { EXIT, LetheError } from '../../../../src/errors.ts'
import type { Pipeline } from '../../../../src/kafka/pipeline-file/pipeline.ts'
import {
  resolveConnection,
  resolveInstance,
  resolveKeyring,
} from '../../../../src/kafka/pipeline-file/pipeline-secrets.ts'
import { createKeysetFile } from '../../../../src/keys/file.ts'
import { createKeyset } from '../../../../src/keys/keyset.ts'
import { formatKeyset } from '../../../../src/keys/keyset-format.ts'
import { testKeyset } from '../../../../src/keys/test-keyset.ts'
import { folder } from '../../cli/lethe.ts'
import { compile, pipeline } from './sources.ts'

const SECRET = 'hunter2-correct-horse'

function compiled(top: string): Pipeline {
  const { pipeline: sound, problems } = compile(pipeline(top))
  expect(problems).toEqual([])
  return sound!
}

const withPassword = (where: string) =>
  compiled(`sasl: { mechanism: scram-sha-512, username: lethe, password: ${where} }`)

function failure(run: () => unknown): { exitCode: number; message: string } {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(LetheError)
    expect(inspect(error)).not.toContain(SECRET)
    const { exitCode, message } = error as LetheError
    return { exitCode, message }
  }
  throw new Error('it did not fail')
}

/** Files with these modes. */
function files(contents: Readonly<Record<string, string | Uint8Array>>, mode = 0o600): string {
  const cwd = folder(contents)
  for (const name of Object.keys(contents)) chmodSync(join(cwd, name), mode)
  return cwd
}

describe('resolveConnection', () => {
  it.each([
    ['', SECRET],
    ['\n', SECRET],
    ['\r\n', SECRET],
    ['\n\n', `${SECRET}\n`],
    [' ', `${SECRET} `],
  ])('takes a password out of a file that ends with %j', (end, password) => {
    const cwd = files({ pw: SECRET + end })
    expect(resolveConnection(withPassword(`{ file: ${cwd}/pw }`), {})).toEqual({
      brokers: ['localhost:9092'],
      client: new Map([
        ['session.timeout.ms', 45_000],
        ['transaction.timeout.ms', 30_000],
      ]),
      tls: undefined,
      sasl: { mechanism: 'scram-sha-512', username: 'lethe', password },
    })
  })

  it('takes a password out of the environment as it is', () => {
    const { sasl } = resolveConnection(withPassword('{ env: PW }'), { PW: `${SECRET}\n` })
    expect(sasl?.password).toBe(`${SECRET}\n`)
  })

  it('reads a token again, and says that a file holds none', async () => {
    const cwd = files({ token: `${SECRET}\n` })
    const token = (): Promise<unknown> => {
      const { sasl } = resolveConnection(
        compiled(`sasl: { mechanism: oauthbearer, token: { file: ${cwd}/token } }`),
        {},
      )
      if (sasl?.mechanism !== 'oauthbearer') throw new Error('no tokens')
      return sasl.tokens.current().catch((error: unknown) => error)
    }
    expect(await token()).toBe(SECRET)
    const again = (text: string): Promise<unknown> => {
      writeFileSync(`${cwd}/token`, text)
      return token()
    }
    expect(await again('another')).toBe('another')
    const error = await again(`${SECRET} and more`)
    expect(error).toMatchObject({
      exitCode: EXIT.usage,
      message: `${cwd}/token, which \`sasl.token\` names, holds no bearer token`,
    })
    expect(inspect(error)).not.toContain(SECRET)
  })

  it('names the variable that is not set or empty', () => {
    const resolve = (environment: Record<string, string>) =>
      failure(() => resolveConnection(withPassword('{ env: PW }'), environment))
    expect(resolve({ OTHER: SECRET })).toEqual({
      exitCode: EXIT.usage,
      message: 'the environment variable PW, which `sasl.password` names, is not set',
    })
    expect(resolve({ PW: '' }).message).toContain(
      'the environment variable PW, which `sasl.password` names, is empty',
    )
  })

  it('names the file that is missing, a folder, empty, or no text', () => {
    const cwd = files({ empty: '\n', binary: new Uint8Array([0x68, 0xff, 0x32]) })
    const resolve = (name: string) =>
      failure(() => resolveConnection(withPassword(`{ file: ${cwd}/${name} }`), {}))
    expect(resolve('gone')).toEqual({
      exitCode: EXIT.io,
      message: `${cwd}/gone, which \`sasl.password\` names, does not exist`,
    })
    mkdirSync(join(cwd, 'folder'))
    expect(resolve('folder')).toMatchObject({ exitCode: EXIT.usage })
    expect(resolve('empty').message).toBe(`${cwd}/empty, which \`sasl.password\` names, is empty`)
    expect(resolve('binary').message).toContain('holds no text in UTF-8')
  })

  it.each([
    [0o604, 'others may read it'],
    [0o606, 'others may write it'],
    [0o660, 'the group may write it'],
    [0o644, 'everybody may read it'],
  ])('refuses a file of mode %o: %s', (mode) => {
    const cwd = files({ pw: SECRET }, mode)
    const { exitCode, message } = failure(() => resolveConnection(withPassword(`{ file: ${cwd}/pw }`), {}))
    expect(exitCode).toBe(EXIT.usage)
    expect(message).toContain(`${cwd}/pw has mode 0${mode.toString(8)}`)
  })

  it('lets the group read', () => {
    const cwd = files({ pw: SECRET }, 0o640)
    expect(resolveConnection(withPassword(`{ file: ${cwd}/pw }`), {}).sasl?.password).toBe(SECRET)
  })
})

/** Certificates as OpenSSL makes them. */
function certificates(): string {
  const cwd = folder()
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd, stdio: 'pipe' })
  for (const name of ['a', 'b'])
    openssl(
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ],
      ...['-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`],
    )
  openssl('pkcs8', '-topk8', '-in', 'a.key', '-out', 'locked.key', '-passout', `pass:${SECRET}`)
  writeFileSync(join(cwd, 'pw'), `${SECRET}\n`)
  for (const name of ['a.key', 'b.key', 'locked.key', 'pw']) chmodSync(join(cwd, name), 0o600)
  for (const name of ['a.pem', 'b.pem']) chmodSync(join(cwd, name), 0o644)
  return cwd
}

describe('resolveConnection with TLS', () => {
  it('reads certificates and keys, and finds those that do not belong together', { timeout: 60_000 }, () => {
    const cwd = certificates()
    const at = (name: string) => `{ file: ${cwd}/${name} }`
    const tls = (words: Readonly<Record<string, string>>) =>
      resolveConnection(
        compiled(
          `tls: { ${Object.entries(words)
            .map(([word, name]) => `${word}: ${at(name)}`)
            .join(', ')} }`,
        ),
        {},
      ).tls

    expect(resolveConnection(compiled('tls: true'), {}).tls).toEqual({})
    expect(tls({ ca: 'a.pem' })?.ca).toMatch(/^-----BEGIN CERTIFICATE-----.*-----END CERTIFICATE-----$/s)
    expect(tls({ cert: 'a.pem', key: 'a.key' })?.key).toContain('PRIVATE KEY')
    expect(tls({ cert: 'a.pem', key: 'locked.key', keyPassword: 'pw' })?.keyPassword).toBe(SECRET)

    const trouble = (words: Readonly<Record<string, string>>) => failure(() => tls(words)).message
    expect(trouble({ ca: 'a.key' })).toBe(`${cwd}/a.key holds no certificate in PEM`)
    expect(trouble({ cert: 'a.pem', key: 'b.key' })).toBe(
      `the certificate in ${cwd}/a.pem is not that of the private key in ${cwd}/b.key`,
    )
    expect(trouble({ cert: 'a.pem', key: 'pw' })).toBe(`${cwd}/pw holds no private key in PEM`)
    expect(trouble({ cert: 'a.pem', key: 'locked.key' })).toBe(
      `the private key in ${cwd}/locked.key cannot be opened without a password`,
    )
    expect(trouble({ cert: 'a.pem', key: 'locked.key', keyPassword: 'a.key' })).toBe(
      `the private key in ${cwd}/locked.key cannot be opened with its password`,
    )
    chmodSync(join(cwd, 'b.key'), 0o644)
    expect(trouble({ cert: 'b.pem', key: 'b.key' })).toContain('b.key has mode 0644')
    chmodSync(join(cwd, 'a.pem'), 0o666)
    expect(trouble({ ca: 'a.pem' })).toContain('a.pem may be written by everybody')
  })
})

describe('resolveKeyring', () => {
  const keyset = () => createKeyset(new Date('2026-01-01T00:00:00Z'))

  it('reads the keys of a file, or of the environment', () => {
    const cwd = folder()
    const made = keyset()
    createKeysetFile(join(cwd, 'keys.json'), made)
    const fromFile = resolveKeyring(compiled(`keys: { file: ${cwd}/keys.json }`), {})
    const fromEnv = resolveKeyring(compiled('keys: { env: KEYS }'), { KEYS: formatKeyset(made) })
    const token = (ring: typeof fromFile) => Buffer.from(ring!.key('token', 'customer').bytes).toString('hex')
    expect(token(fromFile)).toBe(token(fromEnv))
    expect(resolveKeyring(compiled(''), {})).toBeUndefined()
  })

  it('refuses keys that are published, exposed, or none', () => {
    const cwd = files({ 'keys.json': formatKeyset(keyset()) }, 0o644)
    const trouble = (where: string, environment: Record<string, string> = {}) =>
      failure(() => resolveKeyring(compiled(`keys: ${where}`), environment)).message
    expect(trouble(`{ file: ${cwd}/keys.json }`)).toContain('has mode 0644')
    expect(trouble('{ env: KEYS }', { KEYS: formatKeyset(testKeyset()) })).toContain(
      'these keys are published',
    )
    expect(trouble('{ file: config/keys/test.keyset.json }')).toContain('these keys are published')
    expect(trouble('{ env: KEYS }', { KEYS: SECRET })).toContain('the environment variable KEYS')
    expect(trouble('{ env: KEYS }')).toContain('KEYS, which `keys` names, is not set')
  })
})

describe('resolveInstance', () => {
  const host = () => 'worker-7.example.com'
  it('is what the file says, else the host name', () => {
    expect(resolveInstance(compiled('instance: east-1'), {}, host)).toBe('east-1')
    expect(resolveInstance(compiled('instance: { env: POD }'), { POD: 'lethe-0' }, host)).toBe('lethe-0')
    expect(resolveInstance(compiled(''), {}, host)).toBe('worker-7.example.com')
  })

  it('is never made up', () => {
    const trouble = (top: string, environment: Record<string, string>, name = host) =>
      failure(() => resolveInstance(compiled(top), environment, name))
    expect(trouble('instance: { env: POD }', {})).toEqual({
      exitCode: EXIT.usage,
      message: 'the environment variable POD names no instance',
    })
    expect(trouble('instance: { env: POD }', { POD: 'a/b' }).message).toContain(
      'gives a name that no instance can have',
    )
    expect(trouble('', {}, () => '').message).toBe('the host names no instance')
  })
})

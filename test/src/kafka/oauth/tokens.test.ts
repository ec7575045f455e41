/** Tokens against a real HTTP server: what is asked, what is refused, and when the next one is asked for. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ClientCredentials, fetchToken } from '../../../../src/kafka/oauth/client-credentials.ts'
import { expiryOf, firstMessage, isBearerToken, type Token } from '../../../../src/kafka/oauth/token.ts'
import { TokenSource } from '../../../../src/kafka/oauth/token-source.ts'
import { folder } from '../../cli/lethe.ts'
import { type Answer, CLIENT, json, type TokenEndpoint, tokenEndpoint, unsigned } from './token-endpoint.ts'

const CANARY = 'ada@example.org'

async function serving(answer: Answer, tls?: Parameters<typeof tokenEndpoint>[1]): Promise<TokenEndpoint> {
  const endpoint = await tokenEndpoint(answer, tls)
  onTestFinished(() => endpoint.close())
  return endpoint
}

const asking = (url: string, more: Partial<ClientCredentials> = {}): ClientCredentials => ({
  endpoint: new URL(url),
  clientId: CLIENT.id,
  clientSecret: CLIENT.secret,
  scope: undefined,
  ca: undefined,
  timeout: 30_000,
  ...more,
})

/** The error, in which no secret, token or text of the server stands. */
async function failure(asked: Promise<unknown>): Promise<unknown> {
  const error = await asked.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  )
  for (const hidden of [CLIENT.secret, encodeURIComponent(CLIENT.secret), CANARY, 'Basic'])
    expect(inspect(error, { depth: 9 })).not.toContain(hidden)
  return error
}

describe('the grant of client credentials', () => {
  it('asks as RFC 6749 has it, and takes expires_in before the exp of the token', async () => {
    const token = unsigned(60)
    const endpoint = await serving(json(200, { access_token: token, token_type: 'bearer', expires_in: 300 }))
    const before = Date.now()
    const got = await fetchToken(asking(endpoint.url, { scope: 'kafka read' }))
    expect(got.value).toBe(token)
    expect(got.expiresAt).toBeGreaterThanOrEqual(before + 300_000)
    expect(got.expiresAt).toBeLessThanOrEqual(Date.now() + 300_000)
    const [{ method, path, headers, form }] = endpoint.asked as [(typeof endpoint.asked)[number]]
    expect([method, path, headers['content-type']]).toEqual([
      'POST',
      '/oauth2/token',
      'application/x-www-form-urlencoded',
    ])
    expect(Object.fromEntries(form)).toEqual({ grant_type: 'client_credentials', scope: 'kafka read' })
    const [id, secret] = Buffer.from(headers.authorization!.replace('Basic ', ''), 'base64')
      .toString()
      .split(':')
      .map((part) => new URLSearchParams(`x=${part}`).get('x'))
    expect([id, secret]).toEqual([CLIENT.id, CLIENT.secret])
  })

  it('takes the exp of a JWT where there is no expires_in, and a token that is opaque', async () => {
    const token = unsigned(60)
    const endpoint = await serving(json(200, { access_token: token, token_type: 'Bearer' }))
    expect(await fetchToken(asking(endpoint.url))).toEqual({ value: token, expiresAt: expiryOf(token) })
    endpoint.answer = json(200, { access_token: 'opaque', token_type: 'Bearer', expires_in: '' })
    expect(await fetchToken(asking(endpoint.url))).toEqual({ value: 'opaque', expiresAt: undefined })
  })

  const redirect: Answer = (response) => {
    response.writeHead(307, { location: 'http://localhost:1/' })
    response.end()
  }
  const text =
    (body: string): Answer =>
    (response) =>
      response.end(body)
  const endless: Answer = (response) => {
    const more = (): void => {
      while (response.write(Buffer.alloc(65_536, '[')));
      response.once('drain', more)
    }
    more()
  }
  it.each<[string, Answer, string, RegExp]>([
    [
      'a wrong secret',
      json(401, { error: 'invalid_client', error_description: CANARY }),
      'token-refused',
      /status 401, invalid_client\)/,
    ],
    ['an error of its own', json(400, { error: CANARY }), 'token-refused', /\(status 400\)/],
    ['a redirect', redirect, 'token-refused', /status 307/],
    ['no JSON', text(`<p>${CANARY}`), 'token-refused', /no bearer token/],
    ['JSON that is no object', text('null'), 'token-refused', /no bearer token/],
    ['no token', json(200, { token_type: 'Bearer' }), 'token-refused', /no bearer token/],
    ['a token with spaces', json(200, { access_token: `a ${CANARY}` }), 'token-refused', /no bearer token/],
    [
      'another kind of token',
      json(200, { access_token: 'a', token_type: 'mac' }),
      'token-refused',
      /no bearer token/,
    ],
    ['an answer without an end', endless, 'token-refused', /more than 256 KiB/],
    ['an error of the server', json(503, { error: CANARY }), 'token-unavailable', /status 503/],
    ['too many questions', json(429, {}), 'token-unavailable', /status 429/],
    ['nothing', () => {}, 'token-unavailable', /not answer within 400 ms/],
    [
      'a byte now and then',
      (response) => void setInterval(() => response.write(' '), 50).unref(),
      'token-unavailable',
      /not answer within 400 ms/,
    ],
    ['a connection that ends', (response) => void response.destroy(), 'token-unavailable', /ECONNRESET/],
  ])('says what is wrong, and no value: %s', async (_, answer, code, words) => {
    const { url } = await serving(answer)
    const error = await failure(fetchToken(asking(url, { timeout: 400 })))
    expect(error).toMatchObject({
      code,
      reason: code,
      exitCode: 4,
      retryable: code === 'token-unavailable',
      message: expect.stringMatching(words),
    })
  })

  it('says that nothing listens there', async () => {
    expect(await failure(fetchToken(asking('http://127.0.0.1:1/')))).toMatchObject({
      code: 'token-unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('trusts the authority that is named, and no other', async () => {
    const cwd = folder()
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
        ...['-keyout', 'key.pem', '-out', 'cert.pem', '-days', '1', '-subj', '/CN=localhost'],
        ...['-addext', 'subjectAltName=DNS:localhost'],
      ],
      { cwd, stdio: 'pipe' },
    )
    const [key, cert] = ['key.pem', 'cert.pem'].map((file) => readFileSync(join(cwd, file), 'utf8'))
    const endpoint = await serving(json(200, { access_token: 'a', token_type: 'Bearer' }), { key, cert })
    expect((await fetchToken(asking(endpoint.url, { ca: cert }))).value).toBe('a')
    expect(await failure(fetchToken(asking(endpoint.url)))).toMatchObject({
      code: 'token-refused',
      message: expect.stringContaining('SELF_SIGNED'),
    })
    expect(endpoint.asked).toHaveLength(1)
  })
})

describe('a source of tokens', () => {
  const source = (url: string): TokenSource => new TokenSource({ fetch: () => fetchToken(asking(url)) })

  it('asks once for all who wait, and not again while the token has time left', async () => {
    const endpoint = await serving((response, times, asked) =>
      json(200, { access_token: `t${times}`, expires_in: 60 })(response, times, asked),
    )
    const tokens = source(endpoint.url)
    expect(await Promise.all([tokens.current(), tokens.current()])).toEqual(['t1', 't1'])
    expect(await tokens.current()).toBe('t1')
    expect(endpoint.asked).toHaveLength(1)
  })

  it('hands over the next token ahead of time, and keeps the old one while the endpoint fails', async () => {
    const endpoint = await serving((response, times, asked) =>
      json(times === 2 ? 503 : 200, { access_token: `t${times}`, expires_in: 6 })(response, times, asked),
    )
    const tokens = source(endpoint.url)
    const began = Date.now()
    expect(await tokens.current()).toBe('t1')
    const told: unknown[] = []
    const end = tokens.keep(
      (token) => told.push(token),
      (error) => told.push((error as { code: string }).code, tokens.current()),
    )
    onTestFinished(end)
    while (told.length < 3 && Date.now() - began < 30_000) await sleep(20)
    expect(await Promise.all(told.slice(0, 3))).toEqual(['token-unavailable', 't1', 't3'])
    // 5 s before its end, and once more after a short while.
    expect(Date.now() - began).toBeGreaterThanOrEqual(1000)
    end()
    const { length } = endpoint.asked
    await sleep(1300)
    expect(endpoint.asked).toHaveLength(length)
  })

  it('tries again where that may help, and asks no more than is due where it does not', async () => {
    const endpoint = await serving((response, times, asked) =>
      json(times < 3 ? 500 : 200, { access_token: 'late', expires_in: 60 })(response, times, asked),
    )
    expect(await source(endpoint.url).current()).toBe('late')
    expect(endpoint.asked).toHaveLength(3)
    const refusing = await serving(json(401, { error: 'invalid_client' }))
    const tokens = source(refusing.url)
    for (let times = 0; times < 5; times++)
      expect(await failure(tokens.current())).toMatchObject({ code: 'token-refused' })
    expect(refusing.asked).toHaveLength(1)
  })

  it('gives no token that has expired', async () => {
    const given: Token = { value: 'a', expiresAt: Date.now() - 1 }
    let times = 0
    const tokens = new TokenSource({
      fetch: async () => (++times < 3 ? given : { value: 'b', expiresAt: undefined }),
    })
    expect(await tokens.current()).toBe('b')
  })
})

describe('a token', () => {
  it('is read for its end without a throw, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.base64String()).map((parts) => parts.join('.')),
        ),
        (text) => {
          const end = expiryOf(text)
          expect(end === undefined || Number.isFinite(end)).toBe(true)
        },
      ),
    )
    fc.assert(
      fc.property(fc.jsonValue(), (claims) => {
        expiryOf(`a.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c`)
      }),
    )
  })

  it('holds no sign that would end it in a message', () => {
    for (const text of ['', 'a b', 'a\u0001', 'a\n', 'é', 'a=b', `${'a'.repeat(65_537)}`])
      expect(isBearerToken(text)).toBe(false)
    expect(isBearerToken(unsigned(1))).toBe(true)
    expect(firstMessage('abc', {})).toBe('n,,\u0001auth=Bearer abc\u0001\u0001')
    expect(firstMessage('abc', { a: '1', b: '2' })).toBe(
      'n,,\u0001auth=Bearer abc\u0001a=1\u0001b=2\u0001\u0001',
    )
  })
})

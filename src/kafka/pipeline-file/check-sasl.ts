/** Whether the words under `sasl:` go together, and where tokens come from. */
import { entryOf } from '../../policy/document.ts'
import { amountOf } from './amounts.ts'
import { isLoopback } from './check-connection.ts'
import type { PipelineDraft } from './draft-pipeline.ts'
import type { Sasl } from './pipeline.ts'
import type { SaslShape } from './sasl-schema.ts'
import type { Secrets } from './secret-node.ts'

const LEAST_TIMEOUT_MS = 100
const MOST_TIMEOUT_MS = 60_000

/** Nothing that is written there goes into a message: a secret may stand in the wrong place. */
export function checkSasl({ tree, parts, findings, at }: PipelineDraft, { token }: Secrets): void {
  const sasl = entryOf(tree, 'sasl')?.value
  if (parts.sasl?.mechanism !== 'oauthbearer') return
  const has = (word: string): boolean => entryOf(sasl, word) !== undefined
  if (has('token') === has('oidc'))
    findings.add(
      has('oidc') ? at('sasl', 'oidc') : at('sasl'),
      'bad-sasl',
      has('oidc') ? 'a token comes from one place' : 'this does not say where tokens come from',
      'write either `token: { file: FILE }` or `oidc: { tokenEndpoint: URL, … }`',
    )
  if (token !== undefined && !('file' in token))
    findings.add(
      at('sasl', 'token'),
      'bad-sasl',
      'a variable cannot be read again when its token has expired',
      'write `token: { file: FILE }`',
    )
  const { oidc, extensions } = parts.sasl
  for (const [name, value] of Object.entries(extensions))
    if (!/^[A-Za-z]+$/.test(name) || name === 'auth' || !/^[\x20-\x7e]+$/.test(value))
      findings.add(
        at('sasl', 'extensions', name),
        'bad-sasl',
        'an extension has a name of letters other than `auth`, and a value of printable ASCII characters',
      )
  if (parts.driver !== 'kafkajs' && Object.keys(extensions).length > 0)
    findings.add(
      at('sasl', 'extensions'),
      'not-in-driver',
      'node-rdkafka takes a token and no extensions',
      'write `driver: kafkajs` and `delivery: at-least-once`, or remove `extensions`',
    )
  if (oidc === undefined) return
  const problem = problemOf(oidc.tokenEndpoint)
  if (problem !== undefined)
    findings.add(at('sasl', 'oidc', 'tokenEndpoint'), 'bad-sasl', problem[0], problem[1])
  else if (
    oidc.tokenEndpoint.startsWith('http:') &&
    entryOf(entryOf(sasl, 'oidc')?.value, 'ca') !== undefined
  )
    findings.add(at('sasl', 'oidc', 'ca'), 'bad-sasl', '`ca` means nothing without https', 'remove `ca`')
  const timeout = amountOf(oidc.timeout)
  if (timeout === undefined || timeout < LEAST_TIMEOUT_MS || timeout > MOST_TIMEOUT_MS)
    findings.add(at('sasl', 'oidc', 'timeout'), 'bad-amount', '`sasl.oidc.timeout` is 100ms to 60s')
}

function problemOf(written: string): readonly [message: string, way: string] | undefined {
  const way = 'https://HOST/PATH'
  if (!URL.canParse(written) || !/^https?:\/\//.test(written)) return ['a token endpoint is a URL', way]
  const url = new URL(written)
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    return ['the URL of a token endpoint holds no user, password or fragment', way]
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (url.protocol === 'http:' && !isLoopback(host))
    return [
      'the token endpoint is on another machine, and the secret would cross the network in the clear',
      way,
    ]
  return undefined
}

/** Of a shape in which nothing was found. */
export function saslOf(shape: SaslShape, { password, token, clientSecret, endpointCa }: Secrets): Sasl {
  if (shape.mechanism !== 'oauthbearer')
    return { mechanism: shape.mechanism, username: shape.username, password: password! }
  const { mechanism, oidc, extensions } = shape
  if (oidc === undefined) return { mechanism, from: token as { readonly file: string }, extensions }
  const { tokenEndpoint, clientId, scope, timeout } = oidc
  return {
    mechanism,
    from: {
      tokenEndpoint,
      clientId,
      clientSecret: clientSecret!,
      scope,
      ca: endpointCa,
      timeout: amountOf(timeout)!,
    },
    extensions,
  }
}

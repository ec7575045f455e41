/** `hash.email`: the token as an e-mail address that can reach no one (RFC 2606, RFC 6761). */
import { z } from 'zod'
import { token } from '../reveals/revelation.ts'
import { defineTransform, type Transform } from '../transform.ts'
import { domainOption } from './domain.ts'
import type { TokenForm } from './form.ts'
import { normalizeFailures, normalizeOptions } from './normalize.ts'
import { compileKeyed, type TokenOptions } from './token.ts'

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const RESERVED_HOST = new RegExp(`^(?:${LABEL}\\.)*(?:invalid|test|example|example\\.(?:com|net|org))$`)

/** 128 bits: with the key id they stay far below the 64 octets of a local part (RFC 5321, 4.5.3.1.1). */
const TOKEN_BYTES = 16

export interface EmailTokenOptions extends TokenOptions {
  readonly host: string
}

export const email: Transform = defineTransform({
  name: 'hash.email',
  summary: 'Replaces a value by a keyed token in the form of an e-mail address under a reserved domain.',
  version: 1,
  options: z.strictObject({
    ...domainOption,
    ...normalizeOptions,
    host: z
      .string()
      .max(180)
      .regex(
        RESERVED_HOST,
        'the host must be lower-case and under a reserved domain: .invalid, .test, .example, example.com, .net or .org',
      )
      .default('example.invalid')
      .describe(
        'What stands after the @: a host under a domain that RFC 2606 and RFC 6761 reserve, so that no mail arrives.',
      ),
  }),
  properties: {
    reversible: "by the key's holder, guessing",
    repeatable: 'yes',
    uniqueness: 'collision-bounded',
    formatKept: 'the form of an e-mail address; nothing of its parts',
    accepts: 'any text; normalize: email for addresses',
    yields: 'an address: key id, dot, 32 hex digits, @, host',
    keyed: true,
    stableToken: true,
    mayReturnInput: false,
  },
  failures: normalizeFailures,
  doesNotStop:
    'The provider and the form of the name are gone, but the token is as stable as that of hash.hmac: who holds ' +
    'the key can test guesses, and frequency singles out.',
  examples: [
    {
      title: 'an address',
      options: { domain: 'email', normalize: 'email' },
      input: 'Jane.Doe@Example.com',
      output: 'k1.95b03eadc8d087c3dccf7b4d982e0a2a@example.invalid',
    },
    {
      title: 'under a host of the test team',
      options: { domain: 'email', normalize: 'email', host: 'mail.test' },
      input: 'jane.doe@example.com ',
      output: 'k1.95b03eadc8d087c3dccf7b4d982e0a2a@mail.test',
    },
  ],
  reveals: (options) => token('hash.email', options),
  compile: (options: EmailTokenOptions, context) => compileKeyed(options, context, emailForm),
})

export function emailForm({ host }: EmailTokenOptions, keyId: string): TokenForm {
  return { kind: 'fixed', macBytes: TOKEN_BYTES, encoding: 'hex', prefix: `${keyId}.`, suffix: `@${host}` }
}

/** `hash.hmac`: a keyed token that names its key: `k1.` and the first bits of HMAC-SHA-256 (RFC 2104, RFC 4648). */
import { z } from 'zod'
import { token } from '../reveals/revelation.ts'
import { defineTransform, type Transform } from '../transform.ts'
import { domainOption } from './domain.ts'
import type { TokenForm } from './form.ts'
import { normalizeFailures, normalizeOptions } from './normalize.ts'
import { oddsText } from './odds.ts'
import { compileKeyed, type TokenOptions } from './token.ts'

/** Fewer bits than this are a weakness: at 96, a thousand million values collide with odds of 6 in 10^12. */
const ENOUGH_BITS = 96

export interface HmacOptions extends TokenOptions {
  readonly bits: number
  readonly encoding: 'base64url' | 'hex'
}

export const hmac: Transform = defineTransform({
  name: 'hash.hmac',
  summary:
    'Replaces a value by a keyed token: the same value gives the same token, within one domain and key.',
  version: 1,
  options: z.strictObject({
    ...domainOption,
    ...normalizeOptions,
    bits: z
      .int()
      .min(32)
      .max(256)
      .multipleOf(8)
      .default(128)
      .describe(
        'Length of the token in bits of the MAC: 32 to 256, a multiple of 8. Fewer than 96 must be accepted.',
      ),
    encoding: z
      .enum(['base64url', 'hex'])
      .default('base64url')
      .describe('How the bits are written: base64url without padding, or lower-case hex.'),
  }),
  properties: {
    reversible: "by the key's holder, guessing",
    repeatable: 'yes',
    uniqueness: 'collision-bounded',
    formatKept: 'nothing; every token has one length',
    accepts: 'any text',
    yields: 'the key id, a dot, and the token, e.g. 22 base64url characters',
    keyed: true,
    stableToken: true,
    mayReturnInput: false,
  },
  failures: normalizeFailures,
  doesNotStop:
    'Tokens are pseudonyms: a holder of the key can test guesses, and how often a token occurs, and beside ' +
    'which other values, can single a person out.',
  examples: [
    {
      title: 'a customer number',
      options: { domain: 'customer' },
      input: 'C-1001',
      output: 'k1.Mtb9H8oE_shrx01qbZSUyQ',
    },
    {
      title: 'an e-mail address, however it is written',
      options: { domain: 'email', normalize: 'email' },
      input: ' Jane.Doe@Example.com',
      output: 'k1.lbA-rcjQh8Pcz3tNmC4KKg',
    },
    {
      title: 'a phone number written the national way, in hex',
      options: { domain: 'phone', normalize: 'phone', countryCode: 49, encoding: 'hex' },
      input: '030 / 123456',
      output: 'k1.aa106b7de48fde2cce4b24d855bc7a73',
    },
    {
      title: 'a phone number that does not say its country',
      options: { domain: 'phone', normalize: 'phone' },
      input: '030 / 123456',
      output: { fails: 'unparsable' },
    },
  ],
  weaknesses: ({ bits }) =>
    bits >= ENOUGH_BITS
      ? []
      : [
          {
            option: 'bits',
            reason: `tokens of ${bits} bits are short: ${oddsText(2 ** bits)}, and two people become one`,
            suggestion: `bits: ${ENOUGH_BITS} or more (128 is the default)`,
          },
        ],
  reveals: (options) => token('hash.hmac', options),
  compile: (options: HmacOptions, context) => compileKeyed(options, context, hmacForm),
})

export function hmacForm({ bits, encoding }: HmacOptions, keyId: string): TokenForm {
  return { kind: 'fixed', macBytes: bits / 8, encoding, prefix: `${keyId}.`, suffix: '' }
}

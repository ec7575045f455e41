/** `hash.sha256`: the plain digest (FIPS 180-4), for exchange formats that demand one. It protects little. */
import { hash } from 'node:crypto'
import { z } from 'zod'
import { token } from '../reveals/revelation.ts'
import { defineTransform, type Transform } from '../transform.ts'
import type { TokenForm } from './form.ts'
import { type NormalizeOptions, normalizeFailures, normalizeOptions, normalizer } from './normalize.ts'
import { compileTokens } from './token.ts'

const DIGEST_BYTES = 32

export interface Sha256Options extends NormalizeOptions {
  readonly encoding: 'hex' | 'base64url'
}

export const sha256: Transform = defineTransform({
  name: 'hash.sha256',
  summary:
    'Replaces a value by its SHA-256 digest, without a key, where an exchange format demands exactly that.',
  version: 1,
  options: z.strictObject({
    ...normalizeOptions,
    encoding: z
      .enum(['hex', 'base64url'])
      .default('hex')
      .describe('How the 256 bits are written: lower-case hex, or base64url without padding.'),
  }),
  properties: {
    reversible: 'by guessing without the key',
    repeatable: 'yes',
    uniqueness: 'collision-bounded',
    formatKept: 'nothing; every digest has one length',
    accepts: 'any text',
    yields: '64 hex digits, or 43 base64url characters',
    keyed: false,
    stableToken: true,
    mayReturnInput: false,
  },
  failures: normalizeFailures,
  doesNotStop:
    'Anybody can hash a list of all phone numbers, addresses or customer numbers and look the digests up, and anybody ' +
    'else who hashes the same value gets the same digest: records join with theirs.',
  examples: [
    {
      title: 'the digest of FIPS 180-4 for "abc"',
      options: {},
      input: 'abc',
      output: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    },
    {
      title: 'an e-mail address for a partner who matches on digests',
      options: { normalize: 'email' },
      input: ' Jane.Doe@Example.com',
      output: '86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d',
    },
  ],
  weaknesses: () => [
    {
      reason:
        'a digest without a key is undone by hashing guesses: phone numbers, addresses and numbers can all be tried',
      suggestion: 'use: hash.hmac with a domain, unless the receiving format demands plain SHA-256',
    },
  ],
  reveals: (options) => token('hash.sha256', { ...options, domain: 'sha256' }),
  compile: (options: Sha256Options, context) =>
    compileTokens(
      (text) => hash('sha256', text, 'buffer'),
      normalizer(options, context),
      sha256Form(options),
    ),
})

export function sha256Form({ encoding }: Sha256Options): TokenForm {
  return { kind: 'fixed', macBytes: DIGEST_BYTES, encoding, prefix: '', suffix: '' }
}

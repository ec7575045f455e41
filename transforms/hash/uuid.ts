/** `hash.uuid`: the token as a UUID of version 8 (RFC 9562, section 5.8): 122 bits of the MAC. */
import { z } from 'zod'
import { token } from '../reveals/revelation.ts'
import { defineTransform, type Transform } from '../transform.ts'
import { domainOption } from './domain.ts'
import type { TokenForm } from './form.ts'
import { normalizeFailures, normalizeOptions } from './normalize.ts'
import { compileKeyed, type TokenOptions } from './token.ts'

export const uuid: Transform = defineTransform({
  name: 'hash.uuid',
  summary: 'Replaces a value by a keyed token in the form of a UUID, for columns that must hold one.',
  version: 1,
  options: z.strictObject({ ...domainOption, ...normalizeOptions }),
  properties: {
    reversible: "by the key's holder, guessing",
    repeatable: 'yes',
    uniqueness: 'collision-bounded',
    formatKept: 'nothing of the input; the form is that of a UUID',
    accepts: 'any text',
    yields: 'a UUID of version 8, lower-case',
    keyed: true,
    stableToken: true,
    mayReturnInput: false,
  },
  failures: normalizeFailures,
  doesNotStop:
    'A UUID does not name its key: after a rotation old and new tokens look alike. Otherwise as hash.hmac: ' +
    'a holder of the key can test guesses, and frequency singles out.',
  examples: [
    {
      title: 'an order number',
      options: { domain: 'order' },
      input: '2024-000017',
      output: '77ebe341-6a00-8de1-abad-8e8e1627709e',
    },
    {
      title: 'a UUID that systems write in either case',
      options: { domain: 'session', normalize: 'lower' },
      input: '6F9619FF-8B86-4011-B42D-00C04FC964FF',
      output: '9c0c7bc8-bf2d-818f-a802-8b7652338586',
    },
  ],
  reveals: (options) => token('hash.uuid', options),
  compile: (options: TokenOptions, context) => compileKeyed(options, context, uuidForm),
})

export function uuidForm(): TokenForm {
  return { kind: 'fixed', macBytes: 16, encoding: 'uuid', prefix: '', suffix: '' }
}

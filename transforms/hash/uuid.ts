/** `hash.uuid`: the token as a UUID of version 8 (RFC 9562, section 5.8): 122 bits of the MAC. */
import { z } from 'zod'
import { defineTransform, type Transform } from '../transform.ts'
import { domainOption } from './domain.ts'
import { writeHex } from './encode.ts'
import { normalizeFailures, normalizeOptions } from './normalize.ts'
import { compileKeyed, type TokenForm } from './token.ts'

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
    'whoever holds the key can test guesses, and frequency singles out.',
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
  compile: (options, context) => compileKeyed(options, context, () => UUID_FORM),
})

const UUID_FORM: TokenForm = {
  kind: 'fixed',
  macBytes: 16,
  template: '00000000-0000-0000-0000-000000000000',
  fill: (mac, at, out, to) => {
    writeHex(mac, at, 4, out, to)
    writeHex(mac, at + 4, 2, out, to + 9)
    writeHex(mac, at + 6, 2, out, to + 14)
    writeHex(mac, at + 8, 2, out, to + 19)
    writeHex(mac, at + 10, 6, out, to + 24)
    // The four bits of the version and the two of the variant take the place of the MAC's.
    out[to + 14] = 0x38
    out[to + 19] = VARIANT[mac[at + 8]! >> 4]!
  },
}

/** The hex digit of a nibble whose top two bits are set to binary 10. */
const VARIANT: Uint8Array = Buffer.from('89ab89ab89ab89ab', 'latin1')

/** A compile context under the published test key, derived here from RFC 5869's words and not by our code. */
import { createHmac } from 'node:crypto'
import { transforms } from '../../../transforms/index.ts'
import type { CompileContext, KeyUse, RecordContext, Transform } from '../../../transforms/transform.ts'

export const TEST_SECRET: Buffer = Buffer.from(Array.from({ length: 32 }, (_, at) => at))

/** HKDF-SHA-256 with an empty salt and 32 bytes of output: one extract and one expand. */
export function derive(secret: Buffer, use: KeyUse, domain: string): Buffer {
  const extracted = createHmac('sha256', Buffer.alloc(32)).update(secret).digest()
  return createHmac('sha256', extracted)
    .update(`lethe/v1/${use}/${domain}`, 'utf8')
    .update(Buffer.of(1))
    .digest()
}

export function context(id = 'k1', secret: Buffer = TEST_SECRET): CompileContext {
  return {
    path: 'customer.id',
    key: (use, domain) => ({ id, bytes: derive(secret, use, domain) }),
    readText: () => {
      throw new Error('no file is read here')
    },
    readTable: () => {
      throw new Error('no table is read here')
    },
    usesList: () => {},
    usesPlatform: () => {},
  }
}

/** A record that names neither a subject nor a time. */
export const NO_RECORD: RecordContext = {
  subject: undefined,
  eventTime: undefined,
  now: Date.UTC(2026, 5, 1),
}

/** A transform of this family as it is registered, with its twin. */
export function registered(name: string): Transform {
  return transforms.find((one) => one.name === `hash.${name}`)!
}

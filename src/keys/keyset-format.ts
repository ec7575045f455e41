/** A keyset as JSON: strict when read, and no error shows what the text holds. */
import { createSecretKey } from 'node:crypto'
import { z } from 'zod'
import { LetheError } from '../errors.ts'
import { KEY_STATUSES, type Keyset, keyNumber, SECRET_BYTES } from './keyset.ts'

const keySchema = z.strictObject({
  id: z.string().regex(/^k[1-9][0-9]{0,5}$/),
  status: z.enum(KEY_STATUSES),
  created: z.iso.datetime({ offset: true }),
  // 32 bytes are 43 characters, of which the last holds four bits: one spelling per secret.
  secret: z.string().regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/),
})

const keysetSchema = z.strictObject({
  lethe: z.literal('keyset'),
  version: z.literal(1),
  // Left out of a keyset of tokens, as it was before there were others.
  use: z.literal('match').optional(),
  primary: z.string(),
  keys: z.array(keySchema).min(1),
  test: z.literal(true).optional(),
})

/** What a member must be, for messages: zod's own could quote what it found. */
const EXPECTED: Readonly<Record<string, string>> = {
  lethe: '"keyset"',
  version: '1, the only version that this Lethe knows',
  use: '"match", or left out',
  primary: 'the id of an enabled key',
  keys: 'a list of at least one key',
  id: 'k1, k2, …',
  status: KEY_STATUSES.join(', '),
  created: 'a date and time as RFC 3339 writes it',
  secret: 'base64url of 32 bytes',
  test: 'true, or left out',
}

/**
 * Reads a keyset.
 * @param name how errors call it, a file's name say
 * @throws LetheError (usage) for anything that is not a keyset; it says where, and nothing of the content
 */
export function parseKeyset(text: string, name: string): Keyset {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // The parser's message quotes its input, secrets included.
    throw bad(name, 'is not JSON')
  }
  const parsed = keysetSchema.safeParse(json)
  if (!parsed.success) throw bad(name, describe(parsed.error.issues[0]!))
  const { use = 'token', primary, keys, test } = parsed.data
  for (const [at, key] of keys.entries()) {
    const earlier = keys.slice(0, at)
    if (earlier.some((other) => keyNumber(other.id) >= keyNumber(key.id))) {
      throw bad(name, `lists ${key.id} twice or out of order`)
    }
    const twin = earlier.find((other) => other.secret === key.secret)
    if (twin !== undefined) throw bad(name, `has one secret under two ids, ${twin.id} and ${key.id}`)
  }
  const found = keys.find((key) => key.id === primary)
  if (found === undefined) throw bad(name, 'names a primary key that it does not list')
  if (found.status !== 'enabled') throw bad(name, `has a primary key that is ${found.status}`)
  return {
    use,
    primary,
    keys: keys.map((key) => ({ ...key, secret: createSecretKey(Buffer.from(key.secret, 'base64url')) })),
    test: test === true,
  }
}

/** The JSON text of a keyset, secrets in the clear, with a newline at its end. */
export function formatKeyset(keyset: Keyset): string {
  const keys = keyset.keys.map(({ id, status, created, secret }) => {
    const bytes = secret.export()
    if (bytes.length !== SECRET_BYTES) throw new RangeError('a key of a keyset has 32 bytes')
    return { id, status, created, secret: bytes.toString('base64url') }
  })
  const document = {
    lethe: 'keyset',
    version: 1,
    ...(keyset.use === 'match' ? { use: keyset.use } : {}),
    primary: keyset.primary,
    keys,
    ...(keyset.test ? { test: true } : {}),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

function describe(issue: z.core.$ZodIssue): string {
  const where = issue.path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
  const place = where === '' ? 'at its root' : `at ${where.slice(where.startsWith('.') ? 1 : 0)}`
  // A strict schema names only its own members in a path, never one that the text brought along.
  if (issue.code === 'unrecognized_keys') return `has a member that a keyset does not know, ${place}`
  const expected = EXPECTED[String(issue.path.findLast((part) => typeof part === 'string'))]
  return `is not a keyset: ${place}, expected ${expected ?? 'a JSON object'}`
}

function bad(name: string, what: string): LetheError {
  return new LetheError('keyset-invalid', `${name} ${what}`, 'make one with `lethe keys create FILE`')
}

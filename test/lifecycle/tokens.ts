/** Tokens by config/vectors/README.md alone, with node:crypto. */
import { createHmac, hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'

interface KeysetFile {
  readonly keys: readonly { readonly id: string; readonly secret: string }[]
}

/** Ids of the keys of a keyset file, whatever their status. */
export const keyIdsOf = (file: string): readonly string[] =>
  (JSON.parse(readFileSync(file, 'utf8')) as KeysetFile).keys.map(({ id }) => id)

/** Computes tokens of `hash.hmac` of a domain, under any key of the file. */
export function tokensOf(file: string, domain: string): (subject: string, key: string) => string {
  const { keys } = JSON.parse(readFileSync(file, 'utf8')) as KeysetFile
  const derived = new Map(
    keys.map(({ id, secret }) => {
      const bytes = hkdfSync('sha256', Buffer.from(secret, 'base64url'), '', `lethe/v1/token/${domain}`, 32)
      return [id, Buffer.from(bytes)]
    }),
  )
  return (subject, key) => {
    const mac = createHmac('sha256', derived.get(key)!).update(subject).digest()
    return `${key}.${mac.subarray(0, 16).toString('base64url')}`
  }
}

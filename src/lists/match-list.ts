/**
 * The file of a list under match keys, NDJSON that is only appended to. Its first line says what it is; before the first entry
 * under a key a line names the key and its check value; an entry is a token, and the last line of a token says whether it is
 * on the list.
 *
 *     {"lethe":"list","v":1,"purpose":"suppression","domain":"erasures","normalize":"trim"}
 *     {"key":"k1","check":"5f914fda"}
 *     {"t":"k1.0Zx5i1m7oG5M3nq0vJ2l8g","at":"2026-03-01T10:00:00Z"}
 *     {"t":"k1.0Zx5i1m7oG5M3nq0vJ2l8g","at":"2026-03-02T10:00:00Z","removed":true}
 *
 * A token is the id of the key and, in base64url, the first 16 bytes of HMAC-SHA-256 of the normal form, under the key that
 * HKDF derives for use `match` and the domain (config/vectors/README.md has both).
 */
import type { NormalForm } from '../policy/suppression/normal-forms.ts'
import { NORMAL_FORM_NAMES } from '../policy/suppression/normal-forms.ts'
import { invalid } from './file-lines.ts'

export interface ListHeader {
  readonly purpose: 'suppression'
  /** Tokens of one domain and key can be compared. */
  readonly domain: string
  readonly normalize: NormalForm
}

export type ListLine =
  | { readonly kind: 'key'; readonly id: string; readonly check: string }
  | { readonly kind: 'entry'; readonly key: string; readonly token: Buffer; readonly isRemoved: boolean }

const KEY = /^\{"key":"(k[1-9][0-9]{0,5})","check":"([0-9a-f]{8})"\}$/
/** 16 bytes are 22 characters, of which the last holds two bits. */
const ENTRY =
  /^\{"t":"(k[1-9][0-9]{0,5})\.([A-Za-z0-9_-]{21}[AQgw])","at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"(,"removed":true)?\}$/

export const headerLine = ({ purpose, domain, normalize }: ListHeader): string =>
  JSON.stringify({ lethe: 'list', v: 1, purpose, domain, normalize })

export const keyLine = (id: string, check: string): string => JSON.stringify({ key: id, check })

/** `at` is cut to seconds. */
export const entryLine = (key: string, token: Buffer, at: Date, isRemoved: boolean): string =>
  JSON.stringify({
    t: `${key}.${token.toString('base64url')}`,
    at: at.toISOString().replace(/\.[0-9]+Z$/, 'Z'),
    ...(isRemoved ? { removed: true } : {}),
  })

/** @throws LetheError (usage) where it is no header */
export function parseHeader(line: string, file: string): ListHeader {
  const way =
    'name a list that Lethe made, or state in the policy what the entries are: `entries: sha256-hex` and the like'
  let members: Readonly<Record<string, unknown>>
  try {
    members = Object(JSON.parse(line))
  } catch {
    throw invalid(file, 1, 'a list under match keys begins with a line that says what it is', way)
  }
  const { lethe, v, purpose, domain, normalize, ...more } = members
  const isDomain = typeof domain === 'string' && /^[a-z0-9][a-z0-9._-]{0,63}$/.test(domain)
  const isForm = (NORMAL_FORM_NAMES as readonly unknown[]).includes(normalize)
  if (lethe !== 'list' || purpose !== 'suppression')
    throw invalid(file, 1, 'a list under match keys begins with a line that says what it is', way)
  if (v !== 1 || !isDomain || !isForm || Object.keys(more).length > 0)
    throw invalid(file, 1, 'a newer Lethe made this list, or it was edited', 'use the Lethe that made it')
  return { purpose, domain, normalize: normalize as NormalForm }
}

/** A line that names a key; undefined for others. */
export function parseKeyLine(line: string): Extract<ListLine, { kind: 'key' }> | undefined {
  const key = KEY.exec(line)
  return key === null ? undefined : { kind: 'key', id: key[1]!, check: key[2]! }
}

/** @throws LetheError (usage) where it is none of a list under match keys */
export function parseLine(line: string, file: string, number: number): ListLine {
  const entry = ENTRY.exec(line)
  if (entry !== null)
    return {
      kind: 'entry',
      key: entry[1]!,
      token: Buffer.from(entry[2]!, 'base64url'),
      isRemoved: entry[4] !== undefined,
    }
  const key = parseKeyLine(line)
  if (key !== undefined) return key
  throw invalid(file, number, 'this is no entry of a list under match keys', 'only `lethe` writes to it')
}

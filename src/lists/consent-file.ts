/**
 * The file of a consent table, NDJSON that is only appended to. Its first line says what it is; before the first record under a
 * key a line names the key and its check value; the last record of a subject and a purpose counts.
 *
 *     {"lethe":"consent","v":1,"domain":"consent","normalize":"trim"}
 *     {"key":"k1","check":"5f914fda"}
 *     {"t":"k1.0Zx5i1m7oG5M3nq0vJ2l8g","purpose":"train_ai_system","history":[{"state":"granted","from":"2026-01-01T00:00:00Z","source":"web","notice":"v3"}]}
 *
 * Tokens are those of `match-list.ts`.
 */
import { checkTaxonomyKey, DATA_USES } from '../policy/fideslang.ts'
import { NORMAL_FORM_NAMES, type NormalForm } from '../policy/suppression/normal-forms.ts'
import {
  CONSENT_TEXT,
  type ConsentRecord,
  type ConsentStatement,
  conflictIn,
  instantOf,
  instantText,
} from './consent-history.ts'
import { invalid } from './file-lines.ts'
import { parseKeyLine } from './match-list.ts'
import { parseWrittenRecord } from './written-record.ts'

export interface ConsentHeader {
  readonly domain: string
  readonly normalize: NormalForm
}

export type ConsentLine =
  | { readonly kind: 'key'; readonly id: string; readonly check: string }
  | ({ readonly kind: 'record' } & ConsentRecord)
  /** In a sentence that quotes nothing of the line. */
  | { readonly kind: 'wrong'; readonly why: string }

/** A token, with the id of its key. */
export const TOKEN_TEXT: RegExp = /^(k[1-9][0-9]{0,5})\.([A-Za-z0-9_-]{21}[AQgw])$/

export const consentHeaderLine = ({ domain, normalize }: ConsentHeader): string =>
  JSON.stringify({ lethe: 'consent', v: 1, domain, normalize })

export const consentLine = ({ key, token, purpose, history }: ConsentRecord): string =>
  JSON.stringify({
    t: `${key}.${token.toString('base64url')}`,
    purpose,
    history: history.map(({ state, from, until, source, notice }) => ({
      state,
      from: instantText(from),
      ...(until === undefined ? {} : { until: instantText(until) }),
      ...(source === undefined ? {} : { source }),
      ...(notice === undefined ? {} : { notice }),
    })),
  })

/** Undefined where it is no header. */
export function parseConsentHeader(line: string): ConsentHeader | undefined {
  const { lethe, v, domain, normalize, ...more } = membersOf(line)
  const isDomain = typeof domain === 'string' && /^[a-z0-9][a-z0-9._-]{0,63}$/.test(domain)
  const isForm = (NORMAL_FORM_NAMES as readonly unknown[]).includes(normalize)
  return lethe === 'consent' && v === 1 && isDomain && isForm && Object.keys(more).length === 0
    ? { domain, normalize: normalize as NormalForm }
    : undefined
}

/** The first line of a file. @throws LetheError (list-invalid) where it does not begin a consent table */
export function readConsentHeader(file: string, line: string): ConsentHeader {
  const header = parseConsentHeader(line)
  if (header === undefined)
    throw invalid(
      file,
      1,
      'a consent table begins with a line that says what it is',
      'name what `lethe consent` wrote',
    )
  return header
}

/** `now`: statements that lie behind it are wrong. */
export function parseConsentLine(line: string, now: number): ConsentLine {
  const written = parseWrittenRecord(line, now)
  if (written !== undefined) return written
  const key = parseKeyLine(line)
  if (key !== undefined) return key
  const wrong = (why: string): ConsentLine => ({ kind: 'wrong', why })
  const { t, purpose, history, ...more } = membersOf(line)
  const token = typeof t === 'string' ? TOKEN_TEXT.exec(t) : null
  if (
    token === null ||
    typeof purpose !== 'string' ||
    !Array.isArray(history) ||
    Object.keys(more).length > 0
  )
    return wrong('this is no record of a consent table')
  if (!checkTaxonomyKey(purpose, DATA_USES).ok)
    return wrong('its purpose is not a data use of Fideslang, nor below one')
  const statements = history.map(statementOf)
  if (statements.includes(undefined)) return wrong('a statement of it cannot be read')
  const conflict = conflictIn(statements as readonly ConsentStatement[], now)
  if (conflict !== undefined) return wrong(conflict)
  return {
    kind: 'record',
    key: token[1]!,
    token: Buffer.from(token[2]!, 'base64url'),
    purpose,
    history: statements as readonly ConsentStatement[],
  }
}

function statementOf(value: unknown): ConsentStatement | undefined {
  const { state, from, until, source, notice, ...more } = Object(value) as Readonly<Record<string, unknown>>
  const [begin, end] = [instantOf(from), until === undefined ? undefined : instantOf(until)]
  const isText = (text: unknown): text is string | undefined =>
    text === undefined || (typeof text === 'string' && CONSENT_TEXT.test(text))
  if (state !== 'granted' && state !== 'withdrawn') return undefined
  if (begin === undefined || (until !== undefined && end === undefined)) return undefined
  if (!isText(source) || !isText(notice) || Object.keys(more).length > 0) return undefined
  return { state, from: begin, until: end, source, notice }
}

function membersOf(line: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(line))
  } catch {
    return {}
  }
}

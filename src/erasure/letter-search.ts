/** Whether dead letters are of subjects: by the match token beside a sealed original. They are JSON, whatever their route reads and writes. */
import { isMarker, readLetterRecord } from '../kafka/dead-letter.ts'
import type { InputRecord } from '../kafka/record.ts'
import { type Judged, NONE, textOf, unjudged } from './judged.ts'

/** A token of a subject beside a sealed original. */
export interface LetterToken {
  readonly domain: string
  readonly normalize: string
  readonly token: string
}

/** Of topics of dead letters: what they carry beside coordinates and codes. */
export class LetterSearch {
  readonly #tokens: ReadonlySet<string>
  /** Domain, normal form and key of the tokens that are known: of another one it cannot be told whose it is. */
  readonly #known: ReadonlySet<string>

  constructor(tokens: readonly LetterToken[]) {
    this.#tokens = new Set(tokens.map(nameOf))
    this.#known = new Set(tokens.map(kindOf))
  }

  judge(records: readonly InputRecord[]): readonly Judged[] {
    return records.map((record) => this.#judge(record))
  }

  #judge(record: InputRecord): Judged {
    if (isMarker(record)) return NONE
    if (readLetterRecord(record).kind !== 'letter') return unjudged('foreign')
    return this.judgeMembers(Object(JSON.parse(textOf(record.value!))))
  }

  /** Of the members of a dead letter, in a topic or a list. */
  judgeMembers(members: Readonly<Record<string, unknown>>): Judged {
    return judgeLetter(members, this.#tokens, this.#known)
  }
}

function judgeLetter(
  { subject, sealed }: { readonly subject?: unknown; readonly sealed?: unknown },
  tokens: ReadonlySet<string>,
  known: ReadonlySet<string>,
): Judged {
  if (sealed === undefined && subject === undefined) return NONE
  const { domain, normalize, token } = Object(subject) as Partial<Record<keyof LetterToken, unknown>>
  if (typeof domain !== 'string' || typeof normalize !== 'string' || typeof token !== 'string')
    return unjudged('unknownSubject')
  const one = { domain, normalize, token }
  if (tokens.has(nameOf(one))) return { ...NONE, by: 'sealed' }
  return known.has(kindOf(one)) ? NONE : unjudged('unknownSubject')
}

const nameOf = ({ domain, normalize, token }: LetterToken): string => `${domain}\0${normalize}\0${token}`
const kindOf = ({ token, ...one }: LetterToken): string => nameOf({ ...one, token: token.split('.')[0]! })

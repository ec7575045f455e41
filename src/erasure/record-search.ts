/**
 * Whether records of topics are of subjects: by their values, keys and headers, as the policy that made them wrote these; and, of
 * dead letters, by the match token beside a sealed original.
 */
import { isOfJsonKey, keyPlanOf } from '../engine/json-keys.ts'
import { isMarker, readLetterRecord } from '../kafka/dead-letter.ts'
import type { InputRecord } from '../kafka/record.ts'
import { POLICY_HEADER } from '../kafka/source-header.ts'
import type { Finder } from '../lifecycle/held-subjects.ts'
import type { ErasureRequest, Search } from '../lifecycle/target.ts'
import { parsePolicyLabel } from '../policy/seen.ts'
import { HeldRecords } from './held-records.ts'
import { foundBy, type ScalarSearch } from './scalar-search.ts'

/** Why it is not known whether a record is of a subject. */
export type Unjudged =
  /** Made by a version of a policy that is not named, or by no policy that is. */
  | 'otherVersion'
  | 'foreign'
  /** A token in it names a key that is not in the keyset. */
  | 'otherKey'
  /** Its value or key is not what its policy writes. */
  | 'unreadable'
  /** A sealed original whose subject its dead letter does not tell. */
  | 'unknownSubject'

export interface Judged {
  /** The field that it was found by, as `$key` or `customer.id`, or `sealed`; undefined where it is of no subject that is looked for. */
  readonly by: string | undefined
  /** Whether its key is the token of a subject, or has it in a member: then all records of this key are the subject's. */
  readonly byKey: boolean
  readonly unjudged: Unjudged | undefined
  /** The policy that made it, where it is searched. */
  readonly fingerprint: string | undefined
  /** Legal holds on subjects, by id, of none of whose subjects it is: that is known of records that were found alone. */
  readonly notOf?: ReadonlySet<string> | undefined
}

/** A token of a subject beside a sealed original. */
export interface LetterToken {
  readonly domain: string
  readonly normalize: string
  readonly token: string
}

const NONE: Judged = { by: undefined, byKey: false, unjudged: undefined, fingerprint: undefined }
const unjudged = (why: Unjudged): Judged => ({ ...NONE, unjudged: why })

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

/** What is looked for, under the keys of which keyset, and what is held. */
export type SearchRequest = Pick<ErasureRequest, 'searches' | 'keyChecks' | 'holds' | 'heldAt'>

/** Of topics that outputs go to. */
export class OutputSearch {
  readonly #searches: ReadonlyMap<string, Search>
  readonly #names: ReadonlySet<string>
  readonly #bySearch = new Map<string, PolicySearch>()
  readonly #request: SearchRequest

  constructor(request: SearchRequest) {
    this.#request = request
    this.#searches = request.searches
    this.#names = new Set([...request.searches.values()].map(({ plan }) => plan.name))
  }

  /** In the order of the records. */
  judge(records: readonly InputRecord[]): readonly Judged[] {
    const judged: Judged[] = new Array(records.length)
    const byPolicy = new Map<string, number[]>()
    for (const [at, record] of records.entries()) {
      const header = record.headers?.findLast(({ name }) => name === POLICY_HEADER)?.value
      const label =
        header === undefined ? undefined : parsePolicyLabel(Buffer.from(header).toString('latin1'))
      if (label === undefined) judged[at] = unjudged('foreign')
      else if (!this.#searches.has(label.fingerprint))
        judged[at] = unjudged(this.#names.has(label.name) ? 'otherVersion' : 'foreign')
      else {
        const places = byPolicy.get(label.fingerprint)
        if (places === undefined) byPolicy.set(label.fingerprint, [at])
        else places.push(at)
      }
    }
    for (const [fingerprint, places] of byPolicy) {
      const found = this.#of(fingerprint).judge(places.map((at) => records[at]!))
      for (const [index, at] of places.entries()) judged[at] = { ...found[index]!, fingerprint }
    }
    return judged
  }

  #of(fingerprint: string): PolicySearch {
    let known = this.#bySearch.get(fingerprint)
    if (known === undefined) {
      known = new PolicySearch(this.#searches.get(fingerprint)!, this.#request)
      this.#bySearch.set(fingerprint, known)
    }
    return known
  }
}

/** Of what one policy wrote. */
class PolicySearch {
  readonly #values: ScalarSearch
  /** Of keys that are JSON objects. */
  readonly #members: ScalarSearch | undefined
  readonly #key: { readonly finder: Finder; readonly isJson: boolean } | undefined
  readonly #headers: readonly Finder[]
  readonly #isOther: (text: string) => boolean
  readonly #held: HeldRecords

  constructor({ plan, finders, beside }: Search, request: SearchRequest) {
    const { keyChecks, heldAt: now } = request
    const isOther = otherKey(new Set(Object.keys(keyChecks)))
    this.#isOther = isOther
    this.#values = foundBy(plan, finders, isOther, now)
    this.#held = new HeldRecords(plan, request, isOther)
    const ofMembers = plan.envelope.filter((field) => isOfJsonKey(field) && field.path.segments.length > 0)
    const isOf = ({ path }: Finder, envelope: 'key' | 'header'): boolean => path.envelope === envelope
    const members = beside.filter((one) => isOf(one, 'key') && one.path.segments.length > 0)
    if (members.length > 0)
      this.#members = foundBy(
        keyPlanOf(plan, ofMembers),
        members.map(({ path, find }) => ({
          path: { text: path.text.slice('$key.'.length), segments: path.segments },
          find,
        })),
        isOther,
        now,
      )
    const key = beside.find((one) => isOf(one, 'key') && one.path.segments.length === 0)
    const isJson = plan.envelope.some(({ path, format }) => path.text === '$key' && format === 'json')
    this.#key = key && { finder: key, isJson }
    this.#headers = beside.filter((one) => isOf(one, 'header'))
  }

  judge(records: readonly InputRecord[]): readonly Judged[] {
    const values = this.#values.judge(records.map(({ value }) => value))
    const members = this.#members?.judge(records.map(({ key }) => key))
    const judged = records.map((record, at): Judged => {
      const member = members?.[at]
      const isKey = this.#isOfKey(record.key)
      const header = this.#headers.find(({ path, find }) => {
        const { name } = path.segments[0] as { readonly name: string }
        return record.headers?.some((one) => one.name === name && find(textOf(one.value))) === true
      })
      const byKey = isKey || member?.by !== undefined
      const value = values[at]!
      const by = isKey ? '$key' : member?.by !== undefined ? `$key.${member.by}` : header?.path.text
      const isUnread = value.isUnread || member?.isUnread === true
      const isOther = value.isOther || member?.isOther === true || this.#isUnderOther(record)
      return {
        by: by ?? value.by,
        byKey,
        unjudged:
          by !== undefined || value.by !== undefined
            ? undefined
            : isUnread
              ? 'unreadable'
              : isOther
                ? 'otherKey'
                : undefined,
        fingerprint: undefined,
      }
    })
    const places = [...judged.keys()].filter(
      (at) => judged[at]!.by !== undefined && this.#isOwn(records[at]!),
    )
    const notOf = this.#held.judge(places.map((at) => records[at]!.value))
    for (const [index, at] of places.entries()) judged[at] = { ...judged[at]!, notOf: notOf[index] }
    return judged
  }

  /** Whether all that stands beside its value, and may be a token of a subject, is of those that are looked for. */
  #isOwn({ key, headers = [] }: InputRecord): boolean {
    if (this.#members !== undefined && key !== null) return false
    const text = this.#keyText(key)
    if (text !== undefined && !this.#key!.finder.find(text)) return false
    return this.#headers.every(({ path, find }) => {
      const { name } = path.segments[0] as { readonly name: string }
      return headers.every((one) => one.name !== name || find(textOf(one.value)))
    })
  }

  #isOfKey(key: Uint8Array | null): boolean {
    const text = this.#keyText(key)
    return text !== undefined && this.#key!.finder.find(text)
  }

  /** Undefined where there is none, or subjects are not found by it. */
  #keyText(key: Uint8Array | null): string | undefined {
    if (key === null || this.#key === undefined) return undefined
    const text = textOf(key)
    if (!this.#key.isJson || !text.startsWith('"')) return text
    try {
      return String(JSON.parse(text))
    } catch {
      return text
    }
  }

  #isUnderOther({ key, headers = [] }: InputRecord): boolean {
    const text = this.#keyText(key)
    if (text !== undefined && this.#isOther(text)) return true
    return this.#headers.some(({ path }) => {
      const { name } = path.segments[0] as { readonly name: string }
      return headers.some((one) => one.name === name && this.#isOther(textOf(one.value)))
    })
  }
}

/** A token names its key. Without a keyset none is expected, and none is told. */
function otherKey(keyIds: ReadonlySet<string>): (text: string) => boolean {
  if (keyIds.size === 0) return () => false
  return (text) => {
    const id = /^(k[1-9]\d{0,5})\.[A-Za-z0-9_-]{11,}$/.exec(text)?.[1]
    return id !== undefined && !keyIds.has(id)
  }
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

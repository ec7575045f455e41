/** Whether outputs in topics are of subjects: by their values, keys and headers, as the policy that made them wrote these. */
import { isOfJsonKey, keyPlanOf } from '../engine/json-keys.ts'
import type { InputRecord } from '../kafka/record.ts'
import { POLICY_HEADER } from '../kafka/source-header.ts'
import type { Finder } from '../lifecycle/held-subjects.ts'
import type { ErasureRequest, Search } from '../lifecycle/target.ts'
import { parsePolicyLabel } from '../policy/seen.ts'
import type { ChangeForm } from '../record/wire-form.ts'
import { HeldRecords } from './held-records.ts'
import { type Judged, textOf, unjudged } from './judged.ts'
import { foundBy, type ScalarSearch, type Scalars } from './scalar-search.ts'
import { formsOf, rowForm, type StoredForm } from './stored-form.ts'
import { type StoredKey, StoredKeys } from './stored-keys.ts'
import type { StoredSchemas } from './stored-schemas.ts'

/** What is looked for, under the keys of which keyset, and what is held. */
export type SearchRequest = Pick<ErasureRequest, 'searches' | 'keyChecks' | 'holds' | 'heldAt'>

/** How the records of a topic hold rows: as they are, where undefined; several where routes differ. */
export type RowForms = readonly (ChangeForm | undefined)[]

/** Of topics that outputs go to. */
export class OutputSearch {
  readonly #searches: ReadonlyMap<string, Search>
  readonly #names: ReadonlySet<string>
  readonly #bySearch = new Map<string, PolicySearch>()
  readonly #request: SearchRequest
  readonly #forms: RowForms
  readonly #schemas: StoredSchemas

  constructor(request: SearchRequest, forms: RowForms, schemas: StoredSchemas) {
    this.#request = request
    this.#forms = forms
    this.#schemas = schemas
    this.#searches = request.searches
    this.#names = new Set([...request.searches.values()].map(({ plan }) => plan.name))
  }

  /** In the order of the records. Asks the registry for the schemas that they name. */
  async judge(records: readonly InputRecord[]): Promise<readonly Judged[]> {
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
      const own = places.map((at) => records[at]!)
      await this.#schemas.learn(own)
      const found = this.#of(fingerprint).judge(own)
      for (const [index, at] of places.entries()) judged[at] = { ...found[index]!, fingerprint }
    }
    return judged
  }

  #of(fingerprint: string): PolicySearch {
    let known = this.#bySearch.get(fingerprint)
    if (known === undefined) {
      known = new PolicySearch(this.#searches.get(fingerprint)!, this.#request, this.#forms, this.#schemas)
      this.#bySearch.set(fingerprint, known)
    }
    return known
  }
}

/** A search over records that hold rows in one way. */
interface FormSearch {
  readonly isOfEvents: boolean
  readonly search: ScalarSearch
}

type ValueJudged = Scalars & Pick<Judged, 'problem' | 'mayBeEvent'>

/** Of what one policy wrote. */
class PolicySearch {
  readonly #schemas: StoredSchemas
  /** By how records hold rows today, and how they may have before. */
  readonly #today: readonly FormSearch[]
  readonly #before: readonly FormSearch[]
  readonly #keys = new StoredKeys()
  /** Of keys that are JSON objects. */
  readonly #members: ScalarSearch | undefined
  readonly #key: { readonly finder: Finder; readonly isJson: boolean } | undefined
  readonly #headers: readonly Finder[]
  readonly #isOther: (text: string) => boolean
  readonly #held: HeldRecords

  constructor(
    { plan, finders, beside }: Search,
    request: SearchRequest,
    changes: RowForms,
    schemas: StoredSchemas,
  ) {
    const { keyChecks, heldAt: now } = request
    this.#schemas = schemas
    const isOther = otherKey(new Set(Object.keys(keyChecks)))
    this.#isOther = isOther
    const isOf = ({ path }: Finder, envelope: Finder['path']['envelope']): boolean =>
      path.envelope === envelope
    const ofEvent = beside.filter((one) => isOf(one, 'change'))
    const { today, other } = formsOf(plan, changes)
    const search = (form: StoredForm): FormSearch => ({
      isOfEvents: form.isOfEvents,
      search: foundBy(form, [...finders, ...ofEvent], isOther, now),
    })
    this.#today = today.map(search)
    this.#before = other.map(search)
    this.#held = new HeldRecords(plan, [...today, ...other], request, isOther, ofEvent)
    const ofMembers = plan.envelope.filter((field) => isOfJsonKey(field) && field.path.segments.length > 0)
    const members = beside.filter((one) => isOf(one, 'key') && one.path.segments.length > 0)
    if (members.length > 0)
      this.#members = foundBy(
        rowForm(keyPlanOf(plan, ofMembers)),
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
    const keys = records.map(({ key }) => this.#opened(key))
    const values = this.#valuesOf(records)
    const members = this.#members?.judge(keys.map(({ bytes }) => bytes))
    const judged = records.map((record, at): Judged => {
      const member = members?.[at]
      const key = keys[at]!
      const isKey = this.#isOfKey(key.bytes)
      const header = this.#headers.find(({ path, find }) => {
        const { name } = path.segments[0] as { readonly name: string }
        return record.headers?.some((one) => one.name === name && find(textOf(one.value))) === true
      })
      const byKey = isKey || member?.by !== undefined
      const value = values[at]!
      const beside = isKey ? '$key' : member?.by !== undefined ? `$key.${member.by}` : header?.path.text
      const by = beside ?? value.by
      const isUnread = value.isUnread || key.isUnread || member?.isUnread === true
      const isOther = value.isOther || member?.isOther === true || this.#isUnderOther(record, key.bytes)
      const why = isUnread ? 'unreadable' : isOther ? 'otherKey' : undefined
      return {
        by,
        byKey,
        unjudged: by === undefined ? why : undefined,
        problem: key.problem ?? value.problem,
        mayBeEvent: value.mayBeEvent,
        fingerprint: undefined,
      }
    })
    const places = [...judged.keys()].filter(
      (at) => judged[at]!.by !== undefined && this.#isOwn(records[at]!, keys[at]!),
    )
    const notOf = this.#held.judge(
      places.map((at) => records[at]!.value),
      this.#schemas,
    )
    for (const [index, at] of places.entries()) judged[at] = { ...judged[at]!, notOf: notOf[index] }
    return judged
  }

  /** Where records may hold rows in several ways: by whichever finds a subject; unread is what none of them reads. */
  #valuesOf(records: readonly InputRecord[]): readonly ValueJudged[] {
    const values = records.map(({ value }) => value)
    const judge = ({ search, isOfEvents }: FormSearch, places: readonly number[]) => {
      const judged = search.judge(
        places.map((at) => values[at]!),
        this.#schemas,
      )
      return new Map(places.map((at, index) => [at, { ...judged[index]!, isOfEvents }]))
    }
    const places = [...values.keys()]
    const today = this.#today.map((form) => judge(form, places))
    const unread = places.filter((at) => today.every((all) => all.get(at)!.isUnread))
    const before = this.#before.map((form) => judge(form, unread))
    const isSearching = this.#today.some(({ search }) => search.isSearching)
    return values.map((value, at) => {
      const now = today.map((one) => one.get(at)!)
      const all = [...now, ...before.flatMap((one) => one.get(at) ?? [])]
      const read = all.filter(({ isUnread }) => !isUnread)
      const schema = isSearching && value !== null ? this.#schemas.of(value) : undefined
      const problem = schema !== undefined && 'code' in schema ? schema : undefined
      return {
        by: all.find(({ by }) => by !== undefined)?.by,
        isUnread: problem === undefined && read.length === 0,
        isOther: all.some(({ isOther }) => isOther),
        mayBeEvent: (read.length === 0 ? now : read).some(({ isOfEvents }) => isOfEvents),
        problem,
      }
    })
  }

  /** Keys are read where subjects are found by them. */
  #opened(key: Uint8Array | null): StoredKey {
    return this.#key === undefined && this.#members === undefined
      ? { bytes: key, isUnread: false, problem: undefined }
      : this.#keys.open(key, this.#schemas)
  }

  /** Whether all that stands beside its value, and may be a token of a subject, is of those that are looked for. */
  #isOwn({ key, headers = [] }: InputRecord, { bytes }: StoredKey): boolean {
    if (key !== null && (this.#members !== undefined || bytes === null)) return false
    const text = this.#keyText(bytes)
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

  #isUnderOther({ headers = [] }: InputRecord, key: Uint8Array | null): boolean {
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

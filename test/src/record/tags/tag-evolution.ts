/**
 * Schemas of one subject as producers change them, each with a record in which every text is marked: what is personal, by a tag of
 * its own or of something around it, or without one where no rule keeps it. Made from a seed, and of no format: `tag-dialects.ts`
 * writes them in each.
 */

export const POLICY = `id: { use: hash.hmac, domain: id }
  note: keep
  said: { use: keep, tagged: [PII], accept: "support reads these notes" }
  phone_*: { use: mask.replace, with: PHONE }
  feature_*: { use: keep, accept: "numbers of our own pipeline" }
  profile: { use: keep.subtree, accept: "written by our own staff" }
  "items[].sku": keep
  "labels.*": { use: mask.replace, with: LABEL }
  labels.$names: { use: mask.replace, with: NAME, else: drop }
  copy: { from: source, use: keep }`

export const TAGS = `tags:
  PII.email: { use: hash.hmac, domain: email }
  PII: { use: mask.replace, with: PERSONAL }
  SECRET: drop
  OWNER: ignore
`

/** A type, with the value that the record has there. */
export type Part =
  /** `either`: it may be null, or null and a number. */
  | { readonly kind: 'text'; readonly form: 'plain' | 'nullable' | 'either'; readonly value: string }
  | { readonly kind: 'record'; readonly name: string; readonly fields: readonly PartField[] }
  /** The same element twice. */
  | { readonly kind: 'array'; readonly item: Part }
  | { readonly kind: 'map'; readonly name: string; readonly item: Part }
  /** A record, or null, or a text. */
  | { readonly kind: 'union'; readonly item: Part & { readonly kind: 'record' } }

export interface PartField {
  readonly name: string
  readonly part: Part
  readonly tags: readonly string[]
  /** Whether its type carries the tags, in place of the field. */
  readonly isByType: boolean
}

export interface Evolved {
  readonly record: Part & { readonly kind: 'record' }
  /** Texts that may not leave. */
  readonly personal: readonly string[]
  /** Texts that leave as they are, where the record does. */
  readonly kept: readonly string[]
  /** Whether something that carries a tag stands where a rule keeps it, or two rules meet: no record leaves then. */
  readonly isRefused: boolean
}

/** What is around a place. */
interface Around {
  /** The rule of the nearest tags that have one. */
  readonly rule: 'none' | 'PII.email' | 'PII' | 'SECRET'
  readonly isTagged: boolean
  /** Whether a listed path keeps the value, or a subtree that it is in. */
  readonly kept: 'no' | 'itself' | 'inside'
}

const OUTSIDE: Around = { rule: 'none', isTagged: false, kept: 'no' }
const KEPT: Around = { ...OUTSIDE, kept: 'itself' }
const TAG_SETS: readonly (readonly string[])[] = [
  ['PII.email'],
  ['PII'],
  ['PII.phone', 'OWNER'],
  ['SECRET'],
  ['SECRET', 'PII'],
  ['PII', 'PII.email'],
  ['UNHEARD'],
  ['OWNER.team'],
]

/** Numbers from 0 to 1 (Mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

class Evolution {
  readonly #random: () => number
  readonly #addsPersonal: boolean
  readonly #personal: string[] = []
  readonly #kept: string[] = []
  #isRefused = false
  #names = 0

  constructor(seed: number) {
    this.#random = randomOf(seed)
    this.#addsPersonal = seed % 2 === 1
  }

  make(): Evolved {
    const fields = [
      this.#leafField('id', OUTSIDE),
      this.#leafField('note', KEPT),
      this.#said(),
      this.#leafField('phone_x', OUTSIDE),
      this.#feature(),
      this.#profile(),
      this.#items(),
      this.#leafField('source', KEPT),
      ...Array.from({ length: Math.floor(this.#random() * 5) }, () => this.#field(this.#name(), OUTSIDE, 0)),
    ]
    // Producers write fields in any order.
    const made = fields.map((one) => ({ one, at: this.#random() })).toSorted((a, b) => a.at - b.at)
    return {
      record: { kind: 'record', name: 'Event', fields: made.map(({ one }) => one) },
      personal: this.#personal,
      kept: this.#kept,
      isRefused: this.#isRefused,
    }
  }

  #chance(p: number): boolean {
    return this.#random() < p
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)]!
  }

  #name(): string {
    return `f${++this.#names}`
  }

  #under(around: Around, tags: readonly string[]): Around {
    const counted = tags.filter((tag) => !tag.startsWith('OWNER'))
    if (counted.length === 0) return around
    const rule = counted.includes('SECRET')
      ? 'SECRET'
      : counted.includes('PII.email')
        ? 'PII.email'
        : counted.some((tag) => tag.startsWith('PII'))
          ? 'PII'
          : around.rule
    return { ...around, isTagged: true, rule }
  }

  #tags(chance: number): readonly string[] {
    return this.#addsPersonal && this.#chance(chance) ? this.#pick(TAG_SETS) : []
  }

  /** Whether what stands there leaves as it is. */
  #isKept({ kept, isTagged, rule }: Around): boolean {
    if (kept === 'no') return false
    if (isTagged && (kept === 'itself' || rule === 'none')) this.#isRefused = true
    return !isTagged
  }

  #text(isKept: boolean): string {
    const text = `canary-${++this.#names}-mark`
    ;(isKept ? this.#kept : this.#personal).push(text)
    return text
  }

  /** Tags stand at the field, or at its type. */
  #tagged(name: string, part: Part, tags: readonly string[]): PartField {
    const isPlain = part.kind === 'text' && part.form === 'plain'
    return { name, part, tags, isByType: isPlain && this.#chance(0.3) }
  }

  #leafField(name: string, around: Around): PartField {
    const tags = this.#tags(0.1)
    return this.#tagged(name, this.#leaf(this.#under(around, tags)), tags)
  }

  #plain(isKept: boolean): Part {
    return { kind: 'text', form: 'plain', value: this.#text(isKept) }
  }

  /** A listed rule that keeps what is tagged PII, and nothing else. */
  #said(): PartField {
    const tags = this.#tags(0.2)
    const unsaid = tags.filter((tag) => tag !== 'PII' && !tag.startsWith('OWNER'))
    if (unsaid.length > 0) this.#isRefused = true
    return this.#tagged('said', this.#plain(unsaid.length === 0), tags)
  }

  /** What a pattern keeps, unless a tag has a rule. */
  #feature(): PartField {
    const tags = this.#tags(0.3)
    const { isTagged, rule } = this.#under(OUTSIDE, tags)
    if (isTagged && rule === 'none') this.#isRefused = true
    return this.#tagged(`feature_${this.#name()}`, this.#plain(!isTagged), tags)
  }

  #profile(): PartField {
    const tags = this.#tags(0.05)
    if (this.#under(OUTSIDE, tags).isTagged) this.#isRefused = true
    const part = this.#anyRecord({ ...OUTSIDE, kept: 'inside' }, 0)
    return { name: 'profile', part, tags, isByType: false }
  }

  #items(): PartField {
    const name = this.#name()
    const fields = [
      this.#leafField('sku', KEPT),
      this.#field(this.#name(), OUTSIDE, 0),
      this.#leafField('phone', OUTSIDE),
    ]
    const part: Part = { kind: 'array', item: { kind: 'record', name, fields } }
    return { name: 'items', part, tags: [], isByType: false }
  }

  #leaf(around: Around): Part {
    const value = this.#text(this.#isKept(around))
    const form = this.#random()
    return { kind: 'text', form: form < 0.6 ? 'plain' : form < 0.8 ? 'nullable' : 'either', value }
  }

  #field(name: string, around: Around, depth: number): PartField {
    const tags = this.#tags(0.4)
    return this.#tagged(name, this.#any(this.#under(around, tags), depth), tags)
  }

  #any(around: Around, depth: number): Part {
    const form = this.#random()
    if (depth > 2 || form < 0.35) return this.#leaf(around)
    if (form < 0.55) return this.#anyRecord(around, depth)
    if (form < 0.7) return { kind: 'array', item: this.#any(around, depth + 1) }
    // The names of a map, and the other types of a union, are values of what is around them.
    const isKept = this.#isKept(around)
    if (form >= 0.85) return { kind: 'union', item: this.#anyRecord(around, depth) }
    const name = this.#text(isKept)
    return { kind: 'map', name, item: this.#any(around, depth + 1) }
  }

  #anyRecord(around: Around, depth: number): Part & { readonly kind: 'record' } {
    const count = 1 + Math.floor(this.#random() * 3)
    const fields = Array.from({ length: count }, () => this.#field(this.#name(), around, depth + 1))
    return { kind: 'record', name: `R${this.#name()}`, fields }
  }
}

export const evolved = (seed: number): Evolved => new Evolution(seed).make()

/** What a policy compiles to: everything the walkers need, resolved, with nothing left to look up. */
import type { Period } from '../../transforms/calendar/period.ts'
import type { Reader } from '../../transforms/calendar.ts'
import type { Failure, Nothing, Result, RuleTransform } from '../../transforms/transform.ts'
import type { Role } from '../identify/categories.ts'
import type { ConsentReader } from './consent/consent-form.ts'
import type { InputForm } from './input-form.ts'
import type { Path } from './path.ts'
import type { NormalForm, ToNormal } from './suppression/normal-forms.ts'
import type { ListEntries } from './suppression/suppression-schema.ts'
import type { StatedType } from './value-type.ts'

/** What becomes of a value that a rule cannot take. There is no way to say "the raw value". */
export type Otherwise =
  | { readonly kind: 'dead-letter' }
  | { readonly kind: 'null' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'constant'; readonly value: string | number | boolean }

/** One `when:` entry: the original scalar at `path` is one of `values` (exact texts). */
export interface Condition {
  readonly path: Path
  readonly values: ReadonlySet<string>
  /** `null` was listed: absent, null and empty match too. */
  readonly orNothing: boolean
}

export type Action =
  /** `fits`: whether a text is of the type that the policy states for the field; undefined where each is. */
  | { readonly kind: 'keep'; readonly fits?: ((text: string) => boolean) | undefined }
  /** The container below, verbatim. */
  | { readonly kind: 'keep-subtree' }
  /** Whatever stands there, scalar or container, leaves no trace. */
  | { readonly kind: 'drop' }
  | {
      readonly kind: 'transform'
      readonly name: string
      readonly transform: RuleTransform
      /** Every value that it takes, and what becomes of it, where the policy's files say which these are. */
      readonly domain?: ReadonlyMap<string, string> | undefined
      /** Options of the same transform that tell less, from the finest on; see `transform.ts`. */
      readonly ladder?: (() => readonly object[]) | undefined
      /** Takes what a rule of the same transform with these options stored to what this one would have; see `transform.ts`. */
      readonly restep?: ((previous: unknown) => ((stored: string) => Result) | undefined) | undefined
    }

export interface PlanRule {
  /** Position in `Plan.rules`: counters are arrays over it. */
  readonly id: number
  /** Output path and what is done, e.g. `customer.email hash.hmac`; with `[2]` where a field has several rules. */
  readonly label: string
  /** The name of a transform, or `keep`, `keep.subtree`, `drop`. */
  readonly use: string
  /** Of a transform: its options, with defaults filled in. */
  readonly options?: Readonly<Record<string, unknown>> | undefined
  /** All must hold; empty: always. */
  readonly when: readonly Condition[]
  readonly action: Action
  /** Output path of its field. */
  readonly field: string
  /** Its values leave as they are, or nearly: they are looked at for what looks personal. */
  readonly watched: boolean
  /** Whether a CSV cell that it leaves as it is, or nearly, may hold a line break. */
  readonly lineBreaks: boolean
  readonly otherwise: Otherwise
  /** Its values leave as they are, or nearly. */
  readonly keeps: boolean
  /** Tags that what it keeps may carry. */
  readonly tagged: readonly string[]
  /** The written reason for a weak choice, for the account. */
  readonly accepted?: string | undefined
}

export interface PlanField {
  /** Position in `Plan.fields`. */
  readonly index: number
  /** Where the result goes. */
  readonly path: Path
  /** Where the value comes from; the same object as `path` unless the policy says `from:`. */
  readonly from: Path
  /** Of `$key`: how it is read, text unless stated. */
  readonly format?: 'json' | undefined
  readonly category?: string | undefined
  readonly role: Role
  /** What its values are where they leave, if the policy says so. */
  readonly type?: StatedType | undefined
  /** Whether bounds of its values may stand in a file, although they are kept. */
  readonly statistics?: boolean | undefined
  /**
   * The rules in force by retention step: `[0]` before the first step, `[i]` once i steps are reached. Of a
   * list the first rule whose conditions hold applies; if none does, the record fails with `no-rule-matches`.
   */
  readonly rulesByStep: readonly (readonly PlanRule[])[]
}

export interface PlanTime {
  readonly path: Path
  /** Milliseconds since 1970-01-01T00:00Z; a failure for a text that is not written as the policy says. */
  readonly read: Reader<number>
}

export interface PlanRetention {
  /** Label for the account, e.g. `retention suppress after 400d`. */
  readonly label: string
  /** Whether a record may be suppressed. */
  readonly suppresses: boolean
  /** How many steps an event of this time has reached at `now` (both in ms); `suppress` once the last says so. */
  readonly judge: (eventTime: number, now: number) => number | 'suppress'
  /** An event may lie this far in the future (ms) and still count as now. */
  readonly toleranceMs: number
}

/** A list of subjects whose records must not leave, and the identifier that it goes by. */
export interface PlanSuppression {
  readonly list: string
  /** One path, which may name several values; or the parts of one identifier, each a single value. */
  readonly by: readonly Path[]
  readonly entries: ListEntries
  /** Of each part: its name, and what makes it. */
  readonly normalize: readonly NormalForm[]
  readonly toNormal: readonly ToNormal[]
  /** For the account. */
  readonly label: string
}

/** What of a record says that its subject agreed. All of a plan must allow. */
export interface PlanConsent {
  /** A value, or the elements of a list. */
  readonly from: Path
  /** What an absent, null or empty value means. */
  readonly silence: 'deny' | 'allow'
  readonly read: ConsentReader
  /** Labels for the account: where it was denied, and where it is absent or cannot be read. */
  readonly denied: string
  readonly unknown: string
}

/** A container that stands as JSON in a text: a string of JSON, or a cell. */
export interface PlanCarrier {
  /** Of the input, and of the output. */
  readonly path: Path
  /** What is taken off the text before; undefined: nothing. Gives `Nothing` where it says that nothing is there. */
  readonly read: ((text: string) => string | Failure | Nothing) | undefined
}

/** A table of consent, and the identifier that it goes by. */
export interface PlanConsentTable {
  readonly table: string
  readonly purpose: string
  readonly by: Path
  readonly normalize: NormalForm
  readonly toNormal: ToNormal
  /** What a subject or a time means that the table does not know. */
  readonly silence: 'deny' | 'allow'
  /** Labels for the account: where it is withdrawn, and where the table does not know it. */
  readonly denied: string
  readonly unknown: string
}

/** How many data subjects share the values of a record that leaves. */
export interface PlanCrowd {
  readonly k: number
  /** Distinct values of each sensitive field; undefined where that is not asked for, and so on. */
  readonly l: number | undefined
  /** How far the values of a class may be from those of all, from 0 to 1. */
  readonly t: number | undefined
  /** Output paths of fields in which the records of a class are equal, in the order of the plan. */
  readonly over: readonly string[]
  /** Output paths that `l` and `t` are about. */
  readonly sensitive: readonly string[]
  /** The largest share of records that may be suppressed, from 0 to 1. Of batches. */
  readonly maxSuppressed: number
  readonly onFail: 'fail' | 'suppress'
  /** Of streams. */
  readonly window: Period | undefined
}

/** Rules by the tags that a schema gives to its fields. */
export interface PlanTags {
  /** By tag the field, among `Plan.fields`, whose rules are those of the tag. */
  readonly fields: ReadonlyMap<string, number>
  /** Tags that say nothing. */
  readonly ignored: ReadonlySet<string>
  /** What becomes of the records of a schema where something tagged would leave, and nothing says in which form. */
  readonly withoutRule: 'dead-letter' | 'refuse'
}

export interface Plan {
  readonly name: string
  readonly version: number
  readonly purpose: string
  /** SHA-256, lower-case hex, over the canonical policy, its transforms' versions, its files and lists. */
  readonly fingerprint: string
  /** Digest of the platform data that results depend on (Unicode, time zones); empty where they do not. */
  readonly platform: string
  readonly unlisted: 'drop' | 'reject'
  /** What follows where a watched value looks personal. */
  readonly suspects: 'warn' | 'dead-letter'
  /** Fields of the record's value. A field whose path ends in `.$names` rules the names of that map. */
  readonly fields: readonly PlanField[]
  /** Undefined where the policy does not go by tags. */
  readonly tags: PlanTags | undefined
  /** `$key` or its members, `$headers.name`, `$timestamp`: they have no counterpart in a file. */
  readonly envelope: readonly PlanField[]
  readonly rules: readonly PlanRule[]
  readonly subject: Path | undefined
  readonly time: PlanTime | undefined
  /** By input path, how its values are read outside of rules, where a field says `read`; undefined for what is nothing then. */
  readonly readers: ReadonlyMap<string, (text: string) => string | undefined>
  readonly suppression: readonly PlanSuppression[]
  readonly consent: readonly PlanConsent[]
  readonly consentTables: readonly PlanConsentTable[]
  readonly retention: PlanRetention | undefined
  readonly crowd: PlanCrowd | undefined
  /** How files are to be read. */
  readonly input: InputForm
  /** CSV header text to canonical input path, from `columns:`. */
  readonly columns: ReadonlyMap<string, string>
  /** What every record must hold, but for the event time where there is retention. */
  readonly required: readonly Path[]
  /** Paths that a CSV file may lack as columns. */
  readonly optional: ReadonlySet<string>
  readonly carriers: readonly PlanCarrier[]
  /** Arrays that may be one element in their place. */
  readonly either: readonly Path[]
  /** Whether any rule derives a key. */
  readonly needsKeys: boolean
  /** False for a policy that needs keys and was compiled without: then its keyed rules refuse every value. */
  readonly runnable: boolean
  /** Ids of the keys that rules use; empty where it was compiled without keys. */
  readonly keyIds: readonly string[]
}

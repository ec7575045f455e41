/** A policy as it was written, parsed, with positions: the input of compiling and of `lethe explain`. */
import type { ReadingOptions } from '../../transforms/calendar.ts'
import type { Transform, Weakness } from '../../transforms/transform.ts'
import type { Role } from '../identify/categories.ts'
import type { ConsentForm } from './consent/consent-answer.ts'
import type { ConsentReader } from './consent/consent-form.ts'
import type { MapNode } from './document.ts'
import type { InputForm } from './input-form.ts'
import type { Path } from './path.ts'
import type { Action, Condition, Otherwise } from './plan.ts'
import type { TextPosition } from './problems.ts'
import type { NormalForm, ToNormal } from './suppression/normal-forms.ts'
import type { ListEntries } from './suppression/suppression-schema.ts'
import type { StatedType } from './value-type.ts'

export interface PolicyCondition extends Condition {
  readonly at: TextPosition
}

export interface PolicyRule {
  /** Of the rule, and of the word that says what is done. */
  readonly at: TextPosition
  readonly useAt: TextPosition
  /** The name of a transform, or `keep`, `keep.subtree`, `drop`, `undecided`. */
  readonly use: string
  /** The options as written. */
  readonly written: MapNode
  readonly when: readonly PolicyCondition[]
  readonly otherwise: Otherwise
  readonly otherwiseAt: TextPosition | undefined
  readonly key: { readonly id: string; readonly at: TextPosition } | undefined
  /** Where `lineBreaks: allow` stands. */
  readonly lineBreaksAt: TextPosition | undefined
  readonly accept: { readonly reason: string; readonly at: TextPosition } | undefined
  /** Tags that what it keeps may carry. */
  readonly tagged: { readonly tags: readonly string[]; readonly at: TextPosition } | undefined
  /** Filled in by compiling: the transform, its options with defaults, what is weak, and what runs. */
  transform?: Transform | undefined
  options?: Readonly<Record<string, unknown>> | undefined
  weaknesses?: readonly Weakness[]
  action?: Action | undefined
  /** Position in `Plan.rules`. */
  planRule?: number
}

/** Acts in this order: white space, prefix and suffix, white space again, parts, white space around each. */
export interface ValueReading {
  readonly trim: boolean
  readonly prefix: string
  readonly suffix: string
  /** Whether a value without prefix or suffix is taken as it is. */
  readonly mayMiss: boolean
  /** What stands between parts; undefined: the value is one. */
  readonly split: string | undefined
}

export interface PolicyReading extends ValueReading {
  readonly at: TextPosition
}

export interface PolicyField {
  readonly path: Path
  readonly at: TextPosition
  /** The same object as `path` unless the policy says `from:`. */
  readonly from: Path
  readonly fromAt: TextPosition
  /** Of `$key`: how it is read, text unless stated. */
  readonly format: 'json' | undefined
  /** What is done to its values before its rules see them. */
  readonly read: PolicyReading | undefined
  /** What its values are where they leave. */
  readonly type: { readonly type: StatedType; readonly at: TextPosition } | undefined
  /** Where `statistics: true` stands. */
  readonly statisticsAt: TextPosition | undefined
  readonly category: string | undefined
  readonly role: Role
  /** The role of the category, or of the data subject; the policy may have overridden it. */
  readonly roleByCategory: Role
  readonly rules: readonly PolicyRule[]
}

export interface PolicyStep {
  readonly at: TextPosition
  /** As written, e.g. `180d`. */
  readonly after: string
  readonly suppress: boolean
  /** The rule that replaces a field's, by output path. */
  readonly fields: ReadonlyMap<string, PolicyRule>
}

export interface PolicyRetention {
  readonly at: TextPosition
  readonly steps: readonly PolicyStep[]
  readonly futureTolerance: string
}

export interface PolicyTime extends Required<ReadingOptions> {
  readonly path: Path
  readonly at: TextPosition
  readonly zone: string | undefined
}

/** An entry of `read:` at the top: a container that stands as JSON in a text. */
export interface PolicyCarrier {
  readonly path: Path
  readonly at: TextPosition
  /** What is taken off the text before. */
  readonly reading: ValueReading
}

/** An entry of `required:`, `optional:` or `shape:`. */
export interface PolicyRequired {
  readonly path: Path
  readonly at: TextPosition
}

/** An entry of `suppression:`. */
export interface PolicySuppression {
  readonly at: TextPosition
  readonly list: string
  /** One path, or the parts of one identifier. */
  readonly by: readonly Path[]
  readonly byAt: TextPosition
  readonly entries: ListEntries
  /** Of each part. */
  readonly normalize: readonly NormalForm[]
  /** What compiling made of `normalize`. */
  readonly toNormal: readonly ToNormal[]
}

/** An entry of `consent:` that goes by a table. */
export interface PolicyConsentTable {
  readonly at: TextPosition
  readonly purpose: string
  readonly table: string
  readonly by: Path
  readonly byAt: TextPosition
  readonly normalize: NormalForm
  /** What compiling made of `normalize`. */
  readonly toNormal: ToNormal
  /** What a subject or a time means that the table does not know. */
  readonly silence: 'deny' | 'allow'
  readonly accepted: string | undefined
}

/** An entry of `consent:` that events answer. */
export interface PolicyConsent {
  readonly at: TextPosition
  /** What the consent was given for: the purpose of the policy, or one that covers it. */
  readonly purpose: string
  readonly from: Path
  readonly fromAt: TextPosition
  readonly form: ConsentForm
  /** What stands between the parts of a list that is one text. */
  readonly split: string | undefined
  /** What an absent, null or empty value means. */
  readonly silence: 'deny' | 'allow'
  /** The written reason why silence is taken for consent. */
  readonly accepted: string | undefined
  /** What compiling made of `form`. */
  readonly read: ConsentReader
}

/** `tags:`. The rules of tags are among the fields, with a path that has `tag`. */
export interface PolicyTags {
  readonly at: TextPosition
  /** Tags that say nothing of what a field holds. */
  readonly ignored: readonly string[]
  /** What becomes of the records of a schema where a tagged field would leave, and nothing says in which form. */
  readonly withoutRule: 'dead-letter' | 'refuse'
}

/** `crowd:`: how many data subjects share the values of a record that leaves. */
export interface PolicyCrowd {
  readonly at: TextPosition
  readonly k: number
  readonly l: number | undefined
  readonly t: number | undefined
  /** Output paths. */
  readonly over: readonly string[]
  readonly sensitive: readonly string[]
  /** From 0 to 1. */
  readonly maxSuppressed: number
  readonly onFail: 'fail' | 'suppress'
  /** As written, e.g. `30d`; of streams. */
  readonly window: string | undefined
}

export interface Policy {
  readonly file: string
  readonly name: string
  readonly version: number
  readonly versionAt: TextPosition
  readonly description: string | undefined
  readonly purpose: string
  readonly unlisted: 'drop' | 'reject'
  readonly suspects: 'warn' | 'dead-letter'
  readonly subject: { readonly path: Path; readonly at: TextPosition } | undefined
  readonly time: PolicyTime | undefined
  /** With the rules of tags behind those of paths. */
  readonly fields: readonly PolicyField[]
  readonly tags: PolicyTags | undefined
  readonly suppression: readonly PolicySuppression[]
  readonly consent: readonly PolicyConsent[]
  readonly consentTables: readonly PolicyConsentTable[]
  readonly retention: PolicyRetention | undefined
  readonly crowd: PolicyCrowd | undefined
  readonly input: InputForm | undefined
  /** CSV header text to canonical input path. */
  readonly columns: ReadonlyMap<string, string>
  /** Files of transforms, as written. */
  readonly modules: readonly string[]
  readonly required: readonly PolicyRequired[]
  readonly optional: readonly PolicyRequired[]
  readonly carriers: readonly PolicyCarrier[]
  /** Arrays that may be one element in their place. */
  readonly either: readonly PolicyRequired[]
}

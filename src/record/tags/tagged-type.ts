/**
 * What tags ask of the schema that wrote a record, whatever its format: a type is `record`, `array`, `map`, `union` or `null`, and
 * anything else is a single value. A type may be recursive. Formats give their own types this form.
 */
export interface TaggedType {
  readonly kind: string
  readonly fields: readonly TaggedField[]
  /** Of the elements of an array and the values of a map; of a record of members that are not among its fields. */
  readonly item: TaggedType | undefined
  /** Of a union. */
  readonly branches: readonly TaggedType[]
  /** What the type carries wherever it stands. */
  readonly tags: readonly string[]
}

export interface TaggedField {
  readonly name: string
  readonly type: TaggedType
  /** What the field carries beside the tags of its type. */
  readonly tags: readonly string[]
}

/** Stands for what a schema has where tags stand, and is none. */
export const UNREADABLE_TAG = ''

export const tagInWords = (tag: string): string => (tag === UNREADABLE_TAG ? 'what is no tag' : `\`${tag}\``)

export const isContainer = ({ kind }: TaggedType): boolean =>
  kind === 'record' || kind === 'array' || kind === 'map'

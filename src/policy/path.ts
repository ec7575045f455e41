/**
 * Paths: which value of a record a rule means. `a.b` is a member of an object, `items[].sku` a member of
 * every element, `prices.*` every member of a map, `prices.$names` the names of that map. A name that
 * holds one of `. [ ] * "` or white space, is empty, or starts with `$` is written as a JSON string: `a."b.c"`.
 */

export type Segment =
  | { readonly kind: 'name'; readonly name: string }
  /** `[]`: every element of an array. */
  | { readonly kind: 'element' }
  /** `.*`: every member of a map. */
  | { readonly kind: 'member' }
  /** `.$names`, last only: the names of the map's members. */
  | { readonly kind: 'names' }

export interface Path {
  /** Canonical: two paths are the same if their texts are. */
  readonly text: string
  readonly segments: readonly Segment[]
}

/** What says in an event that its subject agreed, and what it may say. */

export type ConsentForm =
  | { readonly kind: 'is'; readonly values: readonly string[] }
  | { readonly kind: 'lists'; readonly names: readonly string[] }
  | { readonly kind: 'lacks'; readonly names: readonly string[] }
  | { readonly kind: 'tcf'; readonly purposes: readonly number[]; readonly vendor: number | undefined }
  | {
      readonly kind: 'gpp'
      readonly section: string
      /** By field, the values that allow. */
      readonly fields: ReadonlyMap<string, readonly (number | boolean)[]>
    }

/** `unknown`: the value cannot be read as what it should be. */
export type ConsentAnswer = 'allow' | 'deny' | 'unknown'

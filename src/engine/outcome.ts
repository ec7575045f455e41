/** What became of one record. There is no way from an error to `publish`. */
import type { DeadLetterCode } from '../errors.ts'

export type Outcome =
  | { readonly kind: 'publish'; readonly value: Uint8Array }
  /** A rule says that the record must not leave. `rule` is the rule's label. */
  | { readonly kind: 'suppress'; readonly rule: string }
  /** `rule` is the label of the rule that failed; undefined where the record as a whole did. */
  | { readonly kind: 'dead-letter'; readonly code: DeadLetterCode; readonly rule: string | undefined }

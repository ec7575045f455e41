/** What the text function of a token and its equals for many values share. */
import type { Mac } from '../keyed.ts'
import type { TokenForm } from './form.ts'
import type { Normalize } from './normalize.ts'
import type { BatchNormal } from './normalize-bytes.ts'

export interface Tokens {
  /** The key of `digest`; undefined: `digest` is plain SHA-256. */
  readonly key: Uint8Array | undefined
  readonly digest: Mac
  readonly normalize: Normalize | undefined
  readonly batchNormal: BatchNormal
  readonly form: TokenForm
}

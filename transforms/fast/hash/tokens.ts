/** What the twins of a token make their results from. */
import type { TokenForm } from '../../hash/form.ts'
import type { CompiledTransform } from '../../transform.ts'
import type { BatchNormal } from './normalize.ts'

export interface Tokens {
  /** The key of the MAC; undefined: plain SHA-256. */
  readonly key: Uint8Array | undefined
  readonly batchNormal: BatchNormal
  readonly form: TokenForm
  /** The definition, for what a batch does not take. */
  readonly apply: CompiledTransform['apply']
}

/** What the twins of the keyed transforms share, as `hash/token.ts` does for their definitions. */
import { normalizer } from '../../hash/normalize.ts'
import type { FormOf, TokenOptions } from '../../hash/token.ts'
import type { Twin } from '../twin.ts'
import { batchTokens } from './batch.ts'
import { batchNormal } from './normalize.ts'

/** The twin of a transform whose tokens have the form that `form` gives. */
export function keyed<Options extends TokenOptions>(form: FormOf<Options>): Twin<Options> {
  return (options, context, { apply }) => {
    const key = context.key('token', options.domain)
    return batchTokens({
      key: key.bytes,
      batchNormal: batchNormal(options, normalizer(options, context)),
      form: form(options, key.id),
      apply,
    })
  }
}

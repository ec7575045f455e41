/** The twin of `hash.sha256`. */
import { normalizer } from '../../hash/normalize.ts'
import { type Sha256Options, sha256Form } from '../../hash/sha256.ts'
import type { Twin } from '../twin.ts'
import { batchTokens } from './batch.ts'
import { batchNormal } from './normalize.ts'

export const sha256: Twin<Sha256Options> = (options, context, { apply }) =>
  batchTokens({
    key: undefined,
    batchNormal: batchNormal(options, normalizer(options, context)),
    form: sha256Form(options),
    apply,
  })

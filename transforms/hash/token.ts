/**
 * What the transforms of this family share: normalise the text, take the MAC of its UTF-8 under the field
 * key for use `token` and the domain, write the MAC's first bytes in the transform's form. Nothing else goes
 * into the MAC, so every form of one domain is the same join space.
 */
import { hmacSha256, isWellFormed } from '../keyed.ts'
import { type CompileContext, type CompiledTransform, fail, type Result } from '../transform.ts'
import { batchTokens } from './batch.ts'
import { renderer, type TokenForm } from './form.ts'
import { type NormalizeOptions, normalizer } from './normalize.ts'
import { batchNormal } from './normalize-bytes.ts'
import type { Tokens } from './tokens.ts'

export interface TokenOptions extends NormalizeOptions {
  readonly domain: string
}

/** Compiles a keyed transform; `form` is given the id of the key that the tokens are made with. */
export function compileKeyed(
  options: TokenOptions,
  context: CompileContext,
  form: (keyId: string) => TokenForm,
): CompiledTransform {
  const normalize = normalizer(options, context)
  const key = context.key('token', options.domain)
  return compileTokens({
    key: key.bytes,
    digest: hmacSha256(key.bytes),
    normalize,
    batchNormal: batchNormal(options, normalize),
    form: form(key.id),
  })
}

/** The text function, and its equals for many values. */
export function compileTokens(tokens: Tokens): CompiledTransform {
  const { digest, normalize, form } = tokens
  const render = renderer(form)
  const apply = (text: string): Result => {
    if (!isWellFormed(text)) return fail('not-well-formed')
    const normal = normalize === undefined ? text : normalize(text)
    return typeof normal === 'string' ? render(digest(normal)) : normal
  }
  return { yields: 'string', apply, ...batchTokens({ ...tokens, apply }), plain: true }
}

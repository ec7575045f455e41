/**
 * What the transforms of this family share: normalise the text, take the MAC of its UTF-8 under the field
 * key for use `token` and the domain, write the MAC's first bytes in the transform's form. Nothing else goes
 * into the MAC, so every form of one domain is the same join space.
 */
import { hmacSha256, isWellFormed, type Mac } from '../keyed.ts'
import { type CompileContext, type CompiledTransform, fail, type Result } from '../transform.ts'
import { renderer, type TokenForm } from './form.ts'
import { type Normalize, type NormalizeOptions, normalizer } from './normalize.ts'

export interface TokenOptions extends NormalizeOptions {
  readonly domain: string
}

/** The form of a rule's tokens; it is given the id of the key that they are made with. */
export type FormOf<Options> = (options: Options, keyId: string) => TokenForm

/** Compiles a keyed transform. */
export function compileKeyed<Options extends TokenOptions>(
  options: Options,
  context: CompileContext,
  form: FormOf<Options>,
): CompiledTransform {
  const normalize = normalizer(options, context)
  const key = context.key('token', options.domain)
  return compileTokens(hmacSha256(key.bytes), normalize, form(options, key.id))
}

/** Normalises, digests and writes; undefined for `normalize`: the text stays as it is. */
export function compileTokens(
  digest: Mac,
  normalize: Normalize | undefined,
  form: TokenForm,
): CompiledTransform {
  const render = renderer(form)
  const apply = (text: string): Result => {
    if (!isWellFormed(text)) return fail('not-well-formed')
    const normal = normalize === undefined ? text : normalize(text)
    return typeof normal === 'string' ? render(digest(normal)) : normal
  }
  return { yields: 'string', apply, plain: true }
}

/**
 * What the transforms of this family share: normalise the text, take the MAC of its UTF-8 under the field
 * key for use `token` and the domain, write the MAC's first bytes in the transform's form. Nothing else goes
 * into the MAC, so every form of one domain is the same join space.
 */
import { hmacSha256, isWellFormed, type Mac } from '../keyed.ts'
import { type CompileContext, type CompiledTransform, fail, type Result } from '../transform.ts'
import { type Normalize, type NormalizeOptions, normalizer } from './normalize.ts'

/** How 32 MAC bytes become a result. */
export type TokenForm =
  /** ASCII of one length: `fill` overwrites what varies in a copy of `template` at `out[to]`. */
  | {
      readonly kind: 'fixed'
      readonly template: string
      readonly fill: (mac: Uint8Array, at: number, out: Uint8Array, to: number) => void
    }
  | { readonly kind: 'free'; readonly text: (mac: Uint8Array, at: number) => string }

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
  return compileTokens(hmacSha256(key.bytes), normalize, form(key.id))
}

/** The text function over any 32-byte digest of text. */
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

function renderer(form: TokenForm): (mac: Uint8Array) => string {
  if (form.kind === 'free') return (mac) => form.text(mac, 0)
  const scratch = Buffer.from(form.template, 'latin1')
  return (mac) => {
    form.fill(mac, 0, scratch, 0)
    return scratch.toString('latin1')
  }
}

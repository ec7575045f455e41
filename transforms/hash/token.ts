/**
 * What the transforms of this family share: normalise the text, take the MAC of its UTF-8 under the field
 * key for use `token` and the domain, write the MAC's first bytes in the transform's form. Nothing else goes
 * into the MAC, so every form of one domain is the same join space.
 */
import { hmacSha256, isWellFormed, type Mac } from '../keyed.ts'
import { type CompileContext, type CompiledTransform, fail, type Result } from '../transform.ts'
import { batchTokens } from './batch.ts'
import { type Normalize, type NormalizeOptions, normalizer } from './normalize.ts'
import { byteNormalizer, type NormalizeBytes } from './normalize-bytes.ts'

/** How the 32 bytes of a MAC become a result; it looks at the first `macBytes` only. */
export type TokenForm = { readonly macBytes: number } & (
  | /** ASCII of one length: `fill` overwrites what varies in a copy of `template` at `out[to]`. */ {
      readonly kind: 'fixed'
      readonly template: string
      readonly fill: (mac: Uint8Array, at: number, out: Uint8Array, to: number) => void
    }
  | { readonly kind: 'free'; readonly text: (mac: Uint8Array, at: number) => string }
)

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
    normalizeBytes: byteNormalizer(options),
    form: form(key.id),
  })
}

export interface Tokens {
  /** The key of `digest`; undefined: `digest` is plain SHA-256. */
  readonly key: Uint8Array | undefined
  readonly digest: Mac
  readonly normalize: Normalize | undefined
  readonly normalizeBytes: NormalizeBytes
  readonly form: TokenForm
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
  return { yields: 'string', apply, ...batchTokens({ ...tokens, render, apply }), plain: true }
}

function renderer(form: TokenForm): (mac: Uint8Array) => string {
  if (form.kind === 'free') return (mac) => form.text(mac, 0)
  const scratch = Buffer.from(form.template, 'latin1')
  return (mac) => {
    form.fill(mac, 0, scratch, 0)
    return scratch.toString('latin1')
  }
}

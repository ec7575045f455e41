import { isAlphanumeric, isDigit, isUpper, standsAt, tableOf, WORD } from './bytes.ts'
import type { TextDetector } from './detector.ts'

const ALPHANUMERIC = tableOf(isAlphanumeric)
const UPPER = tableOf((byte) => isDigit(byte) || isUpper(byte))
const LOWER_HEX = tableOf((byte) => isDigit(byte) || (byte >= 0x61 && byte <= 0x66))

interface Form {
  readonly prefix: string
  /** What follows it, and at least how much of that. */
  readonly of: Uint8Array
  readonly least: number
  /** No more than `least` follows. */
  readonly exactly?: boolean
}

const form = (prefix: string, of: Uint8Array, least: number, exactly = false): Form => ({
  prefix,
  of,
  least,
  exactly,
})

/** Prefixes that issuers publish, so that keys can be found. */
const FORMS: readonly Form[] = [
  // AWS access keys, long-term and temporary.
  form('AKIA', UPPER, 16, true),
  form('ASIA', UPPER, 16, true),
  // GitHub, GitLab, npm.
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((prefix) => form(prefix, ALPHANUMERIC, 36)),
  form('github_pat_', WORD, 40),
  form('glpat-', WORD, 20),
  form('npm_', ALPHANUMERIC, 36, true),
  // Stripe, Shopify, Square.
  ...['sk_live_', 'rk_live_', 'sk_test_', 'rk_test_'].map((prefix) => form(prefix, ALPHANUMERIC, 16)),
  form('whsec_', ALPHANUMERIC, 24),
  ...['shpat_', 'shpss_', 'shpca_'].map((prefix) => form(prefix, LOWER_HEX, 32, true)),
  form('sq0csp-', WORD, 40),
  // Slack.
  ...['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe-'].map((prefix) => form(prefix, WORD, 16)),
  // Google, SendGrid, Hugging Face, OpenAI, Anthropic, DigitalOcean.
  form('AIza', WORD, 35, true),
  form('GOCSPX-', WORD, 28),
  form('SG.', WORD, 22),
  form('hf_', ALPHANUMERIC, 34, true),
  form('sk-proj-', WORD, 40),
  form('sk-ant-', WORD, 40),
  form('dop_v1_', LOWER_HEX, 64, true),
]

/** Forms by their first byte. */
const BY_FIRST: readonly (readonly Form[] | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  const forms = FORMS.filter(({ prefix }) => prefix.charCodeAt(0) === byte)
  return forms.length === 0 ? undefined : forms
})

/** The fewest bytes without a space or a dot in a key of any form, except behind `SG.`. */
const LEAST = 20

function keyEnd(bytes: Uint8Array, p: number, end: number, forms: readonly Form[]): number {
  for (const { prefix, of, least, exactly } of forms) {
    if (!standsAt(bytes, p, end, prefix)) continue
    const from = p + prefix.length
    let to = from
    while (to < end && of[bytes[to]!] === 1) to++
    if (to - from < least || (exactly === true && to - from > least)) continue
    if (to < end && WORD[bytes[to]!] === 1) continue
    return to
  }
  return -1
}

export const apiKey: TextDetector = {
  reads: 'text',
  kind: 'api-key',
  summary: 'an API key',
  // In two pieces, so that scanners for keys in code do not find these.
  examples: [
    `AKIA${'IOSFODNN7EXAMPLE'}`,
    `token ghp_${'0123456789abcdefghijABCDEFGHIJ012345'} in a log`,
    `key=sk_live_${'4eC39HqLyjWDarjtT1zdp7dc'}`,
    `xoxb-${'123456789012-abcdefABCDEF'}`,
    `AIza${'SyA-0123456789abcdefghijklmnopqrstu'}`,
    `SG.${'0123456789abcdefghijkl.0123456789abcdefghijklmnopqrstuvwxyzABCDEFG'}`,
  ],
  harmless: [
    `AKIA${'SHORT'}`,
    `XAKIA${'IOSFODNN7EXAMPLE'}`,
    `ghp_${'short'}`,
    'sk_live_ is what such a key begins with',
    'npm_config_registry_and_other_settings_of_it',
    'deadbeefdeadbeefdeadbeefdeadbeefdeadbeef',
  ],
  needs: { bytes: LEAST },
  find(bytes, start, end) {
    let p = start
    while (p + LEAST <= end) {
      // A key is a long word: from its last byte back, most texts are passed in steps of its length.
      let back = p + LEAST - 1
      while (back >= p && WORD[bytes[back]!] === 1) back--
      if (back >= p) {
        // `SG.` has a dot in it.
        if (bytes[back] === 0x2e && back >= start + 2) {
          const found = at(bytes, start, back - 2, end)
          if (found >= 0) return { start: back - 2, end: found }
        }
        p = back + 1
        continue
      }
      const found = at(bytes, start, p, end)
      if (found >= 0) return { start: p, end: found }
      while (p < end && WORD[bytes[p]!] === 1) p++
    }
    return undefined
  },
}

/** Behind a key that begins at `p`, where a word begins; -1 where there is none. */
function at(bytes: Uint8Array, start: number, p: number, end: number): number {
  const forms = BY_FIRST[bytes[p]!]
  if (forms === undefined || (p > start && WORD[bytes[p - 1]!] === 1)) return -1
  return keyEnd(bytes, p, end, forms)
}

import { z } from 'zod'
import { countGraphemes, graphemeStarts } from '../graphemes.ts'
import { NOTHING, part } from '../reveals/revelation.ts'
import { defineTransform, fail, OptionError, type Transform } from '../transform.ts'
import { countVisible } from '../visible.ts'
import { mostShown } from './characters.ts'
import { checkSign, signOption } from './sign.ts'

/** Mask signs for a hidden part, always: its length does not leak. */
export const SIGNS = 3
/** RFC 5321, 4.5.3.1: 64 octets, the at sign, 255 octets. */
export const LONGEST = 320
/** A piece of the local part that is at least this long (UTF-16 units) must not occur in a kept domain. */
export const PIECE = 3
/** A run of this many UTF-16 units of a word of the domain must not occur in the local part. */
export const RUN = 4
const LONGEST_SHOWN = 16

/** A local part (RFC 5322 3.4.1, RFC 6531: any script): a quoted string, or no space, control or special. */
const LOCAL = /^(?:"(?:[^"\\\p{C}]|\\[^\p{C}])+"|[^\s"(),:;<>@[\\\]\p{C}]+)$/u
/** At least two labels (RFC 1035, RFC 5890: any script), no address literal. */
const DOMAIN =
  /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?\.)+[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?$/u

/** The same two for the most common addresses: they take nothing that the others refuse, in less time. */
const ASCII_LOCAL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+$/
const ASCII_DOMAIN = /^(?:[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*\.)+[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*$/

const options = z.strictObject({
  keepFirst: z
    .int()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      'Whether the first character (0 or 1) of the local part stays readable; it never does in one of fewer than four.',
    ),
  domain: z
    .enum(['keep', 'mask'])
    .default('keep')
    .describe(
      '`keep` leaves what follows the @, unless it and the local part hold a piece of each other; `mask` hides it.',
    ),
  domains: z
    .array(z.string().regex(/^[a-z0-9.-]+\.[a-z0-9-]+$/, 'a domain is written in lower case, as in ASCII'))
    .min(1)
    .max(1000)
    .optional()
    .describe(
      'Domains that may stay, as gmail.com, and no others: those of providers that very many people use. Without it every domain stays that gives nothing away. Only with `domain: keep`.',
    ),
  with: signOption,
})

export interface EmailOptions {
  readonly keepFirst: number
  readonly domain: 'keep' | 'mask'
  readonly domains?: readonly string[] | undefined
  readonly with: string
}

export const email: Transform = defineTransform({
  name: 'mask.email',
  summary: 'Hides the local part of an email address, and its length; keeps the domain if asked to.',
  version: 2,
  options,
  properties: {
    reversible: 'no; a domain of few people narrows the value down',
    repeatable: 'yes',
    uniqueness: 'lossy',
    formatKept: 'the at sign; the domain (with `domain: keep`)',
    accepts:
      'one email address of a local part, one usable @ and a domain of at least two labels, any script',
    yields: 'text with one @',
    keyed: false,
    stableToken: false,
    mayReturnInput: false,
  },
  failures: {
    unparsable: 'the value is not one email address',
    'out-of-domain': 'the value is an address that is masked like this already',
  },
  doesNotStop:
    'A domain that few people use (their own, a small employer) still points to them; list those that may stay in ' +
    '`domains`, or use `domain: mask`. A domain is hidden too where it holds the local part or a piece of it (three ' +
    'characters or more, or a whole label), and where the local part holds a word of the domain or four letters of it.',
  examples: [
    {
      title: 'the domain stays',
      options: {},
      input: 'ada.lovelace@mail.example.com',
      output: '***@mail.example.com',
    },
    {
      title: 'the first letter stays',
      options: { keepFirst: 1 },
      input: 'ada.lovelace@example.com',
      output: 'a***@example.com',
    },
    {
      title: 'everything is hidden',
      options: { domain: 'mask' },
      input: 'ada@example.com',
      output: '***@***',
    },
    { title: 'any script', options: {}, input: 'мария@почта.example', output: '***@почта.example' },
    {
      title: 'a domain that gives the name away',
      options: {},
      input: 'jo.smith@smith.example',
      output: '***@***',
    },
    {
      title: 'a name that the domain gives away',
      options: { keepFirst: 1 },
      input: 'jsmith@smith.example',
      output: 'j***@***',
    },
    {
      title: 'only domains of many people stay',
      options: { domains: ['example.com'] },
      input: 'ada@lovelace.example',
      output: '***@***',
    },
    {
      title: 'two addresses',
      options: {},
      input: 'a@example.com, b@example.com',
      output: { fails: 'unparsable' },
    },
  ],
  reveals: ({ keepFirst, domain }) =>
    keepFirst === 0 && domain === 'mask'
      ? NOTHING
      : part({ of: 'email', first: keepFirst, domain: domain === 'keep' }),
  restep: (previous, next) => {
    if (previous.with !== next.with || next.keepFirst > previous.keepFirst) return undefined
    if (next.domain === 'keep') {
      if (previous.domain !== 'keep') return undefined
      const stayed = previous.domains && new Set(previous.domains)
      // Where every domain stayed, or all that are to stay.
      if (stayed !== undefined && next.domains?.every((one) => stayed.has(one)) !== true) return undefined
    }
    const listed = next.domains && new Set(next.domains)
    const hidden = next.with.repeat(SIGNS)
    return (stored) => {
      const at = stored.lastIndexOf('@')
      const local = stored.slice(0, at)
      const host = stored.slice(at + 1)
      if (at < 0 || host === '' || !local.endsWith(hidden)) return fail('unparsable')
      const kept = local.slice(0, local.length - hidden.length)
      if (countGraphemes(kept) > previous.keepFirst) return fail('unparsable')
      const mayStay = next.domain === 'keep' && (listed === undefined || listed.has(fold(host)))
      return `${next.keepFirst === 1 ? kept : ''}${hidden}@${mayStay ? host : hidden}`
    }
  },
  compile: ({ keepFirst, domain, domains, with: sign }: EmailOptions, context) => {
    context.usesPlatform('unicode')
    if (domains !== undefined && domain === 'mask')
      throw new OptionError(
        '`domains` says which stay, and `domain: mask` that none does',
        'domains',
        'leave out one',
      )
    const listed = domains === undefined ? undefined : new Set(domains)
    if (/^[\p{L}\p{N}@]/u.test(sign)) {
      throw new OptionError(
        '`with` must not be a letter, a digit or @: the result could be an address',
        'with',
        '"*"',
      )
    }
    const hidden = checkSign(sign).repeat(SIGNS)
    return {
      yields: 'string',
      apply: (text) => {
        // A quoted local part may hold an at sign of its own; a domain never does.
        const at = text.lastIndexOf('@')
        if (at < 1 || text.length > LONGEST) return fail('unparsable')
        const local = text.slice(0, at)
        const host = text.slice(at + 1)
        if (!(ASCII_LOCAL.test(local) || LOCAL.test(local))) return fail('unparsable')
        if (!(ASCII_DOMAIN.test(host) || DOMAIN.test(host))) return fail('unparsable')
        const kept = keepFirst === 1 ? firstOf(local) : ''
        const mayStay = listed === undefined ? domain === 'keep' : listed.has(fold(host))
        const shown = mayStay && !holdsPieceOf(host, local) ? host : hidden
        const result = `${kept}${hidden}@${shown}`
        return result === text ? fail('out-of-domain') : result
      },
    }
  },
})

/** The first grapheme, if as much stays hidden as `mask.characters` hides and it is not a quote. */
function firstOf(local: string): string {
  const starts = graphemeStarts(local)
  if (mostShown(countVisible(local, starts)) < 1 || local.startsWith('"')) return ''
  const end = starts?.[1] ?? 1
  return end > LONGEST_SHOWN ? '' : local.slice(0, end)
}

/**
 * Whether the domain and the local part give each other away: the domain holds the local part, or a piece of it, or a
 * short piece as one of its labels; or the local part holds a word of the domain or four letters of it in a row, wherever
 * separators stand (`jsmith@smith.name`). The last label counts only for the former.
 */
function holdsPieceOf(host: string, local: string): boolean {
  const where = fold(host)
  const whole = fold(local)
  if (whole.length >= PIECE && where.includes(whole)) return true
  const labels = where.split('.')
  for (const piece of whole.split(ASCII_LOCAL.test(whole) ? /[^a-z0-9]+/ : /[^\p{L}\p{N}\p{M}]+/u)) {
    if (piece === '') continue
    if (piece.length >= PIECE) {
      if (where.includes(piece)) return true
    } else if (labels.includes(piece)) return true
  }
  const joined = whole.replace(ASCII_LOCAL.test(whole) ? /[^a-z0-9]+/g : /[^\p{L}\p{N}\p{M}]+/gu, '')
  return labels.slice(0, -1).some((label) => label.split('-').some((word) => sharesRun(joined, word)))
}

/** Whether `text` holds a run of `word`: four units, or the whole of it if it has three. */
function sharesRun(text: string, word: string): boolean {
  const size = Math.min(RUN, word.length)
  if (size < PIECE) return false
  for (let at = 0; at + size <= word.length; at++) if (text.includes(word.slice(at, at + size))) return true
  return false
}

function fold(text: string): string {
  return (/^[ -~]*$/.test(text) ? text : text.normalize('NFKC')).toLowerCase()
}

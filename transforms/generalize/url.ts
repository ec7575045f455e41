import { domainToUnicode } from 'node:url'
import { z } from 'zod'
import { reapplied } from '../restep.ts'
import { part } from '../reveals/revelation.ts'
import { defineTransform, Failure, fail, type Result, type Transform } from '../transform.ts'

const options = z.strictObject({
  keepPath: z
    .int()
    .min(0)
    .max(8)
    .default(0)
    .describe('How many leading segments of the path are kept. A fragment never is.'),
  keepParams: z
    .array(
      z
        .string()
        .max(64)
        .regex(/^[^*&=#%+\s]+\*?$/, 'the name of a parameter, or its beginning and a *'),
    )
    .min(1)
    .max(100)
    .optional()
    .describe(
      'Parameters of the query that stay as they are, in their order, by exact name or by how names begin: [ref, utm_*]. All others go.',
    ),
  schemeless: z
    .literal('allow')
    .optional()
    .describe(
      'Takes URLs without a scheme, too: `//shop.example/p`, and `shop.example/p` where the host ends in letters behind a dot. Both give `//shop.example`.',
    ),
  relative: z
    .literal('allow')
    .optional()
    .describe(
      'Takes paths from the root of a host, too, such as `/orders/12?page=2`: they give `/`, or what `keepPath` and `keepParams` keep. Others that are relative to a page (`orders/12`, `?page=2`) fail.',
    ),
})

export interface UrlOptions {
  readonly keepPath: number
  readonly keepParams?: readonly string[] | undefined
  readonly schemeless?: 'allow' | undefined
  readonly relative?: 'allow' | undefined
}

/** Beginnings of parameters that keep too much: of two characters and the star. */
const SHORT_START = 3

/** `http`, `https`, `ws` or `wss`, then `//`: what is no such URL is not for the lenient parser to repair. */
const START = /^(?:https?|wss?):\/\/[^/\\]/i

/** A host with a dot and what may stand before it in a URL without a scheme; a mail address or `tel:` is none. */
const SCHEMELESS = /^(?:\/\/[^/\\]|[^/?#\\@:[\]]+\.[^/?#\\@:[\].]+(?::\d+)?(?:[/?#]|$))/

/** The last label of a host that is known to be one without a scheme before it. */
const LETTERS_LAST = /\.(?:[a-z]{2,63}|xn--[a-z0-9-]+)$/

/** A path from the root; `//` starts a host. */
const RELATIVE = /^\/(?![/\\])/

/** A host that no URL has (RFC 6761): a path is read behind it. */
const NO_HOST = 'https://path.invalid'

/** Characters that the URL standard would drop, or turn into others (a backslash, before query and fragment). */
const REPAIRED = /[\t\n\r]|^[^?#]*\\|[\0- ]$/

/** A URL of which the URL standard would change nothing up to the end of the host: lower case, a plain host name. */
const PLAIN = /^(?:https?|wss?):\/\/(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,63}(?=[/?#]|$)/

/** `xn--` labels are checked by the standard; others are not. */
const PUNYCODE = /(?:\/\/|\.)xn--/

/** A host of more UTF-16 units, which has to be decoded, is none: DNS has names of 253, and decoding could take long. */
const LONGEST_HOST = 2048

/** What the URL standard decodes in a host: percent signs, Punycode, and all that is not ASCII. */
const ENCODED = /[^!-~]|%|xn--/i

/** Whether a URL has a host that takes too long to decode. */
function hasEndlessHost(text: string): boolean {
  const from = text.indexOf('//') + 2
  const size = text.slice(from).search(/[/?#]/)
  const authority = size < 0 ? text.slice(from) : text.slice(from, from + size)
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  return host.length > LONGEST_HOST && ENCODED.test(host)
}

/** Host and path as the URL standard (WHATWG) reads them, or undefined. */
function parse(text: string): URL | undefined {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    return undefined
  }
  // Node.js 24 takes labels that are no Punycode, and leaves them as they are.
  return PUNYCODE.test(`//${url.hostname}`) && PUNYCODE.test(`//${domainToUnicode(url.hostname)}`)
    ? undefined
    : url
}

/** Whether a host, as the URL standard writes it, is an address: four numbers, or IPv6 in brackets. */
function isAddress(host: string): boolean {
  return host.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(host)
}

/** The first `count` segments of a path that starts with a slash, without a slash at the end. */
function leadingPath(path: string, count: number): string {
  let end = 0
  for (let kept = 0; kept < count && end < path.length; kept++) {
    const next = path.indexOf('/', end + 1)
    end = next < 0 ? path.length : next
  }
  while (end > 0 && path.charCodeAt(end - 1) === 47) end--
  return path.slice(0, end)
}

/** Whether a query's parameter of this name, as it is written there, is kept. */
function keeper(names: readonly string[]): (name: string) => boolean {
  const exact = new Set(names.filter((name) => !name.endsWith('*')))
  const starts = names.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1))
  return (written) => {
    const name = /[%+]/.test(written) ? ([...new URLSearchParams(written).keys()][0] ?? '') : written
    return exact.has(name) || starts.some((start) => name.startsWith(start))
  }
}

/** The part of a query that is kept, with its question mark; empty where none is. */
function keptQuery(search: string, keeps: (name: string) => boolean): string {
  if (search.length < 2) return ''
  const kept = search
    .slice(1)
    .split('&')
    .filter((pair) => keeps(pair.includes('=') ? pair.slice(0, pair.indexOf('=')) : pair))
  return kept.length === 0 ? '' : `?${kept.join('&')}`
}

function generalOf(stated: UrlOptions): (text: string) => Result {
  const { keepPath, keepParams, schemeless, relative } = stated
  const keeps = keepParams === undefined ? () => false : keeper(keepParams)
  const kept = ({ pathname, search }: URL): string =>
    leadingPath(pathname, keepPath) + keptQuery(search, keeps)
  const absolute = (text: string, bare: boolean): URL | Failure => {
    if (REPAIRED.test(text) || hasEndlessHost(text)) return fail('unparsable')
    const parsed = parse(text)
    if (parsed === undefined) return fail('unparsable')
    if (isAddress(parsed.hostname)) return fail('out-of-domain')
    return bare && !LETTERS_LAST.test(parsed.hostname) ? fail('unparsable') : parsed
  }
  return (text) => {
    if (START.test(text)) {
      const parsed = absolute(text, false)
      return parsed instanceof Failure ? parsed : `${parsed.protocol}//${parsed.hostname}${kept(parsed)}`
    }
    if (relative === 'allow' && RELATIVE.test(text)) {
      const parsed = absolute(NO_HOST + text, false)
      if (parsed instanceof Failure) return parsed
      const rest = kept(parsed)
      return rest.startsWith('/') ? rest : `/${rest}`
    }
    if (schemeless !== 'allow' || !SCHEMELESS.test(text)) return fail('unparsable')
    const bare = !text.startsWith('//')
    const parsed = absolute(`https:${bare ? '//' : ''}${text}`, bare)
    return parsed instanceof Failure ? parsed : `//${parsed.hostname}${kept(parsed)}`
  }
}

/**
 * A URL in, its scheme and host out, both in lower case, and as many segments of its path as are stated, and
 * the parameters of its query that are named. User name, password, port and fragment never come out, nor a slash at the
 * end of a path behind a host. Read as the URL standard
 * (WHATWG) says; but what that standard would repair (backslashes, white space around, line breaks) is refused.
 */
export const url: Transform = defineTransform({
  name: 'generalize.url',
  summary:
    'Keeps the scheme and host of a web address, and leading parts of its path and named parameters where stated.',
  version: 2,
  options,
  properties: {
    reversible: 'no',
    repeatable: 'yes',
    uniqueness: 'lossy',
    formatKept: 'a URL',
    accepts:
      'absolute http, https, ws and wss URLs with a host name; with `schemeless` and `relative` others, too',
    yields:
      'text such as `https://shop.example` or, with `keepPath: 1`, `https://shop.example/orders`; `//shop.example`, `/orders`',
    keyed: false,
    stableToken: false,
    // A URL may hold no more than its scheme and host already.
    mayReturnInput: true,
  },
  failures: {
    unparsable:
      'The value is not an absolute http, https, ws or wss URL, nor one that `schemeless` or `relative` allows, or the URL standard would have to repair it.',
    'out-of-domain':
      'The host is an IP address: that may name a person’s own machine. generalize.ip takes addresses.',
  },
  doesNotStop:
    'Names in the host itself (`anna-smith.example`, one host for each customer), in a kept path or in the values of ' +
    'kept parameters, which leave as they are.',
  examples: [
    {
      title: 'scheme and host',
      options: {},
      input: 'https://Shop.Example:8443/orders/1234?email=a@b.example#top',
      output: 'https://shop.example',
    },
    {
      title: 'and the first segment',
      options: { keepPath: 1 },
      input: 'https://shop.example/orders/1234',
      output: 'https://shop.example/orders',
    },
    {
      title: 'campaign parameters',
      options: { keepParams: ['utm_*'] },
      input: 'https://shop.example/p/12?email=a@b.example&utm_source=news&utm_medium=mail#top',
      output: 'https://shop.example?utm_source=news&utm_medium=mail',
    },
    {
      title: 'without a scheme',
      options: { schemeless: 'allow' },
      input: 'shop.example/orders/1234',
      output: '//shop.example',
    },
    {
      title: 'the path of a request',
      options: { relative: 'allow', keepPath: 1 },
      input: '/orders/1234?page=2',
      output: '/orders',
    },
    {
      title: 'user and password go',
      options: {},
      input: 'https://anna:secret@shop.example/',
      output: 'https://shop.example',
    },
    {
      title: 'an address is not a name',
      options: {},
      input: 'http://203.0.113.7/',
      output: { fails: 'out-of-domain' },
    },
    {
      title: 'other schemes',
      options: {},
      input: 'mailto:anna@shop.example',
      output: { fails: 'unparsable' },
    },
  ],
  weaknesses: ({ keepPath, keepParams }) => [
    ...(keepPath > 1
      ? [
          {
            option: 'keepPath',
            reason: `After the first segment of a path come numbers and names (/users/1234); ${keepPath} are kept.`,
            suggestion: 'keep 1 or none',
          },
        ]
      : []),
    ...(keepParams?.some((name) => name.endsWith('*') && name.length <= SHORT_START)
      ? [
          {
            option: 'keepParams',
            reason: 'A beginning of one or two characters matches unknown parameters.',
            suggestion: 'write names, or a longer beginning such as utm_*',
          },
        ]
      : []),
  ],
  reveals: ({ keepPath, keepParams }) => part({ of: 'url', segments: keepPath, params: keepParams }),
  restep: (previous, next) => {
    const kept = new Set(previous.keepParams ?? [])
    if (next.keepPath > previous.keepPath || next.keepParams?.some((name) => !kept.has(name)) === true)
      return undefined
    // What is left of a URL without a scheme is one, too; of a path with two slashes it cannot be told from a host.
    const isEither = previous.schemeless === 'allow' && previous.relative === 'allow'
    const step = reapplied(generalOf(previous), generalOf(next))
    return (stored) => (isEither && stored.startsWith('//') ? fail('unparsable') : step(stored))
  },
  compile: (stated: UrlOptions) => {
    const general = generalOf(stated)
    if (stated.keepPath > 0 || stated.keepParams !== undefined) return { yields: 'string', apply: general }
    return {
      yields: 'string',
      apply: (text) => {
        const plain = PLAIN.exec(text)
        return plain === null || PUNYCODE.test(plain[0]) || REPAIRED.test(text) ? general(text) : plain[0]
      },
    }
  },
})

import { z } from 'zod'
import { part } from '../reveals/revelation.ts'
import { defineTransform, fail, type Result, type Transform } from '../transform.ts'

const options = z.strictObject({
  keepPath: z
    .int()
    .min(0)
    .max(8)
    .default(0)
    .describe('How many leading segments of the path are kept. Query and fragment never are.'),
})

export interface UrlOptions {
  readonly keepPath: number
}

/** `http`, `https`, `ws` or `wss`, then `//`: what is no such URL is not for the lenient parser to repair. */
const START = /^(?:https?|wss?):\/\/[^/\\]/i

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
  try {
    return new URL(text)
  } catch {
    return undefined
  }
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

/**
 * A URL in, its scheme and host out, both in lower case, and as many segments of its path as are stated. User
 * name, password, port, query and fragment never come out, nor a slash at the end. Read as the URL standard
 * (WHATWG) says; but what that standard would repair (backslashes, white space around, line breaks) is refused.
 */
export const url: Transform = defineTransform({
  name: 'generalize.url',
  summary: 'Keeps the scheme and host of a web address, and leading parts of its path where stated.',
  version: 2,
  options,
  properties: {
    reversible: 'no',
    repeatable: 'yes',
    uniqueness: 'lossy',
    formatKept: 'a URL',
    accepts: 'absolute http, https, ws and wss URLs with a host name',
    yields: 'text such as `https://shop.example` or, with `keepPath: 1`, `https://shop.example/orders`',
    keyed: false,
    stableToken: false,
    // A URL may hold no more than its scheme and host already.
    mayReturnInput: true,
  },
  failures: {
    unparsable:
      'The value is no absolute http, https, ws or wss URL, or the URL standard would have to repair it.',
    'out-of-domain':
      'The host is an IP address: that may name a person’s own machine. generalize.ip takes addresses.',
  },
  doesNotStop:
    'Names in the host itself (`anna-smith.example`, one host for each customer) or in a kept path.',
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
      title: 'user and password go',
      options: {},
      input: 'https://anna:secret@shop.example/',
      output: 'https://shop.example',
    },
    {
      title: 'an address is no name',
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
  weaknesses: ({ keepPath }) =>
    keepPath > 1
      ? [
          {
            option: 'keepPath',
            reason: `After the first segment of a path come numbers and names (/users/1234); ${keepPath} are kept.`,
            suggestion: 'keep 1 or none',
          },
        ]
      : [],
  reveals: ({ keepPath }) => part({ of: 'url', segments: keepPath }),
  compile: ({ keepPath }: UrlOptions) => {
    const general = (text: string): Result => {
      if (!START.test(text) || REPAIRED.test(text) || hasEndlessHost(text)) return fail('unparsable')
      const parsed = parse(text)
      if (parsed === undefined) return fail('unparsable')
      if (isAddress(parsed.hostname)) return fail('out-of-domain')
      return `${parsed.protocol}//${parsed.hostname}${leadingPath(parsed.pathname, keepPath)}`
    }
    if (keepPath > 0) return { yields: 'string', apply: general }
    return {
      yields: 'string',
      apply: (text) => {
        const plain = PLAIN.exec(text)
        return plain === null || PUNYCODE.test(plain[0]) || REPAIRED.test(text) ? general(text) : plain[0]
      },
    }
  },
})

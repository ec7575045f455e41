import { z } from 'zod'
import { part } from '../reveals/revelation.ts'
import { defineTransform, fail, type Result, type Transform } from '../transform.ts'
import { embeddedIpv4 } from './ipv4-inside.ts'
import { parseIpv6, printIpv6 } from './ipv6.ts'

const options = z.strictObject({
  v4: z.int().min(1).max(31).default(24).describe('Bits of an IPv4 address that are kept, from 1 to 31.'),
  v6: z.int().min(1).max(127).default(48).describe('Bits of an IPv6 address that are kept, from 1 to 127.'),
  endpoint: z
    .literal('allow')
    .optional()
    .describe(
      'Lets a value have a port (`203.0.113.9:51234`, `[2001:db8::1]:443`), brackets, a zone index (`fe80::1%eth0`) and white space around it. The result is that of the address.',
    ),
  list: z
    .enum(['first', 'last'])
    .optional()
    .describe(
      'Lets a value be a list with commas, as X-Forwarded-For is, and says which address counts: the first, which the client itself may have made up, or the last, which the nearest proxy saw. It alone has to be one, and may be written as `endpoint: allow` says.',
    ),
})

export interface IpOptions {
  readonly v4: number
  readonly v6: number
  readonly endpoint?: 'allow' | undefined
  readonly list?: 'first' | 'last' | undefined
}

/** What may stand behind an address or its brackets. */
const PORT = /^(?::\d{1,5})?$/
const MOST_PORT = 65_535
/** The name or number of an interface, behind the percent sign (RFC 4007, section 11). */
const ZONE = /^[A-Za-z0-9._~-]+$/

const isPort = (text: string): boolean => PORT.test(text) && Number(text.slice(1)) <= MOST_PORT

/** The address in a text such as `[fe80::1%eth0]:443`, as it is written there; undefined where there is none. */
export function addressIn(text: string): string | undefined {
  let address = text.trim()
  if (address.startsWith('[')) {
    const end = address.indexOf(']')
    if (end < 0 || !isPort(address.slice(end + 1))) return undefined
    address = address.slice(1, end)
  } else {
    const colon = address.indexOf(':')
    // One colon stands before a port; IPv6 has more, and with a port it has brackets.
    if (colon >= 0 && colon === address.lastIndexOf(':')) {
      if (!isPort(address.slice(colon))) return undefined
      address = address.slice(0, colon)
    }
  }
  const percent = address.indexOf('%')
  if (percent < 0) return address
  const isZone = address.lastIndexOf(':', percent) >= 0 && ZONE.test(address.slice(percent + 1))
  return isZone ? address.slice(0, percent) : undefined
}

/** The function that finds the address in a value; undefined where a value is the address. */
function finder({ endpoint, list }: IpOptions): ((text: string) => string | undefined) | undefined {
  if (list === 'first')
    return (text) => addressIn(text.includes(',') ? text.slice(0, text.indexOf(',')) : text)
  if (list === 'last') return (text) => addressIn(text.slice(text.lastIndexOf(',') + 1))
  return endpoint === 'allow' ? addressIn : undefined
}

/** Octets of IPv4 and groups of IPv6, one less at a time, down to one. */
function shorterNetworks(stated: IpOptions): IpOptions[] {
  const rungs: IpOptions[] = []
  const shorter = (bits: number, by: number): number =>
    bits <= by ? bits : Math.max(by, Math.ceil(bits / by - 1) * by)
  for (let { v4, v6 } = stated; v4 > 8 || v6 > 16; ) {
    v4 = shorter(v4, 8)
    v6 = shorter(v6, 16)
    rungs.push({ ...stated, v4, v6 })
  }
  return rungs
}

/** A network of this many bits is often one subscriber’s line. */
const FINE_V4 = 24
const FINE_V6 = 48

/**
 * Dotted decimal in, its network out, or undefined where the text is no IPv4 address. Four numbers of one to
 * three digits, no leading zeros: no octal, no hexadecimal, no shorthand such as `10.1`.
 */
function ipv4Networks(bits: number): (text: string) => string | undefined {
  const whole = bits >> 3
  const partial = bits & 7
  const zeros = ['0.0.0.0', '.0.0.0', '.0.0', '.0'][whole]!
  // What follows the octets that stay whole: for each value of the octet that is cut, its end of the result.
  const ends = Array.from({ length: 256 }, (_, octet) => {
    if (partial === 0) return `${zeros}/${bits}`
    const cut = octet & (0xff00 >> partial)
    return `${whole === 0 ? '' : '.'}${cut}${'.0'.repeat(3 - whole)}/${bits}`
  })
  return (text) => {
    const length = text.length
    if (length < 7 || length > 15) return undefined
    let count = 0
    let octet = 0
    let digits = 0
    let endOfWhole = 0
    let cutOctet = 0
    for (let at = 0; at <= length; at++) {
      const unit = at < length ? text.charCodeAt(at) : 46
      if (unit === 46) {
        if (digits === 0 || octet > 255) return undefined
        if (count === whole) cutOctet = octet
        count++
        if (count === whole) endOfWhole = at
        octet = 0
        digits = 0
      } else {
        const digit = unit - 48
        if (digit < 0 || digit > 9 || digits === 3 || (digits > 0 && octet === 0)) return undefined
        octet = octet * 10 + digit
        digits++
      }
    }
    return count === 4 ? text.slice(0, endOfWhole) + ends[cutOctet]! : undefined
  }
}

/** The network of the leading `bits` bits, written as RFC 5952 says. */
function network(groups: Uint16Array, bits: number): string {
  for (let at = 0; at < 8; at++) groups[at]! &= 0xffff << Math.min(16, Math.max(0, 16 * (at + 1) - bits))
  return `${printIpv6(groups)}/${bits}`
}

/** IPv6 text in, its network in RFC 5952 form out, or undefined where the text is no IPv6 address. */
function ipv6Networks(
  bits: number,
  ipv4: (text: string) => string | undefined,
): (text: string) => string | undefined {
  const groups = new Uint16Array(8)
  const masks = Uint16Array.from(
    { length: 8 },
    (_, at) => 0xffff << Math.min(16, Math.max(0, 16 * (at + 1) - bits)),
  )
  const suffix = `/${bits}`
  return (text) => {
    if (!parseIpv6(text, groups)) return undefined
    const embedded = embeddedIpv4(groups)
    if (typeof embedded === 'string') return ipv4(embedded)
    if (embedded < bits) return network(groups, embedded)
    for (let at = 0; at < 8; at++) groups[at]! &= masks[at]!
    return printIpv6(groups) + suffix
  }
}

/**
 * An IP address in, the network that holds it out, as address and prefix length: never an address of a host.
 * IPv4 in dotted decimal; IPv6 in every form of RFC 4291 (section 2.2), written as RFC 5952 says. An IPv6 address
 * that is made from an IPv4 address (see ipv4-inside.ts) is treated as that one, so that one host gets one network however
 * it was logged. Where an IPv6 network holds an IPv4 address in its last bits, none of those are shown.
 */
export const ip: Transform = defineTransform({
  name: 'generalize.ip',
  summary: 'Keeps the network of an IP address: its leading bits.',
  version: 2,
  options,
  properties: {
    reversible: 'no',
    repeatable: 'yes',
    uniqueness: 'lossy',
    formatKept: 'a network in CIDR notation',
    accepts:
      'IPv4 in dotted decimal; IPv6 in any form; with `endpoint` or `list` also with port, brackets and zone. No prefix length',
    yields: 'text such as `203.0.113.0/24` or `2001:db8:7::/48`',
    keyed: false,
    stableToken: false,
    mayReturnInput: false,
  },
  failures: {
    unparsable:
      'The value is no IP address: octal or short forms, leading zeros in IPv4, words such as `unknown`; a zone (`%eth0`), port, brackets or list that the rule does not allow.',
  },
  doesNotStop:
    'Linking by a small network: a company or a village may be alone in its /24. A network also tells the ' +
    'provider and roughly the place. An IPv4 address under a translation prefix of a single provider (RFC 6052) ' +
    'looks like any IPv6 address.',
  examples: [
    { title: 'IPv4', options: {}, input: '203.0.113.77', output: '203.0.113.0/24' },
    { title: 'other lengths', options: { v4: 12 }, input: '172.31.9.1', output: '172.16.0.0/12' },
    { title: 'IPv6', options: {}, input: '2001:DB8:7:1::a', output: '2001:db8:7::/48' },
    { title: 'IPv4 inside IPv6', options: {}, input: '::ffff:203.0.113.77', output: '203.0.113.0/24' },
    { title: 'a 6to4 host', options: {}, input: '2002:cb00:714d::1', output: '203.0.113.0/24' },
    { title: 'octal is not guessed', options: {}, input: '010.0.0.1', output: { fails: 'unparsable' } },
    {
      title: 'a zone names an interface',
      options: {},
      input: 'fe80::1%eth0',
      output: { fails: 'unparsable' },
    },
    {
      title: 'brackets, port and zone',
      options: { endpoint: 'allow' },
      input: '[fe80::1%eth0]:443',
      output: 'fe80::/48',
    },
    {
      title: 'X-Forwarded-For',
      options: { list: 'first' },
      input: '203.0.113.9:51234, 10.0.0.1',
      output: '203.0.113.0/24',
    },
  ],
  weaknesses: ({ v4, v6 }) => [
    ...(v4 > FINE_V4
      ? [
          {
            option: 'v4',
            reason: `A /${v4} holds ${2 ** (32 - v4)} addresses: a household or a single office.`,
            suggestion: `keep ${FINE_V4} bits or fewer`,
          },
        ]
      : []),
    ...(v6 > FINE_V6
      ? [
          {
            option: 'v6',
            reason: `Providers give one subscriber a /48 to a /64 (RFC 6177): a /${v6} is one household.`,
            suggestion: `keep ${FINE_V6} bits or fewer`,
          },
        ]
      : []),
  ],
  reveals: ({ v4, v6, list }) => part({ of: 'network', v4, v6, list }),
  restep: (previous, next) => {
    if (previous.list !== next.list || next.v4 > previous.v4 || next.v6 > previous.v6) return undefined
    const ipv4 = ipv4Networks(next.v4)
    const groups = new Uint16Array(8)
    return (stored) => {
      const slash = stored.indexOf('/')
      const address = stored.slice(0, slash)
      const bits = Number(stored.slice(slash + 1))
      if (slash < 0 || `/${bits}` !== stored.slice(slash)) return fail('unparsable')
      if (!address.includes(':')) {
        if (bits !== previous.v4 && bits !== next.v4) return fail('unparsable')
        return ipv4Networks(bits)(address) === stored ? ipv4(address)! : fail('unparsable')
      }
      // Fewer bits than the rule keeps are those before an IPv4 address of the network's own choice: these are the same later.
      if (!(bits >= 1 && bits <= previous.v6) || !parseIpv6(address, groups)) return fail('unparsable')
      if (network(groups.slice(), bits) !== stored) return fail('unparsable')
      return network(groups, Math.min(bits, next.v6))
    }
  },
  compile: (stated: IpOptions) => {
    const { v4, v6 } = stated
    const ipv4 = ipv4Networks(v4)
    const ipv6 = ipv6Networks(v6, ipv4)
    const network = (text: string): Result => ipv4(text) ?? ipv6(text) ?? fail('unparsable')
    const find = finder(stated)
    return {
      yields: 'string',
      ladder: () => shorterNetworks(stated),
      // Not plain: a network may start with a colon, as `::/48` does.
      apply:
        find === undefined
          ? network
          : (text) => {
              const address = find(text)
              return address === undefined ? fail('unparsable') : network(address)
            },
    }
  },
})

import { BlockList, isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, it } from 'vitest'
import { ip } from '../../../transforms/generalize/ip.ts'
import { embeddedIpv4 } from '../../../transforms/generalize/ipv4-inside.ts'
import { parseIpv6, printIpv6 } from '../../../transforms/generalize/ipv6.ts'
import { coarser } from '../coarser.ts'
import { running, weakOptions } from './compiling.ts'

const run = running(ip, {})

/** The network as ipaddr.js computes it. */
function oracle(text: string, v4: number, v6: number): string {
  // ipaddr.js takes `::1.2.3.4` for an IPv4-mapped address; the URL standard reads it as RFC 4291 does.
  const hexadecimal = isIPv6(text) ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text
  let address = ipaddr.parse(hexadecimal)
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()) address = address.toIPv4Address()
  return address instanceof ipaddr.IPv6
    ? `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/${v6}`).toRFC5952String()}/${v6}`
    : `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/${v4}`)}/${v4}`
}

const isMapped = (read: Uint16Array): boolean => /^(?:0,){5}65535,/.test(read.join())

/** Every form that holds an IPv4 address, given as 32 bits, beside bits that are chosen at will. */
const FORMS: Readonly<Record<string, (ipv4: number, free: readonly number[]) => number[]>> = {
  mapped: (ipv4) => [0, 0, 0, 0, 0, 0xffff, ipv4 >>> 16, ipv4 & 0xffff],
  compatible: (ipv4) => [0, 0, 0, 0, 0, 0, ipv4 >>> 16, ipv4 & 0xffff],
  translated: (ipv4) => [0, 0, 0, 0, 0xffff, 0, ipv4 >>> 16, ipv4 & 0xffff],
  NAT64: (ipv4) => [0x64, 0xff9b, 0, 0, 0, 0, ipv4 >>> 16, ipv4 & 0xffff],
  'local NAT64 /48': (ipv4, f) => [
    0x64,
    0xff9b,
    1,
    ipv4 >>> 16,
    (ipv4 >>> 8) & 0xff,
    (ipv4 & 0xff) << 8,
    f[0]!,
    f[1]!,
  ],
  'local NAT64 /56': (ipv4, f) => [
    0x64,
    0xff9b,
    1,
    (f[0]! & 0xff00) | (ipv4 >>> 24),
    (ipv4 >>> 16) & 0xff,
    ipv4 & 0xffff,
    f[1]!,
    f[2]!,
  ],
  'local NAT64 /96': (ipv4, f) => [0x64, 0xff9b, 1, f[0]!, f[1]!, f[2]!, ipv4 >>> 16, ipv4 & 0xffff],
  '6to4': (ipv4, f) => [0x2002, ipv4 >>> 16, ipv4 & 0xffff, f[0]!, f[1]!, f[2]!, f[3]!, f[4]!],
  Teredo: (ipv4, f) => [0x2001, 0, f[0]!, f[1]!, f[2]!, f[3]!, ~(ipv4 >>> 16) & 0xffff, ~ipv4 & 0xffff],
  ISATAP: (ipv4, f) => [f[0]!, f[1]!, f[2]!, f[3]!, 0, 0x5efe, ipv4 >>> 16, ipv4 & 0xffff],
  'ISATAP, global': (ipv4, f) => [f[0]!, f[1]!, f[2]!, f[3]!, 0x200, 0x5efe, ipv4 >>> 16, ipv4 & 0xffff],
}

const groups = fc.array(fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
  minLength: 8,
  maxLength: 8,
})

/** An IPv6 address in one of its many forms: any case, leading zeros, one run of zeros cut, IPv4 at its end. */
const ipv6Texts = fc
  .tuple(groups, fc.nat(8), fc.nat(8), fc.boolean(), fc.boolean(), fc.boolean())
  .map(([values, from, to, upper, padded, dotted]) => {
    const words = values.map((value) => value.toString(16).padStart(padded ? 4 : 1, '0'))
    let text = words.join(':')
    const [start, end] = [Math.min(from, to), Math.max(from, to)]
    const cut = end > start && values.slice(start, end).every((value) => value === 0)
    const tail = `${values[6]! >> 8}.${values[6]! & 255}.${values[7]! >> 8}.${values[7]! & 255}`
    if (dotted && (!cut || end <= 6)) words.splice(6, 2, tail)
    text = cut ? `${words.slice(0, start).join(':')}::${words.slice(end).join(':')}` : words.join(':')
    return upper ? text.toUpperCase() : text
  })

describe('generalize.ip', () => {
  it.each([
    ['203.0.113.77', '203.0.113.0/24'],
    ['255.255.255.255', '255.255.255.0/24'],
    ['0.0.0.0', '0.0.0.0/24'],
    ['2001:DB8:7:1::A', '2001:db8:7::/48'],
    ['::', '::/48'],
    ['::1', '::/48'],
    ['::ffff:203.0.113.77', '203.0.113.0/24'],
    ['::FFFF:cb00:714d', '203.0.113.0/24'],
    ['64:ff9b::203.0.113.77', '203.0.113.0/24'],
    ['64:ff9b:1:7::203.0.113.77', '64:ff9b:1::/48'],
    ['64:ff9b:2::203.0.113.77', '64:ff9b:2::/48'],
    ['2002:cb00:714d::1', '203.0.113.0/24'],
    ['2002:cb00:714d:1:2:3:4:5', '203.0.113.0/24'],
    // The example of RFC 4380, section 4, and of its errata.
    ['2001:0:4136:e378:8000:63bf:3fff:fdd2', '192.0.2.0/24'],
    ['::203.0.113.77', '203.0.113.0/24'],
    ['::2', '0.0.0.0/24'],
    ['::ffff:0:203.0.113.77', '203.0.113.0/24'],
    ['fe80::5efe:203.0.113.77', 'fe80::/48'],
    ['1:0:0:2:3:4:5:6', '1::/48'],
    ['1:2:3:4:5:6:7::', '1:2:3::/48'],
  ])('%s: %s', (text, expected) => {
    expect(run(text)).toBe(expected)
  })

  it.each([
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.04',
    '00.0.0.0',
    '0x1.2.3.4',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1.2.3.',
    '.1.2.3',
    '1..2.3',
    '1.2.3.4/24',
    '1.2.3.4:80',
    '3232235521',
    '１.2.3.4',
    '1.2.3.0000',
    '+1.2.3.4',
    ':',
    ':::',
    '1:',
    ':1',
    '1::2::3',
    '12345::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2:3:4:5:6:7:8',
    'fe80::1%eth0',
    '[::1]',
    '::1/128',
    'g::',
    '::1.2.3',
    '::01.2.3.4',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::1.2.3.4:5',
    '1.2.3.4::',
    '::1 ',
  ])('fails on %j', (text) => {
    expect(run(text)).toBe('!unparsable')
  })

  it('computes networks as ipaddr.js does', () => {
    const addresses = fc.oneof(fc.ipV4(), fc.ipV6(), ipv6Texts)
    fc.assert(
      fc.property(
        addresses,
        fc.integer({ min: 1, max: 31 }),
        fc.integer({ min: 1, max: 127 }),
        (text, v4, v6) => {
          const read = new Uint16Array(8)
          fc.pre(!parseIpv6(text, read) || isMapped(read) || embeddedIpv4(read) === 128)
          expect(running(ip, { v4, v6 })(text)).toBe(oracle(text, v4, v6))
        },
      ),
      { numRuns: 500 },
    )
  })

  it.each(Object.entries(FORMS))('%s: shows no more of the IPv4 address inside than its rule', (_, form) => {
    const word = fc.integer({ min: 0, max: 0xffff })
    fc.assert(
      fc.property(
        fc.integer({ min: 2 ** 17, max: 2 ** 32 - 1 }),
        fc.nat(2 ** 31 - 1),
        fc.array(word, { minLength: 5, maxLength: 5 }),
        fc.integer({ min: 1, max: 15 }),
        fc.integer({ min: 1, max: 127 }),
        (ipv4, other, free, hidden, v6) => {
          // Two addresses of one network by the IPv4 rule.
          const mask = 2 ** hidden - 1
          const twin = ((ipv4 & ~mask) | (other & mask)) >>> 0
          const apply = running(ip, { v4: 32 - hidden, v6 })
          const text = (bits: number) => printIpv6(Uint16Array.from(form(bits, free)))
          expect(apply(text(twin))).toBe(apply(text(ipv4)))
        },
      ),
    )
  })

  it('gives a network that holds the address, as node:net sees it', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 1, max: 31 }), (text, v4) => {
        const [network, bits] = running(ip, { v4 })(text).split('/')
        const list = new BlockList()
        list.addSubnet(network!, Number(bits))
        expect(list.check(text)).toBe(true)
      }),
    )
  })

  it('takes the texts that node:net takes, but for zones', () => {
    const near = fc.stringMatching(/^[0-9a-f:.]{1,20}$/)
    fc.assert(
      fc.property(fc.oneof(near, ipv6Texts, fc.ipV4Extended(), fc.string({ unit: 'binary' })), (text) => {
        expect(run(text) !== '!unparsable').toBe(isIPv4(text) || (isIPv6(text) && !text.includes('%')))
        expect(run(text)).not.toBe(text)
      }),
      { numRuns: 2000 },
    )
  })

  it('writes an address as RFC 5952 says, and reads it back', () => {
    fc.assert(
      fc.property(groups, (values) => {
        const written = printIpv6(Uint16Array.from(values))
        expect(written).toBe(new ipaddr.IPv6(values).toRFC5952String())
        const read = new Uint16Array(8)
        expect(parseIpv6(written, read)).toBe(true)
        expect([...read]).toEqual(values)
      }),
    )
  })

  it.each([
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:DB8::0001', '2001:db8::1'],
  ])('RFC 5952, section 4: %s is %s', (text, expected) => {
    const read = new Uint16Array(8)
    expect(parseIpv6(text, read)).toBe(true)
    expect(printIpv6(read)).toBe(expected)
  })

  const endpoint = running(ip, { endpoint: 'allow' })

  it.each([
    ['203.0.113.9:51234', '203.0.113.0/24'],
    ['203.0.113.9:0', '203.0.113.0/24'],
    ['[2001:db8::1]:443', '2001:db8::/48'],
    ['[2001:db8::1]', '2001:db8::/48'],
    ['[203.0.113.9]:25', '203.0.113.0/24'],
    ['fe80::1%eth0', 'fe80::/48'],
    ['fe80::1%3', 'fe80::/48'],
    ['[fe80::1%25en0]:65535', 'fe80::/48'],
    ['::ffff:203.0.113.9%1', '203.0.113.0/24'],
    ['203.0.113.9\t', '203.0.113.0/24'],
    [' 2001:db8::1\r\n', '2001:db8::/48'],
  ])('endpoint: allow takes %j', (text, expected) => {
    expect(endpoint(text)).toBe(expected)
    expect(run(text)).toBe('!unparsable')
  })

  it.each([
    ['203.0.113.9, 10.0.0.1', '203.0.113.0/24', '10.0.0.0/24'],
    ['203.0.113.9:51234,[2001:db8::1]:443', '203.0.113.0/24', '2001:db8::/48'],
    ['unknown, 203.0.113.9', '!unparsable', '203.0.113.0/24'],
    ['203.0.113.9, unknown', '203.0.113.0/24', '!unparsable'],
    ['203.0.113.9,', '203.0.113.0/24', '!unparsable'],
    [', 203.0.113.9', '!unparsable', '203.0.113.0/24'],
    ['fe80::1%eth0', 'fe80::/48', 'fe80::/48'],
    [',', '!unparsable', '!unparsable'],
  ])('list: of %j it is %s or %s', (text, first, last) => {
    expect(running(ip, { list: 'first' })(text)).toBe(first)
    expect(running(ip, { list: 'last' })(text)).toBe(last)
    expect(run(text)).toBe('!unparsable')
  })

  it.each([
    'unknown',
    '203.0.113.9:',
    '203.0.113.9:65536',
    '203.0.113.9:http',
    '203.0.113.9:1:2',
    '203.0.113.9%eth0',
    '[203.0.113.9',
    '203.0.113.9]',
    '[2001:db8::1]443',
    '[2001:db8::1]:',
    '[]',
    '[[::1]]',
    '%eth0',
    'fe80::1%',
    'fe80::1%a%b',
    'fe80%::1',
    '203.0.113.9/32',
    '203.0.113.9, 10.0.0.1',
    '"203.0.113.9"',
    'host:80',
    ' ',
  ])('endpoint: allow fails on %j', (text) => {
    expect(endpoint(text)).toBe('!unparsable')
  })

  it('gives each accepted form of an address the network of the bare one', () => {
    const blank = fc.constantFrom('', ' ', '\t', '  ')
    const port = fc.oneof(
      fc.constant(''),
      fc.nat(65_535).map((number) => `:${number}`),
    )
    const zone = fc.constantFrom('', '%eth0', '%12', '%wlan-1.2')
    const written = fc.oneof(
      fc.tuple(fc.ipV4(), port).map(([address, end]) => ({ address, text: address + end })),
      fc.tuple(ipv6Texts, zone).map(([address, end]) => ({ address, text: address + end })),
      fc
        .tuple(fc.oneof(ipv6Texts, fc.ipV6()), zone, port)
        .map(([address, inside, end]) => ({ address, text: `[${address}${inside}]${end}` })),
    )
    const lists = fc.tuple(fc.array(written, { minLength: 1, maxLength: 4 }), blank, blank)
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 31 }), ([entries, before, behind], v4) => {
        const bare = running(ip, { v4 })
        const list = entries.map(({ text }) => before + text + behind).join(',')
        expect(running(ip, { v4, list: 'first' })(list)).toBe(bare(entries[0]!.address))
        expect(running(ip, { v4, list: 'last' })(list)).toBe(bare(entries.at(-1)!.address))
        expect(running(ip, { v4, endpoint: 'allow' })(before + entries[0]!.text + behind)).toBe(
          bare(entries[0]!.address),
        )
      }),
      { numRuns: 300 },
    )
  })

  it('refuses hosts and calls small networks weak', () => {
    expect(ip.options.safeParse({ v4: 32 }).success).toBe(false)
    expect(ip.options.safeParse({ v6: 128 }).success).toBe(false)
    expect(weakOptions(ip, {})).toEqual([])
    expect(weakOptions(ip, { v4: 25 })).toEqual(['v4'])
    expect(weakOptions(ip, { v6: 49 })).toEqual(['v6'])
  })

  it('is coarser with fewer bits of both', () => {
    expect(coarser(ip, {}, { v4: 16, v6: 32 })).toBe(true)
    expect(coarser(ip, {}, { v4: 16, v6: 64 })).toBe(false)
  })
})

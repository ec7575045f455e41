/** Work is linear in length, whatever the bytes are: counted, because clocks differ. */
import { describe, expect, it } from 'vitest'
import { look } from '../../../transforms/detect/look.ts'

const HOSTILE: Readonly<Record<string, string>> = {
  'one letter': 'a',
  'one digit': '1',
  'digits in groups': '4111 ',
  'pairs of digits': '06 ',
  'phone numbers': '+48 600 100 200 ',
  'the beginning of a phone number': '+48(',
  'words before numbers': 'tel tel tel 1234567 ',
  'at signs': '@',
  'local parts and at signs': 'a.b@',
  'hosts of one label': 'a@b ',
  'hosts without an end': 'a.',
  'percent signs': '%40',
  'country codes': 'DE89 3704 ',
  colons: 'a:',
  'groups of IPv6': '2001:db8::',
  dots: '1.',
  'parts of IPv4': '203.0.113.',
  hyphens: '-',
  'openings of keys': '-----BEGIN ',
  'openings of tokens': 'eyJ.',
  'tokens without an end': 'eyJhbGciOiJIUzI1NiJ9.',
  prefixes: 'ghp_',
  'the prefix of SendGrid': 'SG.',
  'words of 16': 'RSSMRA85T10A562T ',
  'Finnish beginnings': '131052-',
  spaces: ' ',
  'characters of three bytes': '\u2011',
}

const LENGTH = 1 << 12

/** How many bytes are read while a value of so many bytes is looked at. */
function readsOf(piece: string, length: number): number {
  const bytes = Buffer.from(piece.repeat(Math.ceil(length / piece.length))).subarray(0, length)
  let reads = 0
  const counted = new Proxy(bytes, {
    get(target, name) {
      reads++
      return target[name as unknown as number]
    },
  })
  look(counted, 0, length)
  return reads
}

describe.each(Object.entries(HOSTILE))('%s', (_, piece) => {
  it('are read a bounded number of times a byte, and as often when there are more', () => {
    const half = readsOf(piece, LENGTH)
    const whole = readsOf(piece, LENGTH * 2)
    expect(whole / half).toBeLessThan(2.1)
    expect(whole / (LENGTH * 2)).toBeLessThan(100)
  })
})

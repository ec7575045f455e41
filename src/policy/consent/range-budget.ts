/**
 * How much work a consent string asks for. Its packages make a list of each range that it names, and a range takes a few bits for
 * billions of ids: who sends events could end a run with one. Strings that ask for more than real ones do are not read.
 */

/** Of all lists of vendors together: real ones name some thousands. */
const MOST_VENDORS = 1 << 16
/** Each restriction of publishers is kept in a tree, which takes the square of the vendors in it: of all, so much. */
const MOST_RESTRICTED = 3_000 ** 2
/** Sections of GPP have small numbers. */
const MOST_SECTION = 1 << 12
/** Bits of a Fibonacci number that is no larger. */
const MOST_FIBONACCI_BITS = 18

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const VALUES: ReadonlyMap<string, number> = new Map([...ALPHABET].map((letter, value) => [letter, value]))

/** The bits of a segment, read in order. Reading behind the end throws: there the packages read anything. */
class Bits {
  readonly #values: readonly number[]
  at: number

  constructor(text: string, at = 0) {
    this.#values = Array.from(text, (letter) => {
      const value = VALUES.get(letter)
      if (value === undefined) throw new Error('no base64url')
      return value
    })
    this.at = at
  }

  get length(): number {
    return this.#values.length * 6
  }

  read(count: number): number {
    let value = 0
    for (const end = this.at + count; this.at < end; this.at++) {
      if (this.at >= this.length) throw new Error('cut short')
      value = value * 2 + ((this.#values[Math.floor(this.at / 6)]! >> (5 - (this.at % 6))) & 1)
    }
    return value
  }

  /** A number in Fibonacci coding, which ends with two ones. */
  fibonacci(): number {
    let [one, next, value] = [1, 2, 0]
    for (let width = 0, before = 0; width < MOST_FIBONACCI_BITS; width++) {
      const bit = this.read(1)
      if (bit === 1 && before === 1) return value
      if (bit === 1) value += one
      before = bit
      ;[one, next] = [next, one + next]
    }
    throw new Error('a number too large')
  }
}

/** How many ids a list of ranges names. */
function idsOf(bits: Bits): number {
  let ids = 0
  for (let entries = bits.read(12); entries > 0; entries--) {
    const isRange = bits.read(1) === 1
    const first = bits.read(16)
    ids += isRange ? Math.max(0, bits.read(16) - first + 1) : 1
    if (ids > MOST_VENDORS) throw new Error('too many ids')
  }
  return ids
}

/** Of a list of vendors: a field of bits, or ranges. */
function vendorsOf(bits: Bits): number {
  const most = bits.read(16)
  if (bits.read(1) === 1) return idsOf(bits)
  bits.at += most
  return most
}

/** Where the first list of vendors stands in the first segment. */
const CORE_VENDORS = 213

/** @throws Error where a TCF string of version 2 asks for more than real ones, or cannot be read so far */
export function checkTcf(text: string): void {
  let vendors = 0
  const restricted = new Map<number, number>()
  for (const [at, segment] of text.split('.').entries()) {
    const bits = new Bits(segment)
    if (at === 0) {
      if (bits.read(6) !== 2) throw new Error('not of version 2')
      bits.at = CORE_VENDORS
      vendors += vendorsOf(bits) + vendorsOf(bits)
      for (let restrictions = bits.read(12); restrictions > 0; restrictions--) {
        const restriction = bits.read(6 + 2)
        restricted.set(restriction, (restricted.get(restriction) ?? 0) + idsOf(bits))
      }
    } else {
      const kind = bits.read(3)
      if (kind === 1 || kind === 2) vendors += vendorsOf(bits)
      else if (kind !== 3) throw new Error('no such segment')
    }
    const trees = [...restricted.values()].reduce((all, ids) => all + ids ** 2, 0)
    if (vendors > MOST_VENDORS || trees > MOST_RESTRICTED) throw new Error('too many ids')
  }
}

/** Sections of GPP that name vendors in ranges. */
const TCF_EU = { name: 'tcfeuv2', id: 2 }
const TCF_CANADA = { name: 'tcfcav1', id: 5 }

/** @throws Error where a GPP string asks for more than real ones, when `section` of it is read */
export function checkGpp(text: string, section: string): void {
  const [header = '', ...sections] = text.split('~')
  // A string of TCF alone is one of GPP.
  if (header.startsWith('C')) {
    checkTcf(text)
    return
  }
  for (const [at, id] of sectionIdsOf(header).entries()) {
    const found = sections[at] ?? ''
    if (section === TCF_EU.name && id === TCF_EU.id) checkTcf(found)
    if (section === TCF_CANADA.name && id === TCF_CANADA.id) checkCanada(found)
  }
}

function sectionIdsOf(header: string): readonly number[] {
  const [core = ''] = header.split('.')
  const bits = new Bits(core, 6 + 6)
  const ids: number[] = []
  let last = 0
  for (let entries = bits.read(12); entries > 0; entries--) {
    const isRange = bits.read(1) === 1
    const first = last + bits.fibonacci()
    last = isRange ? first + bits.fibonacci() : first
    if (ids.length + last - first > MOST_SECTION) throw new Error('too many sections')
    for (let id = first; id <= last; id++) ids.push(id)
  }
  return ids
}

/** Where the first list of vendors stands in the first segment of Canada's section. */
const CANADA_VENDORS = 199
const MOST_CANADA_CHARACTERS = 1024

/** Its lists are in one of two codings, which shows only once they are read: neither may name many. */
function checkCanada(text: string): void {
  if (text.length > MOST_CANADA_CHARACTERS) throw new Error('too long')
  const [core = ''] = text.split('.')
  const bits = new Bits(core, CANADA_VENDORS)
  for (let width = 0, before = 0; bits.at < bits.length; ) {
    const bit = bits.read(1)
    width = bit === 1 && before === 1 ? 0 : width + 1
    before = width === 0 ? 0 : bit
    if (width > MOST_FIBONACCI_BITS) throw new Error('a number too large')
  }
}

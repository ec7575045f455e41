/**
 * A strict reader of JSON (RFC 8259), written for clarity and independent of the walker: the tests' oracle. It
 * works on decoded text, character by character, and keeps the text of every value.
 */

export type Json =
  | {
      readonly kind: 'object'
      readonly raw: string /** Name, value, and the name as it is written. */
      readonly members: readonly (readonly [string, Json, string])[]
    }
  | { readonly kind: 'array'; readonly raw: string; readonly items: readonly Json[] }
  | { readonly kind: 'scalar'; readonly raw: string; readonly text: string; readonly isNumber: boolean }
  /** null or "": it says that nothing is there. */
  | { readonly kind: 'nothing'; readonly raw: string }

export type Fault =
  | 'bad-utf8'
  | 'json-syntax'
  | 'json-trailing'
  | 'json-duplicate-name'
  | 'json-nul-in-name'
  | 'json-lone-surrogate'
  | 'json-too-deep'

class Refused extends Error {
  readonly fault: Fault
  constructor(fault: Fault) {
    super(fault)
    this.fault = fault
  }
}

const MAX_DEPTH = 64

/** Reads one JSON text, or gives the first fault in it. A text that ends early is `json-syntax` here. */
export function readStrictly(bytes: Uint8Array): Json | Fault {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return 'bad-utf8'
  }
  const reader = new Reader(text)
  try {
    return reader.whole()
  } catch (error) {
    if (error instanceof Refused) return error.fault
    throw error
  }
}

class Reader {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  whole(): Json {
    this.space()
    const value = this.value(1)
    this.space()
    if (this.at < this.text.length) throw new Refused('json-trailing')
    return value
  }

  space(): void {
    while (' \t\r\n'.includes(this.text[this.at] ?? 'end')) this.at++
  }

  expect(character: string): void {
    if (this.text[this.at] !== character) throw new Refused('json-syntax')
    this.at++
  }

  value(depth: number): Json {
    const start = this.at
    const raw = () => this.text.slice(start, this.at)
    const first = this.text[this.at]
    if (first === '{') {
      const members = this.object(depth)
      return { kind: 'object', raw: raw(), members }
    }
    if (first === '[') {
      const items = this.array(depth)
      return { kind: 'array', raw: raw(), items }
    }
    if (first === '"') {
      const text = this.string()
      return text === ''
        ? { kind: 'nothing', raw: '""' }
        : { kind: 'scalar', raw: raw(), text, isNumber: false }
    }
    for (const word of ['true', 'false', 'null'])
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length
        return word === 'null'
          ? { kind: 'nothing', raw: word }
          : { kind: 'scalar', raw: word, text: word, isNumber: false }
      }
    const number = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/.exec(this.text.slice(this.at))?.[0]
    if (number === undefined) throw new Refused('json-syntax')
    this.at += number.length
    // A point or an exponent that is begun belongs to the number: `1.`, `1e`.
    const next = this.text[this.at] ?? ''
    const isBegun = next === '.' ? !/[.eE]/.test(number) : /[eE]/.test(next) && !/[eE]/.test(number)
    if (isBegun) throw new Refused('json-syntax')
    return { kind: 'scalar', raw: number, text: number, isNumber: true }
  }

  object(depth: number): [string, Json, string][] {
    if (depth > MAX_DEPTH) throw new Refused('json-too-deep')
    this.expect('{')
    this.space()
    const members: [string, Json, string][] = []
    if (this.text[this.at] !== '}')
      for (;;) {
        const start = this.at
        const name = this.string()
        const raw = this.text.slice(start, this.at)
        if (name.includes('\0')) throw new Refused('json-nul-in-name')
        this.space()
        this.expect(':')
        this.space()
        if (members.some(([before]) => before === name)) throw new Refused('json-duplicate-name')
        members.push([name, this.value(depth + 1), raw])
        this.space()
        if (this.text[this.at] !== ',') break
        this.at++
        this.space()
      }
    this.expect('}')
    return members
  }

  array(depth: number): Json[] {
    if (depth > MAX_DEPTH) throw new Refused('json-too-deep')
    this.expect('[')
    this.space()
    const items: Json[] = []
    if (this.text[this.at] !== ']')
      for (;;) {
        items.push(this.value(depth + 1))
        this.space()
        if (this.text[this.at] !== ',') break
        this.at++
        this.space()
      }
    this.expect(']')
    return items
  }

  string(): string {
    this.expect('"')
    let text = ''
    for (;;) {
      const character = this.text[this.at]
      if (character === undefined || character < ' ') throw new Refused('json-syntax')
      this.at++
      if (character === '"') return text
      text += character === '\\' ? this.escape() : character
    }
  }

  escape(): string {
    const letter = this.text[this.at++]
    const plain: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }
    if (letter !== undefined && '"\\/'.includes(letter)) return letter
    if (letter !== undefined && Object.hasOwn(plain, letter)) return plain[letter]!
    if (letter !== 'u') throw new Refused('json-syntax')
    const unit = this.unit()
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit)
    if (unit > 0xdbff || !this.text.startsWith('\\u', this.at)) throw new Refused('json-lone-surrogate')
    this.at += 2
    const low = this.unit()
    if (low < 0xdc00 || low > 0xdfff) throw new Refused('json-lone-surrogate')
    return String.fromCharCode(unit, low)
  }

  unit(): number {
    const digits = this.text.slice(this.at, this.at + 4)
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new Refused('json-syntax')
    this.at += 4
    return Number.parseInt(digits, 16)
  }
}

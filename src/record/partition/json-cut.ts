/** Takes the values of partitions out of records of JSON as they were written here: what is left is the record without them. */
import type { ByteSink } from '../byte-sink.ts'
import { behindValue } from '../json/json-skip.ts'
import type { RecordCut } from './partition-codec.ts'

const LF = 0x0a
const COMMA = 0x2c
const OPEN = 0x7b
const CLOSE = 0x7d

/** Names that are remembered as they were written. */
const REMEMBERED = 1024

interface Place {
  readonly members: ReadonlyMap<string, Place>
  /** By names as they were written, which may have escapes: bytes, one a character. */
  readonly written: Map<string, Place | undefined>
  /** Which value it is; -1: none, and others are below. */
  readonly value: number
}

export class JsonCut implements RecordCut {
  readonly values: (string | null)[] = []
  end = 0
  readonly #root: Place
  readonly #count: number
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0

  /** `paths`: names from the record down to each value. */
  constructor(paths: readonly (readonly string[])[]) {
    this.#root = placeOf(paths.map((names, value) => ({ names, value })))
    this.#count = paths.length
  }

  take(bytes: Uint8Array, start: number, out: ByteSink): void {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#at = start
    for (let i = 0; i < this.#count; i++) this.values[i] = null
    this.#object(this.#root, out)
    out.byte(LF)
    this.end = this.#at + 1
  }

  #space(): void {
    while (this.#bytes[this.#at]! <= 0x20) this.#at++
  }

  #object(place: Place, out: ByteSink): void {
    const bytes = this.#bytes
    out.byte(OPEN)
    let isFirst = true
    this.#at++
    for (;;) {
      this.#space()
      if (bytes[this.#at] === CLOSE) break
      if (bytes[this.#at] === COMMA) {
        this.#at++
        continue
      }
      const start = this.#at
      this.#at = behindValue(bytes, start)
      const member = memberOf(place, bytes.toString('latin1', start, this.#at))
      // Behind the colon.
      this.#space()
      this.#at++
      this.#space()
      const value = this.#at
      if (member !== undefined && member.value >= 0) {
        this.#at = behindValue(bytes, value)
        this.values[member.value] = textOf(bytes.toString('utf8', value, this.#at))
        continue
      }
      if (!isFirst) out.byte(COMMA)
      isFirst = false
      if (member !== undefined && bytes[value] === OPEN) {
        out.copy(bytes, start, value)
        this.#object(member, out)
      } else {
        this.#at = behindValue(bytes, value)
        out.copy(bytes, start, this.#at)
      }
    }
    this.#at++
    out.byte(CLOSE)
  }
}

function placeOf(targets: readonly { readonly names: readonly string[]; readonly value: number }[]): Place {
  const below = new Map<string, { names: readonly string[]; value: number }[]>()
  for (const { names, value } of targets) {
    const [name, ...rest] = names
    if (name === undefined) return { members: new Map(), written: new Map(), value }
    below.set(name, [...(below.get(name) ?? []), { names: rest, value }])
  }
  return {
    members: new Map([...below].map(([name, inner]) => [name, placeOf(inner)])),
    written: new Map(),
    value: -1,
  }
}

function memberOf({ members, written }: Place, name: string): Place | undefined {
  if (written.has(name)) return written.get(name)
  const member = members.get(JSON.parse(Buffer.from(name, 'latin1').toString('utf8')) as string)
  if (written.size < REMEMBERED) written.set(name, member)
  return member
}

/** The text of a scalar. */
function textOf(json: string): string | null {
  if (json === 'null') return null
  return json.startsWith('"') ? (JSON.parse(json) as string) : json
}

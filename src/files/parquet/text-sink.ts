/** Bytes of text that grow: rows before they are cut into chunks, and texts of values. */

const QUOTE = 0x22
const HEX = '0123456789abcdef'
const ESCAPES: Readonly<Record<number, number>> = { 8: 0x62, 9: 0x74, 10: 0x6e, 12: 0x66, 13: 0x72 }

export class TextSink {
  bytes: Uint8Array<ArrayBuffer>
  length = 0

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes
  }

  /** Makes room for so many bytes more. */
  room(room: number): void {
    if (this.length + room <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(this.length + room, this.bytes.length * 2))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
  }

  /** What is no ASCII would be another text, and may hold what ends a text. */
  ascii(text: string): void {
    this.room(text.length)
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) throw new Error('a text of ASCII is none')
      this.bytes[this.length++] = code
    }
  }

  copy(from: Uint8Array, start: number, end: number): void {
    this.room(end - start)
    const { bytes } = this
    let to = this.length
    this.length += end - start
    if (end - start > 64) bytes.set(from.subarray(start, end), to)
    else for (let at = start; at < end; at++) bytes[to++] = from[at]!
  }

  /** A string of JSON. What is no UTF-8 stays as it is. */
  jsonString(from: Uint8Array, start: number, end: number): void {
    this.room((end - start) * 6 + 2)
    const { bytes } = this
    let to = this.length
    bytes[to++] = QUOTE
    for (let at = start; at < end; at++) {
      const byte = from[at]!
      if (byte >= 0x20 && byte !== QUOTE && byte !== 0x5c) bytes[to++] = byte
      else {
        bytes[to++] = 0x5c
        if (byte >= 0x20) bytes[to++] = byte
        else if (ESCAPES[byte] !== undefined) bytes[to++] = ESCAPES[byte]!
        else {
          bytes[to++] = 0x75
          bytes[to++] = 0x30
          bytes[to++] = 0x30
          bytes[to++] = HEX.charCodeAt(byte >> 4)
          bytes[to++] = HEX.charCodeAt(byte & 15)
        }
      }
    }
    bytes[to++] = QUOTE
    this.length = to
  }

  /** Puts a number, date or time from `from` on in quotes, where it holds the delimiter of CSV; a text has them. */
  quote(from: number, delimiter: number): void {
    const end = this.length
    if (this.bytes[from] === QUOTE || !this.bytes.subarray(from, end).includes(delimiter)) return
    this.room(2)
    this.bytes.copyWithin(from + 1, from, end)
    this.bytes[from] = QUOTE
    this.bytes[end + 1] = QUOTE
    this.length = end + 2
  }

  /** A cell of CSV (RFC 4180). */
  cell(from: Uint8Array, start: number, end: number, delimiter: number): void {
    let isPlain = true
    for (let at = start; at < end && isPlain; at++) {
      const byte = from[at]!
      isPlain = byte !== QUOTE && byte !== delimiter && byte !== 0x0a && byte !== 0x0d
    }
    if (isPlain) {
      this.copy(from, start, end)
      return
    }
    this.room((end - start) * 2 + 2)
    const { bytes } = this
    let to = this.length
    bytes[to++] = QUOTE
    for (let at = start; at < end; at++) {
      if (from[at] === QUOTE) bytes[to++] = QUOTE
      bytes[to++] = from[at]!
    }
    bytes[to++] = QUOTE
    this.length = to
  }
}

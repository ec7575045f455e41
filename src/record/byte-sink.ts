/** Bytes written one after the other into memory that grows. Short pieces are copied by hand: calls cost more. */

const SHORT = 64
const LONG = 256

export class ByteSink {
  bytes: Uint8Array<ArrayBuffer>
  /** The same bytes. */
  data: DataView
  #buffer: Buffer<ArrayBuffer>
  /** How many bytes are written. */
  length = 0

  constructor(capacity: number) {
    this.#buffer = allocate(capacity)
    this.bytes = view(this.#buffer)
    this.data = dataOf(this.bytes)
  }

  /** Makes sure that `room` more bytes fit. */
  reserve(room: number): void {
    const needed = this.length + room
    if (needed <= this.bytes.length) return
    const larger = allocate(Math.max(needed, this.bytes.length * 2))
    larger.set(this.bytes.subarray(0, this.length))
    this.#buffer = larger
    this.bytes = view(larger)
    this.data = dataOf(this.bytes)
  }

  byte(byte: number): void {
    if (this.length === this.bytes.length) this.reserve(1)
    this.bytes[this.length++] = byte
  }

  /** Copies `source[start..end)`. */
  copy(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start)
    const { bytes } = this
    if (end - start > SHORT) {
      bytes.set(source.subarray(start, end), this.length)
      this.length += end - start
      return
    }
    let at = this.length
    for (let p = start; p < end; p++) bytes[at++] = source[p]!
    this.length = at
  }

  /**
   * Copies `source[start..end)`, of which `data` is a view, four bytes at a time: sooner than `copy` where a text has some ten bytes.
   * `head`: a byte in front, -1 for none; `length`: whether the number of bytes, below 128, stands between, times this.
   */
  copyText(source: Uint8Array, data: DataView, start: number, end: number, head = -1, length = 0): void {
    const size = end - start
    if (this.length + size + 2 > this.bytes.length) this.reserve(size + 2)
    const { bytes, data: own } = this
    let at = this.length
    if (head >= 0) bytes[at++] = head
    if (length > 0) bytes[at++] = size * length
    if (size > LONG) {
      bytes.set(source.subarray(start, end), at)
      this.length = at + size
      return
    }
    let p = start
    for (; end - p >= 4; p += 4, at += 4) own.setInt32(at, data.getInt32(p))
    for (; p < end; p++) bytes[at++] = source[p]!
    this.length = at
  }

  append(source: Uint8Array): void {
    this.reserve(source.length)
    this.bytes.set(source, this.length)
    this.length += source.length
  }

  /** Writes a text as UTF-8. It must be well formed. */
  text(text: string): void {
    const { length } = text
    this.reserve(length * 3)
    if (length <= SHORT) {
      const { bytes } = this
      let at = this.length
      let i = 0
      for (; i < length; i++) {
        const unit = text.charCodeAt(i)
        if (unit > 0x7f) break
        bytes[at++] = unit
      }
      if (i === length) {
        this.length = at
        return
      }
    }
    this.length += this.#buffer.write(text, this.length, 'utf8')
  }

  /** Starts again, in `memory` if it holds `capacity` bytes, else in memory of its own. */
  open(memory: ArrayBuffer | undefined, capacity: number): void {
    if (memory === undefined && capacity <= this.bytes.length) return
    this.#buffer =
      memory !== undefined && memory.byteLength >= capacity ? Buffer.from(memory) : allocate(capacity)
    this.bytes = view(this.#buffer)
    this.data = dataOf(this.bytes)
    this.length = 0
  }

  /** Goes on behind the first `length` of these bytes, which begin their memory. */
  adopt(bytes: Uint8Array<ArrayBuffer>, length: number): void {
    this.#buffer = Buffer.from(bytes.buffer)
    this.bytes = view(this.#buffer)
    this.data = dataOf(this.bytes)
    this.length = length
  }

  /** What was written; the memory is the taker's. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.subarray(0, this.length)
    this.#buffer = allocate(0)
    this.bytes = view(this.#buffer)
    this.data = dataOf(this.bytes)
    this.length = 0
    return taken
  }
}

/** Memory of its own, which can be handed to another thread. */
const allocate = (bytes: number): Buffer<ArrayBuffer> => Buffer.from(new ArrayBuffer(bytes))

const view = (buffer: Buffer<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)

const dataOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength)

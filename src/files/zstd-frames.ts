/**
 * The frames of zstd data (RFC 8878), one block at a time, before they are unpacked: so what a few bytes unpack to is
 * bounded (128 KiB a block), a window that is too large is told before memory is taken, and so is an end that comes too soon.
 */
import { LetheError } from '../errors.ts'

const MAGIC = 0xfd2fb528
/** And the 15 numbers behind it: frames that hold no data. */
const SKIPPABLE = 0x184d2a50
const MOST_BLOCK = 128 << 10
/** What zstd itself takes without being told otherwise. */
const MOST_WINDOW = 128 << 20

const isFrame = (magic: number): boolean => magic === MAGIC || isSkippable(magic)
const isSkippable = (magic: number): boolean => (magic & 0xfffffff0) >>> 0 === SKIPPABLE

/** Whether a file begins as zstd data do. */
export const isZstd = (head: Uint8Array): boolean =>
  head.length >= 4 && isFrame(new DataView(head.buffer, head.byteOffset).getUint32(0, true))

/** Bytes of the fields of a frame's header by the flags of its first byte. */
const DICTIONARY_BYTES = [0, 1, 2, 4]
const SIZE_BYTES = [0, 2, 4, 8]

export class ZstdFrames {
  readonly #name: string
  readonly #source: AsyncIterator<Uint8Array>
  #held: Buffer = Buffer.alloc(0)
  /** Frames begun. */
  #frame = 0

  constructor(name: string, raw: AsyncIterable<Uint8Array> | readonly Uint8Array[]) {
    this.#name = name
    this.#source = eachOf(raw)
  }

  /** What is to be unpacked, in order. Throws `LetheError` where it is damaged, or ends within a frame. */
  async *blocks(): AsyncGenerator<Buffer> {
    do {
      this.#frame++
      const magic = (await this.#take(4)).readUInt32LE()
      if (isSkippable(magic)) await this.#skip((await this.#take(4)).readUInt32LE())
      else if (magic === MAGIC) yield* this.#data()
      else
        throw this.#damaged(
          this.#frame === 1 ? 'it does not begin as a frame' : 'other data follow its frames',
        )
    } while (await this.#has(1))
  }

  async *#data(): AsyncGenerator<Buffer> {
    const flags = (await this.#take(1))[0]!
    const isSingle = (flags & 0x20) !== 0
    const dictionary = DICTIONARY_BYTES[flags & 3]!
    const sizeBytes = flags >> 6 === 0 && isSingle ? 1 : SIZE_BYTES[flags >> 6]!
    const rest = await this.#take((isSingle ? 0 : 1) + dictionary + sizeBytes)
    const window = isSingle ? sizeOf(rest.subarray(dictionary)) : windowOf(rest[0]!)
    if (window > MOST_WINDOW)
      throw new LetheError(
        'input-damaged',
        `${this.#name}: frame ${this.#frame} of its zstd data needs a window of ${Math.ceil(window / 2 ** 20)} MiB, and 128 MiB is the most`,
        'compress it again without --long, or with --long=27',
      )
    if (rest.subarray(isSingle ? 0 : 1, (isSingle ? 0 : 1) + dictionary).some((byte) => byte !== 0))
      throw new LetheError(
        'input-damaged',
        `${this.#name}: its zstd data need a dictionary`,
        'unpack it first: zstd -d -D DICTIONARY FILE',
      )
    const magic = Buffer.alloc(4)
    magic.writeUInt32LE(MAGIC)
    yield Buffer.concat([magic, Buffer.of(flags), rest])
    for (let isLast = false; !isLast; ) {
      const head = await this.#take(3)
      const header = head.readUIntLE(0, 3)
      const type = (header >> 1) & 3
      const size = header >> 3
      if (type === 3 || size > MOST_BLOCK) throw this.#damaged('it has a block that cannot be')
      isLast = (header & 1) === 1
      // Of a block of one byte, that often, the size is what it unpacks to.
      yield Buffer.concat([head, await this.#take(type === 1 ? 1 : size)])
    }
    if ((flags & 4) !== 0) yield await this.#take(4)
  }

  async #skip(bytes: number): Promise<void> {
    for (let left = bytes; left > 0; ) {
      const part = Math.min(left, MOST_BLOCK)
      await this.#take(part)
      left -= part
    }
  }

  async #take(bytes: number): Promise<Buffer> {
    if (!(await this.#has(bytes)))
      throw new LetheError(
        'input-damaged',
        `${this.#name} is cut short: its zstd data end within frame ${this.#frame}, and what follows there is missing`,
        'fetch the file again',
      )
    const taken = this.#held.subarray(0, bytes)
    this.#held = this.#held.subarray(bytes)
    return taken
  }

  async #has(bytes: number): Promise<boolean> {
    while (this.#held.length < bytes) {
      const { value, done } = await this.#source.next()
      if (done === true) return false
      this.#held = this.#held.length === 0 ? Buffer.from(value) : Buffer.concat([this.#held, value])
    }
    return true
  }

  #damaged(why: string): LetheError {
    return zstdDamage(this.#name, why)
  }
}

export const zstdDamage = (name: string, why: string): LetheError =>
  new LetheError('input-damaged', `${name} is not zstd, or is damaged: ${why}`, 'fetch the file again')

async function* eachOf(raw: AsyncIterable<Uint8Array> | readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* raw
}

/** RFC 8878, 3.1.1.1.2. */
function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3))
  return base + (base / 8) * (descriptor & 7)
}

/** The size of a frame's text, as its header writes it. */
function sizeOf(field: Buffer): number {
  if (field.length === 2) return field.readUInt16LE() + 256
  return field.length === 8 ? Number(field.readBigUInt64LE()) : field.readUIntLE(0, field.length)
}

/** How many bytes whole frames may unpack to: at most 128 KiB for each of their blocks. Infinity where they are none. */
export function mostUnpacked(packed: Uint8Array): number {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length)
  let most = 0
  let at = 0
  while (at + 5 <= packed.length) {
    const magic = view.getUint32(at, true)
    if (isSkippable(magic)) {
      if (at + 8 > packed.length) return Number.POSITIVE_INFINITY
      at += 8 + view.getUint32(at + 4, true)
      continue
    }
    if (magic !== MAGIC) return Number.POSITIVE_INFINITY
    const flags = packed[at + 4]!
    const isSingle = (flags & 0x20) !== 0
    const sizeBytes = flags >> 6 === 0 && isSingle ? 1 : SIZE_BYTES[flags >> 6]!
    const header = at + 5
    at = header + (isSingle ? 0 : 1) + DICTIONARY_BYTES[flags & 3]! + sizeBytes
    if (at > packed.length) return Number.POSITIVE_INFINITY
    const window = isSingle
      ? sizeOf(Buffer.from(packed.subarray(at - sizeBytes, at)))
      : windowOf(packed[header]!)
    if (window > MOST_WINDOW) return Number.POSITIVE_INFINITY
    let isLast = false
    while (!isLast) {
      if (at + 3 > packed.length) return Number.POSITIVE_INFINITY
      const block = packed[at]! | (packed[at + 1]! << 8) | (packed[at + 2]! << 16)
      isLast = (block & 1) === 1
      const type = (block >> 1) & 3
      const size = block >> 3
      at += 3 + (type === 1 ? 1 : size)
      most += type === 2 ? MOST_BLOCK : size
    }
    if ((flags & 4) !== 0) at += 4
  }
  return at === packed.length ? most : Number.POSITIVE_INFINITY
}

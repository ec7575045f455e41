/**
 * The bytes of a stored sketch, version 1. All numbers are big-endian:
 *
 *     8   `lethesk1`
 *     4   length of the head, at most 64 KiB, and the head: JSON in UTF-8
 *     4   K           4   how many combinations follow, at most K
 *         by combination, ascending by hash: 8 its hash, below 2^53; 1 how many subjects, 1 to 64, or 255;
 *         4 for each subject, ascending, or 256 registers of 0 to 25
 *     32  SHA-256 of all before it
 *
 * A sketch has one form: equal sketches are equal bytes. It holds keyed hashes of people, so it is personal data.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { LetheError } from '../errors.ts'
import { HASHES } from '../groups/keyed-hash.ts'
import { MOST_RANK, REGISTERS } from './hyperloglog.ts'
import { DENSE, EXACT, LEAST_K, MOST_K, type SketchPart } from './khyperloglog.ts'

const MAGIC = Buffer.from('lethesk1')
const MOST_HEAD = 1 << 16
const DIGEST = 32
/** Of magic, length of the head, K and count. */
const FIXED = MAGIC.length + 4 + 8
/** The largest file there can be. */
export const MOST_SKETCH_BYTES: number = FIXED + MOST_HEAD + MOST_K * (9 + REGISTERS) + DIGEST

const instant = z.iso.datetime()
const name = z.string().min(1).max(1000)

/** What a sketch is of. */
export interface SketchHead {
  lethe: 'sketch'
  v: 1
  version: string
  policy: { name: string; version: number; fingerprint: string }
  side: 'input' | 'output'
  /** Output paths of the combined fields. */
  over: string[]
  /** Of the keyset: its id and its check value. */
  key: { id: string; check: string }
  /** When its first record was judged at the earliest, and its last one at the latest. */
  from: string
  until: string
  /** When it is to be deleted. */
  expires: string
  /** Sketches of one process each that are merged in it. */
  parts: number
  /** Of these, those whose process had not ended its period in order: what it settled last may be missing. */
  open: number
}

const sketchHeadForm: z.ZodType<SketchHead> = z.strictObject({
  lethe: z.literal('sketch'),
  v: z.literal(1),
  version: name,
  policy: z.strictObject({
    name,
    version: z.int().min(1),
    fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  side: z.enum(['input', 'output']),
  over: z.array(name).min(1).max(1000),
  key: z.strictObject({
    id: z.string().regex(/^k[0-9]{1,6}$/),
    check: z.string().regex(/^[0-9a-f]{8}$/),
  }),
  from: instant,
  until: instant,
  expires: instant,
  parts: z.int().min(1),
  open: z.int().min(0),
})

export interface StoredSketch {
  readonly head: SketchHead
  readonly k: number
  readonly part: SketchPart
}

/** `part`: in the order of `KHyperLogLog.part`. */
export function sketchBytes({ head, k, part }: StoredSketch): Uint8Array {
  const { combinations, sizes, members, registers } = part
  const json = Buffer.from(JSON.stringify(sketchHeadForm.parse(head)))
  if (json.length > MOST_HEAD) throw new RangeError('the head of a sketch is too long')
  const length =
    FIXED + json.length + combinations.length * 9 + members.length * 4 + registers.length + DIGEST
  const bytes = Buffer.alloc(length)
  let at = MAGIC.copy(bytes)
  at = bytes.writeUInt32BE(json.length, at)
  at += json.copy(bytes, at)
  at = bytes.writeUInt32BE(k, at)
  at = bytes.writeUInt32BE(combinations.length, at)
  let [member, register] = [0, 0]
  for (let i = 0; i < combinations.length; i++) {
    at = bytes.writeBigUInt64BE(BigInt(combinations[i]!), at)
    const size = sizes[i]!
    at = bytes.writeUInt8(size, at)
    if (size === DENSE) {
      bytes.set(registers.subarray(register, register + REGISTERS), at)
      register += REGISTERS
      at += REGISTERS
    } else
      for (const end = member + size; member < end; member++) at = bytes.writeInt32BE(members[member]!, at)
  }
  digestOf(bytes.subarray(0, at)).copy(bytes, at)
  return bytes
}

/** Bytes at the start of a file that hold its head. */
export const HEAD_BYTES: number = MAGIC.length + 4 + MOST_HEAD

/** The head of a sketch that begins with these bytes; undefined for what does not begin as one. Whether the rest is whole is not looked at. */
export function readSketchHead(bytes: Buffer): SketchHead | undefined {
  const start = MAGIC.length + 4
  if (bytes.length < start || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  const length = bytes.readUInt32BE(MAGIC.length)
  return length > MOST_HEAD || start + length > bytes.length
    ? undefined
    : headOf(bytes.subarray(start, start + length))
}

/** @throws LetheError `sketch-damaged` for what is not such bytes; it quotes none of them. `file`: what to call it */
export function readSketch(given: Uint8Array, file: string): StoredSketch {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.length)
  const refuse = (what: string): never => {
    throw damaged(file, what)
  }
  if (bytes.length < FIXED + DIGEST || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
    return refuse('it does not begin as one')
  const end = bytes.length - DIGEST
  if (!digestOf(bytes.subarray(0, end)).equals(bytes.subarray(end)))
    return refuse('its bytes are not those that were written')
  const head = readSketchHead(bytes.subarray(0, end)) ?? refuse('its head is not in order')
  let at = MAGIC.length + 4 + bytes.readUInt32BE(MAGIC.length)
  if (at + 8 > end) return refuse('it is cut short')
  const k = bytes.readUInt32BE(at)
  const count = bytes.readUInt32BE(at + 4)
  at += 8
  if (k < LEAST_K || k > MOST_K || !Number.isInteger(Math.log2(k)) || count > k)
    return refuse('its counts are out of bounds')
  const combinations = new Float64Array(count)
  const sizes = new Uint8Array(count)
  const members: number[] = []
  const registers: Uint8Array[] = []
  for (let i = 0; i < count; i++) {
    if (at + 9 > end) return refuse('it is cut short')
    const hash = bytes.readBigUInt64BE(at)
    if (hash >= BigInt(HASHES) || (i > 0 && Number(hash) <= combinations[i - 1]!))
      return refuse('its hashes are not in order')
    combinations[i] = Number(hash)
    const size = bytes[at + 8]!
    sizes[i] = size
    at += 9
    if (size !== DENSE && (size === 0 || size > EXACT)) return refuse('a size is out of bounds')
    const length = size === DENSE ? REGISTERS : size * 4
    if (at + length > end) return refuse('it is cut short')
    if (size === DENSE) {
      const own = bytes.subarray(at, at + REGISTERS)
      if (own.some((rank) => rank > MOST_RANK)) return refuse('a register is out of bounds')
      registers.push(own)
    } else
      for (let i = 0; i < size; i++) {
        const member = bytes.readUInt32BE(at + i * 4)
        if (i > 0 && member <= bytes.readUInt32BE(at + (i - 1) * 4))
          return refuse('its subjects are not in order')
        members.push(member | 0)
      }
    at += length
  }
  if (at !== end) return refuse('something follows its end')
  return {
    head,
    k,
    part: {
      combinations,
      sizes,
      members: Int32Array.from(members),
      registers: new Uint8Array(Buffer.concat(registers)),
    },
  }
}

function headOf(bytes: Buffer): SketchHead | undefined {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    const { data } = sketchHeadForm.safeParse(json)
    // One form: what is written otherwise was not written by this.
    return data !== undefined && JSON.stringify(data) === bytes.toString('utf8') ? data : undefined
  } catch {
    return undefined
  }
}

const digestOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

function damaged(file: string, what: string): LetheError {
  return new LetheError(
    'sketch-damaged',
    `${file} is no whole sketch: ${what}; it is used for no figure`,
    'leave the file out, and say that its period is missing; a copy of it from a backup may be whole',
  )
}

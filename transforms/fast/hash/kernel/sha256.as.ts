/**
 * HMAC-SHA-256 of four messages at once, one 32-bit lane of a 128-bit vector each (FIPS 180-4, RFC 2104), and
 * a memo of fixed size. AssemblyScript: test/kernels.mjs compiles it into sha256.wasm.ts.
 *
 * A module instance serves one key, so every place in memory is fixed. In bytes:
 *   STATES   the key's inner and outer state: 8 words each, every word in all four lanes
 *   WORDS    16 words of a block in four lanes
 *   LANES    8 words of state in four lanes
 *   LENGTHS  for each message of the batch its length: u32
 *   PLACES   where it stands, padded
 *   BUCKETS  its place in the memo
 *   MACS     its 32 bytes, the result
 *   QUEUES   for each number of blocks the messages that have to be hashed
 *   AROUND   what stands before the MAC in a token, then what stands behind it
 *   TEXTS    the messages, one behind the other, as the host writes them; later the tokens
 *   PADDED   the messages as whole blocks
 *   TABLE    the memo, once there is one: buckets of two lines of 64 bytes
 *
 * The states are as good as the key, and the memo holds messages and MACs: none of it leaves this memory, which
 * goes with the instance.
 *
 * AssemblyScript takes decorators before functions, which TypeScript refuses: hence each `@ts-ignore`.
 */

import { AROUND, BATCH, Encoding, LENGTHS, MACS, MAX_BLOCKS, TEXTS } from './sha256-layout.as'

const STATES: usize = 4096
const OUTER: usize = STATES + 128
const WORDS: usize = STATES + 256
const LANES: usize = STATES + 512
const PLACES: usize = LENGTHS + 4 * BATCH
const BUCKETS: usize = PLACES + 4 * BATCH
const COUNTS: usize = BUCKETS + 4 * BATCH
const QUEUES: usize = MACS + 32 * BATCH
const PADDED: usize = TEXTS + 64 * BATCH * MAX_BLOCKS
const TABLE: usize = PADDED + 64 * BATCH * MAX_BLOCKS

/** A line of the memo holds a padded message of up to 47 bytes, and the first 16 of its MAC. */
const MEMO_MAX: u32 = 47

/** FIPS 180-4, 4.2.2. */
const K: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
])

/** FIPS 180-4, 5.3.3. */
const H: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
])

// @ts-ignore: decorator
@inline function add(x: v128, y: v128): v128 { return i32x4.add(x, y) }

// @ts-ignore: decorator
@inline function rotr(x: v128, n: i32): v128 {
  return v128.or(i32x4.shr_u(x, n), i32x4.shl(x, 32 - n))
}

// @ts-ignore: decorator
@inline function xor3(x: v128, y: v128, z: v128): v128 { return v128.xor(v128.xor(x, y), z) }

// @ts-ignore: decorator
@inline function s0(x: v128): v128 { return xor3(rotr(x, 7), rotr(x, 18), i32x4.shr_u(x, 3)) }

// @ts-ignore: decorator
@inline function s1(x: v128): v128 { return xor3(rotr(x, 17), rotr(x, 19), i32x4.shr_u(x, 10)) }

// @ts-ignore: decorator
@inline function t1(e: v128, f: v128, g: v128, h: v128, kw: v128): v128 {
  const s = xor3(rotr(e, 6), rotr(e, 11), rotr(e, 25))
  const ch = v128.xor(g, v128.and(e, v128.xor(f, g)))
  return add(add(h, kw), add(s, ch))
}

// @ts-ignore: decorator
@inline function t2(a: v128, b: v128, c: v128): v128 {
  const s = xor3(rotr(a, 2), rotr(a, 13), rotr(a, 22))
  const maj = v128.or(v128.and(a, b), v128.and(c, v128.or(a, b)))
  return add(s, maj)
}

// @ts-ignore: decorator
@inline function next(w: v128, w1: v128, w9: v128, w14: v128): v128 {
  return add(add(w, s0(w1)), add(w9, s1(w14)))
}

/** One block in four lanes: the words at WORDS, from the state at `from` to the state at LANES. */
function compress(from: usize): void {
  let w0 = v128.load(WORDS, 0), w1 = v128.load(WORDS, 16), w2 = v128.load(WORDS, 32), w3 = v128.load(WORDS, 48)
  let w4 = v128.load(WORDS, 64), w5 = v128.load(WORDS, 80), w6 = v128.load(WORDS, 96), w7 = v128.load(WORDS, 112)
  let w8 = v128.load(WORDS, 128), w9 = v128.load(WORDS, 144), wa = v128.load(WORDS, 160), wb = v128.load(WORDS, 176)
  let wc = v128.load(WORDS, 192), wd = v128.load(WORDS, 208), we = v128.load(WORDS, 224), wf = v128.load(WORDS, 240)
  let a = v128.load(from, 0), b = v128.load(from, 16), c = v128.load(from, 32), d = v128.load(from, 48)
  let e = v128.load(from, 64), f = v128.load(from, 80), g = v128.load(from, 96), h = v128.load(from, 112)
  let k = K
  while (true) {
    h = t1(e, f, g, h, add(v128.load32_splat(k, 0), w0)); d = add(d, h); h = add(h, t2(a, b, c))
    g = t1(d, e, f, g, add(v128.load32_splat(k, 4), w1)); c = add(c, g); g = add(g, t2(h, a, b))
    f = t1(c, d, e, f, add(v128.load32_splat(k, 8), w2)); b = add(b, f); f = add(f, t2(g, h, a))
    e = t1(b, c, d, e, add(v128.load32_splat(k, 12), w3)); a = add(a, e); e = add(e, t2(f, g, h))
    d = t1(a, b, c, d, add(v128.load32_splat(k, 16), w4)); h = add(h, d); d = add(d, t2(e, f, g))
    c = t1(h, a, b, c, add(v128.load32_splat(k, 20), w5)); g = add(g, c); c = add(c, t2(d, e, f))
    b = t1(g, h, a, b, add(v128.load32_splat(k, 24), w6)); f = add(f, b); b = add(b, t2(c, d, e))
    a = t1(f, g, h, a, add(v128.load32_splat(k, 28), w7)); e = add(e, a); a = add(a, t2(b, c, d))
    h = t1(e, f, g, h, add(v128.load32_splat(k, 32), w8)); d = add(d, h); h = add(h, t2(a, b, c))
    g = t1(d, e, f, g, add(v128.load32_splat(k, 36), w9)); c = add(c, g); g = add(g, t2(h, a, b))
    f = t1(c, d, e, f, add(v128.load32_splat(k, 40), wa)); b = add(b, f); f = add(f, t2(g, h, a))
    e = t1(b, c, d, e, add(v128.load32_splat(k, 44), wb)); a = add(a, e); e = add(e, t2(f, g, h))
    d = t1(a, b, c, d, add(v128.load32_splat(k, 48), wc)); h = add(h, d); d = add(d, t2(e, f, g))
    c = t1(h, a, b, c, add(v128.load32_splat(k, 52), wd)); g = add(g, c); c = add(c, t2(d, e, f))
    b = t1(g, h, a, b, add(v128.load32_splat(k, 56), we)); f = add(f, b); b = add(b, t2(c, d, e))
    a = t1(f, g, h, a, add(v128.load32_splat(k, 60), wf)); e = add(e, a); a = add(a, t2(b, c, d))
    k += 64
    if (k == K + 256) break
    w0 = next(w0, w1, w9, we)
    w1 = next(w1, w2, wa, wf)
    w2 = next(w2, w3, wb, w0)
    w3 = next(w3, w4, wc, w1)
    w4 = next(w4, w5, wd, w2)
    w5 = next(w5, w6, we, w3)
    w6 = next(w6, w7, wf, w4)
    w7 = next(w7, w8, w0, w5)
    w8 = next(w8, w9, w1, w6)
    w9 = next(w9, wa, w2, w7)
    wa = next(wa, wb, w3, w8)
    wb = next(wb, wc, w4, w9)
    wc = next(wc, wd, w5, wa)
    wd = next(wd, we, w6, wb)
    we = next(we, wf, w7, wc)
    wf = next(wf, w0, w8, wd)
  }
  v128.store(LANES, add(a, v128.load(from, 0)), 0)
  v128.store(LANES, add(b, v128.load(from, 16)), 16)
  v128.store(LANES, add(c, v128.load(from, 32)), 32)
  v128.store(LANES, add(d, v128.load(from, 48)), 48)
  v128.store(LANES, add(e, v128.load(from, 64)), 64)
  v128.store(LANES, add(f, v128.load(from, 80)), 80)
  v128.store(LANES, add(g, v128.load(from, 96)), 96)
  v128.store(LANES, add(h, v128.load(from, 112)), 112)
}

// @ts-ignore: decorator
@inline function swap(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)
}

// @ts-ignore: decorator
@inline function low(x: v128, y: v128): v128 { return v128.shuffle<u32>(x, y, 0, 4, 1, 5) }

// @ts-ignore: decorator
@inline function high(x: v128, y: v128): v128 { return v128.shuffle<u32>(x, y, 2, 6, 3, 7) }

// @ts-ignore: decorator
@inline function low2(x: v128, y: v128): v128 { return v128.shuffle<u64>(x, y, 0, 2) }

// @ts-ignore: decorator
@inline function high2(x: v128, y: v128): v128 { return v128.shuffle<u64>(x, y, 1, 3) }

/** Four words of each of four messages, big-endian, into four vectors of one word each. */
// @ts-ignore: decorator
@inline function gather(to: usize, p: usize, q: usize, r: usize, s: usize): void {
  const x = swap(v128.load(p)), y = swap(v128.load(q)), z = swap(v128.load(r)), w = swap(v128.load(s))
  const xz = low(x, z), yw = low(y, w), xz2 = high(x, z), yw2 = high(y, w)
  v128.store(to, low(xz, yw), 0)
  v128.store(to, high(xz, yw), 16)
  v128.store(to, low(xz2, yw2), 32)
  v128.store(to, high(xz2, yw2), 48)
}

/** The reverse: four vectors of one word each into 16 bytes of each of four digests. */
// @ts-ignore: decorator
@inline function scatter(from: usize, p: usize, q: usize, r: usize, s: usize): void {
  const x = v128.load(from, 0), y = v128.load(from, 16), z = v128.load(from, 32), w = v128.load(from, 48)
  const xz = low(x, z), yw = low(y, w), xz2 = high(x, z), yw2 = high(y, w)
  v128.store(p, swap(low(xz, yw)))
  v128.store(q, swap(high(xz, yw)))
  v128.store(r, swap(low(xz2, yw2)))
  v128.store(s, swap(high(xz2, yw2)))
}

/** Whether there is an outer hash: HMAC, and not a plain digest. */
let keyed: bool = false

/** The bit that makes an upper-case letter of ASCII a lower-case one, if that is to be done. */
let lowerBit: i32 = 0

/**
 * Takes the key: its two padded forms (64 bytes each) stand at TEXTS, or nothing does and `hmac` is false:
 * then plain SHA-256 is computed. With `lower`, A to Z become a to z first.
 */
export function setKey(hmac: bool, lower: bool): void {
  keyed = hmac
  lowerBit = lower ? 0x20 : 0
  for (let i: usize = 0; i < 8; i++) v128.store(STATES + 16 * i, i32x4.splat(load<u32>(H + 4 * i)))
  if (!hmac) return
  memory.copy(OUTER, STATES, 128)
  digestKey(TEXTS + 64, OUTER)
  digestKey(TEXTS, STATES)
  memory.fill(TEXTS, 0, 128)
}

function digestKey(block: usize, state: usize): void {
  for (let i: usize = 0; i < 4; i++) gather(WORDS + 64 * i, block + 16 * i, block + 16 * i, block + 16 * i, block + 16 * i)
  compress(state)
  memory.copy(state, LANES, 128)
}

/** The MACs of four messages of equal block count. */
function hashFour(blocks: usize, i0: usize, i1: usize, i2: usize, i3: usize): void {
  let p = place(i0), q = place(i1), r = place(i2), s = place(i3)
  let from = STATES
  for (let block: usize = 0; block < blocks; block++) {
    for (let i: usize = 0; i < 4; i++) gather(WORDS + 64 * i, p + 16 * i, q + 16 * i, r + 16 * i, s + 16 * i)
    compress(from)
    from = LANES
    p += 64; q += 64; r += 64; s += 64
  }
  if (keyed) {
    for (let i: usize = 0; i < 8; i++) v128.store(WORDS + 16 * i, v128.load(LANES + 16 * i))
    v128.store(WORDS, i32x4.splat(0x80000000), 128)
    for (let i: usize = 9; i < 15; i++) v128.store(WORDS + 16 * i, i32x4.splat(0))
    v128.store(WORDS, i32x4.splat(8 * (64 + 32)), 240)
    compress(OUTER)
  }
  scatter(LANES, mac(i0), mac(i1), mac(i2), mac(i3))
  scatter(LANES + 64, mac(i0) + 16, mac(i1) + 16, mac(i2) + 16, mac(i3) + 16)
}

// @ts-ignore: decorator
@inline function place(i: usize): usize { return <usize>load<u32>(PLACES + 4 * i) }

// @ts-ignore: decorator
@inline function mac(i: usize): usize { return MACS + 32 * i }

// @ts-ignore: decorator
@inline function size(i: usize): u32 { return load<u32>(LENGTHS + 4 * i) }

/** One byte 0x80 and eight of length follow the message (FIPS 180-4, 5.1.1). */
// @ts-ignore: decorator
@inline function blocksOf(length: u32): usize { return <usize>((length + 72) >> 6) }

// @ts-ignore: decorator
@inline function queue(blocks: usize): usize { return QUEUES + 4 * BATCH * (blocks - 1) }

// @ts-ignore: decorator
@inline function item(from: usize, at: usize): usize { return <usize>load<u32>(from + 4 * at) }

/** log2 of the memo's buckets, or 0 while there is none. */
let tableBits: u64 = 0

/** Gives the memo 2^bits buckets of 128 bytes. Returns whether there was the memory. */
export function openMemo(bits: i32): bool {
  const needed = <i32>((TABLE + (<usize>128 << <usize>bits) + 65535) >> 16)
  const missing = needed - memory.size()
  if (missing > 0 && memory.grow(missing) < 0) return false
  tableBits = bits
  return true
}

/**
 * The bucket of a padded message: multilinear over its first six words of eight bytes, then mixed. Nothing but
 * how often the memo hits depends on it.
 */
// @ts-ignore: decorator
@inline function bucketOf(p: usize): usize {
  let h: u64 = load<u64>(p) * 0x9e3779b97f4a7c15 + load<u64>(p, 8) * 0xc2b2ae3d27d4eb4f
  h += load<u64>(p, 16) * 0x165667b19e3779f9 + load<u64>(p, 24) * 0xd6e8feb86659fd93
  h += load<u64>(p, 32) * 0xa0761d6478bd642f + load<u64>(p, 40) * 0xe7037ed1a0b428db
  h ^= h >> 32
  h *= 0xff51afd7ed558ccd
  return TABLE + (<usize>(h >> (64 - tableBits)) << 7)
}

/** Whether a line is of this message. Padding is injective, and no padded message is all zeros, as an empty line is. */
// @ts-ignore: decorator
@inline function holds(line: usize, p: usize): bool {
  const x = v128.xor(v128.load(line), v128.load(p))
  const y = v128.xor(v128.load(line, 16), v128.load(p, 16))
  const z = v128.xor(v128.load(line, 32), v128.load(p, 32))
  return !v128.any_true(v128.or(v128.or(x, y), z))
}

// @ts-ignore: decorator
@inline function copy16(to: usize, from: usize): void { v128.store(to, v128.load(from)) }

// @ts-ignore: decorator
@inline function recall(i: usize): bool {
  const p = place(i)
  let line = <usize>load<u32>(BUCKETS + 4 * i)
  if (!holds(line, p)) {
    line += 64
    if (!holds(line, p)) return false
  }
  copy16(mac(i), line + 48)
  return true
}

/** Puts a message into the first line of its bucket; what stood there moves to the second. */
// @ts-ignore: decorator
@inline function remember(i: usize): void {
  const p = place(i)
  const line = <usize>load<u32>(BUCKETS + 4 * i)
  copy16(line + 64, line)
  copy16(line + 80, line + 16)
  copy16(line + 96, line + 32)
  copy16(line + 112, line + 48)
  copy16(line, p)
  copy16(line + 16, p + 16)
  copy16(line + 32, p + 32)
  copy16(line + 48, mac(i))
}

/** Sixteen bytes of ones, then sixteen of zeros: loaded from 16 - n on, a mask of n bytes. */
const MASK: usize = memory.data<u64>([~0, ~0, 0, 0])

// @ts-ignore: decorator
@inline function lowered(x: v128, bit: v128): v128 {
  const isUpper = i8x16.lt_u(i8x16.sub(x, i8x16.splat(0x41)), i8x16.splat(26))
  return v128.or(x, v128.and(isUpper, bit))
}

/** Copies a message to `to`, lower-cased if it is to be, with the padding of FIPS 180-4 behind it; returns where it ends. */
// @ts-ignore: decorator
@inline function pad(from: usize, length: u32, to: usize): usize {
  const end = to + 64 * blocksOf(length)
  const stop = to + <usize>(length & ~15)
  const bit = i8x16.splat(<i8>lowerBit)
  let p = to
  while (p < stop) {
    v128.store(p, lowered(v128.load(from), bit))
    p += 16
    from += 16
  }
  v128.store(p, v128.and(lowered(v128.load(from), bit), v128.load(MASK + 16 - <usize>(length & 15))))
  for (p += 16; p < end; p += 16) v128.store(p, i32x4.splat(0))
  store<u8>(to + <usize>length, 0x80)
  store<u64>(end - 8, bswap<u64>((keyed ? 512 : 0) + 8 * <u64>length))
  return end
}

/** Makes LENGTHS, given in UTF-16 units, count the bytes of the UTF-8 that stands at TEXTS. */
export function measure(count: usize): void {
  let p = TEXTS
  for (let i: usize = 0; i < count; i++) {
    const from = p
    let units = size(i)
    while (units > 0) {
      const lead = load<u8>(p)
      if (lead < 0x80) p += 1
      else if (lead < 0xe0) p += 2
      else if (lead < 0xf0) p += 3
      else { p += 4; units-- }
      units--
    }
    store<u32>(LENGTHS + 4 * i, <u32>(p - from))
  }
}

/**
 * The MACs of `count` messages, at MACS. With `memo` they are looked up and remembered, and only the first
 * 16 bytes of each MAC count. Returns how many were remembered already.
 */
export function run(count: usize, memo: bool): i32 {
  let from = TEXTS
  let to = PADDED
  let touched: u64 = 0
  memory.fill(COUNTS, 0, 4 * MAX_BLOCKS)
  for (let i: usize = 0; i < count; i++) {
    const length = size(i)
    store<u32>(PLACES + 4 * i, <u32>to)
    const end = pad(from, length, to)
    if (memo && length <= MEMO_MAX) {
      // All lines are asked for before the first is compared: so the waits for them overlap.
      const line = bucketOf(to)
      store<u32>(BUCKETS + 4 * i, <u32>line)
      touched |= load<u64>(line) | load<u64>(line, 64)
    }
    from += <usize>length
    to = end
  }
  // Stored, or the compiler would leave out the loads.
  store<u64>(WORDS, touched)
  let hits = 0
  for (let i: usize = 0; i < count; i++) {
    const length = size(i)
    if (memo && length <= MEMO_MAX && recall(i)) {
      hits++
      continue
    }
    const blocks = blocksOf(length)
    const counter = COUNTS + 4 * (blocks - 1)
    const at = load<u32>(counter)
    store<u32>(queue(blocks) + 4 * <usize>at, <u32>i)
    store<u32>(counter, at + 1)
  }
  for (let blocks: usize = 1; blocks <= MAX_BLOCKS; blocks++) {
    const waiting = <usize>load<u32>(COUNTS + 4 * (blocks - 1))
    if (waiting > 0) drain(blocks, waiting, memo)
  }
  return hits
}

function drain(blocks: usize, waiting: usize, memo: bool): void {
  const from = queue(blocks)
  const last = waiting - 1
  for (let at: usize = 0; at < waiting; at += 4) {
    // The last group may be short: its last message fills the lanes.
    hashFour(blocks, item(from, at), item(from, min(at + 1, last)), item(from, min(at + 2, last)), item(from, min(at + 3, last)))
  }
  if (!memo || blocks > 1) return
  for (let at: usize = 0; at < waiting; at++) {
    const i = item(from, at)
    if (size(i) <= MEMO_MAX) remember(i)
  }
}

let encoding: i32 = 0
let macBytes: usize = 0
let prefixBytes: usize = 0
let macChars: usize = 0
let suffixBytes: usize = 0

/** Takes the form of the tokens: a prefix, the first `bytes` of a MAC in `chars` characters, a suffix. */
export function setForm(kind: i32, bytes: usize, prefix: usize, chars: usize, suffix: usize): void {
  encoding = kind
  macBytes = bytes
  prefixBytes = prefix
  macChars = chars
  suffixBytes = suffix
}

// @ts-ignore: decorator
@inline function nibbles(x: v128): v128 {
  return v128.swizzle(i8x16(48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102), x)
}

/** The digits of the first eight bytes and of the last eight (RFC 4648, section 8, in lower case). */
// @ts-ignore: decorator
@inline function hexLow(x: v128): v128 {
  return v128.shuffle<u8>(nibbles(i8x16.shr_u(x, 4)), nibbles(v128.and(x, i8x16.splat(15))),
    0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
}

// @ts-ignore: decorator
@inline function hexHigh(x: v128): v128 {
  return v128.shuffle<u8>(nibbles(i8x16.shr_u(x, 4)), nibbles(v128.and(x, i8x16.splat(15))),
    8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
}

/** Twelve bytes as sixteen characters of base64url (RFC 4648, section 5). */
// @ts-ignore: decorator
@inline function base64url(x: v128): v128 {
  // Three bytes each become a number of 24 bits, and this four numbers of six, one a byte.
  const n = v128.swizzle(x, i8x16(2, 1, 0, -1, 5, 4, 3, -1, 8, 7, 6, -1, 11, 10, 9, -1))
  const six = v128.or(
    v128.or(i32x4.shr_u(n, 18), v128.and(i32x4.shr_u(n, 4), i32x4.splat(0x3f00))),
    v128.or(v128.and(i32x4.shl(n, 10), i32x4.splat(0x3f0000)), v128.and(i32x4.shl(n, 24), i32x4.splat(0x3f000000))))
  // Each quarter of the alphabet gives zeros for the numbers of the others.
  const q0 = v128.swizzle(i8x16(65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80), six)
  const q1 = v128.swizzle(i8x16(81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 97, 98, 99, 100, 101, 102), i8x16.sub(six, i8x16.splat(16)))
  const q2 = v128.swizzle(i8x16(103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118), i8x16.sub(six, i8x16.splat(32)))
  const q3 = v128.swizzle(i8x16(119, 120, 121, 122, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 45, 95), i8x16.sub(six, i8x16.splat(48)))
  return v128.or(v128.or(q0, q1), v128.or(q2, q3))
}

/** RFC 9562, section 5.8: version 8 and the variant take the place of six bits. */
// @ts-ignore: decorator
@inline function uuid(x: v128, to: usize): void {
  const bits = v128.or(
    v128.and(x, i8x16(-1, -1, -1, -1, -1, -1, 15, -1, 63, -1, -1, -1, -1, -1, -1, -1)),
    i8x16(0, 0, 0, 0, 0, 0, -128, 0, -128, 0, 0, 0, 0, 0, 0, 0))
  const p = hexLow(bits), q = hexHigh(bits)
  const dash = i8x16.splat(45)
  v128.store(to, v128.shuffle<u8>(p, dash, 0, 1, 2, 3, 4, 5, 6, 7, 16, 8, 9, 10, 11, 16, 12, 13))
  const r = v128.shuffle<u8>(p, q, 14, 15, 0, 16, 17, 18, 19, 0, 20, 21, 22, 23, 24, 25, 26, 27)
  v128.store(to, v128.shuffle<u8>(r, dash, 0, 1, 16, 3, 4, 5, 6, 16, 8, 9, 10, 11, 12, 13, 14, 15), 16)
  store<u32>(to + 32, i32x4.extract_lane(q, 3))
}

/** Copies up to 15 bytes too many: what they fall on is written later. */
// @ts-ignore: decorator
@inline function copyOver(to: usize, from: usize, count: usize): void {
  for (let i: usize = 0; i < count; i += 16) copy16(to + i, from + i)
}

/** After `run`: the tokens of `count` messages, at TEXTS, one behind the other. */
export function write(count: usize): void {
  let to = TEXTS
  for (let i: usize = 0; i < count; i++) {
    copyOver(to, AROUND, prefixBytes)
    to += prefixBytes
    const from = mac(i)
    if (encoding == Encoding.uuid) uuid(v128.load(from), to)
    else if (encoding == Encoding.hex) {
      for (let at: usize = 0; at < macBytes; at += 16) {
        const x = v128.load(from + at)
        v128.store(to + 2 * at, hexLow(x))
        v128.store(to + 2 * at, hexHigh(x), 16)
      }
    } else {
      let p = to
      for (let at: usize = 0; at < macBytes; at += 12) {
        // The bits that fill up the last character are zeros, not the MAC's.
        const mask = v128.load(MASK + 16 - min(macBytes - at, 16))
        v128.store(p, base64url(v128.and(v128.load(from + at), mask)))
        p += 16
      }
    }
    to += macChars
    copyOver(to, AROUND + prefixBytes, suffixBytes)
    to += suffixBytes
  }
}

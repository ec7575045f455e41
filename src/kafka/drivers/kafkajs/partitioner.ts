/** Partitions by key as Java's client: murmur2, all 32 bits of it; so equal keys meet whoever wrote them. */

/** Java's `Utils.murmur2`, as an unsigned number. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes
  let hash = 0x9747b28c ^ length
  const whole = length & ~3
  for (let at = 0; at < whole; at += 4) {
    let word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    word = Math.imul(word, 0x5bd1e995)
    word ^= word >>> 24
    hash = Math.imul(hash, 0x5bd1e995) ^ Math.imul(word, 0x5bd1e995)
  }
  const rest = length & 3
  if (rest === 3) hash ^= bytes[whole + 2]! << 16
  if (rest >= 2) hash ^= bytes[whole + 1]! << 8
  if (rest >= 1) hash = Math.imul(hash ^ bytes[whole]!, 0x5bd1e995)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0x5bd1e995)
  return (hash ^ (hash >>> 15)) >>> 0
}

/** Chooses partitions; records without a key are spread in turn. */
export class Partitioner {
  #turn = Math.floor(Math.random() * 0x1_0000)

  partitionOf(key: Uint8Array | null, count: number): number {
    // An empty key is a key.
    if (key === null) return this.#turn++ % count
    return (murmur2(key) & 0x7fffffff) % count
  }
}

/** Numbers for tests of sketches, the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What stands for a keyed hash: of a number, under a seed. */
export interface Hashes {
  /** Below 2^53. */
  readonly combination: (value: number) => number
  /** Of 32 bits. */
  readonly subject: (value: number) => number
}

export function hashesOf(seed: number): Hashes {
  const word = (value: number, salt: number): number => {
    let h = Math.imul(value ^ salt, 0x9e3779b1) ^ Math.imul((value / 2 ** 32) | 0, 0x85ebca6b) ^ seed
    for (const factor of [0x7feb352d, 0x846ca68b, 0x9e3779b1]) {
      h ^= h >>> 16
      h = Math.imul(h, factor)
    }
    return (h ^ (h >>> 15)) >>> 0
  }
  return {
    combination: (value) => word(value, 0x1234567) * 2 ** 21 + (word(value, 0x7654321) >>> 11),
    subject: (value) => word(value, 0xabcdef) | 0,
  }
}

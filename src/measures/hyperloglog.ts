/**
 * Registers of HyperLogLog (P. Flajolet et al., 2007) over hashes of 32 bits: the upper 8 choose one of 256 registers, and the lower 24
 * give its rank. How many distinct hashes they have seen is estimated as O. Ertl does ("New cardinality estimation algorithms for
 * HyperLogLog sketches", 2017), which needs no correction for few or many.
 */
export const REGISTERS = 256
const RANK_BITS = 24
/** The highest rank: all lower bits are zero. */
export const MOST_RANK: number = RANK_BITS + 1
/** Standard deviation of an estimate in relation to it, for many hashes. */
export const REGISTER_ERROR: number = 1.04 / Math.sqrt(REGISTERS)

/** Has the registers that begin at `first` see a hash. */
export function raise(registers: Uint8Array, first: number, hash: number): void {
  const at = first + (hash >>> RANK_BITS)
  const rank = Math.min(Math.clz32(hash << 8), RANK_BITS) + 1
  if (registers[at]! < rank) registers[at] = rank
}

/** How many distinct hashes the registers that begin at `first` have seen, more or less. */
export function seenBy(registers: Uint8Array, first: number): number {
  const counts = new Int32Array(MOST_RANK + 1)
  for (let at = first; at < first + REGISTERS; at++) counts[registers[at]!]!++
  let z = REGISTERS * tau(1 - counts[MOST_RANK]! / REGISTERS)
  for (let rank = RANK_BITS; rank >= 1; rank--) z = 0.5 * (z + counts[rank]!)
  z += REGISTERS * sigma(counts[0]! / REGISTERS)
  return REGISTERS ** 2 / (2 * Math.LN2 * z)
}

/** x + Σ x^(2^k) 2^(k-1): what empty registers add. */
function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY
  let x = share
  let sum = x
  for (let y = 1, before = -1; sum !== before; y *= 2) {
    before = sum
    x *= x
    sum += x * y
  }
  return sum
}

/** (1 - x - Σ (1 - x^(2^-k))² 2^-k) / 3: what full registers add. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0
  let x = share
  let sum = 1 - x
  for (let y = 0.5, before = -1; sum !== before; y /= 2) {
    before = sum
    x = Math.sqrt(x)
    sum -= (1 - x) ** 2 * y
  }
  return sum / 3
}

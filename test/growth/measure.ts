/**
 * Whether work grows in proportion to its input: the processor time for 2n over that for n. Quadratic work takes four
 * times as long, linear work twice. Times below the floor are noise, and harmless; a ratio counts when it is found again.
 */

/** Milliseconds of processor time below which a time says nothing; of short inputs, which take no more than a fraction of one. */
const FLOOR_MS = 20
const SHORT_FLOOR_MS = 5
const SHORT = 1 << 12
/** More than this for twice the input is not linear. */
const MOST_RATIO = 3
const SAMPLES = 3
const TRIES = 3

/** Processor time of this process, in ms, that the work takes. */
function timeOf(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

function median(work: () => void): number {
  const times = Array.from({ length: SAMPLES }, () => timeOf(work)).sort((a, b) => a - b)
  return times[SAMPLES >> 1]!
}

/**
 * Gives the ratio where work grows out of proportion to `n`; undefined where it does not.
 * @param prepare makes the work for an input of so many bytes; it is not measured
 */
export function overgrowth(prepare: (n: number) => () => void, n: number): number | undefined {
  const whole = prepare(n)
  const floor = n < SHORT ? SHORT_FLOOR_MS : FLOOR_MS
  if (timeOf(whole) < floor) return undefined
  const half = prepare(n >> 1)
  let ratio = 0
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const large = median(whole)
    const small = median(half)
    ratio = large / small
    if (large < floor || ratio < MOST_RATIO) return undefined
  }
  return ratio
}

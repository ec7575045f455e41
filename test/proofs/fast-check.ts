/**
 * Stands for the package `fast-check` under `npm run proof:properties`: each property is run `LETHE_RUNS` times as often as
 * in a check, from the seed `LETHE_SEED`, whatever number and seed its test states.
 */
import real from '../../node_modules/fast-check/lib/fast-check.js'

export * from '../../node_modules/fast-check/lib/fast-check.js'

const times = Number(process.env['LETHE_RUNS'])
const seed = Number(process.env['LETHE_SEED'])
/** What fast-check runs where a test states no number. */
const USUAL_RUNS = 100

type Assert = typeof real.assert

export const assert: Assert = ((property: Parameters<Assert>[0], stated: Parameters<Assert>[1] = {}) =>
  real.assert(property, {
    ...stated,
    numRuns: (stated.numRuns ?? USUAL_RUNS) * times,
    seed,
  })) as Assert

const all: typeof real = { ...real, assert }
export default all

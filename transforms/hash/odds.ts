/** Collision odds, in words, for what the policy and the catalogue say of short tokens. */

/** How many different values the stated odds are for. */
const VALUES = 1_000_000

/**
 * Odds that any two of a million different values share a token, given `size` equally likely tokens: the
 * birthday bound `1 - exp(-n(n-1) / 2·size)`.
 */
function collisionOdds(size: number): number {
  return -Math.expm1((-VALUES * (VALUES - 1)) / (2 * size))
}

/** One clause: `among 1,000,000 different values the odds that any two collide are 9.3 %`. */
export function oddsText(size: number): string {
  return `among 1,000,000 different values the odds that any two collide are ${percent(collisionOdds(size))}`
}

function percent(odds: number): string {
  if (odds > 0.9995) return 'over 99.9 %'
  if (odds >= 0.001) return `${(odds * 100).toPrecision(2)} %`
  return `1 in ${(1 / odds).toExponential(0).replace('e+', 'e')}`
}

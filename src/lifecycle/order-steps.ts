/** What work orders of every kind do: look at each target, be refused when they are old, and do each target once. */
import { LetheError } from '../errors.ts'
import { type AtOnce, eachAtOnce } from '../files/at-once.ts'
import type { Untouched } from './target.ts'

/** Looks at each target: those that an order names, and those that it leaves as they are. `remoteBytes`: as of `lookAtEach`. */
export async function surveyEach<T, Survey extends object>(
  targets: Iterable<T>,
  survey: (target: T) => Promise<Survey | Untouched>,
  remoteBytes?: (target: T) => number | undefined,
): Promise<{ readonly surveyed: readonly Survey[]; readonly untouched: readonly Untouched[] }> {
  const surveyed: Survey[] = []
  const untouched: Untouched[] = []
  for (const found of await lookAtEach(targets, survey, remoteBytes))
    if ('code' in found) untouched.push(found)
    else surveyed.push(found)
  return { surveyed, untouched }
}

/** Of copies in the folder for temporary files. */
const LOOKS: AtOnce = { most: 8, bytes: 64 << 20 }

/**
 * What `look` finds at each, in their order. `remoteBytes`: how large one is that is read from a store; several of these are looked at at
 * once while they are small. All others are looked at alone. Where one fails, those that are under way end before that is thrown.
 */
export const lookAtEach = <T, Found>(
  targets: Iterable<T>,
  look: (target: T) => Promise<Found>,
  remoteBytes: (target: T) => number | undefined = () => undefined,
): Promise<readonly Found[]> => eachAtOnce(targets, look, remoteBytes, LOOKS)

/** When an order is made and until when it may be applied; all in ms. */
export const spanOf = (
  now: number,
  validMs: number,
): { readonly made: string; readonly validUntil: string } => ({
  made: new Date(now).toISOString(),
  validUntil: new Date(now + validMs).toISOString(),
})

/** Clocks of two machines may differ by so much. */
const TOLERANCE_MS = 5 * 60_000

/**
 * @param now ms since 1970
 * @throws LetheError (usage): `order-expired`; `order-invalid` where it was made in the future, or judges ages at an instant there: by
 *   the clock of this machine rows would go that are young
 */
export function refuseExpired(
  order: { readonly made: string; readonly validUntil: string; readonly asOf?: string },
  now: number,
): void {
  const { made, validUntil, asOf = made } = order
  const latest = Math.max(Date.parse(made), Date.parse(asOf))
  if (latest > now + TOLERANCE_MS)
    throw new LetheError(
      'order-invalid',
      `the order is of ${new Date(latest).toISOString()}, and it is ${new Date(now).toISOString()} here: what is young now would go; nothing was done`,
      'check the clock of this machine, and of the one that made the order; then make another order',
    )
  if (Date.parse(validUntil) < now)
    throw new LetheError(
      'order-expired',
      `the order may be applied until ${validUntil}; nothing was done`,
      'make another order',
    )
}

export interface AppliedOrder {
  readonly applied: number
  readonly wasApplied: number
}

/** Does one target after the other. @throws what `apply` throws: the targets before are done */
export async function applyEach<T>(
  targets: Iterable<T>,
  apply: (target: T) => Promise<'applied' | 'was applied'>,
): Promise<AppliedOrder> {
  let applied = 0
  let wasApplied = 0
  for (const target of targets) {
    if ((await apply(target)) === 'applied') applied++
    else wasApplied++
  }
  return { applied, wasApplied }
}

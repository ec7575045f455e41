/** Counts by name, of names that are data: bounded, and safe for any name. */

/** More names than these are not told apart: data that makes up names must not fill the memory. */
const MOST_NAMES = 1000

/** A name may be `__proto__`. */
export const newNames = (): Record<string, number> => Object.create(null) as Record<string, number>

/** Adds `count` to a name. */
export function countName(names: Record<string, number>, name: string, count: number): void {
  const known = names[name]
  if (known !== undefined) names[name] = known + count
  else if (Object.keys(names).length < MOST_NAMES) names[name] = count
}

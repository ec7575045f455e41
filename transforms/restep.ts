/** What transforms share that take a stored result to a later step (`restep` of `transform.ts`). */
import { Failure, fail, type RecordContext, type Result } from './transform.ts'

type Apply = (text: string, record: RecordContext) => Result

const NO_RECORD: RecordContext = { subject: undefined, eventTime: undefined, now: 0 }

/** For transforms that change nothing of their own results, and whose later step sees all that it needs in those of the earlier. */
export function reapplied(previous: Apply, next: Apply): (stored: string) => Result {
  return (stored) => {
    const result = next(stored, NO_RECORD)
    if (result === stored || result instanceof Failure) return result
    return previous(stored, NO_RECORD) === stored ? result : fail('unparsable')
  }
}

/**
 * For transforms with a list of labels: by pairs of what one value has before and after. Undefined where a label stands for
 * values that part later, or where a label is one of both steps and means something else in each.
 */
export function relabelled(
  pairs: Iterable<readonly [previous: string, next: string]>,
): ((stored: string) => Result) | undefined {
  const labels = new Map<string, string>()
  const later = new Set<string>()
  for (const [previous, next] of pairs) {
    if ((labels.get(previous) ?? next) !== next) return undefined
    labels.set(previous, next)
    later.add(next)
  }
  for (const next of later) {
    if ((labels.get(next) ?? next) !== next) return undefined
    labels.set(next, next)
  }
  return (stored) => labels.get(stored) ?? fail('unparsable')
}

/** Whether two sets of options are equal but for these. */
export function sameBut(a: object, b: object, ...names: readonly string[]): boolean {
  const rest = (options: object): string =>
    JSON.stringify(
      Object.entries(options)
        .filter(([name, value]) => value !== undefined && !names.includes(name))
        .sort(([one], [other]) => (one < other ? -1 : 1)),
    )
  return rest(a) === rest(b)
}

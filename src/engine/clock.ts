/** The instant that retention is judged at, in milliseconds since 1970-01-01T00:00Z. */

/** A number is one fixed instant, for runs that are to be repeated; a function is asked for each record or batch. */
export type Now = number | (() => number)

/** Without `now`: the time of each call, so that an event that expires while a process runs is not published later. */
export function clockOf(now: Now = () => Date.now()): () => number {
  return typeof now === 'number' ? () => now : now
}

/** Work on many things at once: requests wait for a store, more than for this machine. */

export interface AtOnce {
  /** So many at once. */
  readonly most: number
  /** And of so many bytes together. */
  readonly bytes: number
}

/**
 * What `work` makes of each, in their order. `bytesOf`: undefined for what is worked on alone, as is what has more bytes than the limit. Where
 * one fails, no other is begun, and those that are under way end before that is thrown.
 */
export async function eachAtOnce<T, Made>(
  items: Iterable<T>,
  work: (item: T) => Promise<Made>,
  bytesOf: (item: T) => number | undefined,
  limit: AtOnce,
): Promise<readonly Made[]> {
  const made: Made[] = []
  const underWay = new Set<Promise<void>>()
  let bytes = 0
  let failed: { readonly error: unknown } | undefined
  let at = 0
  for (const item of items) {
    // At least one byte: beside what is worked on alone there is no room for nothing.
    const share = Math.min(Math.max(bytesOf(item) ?? limit.bytes, 1), limit.bytes)
    while (underWay.size > 0 && (underWay.size >= limit.most || bytes + share > limit.bytes))
      await Promise.race(underWay)
    if (failed !== undefined) break
    const place = at++
    const one = work(item)
      .then(
        (result) => {
          made[place] = result
        },
        (error: unknown) => {
          failed ??= { error }
        },
      )
      .finally(() => {
        bytes -= share
        underWay.delete(one)
      })
    bytes += share
    underWay.add(one)
  }
  await Promise.all(underWay)
  if (failed !== undefined) throw failed.error
  return made
}

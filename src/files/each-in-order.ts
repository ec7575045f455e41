/** Work on many things over a network: some at once, answers in order. */

/** So many at once. */
const AT_ONCE = 16

/** What `make` gives for each item, in their order. @throws what the first `make` that fails throws, when no other is at work */
export async function eachInOrder<In, Out>(
  items: readonly In[],
  make: (item: In) => Promise<Out>,
): Promise<Out[]> {
  const made: Out[] = []
  for (let at = 0; at < items.length; at += AT_ONCE) {
    const some = await Promise.allSettled(items.slice(at, at + AT_ONCE).map(make))
    for (const one of some) {
      if (one.status === 'rejected') throw one.reason
      made.push(one.value)
    }
  }
  return made
}

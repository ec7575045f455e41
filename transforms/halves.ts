/** Lists of which each has every second element of the one before it, down to one element: edges that nest. */
export function halves<Element>(list: readonly Element[]): Element[][] {
  const all: Element[][] = []
  for (let left = list; left.length > 1; ) {
    left = left.filter((_, at) => at % 2 === 1)
    all.push([...left])
  }
  return all
}

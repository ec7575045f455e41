/**
 * At most one line of a sort in each interval: the first at once, then the latest of those that came meanwhile, with
 * how many there were before it. Nothing is forgotten: what is held back comes when the interval ends, or at a flush.
 */

/** More sorts at once than these share one: memory stays bounded. */
const MOST_SORTS = 1000

interface Sort<Line> {
  since: number
  /** The latest that was held back. */
  held: Line | undefined
  /** How many were, that one among them. */
  count: number
}

export class Throttle<Line> {
  readonly #write: (line: Line, omitted: number) => void
  readonly #interval: number
  readonly #sorts = new Map<string, Sort<Line>>()
  #timer: NodeJS.Timeout | undefined

  /** `write` gets the number of lines of its kind that were left out since the last one. */
  constructor(write: (line: Line, omitted: number) => void, interval = 1000) {
    this.#write = write
    this.#interval = interval
  }

  offer(name: string, line: Line): void {
    const known = this.#sorts.has(name) || this.#sorts.size < MOST_SORTS ? name : 'other'
    const now = performance.now()
    const sort = this.#sorts.get(known)
    if (sort === undefined) {
      this.#sorts.set(known, { since: now, held: undefined, count: 0 })
      this.#write(line, 0)
    } else if (now - sort.since >= this.#interval) {
      this.#release(sort, line, now)
    } else {
      sort.held = line
      sort.count++
    }
    this.#timer ??= setTimeout(() => this.#tick(), this.#interval).unref()
  }

  /** Writes what is held back. */
  flush(): void {
    for (const { held, count } of this.#sorts.values()) if (held !== undefined) this.#write(held, count - 1)
    this.#sorts.clear()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Ends the intervals that are over. */
  #tick(): void {
    const now = performance.now()
    this.#timer = undefined
    for (const [name, sort] of this.#sorts) {
      if (now - sort.since < this.#interval) continue
      if (sort.held === undefined) this.#sorts.delete(name)
      else this.#release(sort, undefined, now)
    }
    if (this.#sorts.size > 0) this.#timer = setTimeout(() => this.#tick(), this.#interval / 4).unref()
  }

  /** Writes `line`, or what is held back where there is none, and begins a new interval. */
  #release(sort: Sort<Line>, line: Line | undefined, now: number): void {
    const latest = line ?? sort.held
    if (latest !== undefined) this.#write(latest, line === undefined ? sort.count - 1 : sort.count)
    sort.since = now
    sort.held = undefined
    sort.count = 0
  }
}

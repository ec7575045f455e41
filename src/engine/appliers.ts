/** What applies rules to the values of one row: an applier for each format that they are written in. */
import type { Format } from '../record/format.ts'
import type { RecordContexts } from './record-contexts.ts'
import { RuleApplier } from './rule-applier.ts'
import type { Suspects } from './suspects.ts'

export class Appliers {
  readonly contexts: RecordContexts
  /** In the format of the codec. */
  readonly main: RuleApplier
  readonly #all: Map<Format, RuleApplier>
  readonly #make: (format: Format) => RuleApplier

  constructor(
    format: Format,
    contexts: RecordContexts,
    suspects: Suspects,
    maxArenaBytes: number,
    now: number,
  ) {
    this.contexts = contexts
    this.#make = (one) => new RuleApplier(one, contexts, suspects, maxArenaBytes, now)
    this.main = this.#make(format)
    this.#all = new Map([[format, this.main]])
  }

  of(format: Format): RuleApplier {
    let applier = this.#all.get(format)
    if (applier === undefined) {
      applier = this.#make(format)
      applier.now = this.main.now
      this.#all.set(format, applier)
    }
    return applier
  }

  set now(now: number) {
    for (const applier of this.#all.values()) applier.now = now
  }

  /** Before another block, or another run over the same one. */
  clear(): void {
    this.contexts.clear()
    for (const applier of this.#all.values()) applier.isFull = false
  }

  get isFull(): boolean {
    if (this.#all.size === 1) return this.main.isFull
    return [...this.#all.values()].some(({ isFull }) => isFull)
  }
}

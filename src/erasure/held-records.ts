/**
 * Of which legal holds on subjects a record of a topic is none: it is held unless that is proven, as a row of a file is. A record does not
 * say under which keyset it was made, as the sidecar of a file does; so only those are asked that were found by a token of a subject.
 */
import type { RowFinder } from '../lifecycle/held-subjects.ts'
import { stateOf } from '../lifecycle/legal-hold.ts'
import type { ErasureRequest } from '../lifecycle/target.ts'
import type { Plan } from '../policy/plan.ts'
import { type ScalarChoice, ScalarSearch } from './scalar-search.ts'

const NOT_OF = 'other-subject'

export class HeldRecords {
  readonly #byHold: readonly { readonly id: string; readonly search: ScalarSearch }[]

  /** Of records that the plan's policy made. `isOther`: whether a text is a token under a key that is not in the keyset. */
  constructor(
    plan: Plan,
    { holds, heldAt, keyChecks }: Pick<ErasureRequest, 'holds' | 'heldAt' | 'keyChecks'>,
    isOther: (text: string) => boolean,
  ) {
    const made = { fingerprint: plan.fingerprint, keyChecks }
    this.#byHold = holds.flatMap((hold) => {
      if (hold.subjects === undefined || stateOf(hold, heldAt) !== 'in force') return []
      const finders = hold.findersFor?.(made)
      if (finders === undefined || typeof finders === 'string') return []
      return [{ id: hold.id, search: new ScalarSearch(plan, othersBy(finders, isOther), heldAt) }]
    })
  }

  /** Ids of the holds of none of whose subjects each value is, in order. Null, a tombstone, names a subject in its key alone. */
  judge(values: readonly (Uint8Array | null)[]): readonly ReadonlySet<string>[] {
    const notOf = values.map(() => new Set<string>())
    for (const { id, search } of this.#byHold)
      for (const [at, { by }] of search.judge(values).entries())
        if (by === NOT_OF || values[at] === null) notOf[at]!.add(id)
    return notOf
  }
}

const othersBy = (finders: readonly RowFinder[], isOther: (text: string) => boolean): ScalarChoice => ({
  reads: finders.map(({ path }) => path),
  reasons: [NOT_OF],
  choose(texts) {
    let isNamed = false
    for (const [at, { find, tells }] of finders.entries()) {
      const all = texts(at)
      if (all.some((text) => find(text) || isOther(text))) return undefined
      isNamed ||= tells && all.length > 0
    }
    return isNamed ? NOT_OF : undefined
  },
})

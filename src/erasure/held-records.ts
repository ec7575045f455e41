/**
 * Of which legal holds on subjects a record of a topic is none: it is held unless that is proven, as a row of a file is. A record does not
 * say under which keyset it was made, as the sidecar of a file does; so only those are asked that were found by a token of a subject.
 */
import type { Finder, RowFinder } from '../lifecycle/held-subjects.ts'
import { stateOf } from '../lifecycle/legal-hold.ts'
import type { ErasureRequest } from '../lifecycle/target.ts'
import type { Plan } from '../policy/plan.ts'
import { type ScalarChoice, ScalarSearch } from './scalar-search.ts'
import { OPERATION, type StoredForm } from './stored-form.ts'
import type { StoredSchemas } from './stored-schemas.ts'

const NOT_OF = 'other-subject'

export class HeldRecords {
  readonly #byHold: readonly { readonly id: string; readonly searches: readonly ScalarSearch[] }[]

  /**
   * Of records that the plan's policy made, which stand in one of the forms. `isOther`: whether a text is a token under a key that is
   * not in the keyset; `beside`: what of an event may be a token of another subject, beside its rows.
   */
  constructor(
    plan: Plan,
    forms: readonly StoredForm[],
    { holds, heldAt, keyChecks }: Pick<ErasureRequest, 'holds' | 'heldAt' | 'keyChecks'>,
    isOther: (text: string) => boolean,
    beside: readonly Finder[],
  ) {
    const made = { fingerprint: plan.fingerprint, keyChecks }
    this.#byHold = holds.flatMap((hold) => {
      if (hold.subjects === undefined || stateOf(hold, heldAt) !== 'in force') return []
      const finders = hold.findersFor?.(made)
      if (finders === undefined || typeof finders === 'string') return []
      const searches = forms.map(
        (form) => new ScalarSearch(form, othersBy(form, finders, isOther, beside), heldAt),
      )
      return [{ id: hold.id, searches }]
    })
  }

  /** Ids of the holds of none of whose subjects each value is, in order. Null, a tombstone, names a subject in its key alone. */
  judge(values: readonly (Uint8Array | null)[], schemas: StoredSchemas): readonly ReadonlySet<string>[] {
    const notOf = values.map(() => new Set<string>())
    for (const { id, searches } of this.#byHold) {
      const judged = searches.map((search) => search.judge(values, schemas))
      for (const [at, value] of values.entries()) {
        // Where it can be read in several ways, it is of others in each of them.
        const read = judged.flatMap((all) => (all[at]!.isUnread ? [] : [all[at]!.by]))
        if (value === null || (read.length > 0 && read.every((by) => by === NOT_OF))) notOf[at]!.add(id)
      }
    }
    return notOf
  }
}

/** A record is of others where each row that it holds names one of them. */
function othersBy(
  { rows, places, plan }: StoredForm,
  finders: readonly RowFinder[],
  isOther: (text: string) => boolean,
  beside: readonly Finder[],
): ScalarChoice {
  const reads: ScalarChoice['reads'][number][] = []
  const add = (paths: ScalarChoice['reads']): number[] => paths.map((path) => reads.push(path) - 1)
  const byRow = rows.map(({ place, scalars, isWhole, isNotIn }) => ({
    told: finders.map(({ path, find, tells }) => ({ read: add([place(path)])[0]!, find, tells })),
    scalars: add(scalars),
    isWhole,
    isNotIn,
  }))
  const own = beside.flatMap(({ path, find }) => add(places(path)).map((read) => ({ read, find })))
  const isTold = rows.length > 1 && plan.fields.some(({ path }) => path.text === OPERATION.text)
  const operation = isTold ? add([OPERATION])[0] : undefined
  return {
    reads,
    reasons: [NOT_OF],
    choose(texts) {
      const op = operation === undefined ? [] : texts(operation)
      let isNamed = false
      for (const { told, scalars, isWhole, isNotIn } of byRow) {
        let isOfOther = false
        for (const { read, find, tells } of told) {
          const all = texts(read)
          if (all.some((text) => find(text) || isOther(text))) return undefined
          isOfOther ||= tells && all.length > 0
        }
        const isEmpty = scalars.every((read) => texts(read).length === 0)
        const isAbsent = isEmpty && (isWhole || op.some((text) => isNotIn.includes(text)))
        if (!isOfOther && !isAbsent) return undefined
        isNamed ||= isOfOther
      }
      if (own.some(({ read, find }) => texts(read).some((text) => !find(text)))) return undefined
      return isNamed ? NOT_OF : undefined
    },
  }
}

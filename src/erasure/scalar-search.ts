/** Looks at scalars of JSON texts, with the engine of streams: it reads them as the one that wrote them. */
import type { Gate } from '../engine/gate.ts'
import { MessageBatch } from '../engine/message-batch.ts'
import type { MessageEngine } from '../engine/message-engine.ts'
import type { Finder } from '../lifecycle/held-subjects.ts'
import { storedPlan } from '../lifecycle/stored-plan.ts'
import type { Path } from '../policy/path.ts'
import type { Plan } from '../policy/plan.ts'
import { messageEngine } from '../run/engines.ts'

/** A record of a topic is no larger than brokers take. */
const MOST_BYTES = 256 << 20

export interface Scalars {
  /** The reason that was given for the text. */
  readonly by: string | undefined
  readonly isUnread: boolean
  /** Whether a token in it is under a key that is not known. */
  readonly isOther: boolean
}

export interface ScalarChoice {
  readonly reads: readonly Path[]
  readonly reasons: readonly string[]
  /** The reason for a text with these scalars, by the index of the path in `reads`. */
  readonly choose: (texts: (read: number) => readonly string[]) => string | undefined
}

const ABSENT: Scalars = { by: undefined, isUnread: false, isOther: false }
/** No path of an output. */
const OTHER_KEY = '$other-key'

export class ScalarSearch {
  readonly #engine: MessageEngine | undefined

  constructor(plan: Plan, { reads, reasons, choose }: ScalarChoice, now: number) {
    if (reads.length === 0) return
    const gate: Gate = {
      name: 'erasure',
      phase: 'before-rules',
      reads,
      reasons,
      judge(records) {
        for (let record = records.from; record < records.to; record++) {
          if (records.isOut(record)) continue
          const reason = choose((read) => records.texts(record, read))
          if (reason !== undefined) records.suppress(record, reason)
        }
      },
    }
    const stored = storedPlan(plan, false, undefined).plan
    this.#engine = messageEngine(stored, {
      ...{ now, gates: [gate], compacted: false, keyRules: [] },
      maxRecordBytes: MOST_BYTES,
    })
  }

  /** Of each text, in order; null has no scalars. */
  judge(texts: readonly (Uint8Array | null)[]): readonly Scalars[] {
    const engine = this.#engine
    if (engine === undefined || texts.length === 0) return texts.map(() => ABSENT)
    const batch = new MessageBatch()
    for (const value of texts) batch.add({ key: null, value, headers: undefined, timestamp: -1 })
    const outcomes = engine.rewrite(batch)
    engine.takeAccount()
    return texts.map((text, at): Scalars => {
      if (text === null) return ABSENT
      const kind = outcomes.kind(at)
      const reason = outcomes.reason(at)
      const isOther = reason === OTHER_KEY
      return {
        by: isOther ? undefined : reason,
        isUnread: kind !== 'publish' && kind !== 'suppress',
        isOther,
      }
    })
  }
}

/** By the path of the first finder that finds a subject. `isOther`: whether a text is a token under a key that is not known. */
export function foundBy(
  plan: Plan,
  finders: readonly Finder[],
  isOther: (text: string) => boolean,
  now: number,
): ScalarSearch {
  const paths = finders.map(({ path }) => path.text)
  return new ScalarSearch(
    plan,
    {
      reads: finders.map(({ path }) => path),
      reasons: [...paths, OTHER_KEY],
      choose(texts) {
        const by = finders.findIndex(({ find }, at) => texts(at).some(find))
        if (by >= 0) return paths[by]!
        return finders.some((_, at) => texts(at).some(isOther)) ? OTHER_KEY : undefined
      },
    },
    now,
  )
}

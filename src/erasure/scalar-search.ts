/** Looks at scalars of stored records, with the engine of streams: it reads them as the one that wrote them. */
import type { Gate } from '../engine/gate.ts'
import { MessageBatch } from '../engine/message-batch.ts'
import type { MessageEngine } from '../engine/message-engine.ts'
import type { Finder } from '../lifecycle/held-subjects.ts'
import type { Path } from '../policy/path.ts'
import { PLAIN_FORM, type ValueFormat, type WireForm } from '../record/wire-form.ts'
import { messageEngine } from '../run/engines.ts'
import type { StoredForm } from './stored-form.ts'
import type { StoredSchema, StoredSchemas } from './stored-schemas.ts'

/** A record of a topic is no larger than brokers take. */
const MOST_BYTES = 256 << 20
/** Of formats whose values may be longer as texts: no route takes longer ones. */
const MOST_FRAMED_BYTES = 64 << 20
/** So many schemas an engine knows, and those that its records name now. */
const MOST_SCHEMAS = 1000

export interface Scalars {
  /** The reason that was given for the record. */
  readonly by: string | undefined
  readonly isUnread: boolean
  /** Whether a token in it is under a key that is not known. */
  readonly isOther: boolean
}

export interface ScalarChoice {
  readonly reads: readonly Path[]
  readonly reasons: readonly string[]
  /** The reason for a record with these scalars, by the index of the path in `reads`. */
  readonly choose: (texts: (read: number) => readonly string[]) => string | undefined
}

const ABSENT: Scalars = { by: undefined, isUnread: false, isOther: false }
const UNREAD: Scalars = { ...ABSENT, isUnread: true }
/** No path of an output. */
const OTHER_KEY = '$other-key'

/** `plain`: in no frame. */
type Way = 'plain' | ValueFormat

const formOf = (way: Way): WireForm =>
  way === 'plain'
    ? PLAIN_FORM
    : {
        value: { format: way, framing: 'confluent', inner: 'none' },
        key: PLAIN_FORM.key,
        checksFrames: true,
      }

/** Reads records of one format. */
class FormatReader {
  readonly #engine: MessageEngine
  #learnt = new Set<number>()

  constructor(engine: MessageEngine) {
    this.#engine = engine
  }

  judge(values: readonly Uint8Array[], schemas: readonly StoredSchema[]): readonly Scalars[] {
    const engine = this.#engine
    this.#learn(new Map(schemas.map((one) => [one.id, one])))
    const batch = new MessageBatch()
    for (const value of values) batch.add({ key: null, value, headers: undefined, timestamp: -1 })
    const outcomes = engine.rewrite(batch)
    engine.takeAccount()
    return values.map((_, at): Scalars => {
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

  #learn(named: ReadonlyMap<number, StoredSchema>): void {
    const part = 'value' as const
    const old = [...this.#learnt].filter((id) => this.#learnt.size > MOST_SCHEMAS && !named.has(id))
    const known = [...named.values()].flatMap(({ id, schema }) =>
      this.#learnt.has(id) ? [] : [{ id, part, schema }],
    )
    if (old.length + known.length === 0) return
    this.#engine.learn({ known, forgotten: old.map((id) => ({ id, part })) })
    for (const id of old) this.#learnt.delete(id)
    for (const { id } of known) this.#learnt.add(id)
  }
}

export class ScalarSearch {
  readonly #readers = new Map<Way, FormatReader>()
  readonly #make: ((way: Way) => FormatReader) | undefined

  constructor({ plan }: StoredForm, { reads, reasons, choose }: ScalarChoice, now: number) {
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
    const options = { now, gates: [gate], compacted: false, keyRules: [] }
    this.#make = (way) => {
      const maxRecordBytes = way === 'plain' ? MOST_BYTES : MOST_FRAMED_BYTES
      return new FormatReader(messageEngine(plan, { ...options, maxRecordBytes }, formOf(way)))
    }
  }

  /** Whether values are looked at. */
  get isSearching(): boolean {
    return this.#make !== undefined
  }

  /** Of each value, in order; null has no scalars. Without schemas, values are JSON in no frame. */
  judge(values: readonly (Uint8Array | null)[], schemas?: StoredSchemas): readonly Scalars[] {
    const judged: Scalars[] = values.map(() => ABSENT)
    if (this.#make === undefined) return judged
    const places = new Map<Way, { readonly at: number[]; readonly schemas: StoredSchema[] }>()
    for (const [at, value] of values.entries()) {
      if (value === null) continue
      const schema = schemas?.of(value)
      if (schema !== undefined && 'code' in schema) {
        judged[at] = UNREAD
        continue
      }
      const way = schema?.format ?? 'plain'
      const known = places.get(way) ?? { at: [], schemas: [] }
      places.set(way, known)
      known.at.push(at)
      if (schema !== undefined) known.schemas.push(schema)
    }
    for (const [way, { at: all, schemas: named }] of places) {
      const found = this.#reader(way).judge(
        all.map((at) => values[at]!),
        named,
      )
      for (const [index, at] of all.entries()) judged[at] = found[index]!
    }
    return judged
  }

  #reader(way: Way): FormatReader {
    const known = this.#readers.get(way) ?? this.#make!(way)
    this.#readers.set(way, known)
    return known
  }
}

/**
 * By the place of the first finder that finds a subject; of change events each stands in both images, and one is enough.
 * `isOther`: whether a text is a token under a key that is not known.
 */
export function foundBy(
  form: StoredForm,
  finders: readonly Finder[],
  isOther: (text: string) => boolean,
  now: number,
): ScalarSearch {
  const placed = finders.flatMap(({ path, find }) => form.places(path).map((at) => ({ at, find })))
  const paths = placed.map(({ at }) => at.text)
  return new ScalarSearch(
    form,
    {
      reads: placed.map(({ at }) => at),
      reasons: [...paths, OTHER_KEY],
      choose(texts) {
        const by = placed.findIndex(({ find }, at) => texts(at).some(find))
        if (by >= 0) return paths[by]!
        return placed.some((_, at) => texts(at).some(isOther)) ? OTHER_KEY : undefined
      },
    },
    now,
  )
}

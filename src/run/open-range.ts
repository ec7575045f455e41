/** What was taken of a partition and is in no published file yet: its file, and what is counted once that is published. */
import type { RangeFile } from '../datasets/range-file.ts'
import type { RangeStart } from '../datasets/range-name.ts'
import type { RangeMade, RangeNote } from '../datasets/range-note.ts'
import { type Account, addAccount, emptyAccount, sum } from '../engine/account.ts'
import { type GroupsPart, SubjectGroups } from '../groups/subject-groups.ts'
import { type Emitted, noneEmitted } from '../kafka/batch-outputs.ts'
import type { Plan } from '../policy/plan.ts'
import type { BatchTimes } from './batch-settler.ts'
import type { TableOffset } from './gate-state.ts'
import type { JudgedBatch } from './route-sink.ts'

export class OpenRange {
  readonly start: RangeStart
  readonly file: RangeFile
  /** Behind the last record. */
  next: number
  /** Of its rows, before compression. */
  bytes = 0
  readonly account: Account
  readonly emitted: Emitted = noneEmitted()
  rewriteMs = 0
  settleMs = 0
  /** Between which instants its records were judged. */
  #judged = { from: Number.POSITIVE_INFINITY, until: Number.NEGATIVE_INFINITY }
  readonly #since = performance.now()
  #groups: SubjectGroups | undefined
  /** The first and the last of each table. */
  readonly #tables: Map<string, TableOffset[]> = new Map()

  constructor(start: RangeStart, file: RangeFile, plan: Plan) {
    this.start = start
    this.file = file
    this.next = start.first
    this.account = emptyAccount(plan)
  }

  /** Milliseconds since its first record. */
  get age(): number {
    return performance.now() - this.#since
  }

  get tables(): readonly TableOffset[] {
    return [...this.#tables.values()].flat()
  }

  groups(): GroupsPart | undefined {
    return this.#groups?.part()
  }

  count(
    { account, groups, tables, judgedAt }: JudgedBatch,
    emitted: Emitted,
    { rewriteMs, settleMs }: BatchTimes,
  ): void {
    addAccount(this.account, account)
    const { from, until } = this.#judged
    this.#judged = { from: Math.min(from, judgedAt), until: Math.max(until, judgedAt) }
    for (const what of Object.keys(emitted) as (keyof Emitted)[]) this.emitted[what] += emitted[what]
    if (groups !== undefined) {
      this.#groups ??= new SubjectGroups()
      this.#groups.merge(groups)
    }
    for (const offset of tables) {
      const known = this.#tables.get(offset.table)
      if (known === undefined) this.#tables.set(offset.table, [offset])
      else known[1] = offset
    }
    this.rewriteMs += rewriteMs
    this.settleMs += settleMs
  }

  note(owner: string, policy: string, made: Omit<RangeMade, 'judged'>): RangeNote {
    const { records, published, tombstones, suppressed, deadLettered } = this.account
    return {
      v: 1,
      owner,
      ...this.start,
      next: this.next,
      records,
      rows: published,
      suppressed: sum(suppressed),
      tombstones,
      deadLetters: sum(deadLettered),
      policy,
      made: { judged: this.#judged, ...made },
    }
  }
}

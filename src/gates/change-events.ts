/** The gate of change events: which of them tell of a row, and what becomes of the others. */
import type { Gate } from '../engine/gate.ts'
import { DELETED } from '../engine/tombstones.ts'
import { parsePath } from '../policy/path.ts'
import type { Plan } from '../policy/plan.ts'

/** What the log holds of such a delete is its key; the rest of `before` is made up, and a gate would judge that. */
const WITHOUT_ROW = 'change: delete without its row'
const TRUNCATED = 'change: truncate'
const LOGGED = 'change: message of the log'
const SCHEMA_CHANGED = 'change: schema change'
const TRANSACTED = 'change: transaction'
/** Of files: a record that is null, which holds nothing that a gate could judge. */
export const NO_VALUE = 'change: tombstone'

const OF_ROWS: ReadonlySet<string> = new Set(['c', 'r', 'u', 'd'])
const OF_TRANSACTIONS: ReadonlySet<string> = new Set(['BEGIN', 'END'])

export interface ChangeGateOptions {
  readonly deletes: 'publish' | 'tombstone'
  readonly before: 'full' | 'key'
  /** Whether the output keeps the last record of each key only: an event without a row has none to stand under. */
  readonly compacted: boolean
}

/**
 * Judges events by `op`: those of rows go on to the other gates. A truncate, which has no row, is published where the policy says
 * that its operation may leave. A delete of which the key alone was logged is suppressed. Messages of the log (`op: m`), changes of the schema and what tells of transactions are
 * suppressed: they are no rows, and may hold statements. Anything else is no change event.
 */
export function changeGate({ envelope }: Plan, { deletes, before, compacted }: ChangeGateOptions): Gate {
  const op = envelope.find(({ path }) => path.text === '$change.op')
  const tells = op?.rulesByStep.flat().some(({ action }) => action.kind !== 'drop') === true
  const reasons = [TRUNCATED, LOGGED, SCHEMA_CHANGED, TRANSACTED]
  const deleted = deletes === 'tombstone' ? DELETED : before === 'key' ? WITHOUT_ROW : undefined
  /** Why an event of no row does not leave; undefined where it is none that is known. */
  const without = (status: string | undefined, ddl: string | undefined, database: string | undefined) => {
    if (status !== undefined && OF_TRANSACTIONS.has(status)) return TRANSACTED
    return ddl !== undefined || database !== undefined ? SCHEMA_CHANGED : undefined
  }
  return {
    name: 'change',
    phase: 'before-rules',
    isOfEvent: true,
    reads: ['op', 'status', 'ddl', 'databaseName'].map(parsePath),
    reasons: deleted === undefined ? reasons : [...reasons, deleted],
    judge(records) {
      for (let record = records.from; record < records.to; record++) {
        if (!records.isRead(record)) continue
        const text = records.text(record, 0)
        if (text !== undefined && OF_ROWS.has(text)) {
          if (text === 'd' && deleted !== undefined) records.suppress(record, deleted)
        } else if (text === 't') {
          if (compacted || !tells) records.deny(record, TRUNCATED)
        } else if (text === 'm') records.deny(record, LOGGED)
        else {
          const reason =
            text === undefined
              ? without(records.text(record, 1), records.text(record, 2), records.text(record, 3))
              : undefined
          if (reason === undefined) records.fail(record, 'not-a-change')
          else records.deny(record, reason)
        }
      }
    },
  }
}

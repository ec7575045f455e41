/** The consent tables of a process that are kept in topics: read to their ends before anything is judged, and followed then. */
import { LetheError } from '../../errors.ts'
import type { DriverEvent } from '../../kafka/driver.ts'
import { tableSourceOf } from '../../kafka/drivers.ts'
import { checkTableTopics } from '../../kafka/table-topics.ts'
import { MatchKeys } from '../../keys/match-keys.ts'
import type { Log } from '../../telemetry/log.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import type { Tables } from '../batch-rewriter.ts'
import { hearsAtStart } from './at-start.ts'
import { FollowedTable } from './followed-table.ts'
import type { Prepared } from './prepare.ts'

export interface FollowingOptions {
  readonly prepared: Prepared
  readonly log: Log
  readonly metrics: Metrics
  readonly stop: AbortSignal
}

export class FollowedTables implements Tables {
  readonly #tables: readonly FollowedTable[]

  private constructor(tables: readonly FollowedTable[]) {
    this.#tables = tables
  }

  /**
   * Reads those that the routes of the process go by into the configuration that their threads are given.
   * @throws LetheError where one cannot be read to its end, or its topic is not as it must be
   */
  static async open(options: FollowingOptions): Promise<FollowedTables> {
    const { prepared, log, stop } = options
    const made = makeTables(options)
    const tables = new FollowedTables(made.map(({ followed }) => followed))
    if (made.length === 0) return tables
    try {
      const topics = made.map(({ topic }) => topic)
      for (const one of await checkTableTopics(prepared.connect(), topics))
        log.event({ kind: 'unchecked', ...one })
      for (const { followed, loaded } of made) {
        await followed.readToEnd()
        if (stop.aborted) return tables
        Object.assign(loaded, followed.loaded)
      }
      return tables
    } catch (error) {
      await tables.close()
      throw error
    }
  }

  get offsets(): Tables['offsets'] {
    return this.#tables.map(({ offset }) => offset)
  }

  takeMoved(): ReturnType<Tables['takeMoved']> {
    return this.#tables.flatMap((table) => table.takeMoved())
  }

  /** Whether one of these is further behind than it may be. @throws LetheError where one cannot be followed any more */
  isBehind(names: ReadonlySet<string>): boolean {
    // Each is asked, so that each says how it is.
    return this.#tables.filter((table) => names.has(table.name) && table.isBehind).length > 0
  }

  async close(): Promise<void> {
    await Promise.all(this.#tables.map((table) => table.close()))
  }
}

function makeTables({ prepared, log, metrics, stop }: FollowingOptions) {
  const { pipeline, configuration, routes } = prepared
  const forms = new Map(
    routes.flatMap(({ plan }) => plan.consentTables.map((form) => [form.table, form] as const)),
  )
  return [...forms].flatMap(([table, form]) => {
    const loaded = configuration.tables?.get(table)
    const place = loaded?.topic
    if (loaded === undefined || place === undefined) return []
    const { matchKeyset } = configuration
    if (matchKeyset === undefined)
      throw new LetheError('match-key-missing', `no match keys are given for the consent table ${table}`)
    const hears: (event: DriverEvent) => void = hearsAtStart({ log, metrics })
    const gauges = metrics.table(table)
    const followed = new FollowedTable({
      form,
      place,
      matchKeys: new MatchKeys(matchKeyset),
      open: async (from) => {
        const open = await tableSourceOf(pipeline)
        const { topic } = place
        const { group } = routes[0]!.route.from
        return await open({ connection: prepared.connect(), topic, group, from, onEvent: hears })
      },
      log,
      tell: gauges,
      stop,
    })
    return [{ followed, loaded, topic: place.topic }]
  })
}

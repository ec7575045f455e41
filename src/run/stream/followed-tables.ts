/** The consent tables of a process that are kept in topics: read to their ends before anything is judged, and followed then. */
import { LetheError } from '../../errors.ts'
import type { DriverEvent } from '../../kafka/driver.ts'
import { tableSourceOf } from '../../kafka/drivers.ts'
import { checkTableTopics, type TopicLog } from '../../kafka/table-topics.ts'
import { TopicIdentity } from '../../kafka/topic-identity.ts'
import { MatchKeys } from '../../keys/match-keys.ts'
import type { ConsentTableForm, TableTopicPlace } from '../../lists/load-consent.ts'
import { TopicSnapshots } from '../../lists/topic-snapshots.ts'
import type { Log } from '../../telemetry/log.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import type { GateState } from '../gate-state.ts'
import { packageVersion } from '../package-root.ts'
import { hearsAtStart } from './at-start.ts'
import { type FollowedOptions, FollowedTable } from './followed-table.ts'
import type { Prepared } from './prepare.ts'

export interface FollowingOptions {
  readonly prepared: Prepared
  readonly log: Log
  readonly metrics: Metrics
  readonly stop: AbortSignal
  /** The number of this process among those of the instance: the first one writes snapshots. */
  readonly worker: number
}

export class FollowedTables implements GateState {
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
    const places = placesOf(prepared)
    if (places.length === 0) return new FollowedTables([])
    const topics = places.map(({ place }) => place.topic)
    const { unchecked, logs } = await checkTableTopics(prepared.connect(), topics)
    for (const one of unchecked) log.event({ kind: 'unchecked', ...one })
    const made = places.map(({ form, loaded, place }) => ({
      followed: new FollowedTable(followedOptions(form, place, logs.get(place.topic), options)),
      loaded,
    }))
    const tables = new FollowedTables(made.map(({ followed }) => followed))
    try {
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

  get offsets(): GateState['offsets'] {
    return this.#tables.map(({ offset }) => offset)
  }

  takeMoved(): ReturnType<GateState['takeMoved']> {
    return this.#tables.flatMap((table) => table.takeMoved())
  }

  isBehind(names: ReadonlySet<string>): boolean {
    // Each is asked, so that each says how it is.
    return this.#tables.filter((table) => names.has(table.name) && table.isBehind).length > 0
  }

  async close(): Promise<void> {
    await Promise.all(this.#tables.map((table) => table.close()))
  }
}

/** The tables of the routes that are kept in topics. */
function placesOf({ configuration, routes }: Prepared) {
  const forms = new Map(
    routes.flatMap(({ plan }) => plan.consentTables.map((form) => [form.table, form] as const)),
  )
  return [...forms].flatMap(([table, form]) => {
    const loaded = configuration.tables?.get(table)
    const place = loaded?.topic
    return loaded === undefined || place === undefined ? [] : [{ form, loaded, place }]
  })
}

function followedOptions(
  form: ConsentTableForm,
  place: TableTopicPlace,
  found: TopicLog | undefined,
  { prepared, log, metrics, stop, worker }: FollowingOptions,
): FollowedOptions {
  const { pipeline, configuration, routes } = prepared
  const { matchKeyset } = configuration
  if (matchKeyset === undefined)
    throw new LetheError('match-key-missing', `no match keys are given for the consent table ${form.table}`)
  const matchKeys = new MatchKeys(matchKeyset)
  const hears: (event: DriverEvent) => void = hearsAtStart({ log, metrics })
  const { topic, snapshot: file } = place
  const snapshots = (): FollowedOptions['snapshots'] => {
    if (file === undefined) return undefined
    // Which log it is of could not be told.
    if (found === undefined) return { code: 'log-unknown' }
    const version = packageVersion()
    const writes = worker === 0
    return new TopicSnapshots({ file, form, matchKeys, log: found, version, writes, now: Date.now })
  }
  return {
    form,
    place,
    matchKeys,
    open: async (from) => {
      const open = await tableSourceOf(pipeline)
      const { group } = routes[0]!.route.from
      return await open({ connection: prepared.connect(), topic, group, from, onEvent: hears })
    },
    identity: new TopicIdentity(() => prepared.connect(), topic, found?.topicId),
    log,
    tell: metrics.table(form.table),
    stop,
    snapshots: snapshots(),
  }
}

/** What `lethe replay PIPELINE` does, once its command line is read. */
import type { DeadLetterLimit } from '../../engine/limit.ts'
import { EXIT, LetheError } from '../../errors.ts'
import { FencedError } from '../../kafka/driver.ts'
import { type ExpectedKey, refuseOtherKeys } from '../../keys/real-data.ts'
import { withTransforms } from '../../policy/custom/modules.ts'
import { type ReplaySummary, summarizeReplay } from '../../run/account/replay-summary.ts'
import type { StopSignal } from '../../run/interrupt.ts'
import { packageVersion } from '../../run/package-root.ts'
import { checkTopics, runHere, tellStart, totalsOf, untilEnded } from '../../run/stream/leading-process.ts'
import { prepareFromDisk } from '../../run/stream/prepare.ts'
import { checkReplayRights, type PreparedReplay, prepareReplay } from '../../run/stream/prepare-replay.ts'
import { type ProcessSetting, STALLED_MS } from '../../run/stream/process-setting.ts'
import { tellMixed } from '../../run/stream/provenance.ts'
import { countsOf, recordRoutes } from '../../run/stream/record-stream.ts'
import { Totals } from '../../run/stream/totals.ts'
import { Health } from '../../telemetry/health.ts'
import { createLog, logSettings } from '../../telemetry/log.ts'
import { Metrics } from '../../telemetry/metrics.ts'
import { paint } from '../../terminal.ts'
import { routeOf } from '../route-option.ts'
import { SummaryFile } from '../stream/summary-file.ts'
import { replayLines } from './replay-lines.ts'

export interface TopicReplayOptions {
  readonly route?: string
  readonly code?: readonly string[]
  readonly since?: number
  readonly until?: number
  readonly unnamed?: boolean
  readonly maxDeadLetters: DeadLetterLimit
  readonly expectKey?: readonly ExpectedKey[]
  readonly summary?: string
  /** Seconds. */
  readonly progress: number
  readonly quiet?: boolean
}

export async function run(file: string, options: TopicReplayOptions): Promise<void> {
  const { prepared: whole, files } = await withTransforms(() => prepareFromDisk(file))
  const route = routeOf(whole.pipeline, options.route)
  const summaryFile =
    options.summary === undefined ? undefined : new SummaryFile(options.summary, whole.pipeline, files)
  const { code, since, until, unnamed = false } = options
  const codes = code === undefined ? undefined : new Set(code)
  const replaying = await prepareReplay(
    whole,
    route,
    { codes, since, until, unnamed },
    options.maxDeadLetters,
  )
  const { prepared } = replaying
  refuseOtherKeys(
    prepared.configuration.keyset,
    prepared.routes.flatMap(({ plan }) => plan.keyIds),
    options.expectKey ?? [],
  )
  const log = createLog(logSettings(process.env, process.stderr.isTTY))
  const metrics = new Metrics({ version: packageVersion(), process: false })
  const health = new Health({ stalledAfter: STALLED_MS, workers: 0 })
  try {
    const setting = { prepared, driver: replaying.driver, log, metrics, health }
    await recordRoutes('replay', prepared, async () => {
      const summary = await lead(setting, replaying, options, summaryFile)
      return () => countsOf(summary)
    })
  } finally {
    log.close()
  }
}

async function lead(
  setting: ProcessSetting,
  { replay }: PreparedReplay,
  options: TopicReplayOptions,
  summaryFile: SummaryFile | undefined,
): Promise<ReplaySummary> {
  const { prepared, log } = setting
  const { pipeline, routes } = prepared
  const [replayed] = routes as readonly [(typeof routes)[number]]
  const { route } = replayed
  const began = performance.now()
  tellStart(setting, 'exactly-once', 1)
  const totals = new Totals(routes)
  const { failure, signal } = await untilEnded(
    setting,
    async (stop) => {
      const limits = await checkTopics(setting)
      await checkReplayRights(prepared.connect(), pipeline.name, route)
      await tellMixed(prepared, log)
      await runHere(setting, limits, totals, { untilEnd: true, progress: options.progress, stop })
    },
    (error) => (error instanceof FencedError ? takenOver(route.name) : error),
  )
  const summary = summarizeReplay(pipeline, totalsOf(prepared, replayed, totals), replay, {
    failure,
    isStopped: signal !== undefined,
  })
  if (options.quiet !== true)
    process.stderr.write(`${replayLines(summary, paint(process.stderr)).join('\n')}\n`)
  await summaryFile?.write(`${JSON.stringify(summary, null, 2)}\n`)
  if (failure !== undefined) throw failure
  process.exitCode = exitCodeOf(summary, signal)
  log.event({
    kind: 'stopped',
    exitCode: Number(process.exitCode),
    milliseconds: Math.round(performance.now() - began),
  })
  return summary
}

function exitCodeOf({ records }: ReplaySummary, signal: StopSignal | undefined): number {
  if (signal === 'SIGINT') return EXIT.interrupted
  return Object.keys(records.deadLettered).length > 0 ? EXIT.deadLetters : EXIT.ok
}

const takenOver = (route: string): LetheError =>
  new LetheError(
    'fenced',
    `another \`lethe replay\` of the route ${route} has begun since, and takes what this one had not settled`,
    'let that one finish: nothing was lost, and nothing was written twice',
  )

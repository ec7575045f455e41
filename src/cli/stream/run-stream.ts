/** What `lethe stream` does, once its command line is read. */
import { EXIT } from '../../errors.ts'
import { BrokerWatch } from '../../kafka/broker-watch.ts'
import { chooseDriver } from '../../kafka/drivers.ts'
import { refuseOtherKeys } from '../../keys/real-data.ts'
import { watchSketches } from '../../lifecycle/sketch-expiry.ts'
import { withTransforms } from '../../policy/custom/modules.ts'
import { type StreamSummary, summarizeStream } from '../../run/account/stream-summary.ts'
import { packageVersion } from '../../run/package-root.ts'
import { ConfigurationWatch } from '../../run/stream/configuration-watch.ts'
import {
  checkTopics,
  type Ended,
  runHere,
  tellStart,
  totalsOf,
  untilEnded,
} from '../../run/stream/leading-process.ts'
import { prepareFromDisk } from '../../run/stream/prepare.ts'
import { type ProcessSetting, STALLED_MS, type StreamOptions } from '../../run/stream/process-setting.ts'
import { tellMixed } from '../../run/stream/provenance.ts'
import { countsOf, recordRoutes } from '../../run/stream/record-stream.ts'
import { sealerOf } from '../../run/stream/seal-batches.ts'
import { superviseWorkers } from '../../run/stream/supervise.ts'
import { Totals } from '../../run/stream/totals.ts'
import { Health } from '../../telemetry/health.ts'
import { serveTelemetry } from '../../telemetry/http.ts'
import { createLog, logSettings } from '../../telemetry/log.ts'
import { Metrics } from '../../telemetry/metrics.ts'
import { paint } from '../../terminal.ts'
import { deadLettersOf, streamLines } from './stream-lines.ts'
import { SummaryFile } from './summary-file.ts'

export async function run(file: string, options: StreamOptions): Promise<void> {
  const { prepared, files } = await withTransforms(() => prepareFromDisk(file))
  const summary =
    options.summary === undefined ? undefined : new SummaryFile(options.summary, prepared.pipeline, files)
  const used = prepared.routes.flatMap(({ plan }) => plan.keyIds)
  refuseOtherKeys(prepared.configuration.keyset, used, options.expectKey ?? [])
  // Who originals are sealed to is checked before anything is read.
  await sealerOf(prepared)
  const driver = await chooseDriver(prepared.pipeline)
  const log = createLog(logSettings(process.env, process.stderr.isTTY))
  const metrics = new Metrics({ version: packageVersion(), process: true })
  const health = new Health({
    stalledAfter: STALLED_MS,
    workers: options.workers > 1 ? options.workers : 0,
    asksBrokers: true,
  })
  health.keysLoaded()
  const sketches = watchSketches(prepared, (event) => log.event(event))
  const watch = new ConfigurationWatch(files, log, options.progress * 1000)
  try {
    const setting = { prepared, driver, log, metrics, health }
    await recordRoutes('stream', prepared, async () => {
      const { routes } = await lead(setting, file, options, watch, summary)
      return (name) => countsOf(routes.find(({ route }) => route === name)!)
    })
  } finally {
    watch.close()
    sketches.close()
    log.close()
  }
}

/** The process that people start: it serves telemetry, and gives the account at the end. */
async function lead(
  setting: ProcessSetting,
  file: string,
  options: StreamOptions,
  watch: ConfigurationWatch,
  summaryFile: SummaryFile | undefined,
): Promise<StreamSummary> {
  const { prepared, driver, log, metrics, health } = setting
  const { pipeline } = prepared
  const began = performance.now()
  tellStart(setting, pipeline.delivery, options.workers)
  const totals = new Totals(prepared.routes)
  const workers = options.workers > 1 ? superviseWorkers(setting, file, options, totals, watch) : undefined
  if (workers === undefined) metrics.workers(1, 1)
  const http =
    pipeline.http &&
    (await serveTelemetry({
      ...pipeline.http,
      metrics: async () =>
        workers === undefined ? await metrics.text() : await workers.metrics(await metrics.json()),
      health: { live: () => health.live(), ready: () => health.ready() },
    }))
  if (http !== undefined) log.event({ kind: 'listening', host: http.host, port: http.port })
  const brokers = http && new BrokerWatch(prepared.connect, (state) => health.brokersSay(state))
  let ended: Ended
  try {
    ended = await untilEnded(setting, async (stop) => {
      const limits = await checkTopics(setting)
      await tellMixed(prepared, log)
      if (workers !== undefined) await workers.run(stop)
      else
        await runHere(setting, limits, totals, {
          untilEnd: options.untilEnd === true,
          progress: options.progress,
          stop,
        })
    })
  } finally {
    await brokers?.close()
    await http?.close()
  }
  const { failure, signal } = ended
  const ending = { failure, lastAccounts: workers?.complete ?? true }
  const summary = summarizeStream(
    pipeline,
    driver.name,
    prepared.routes.map((route) => totalsOf(prepared, route, totals)),
    ending,
  )
  if (options.quiet !== true)
    process.stderr.write(`${streamLines(summary, ending, paint(process.stderr)).join('\n')}\n`)
  await summaryFile?.write(`${JSON.stringify(summary, null, 2)}\n`)
  if (failure !== undefined) throw failure
  if (signal === 'SIGINT') process.exitCode = EXIT.interrupted
  else if (options.untilEnd === true && deadLettersOf(summary) > 0) process.exitCode = EXIT.deadLetters
  log.event({
    kind: 'stopped',
    exitCode: Number(process.exitCode ?? 0),
    milliseconds: Math.round(performance.now() - began),
  })
  return summary
}

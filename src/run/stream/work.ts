/** What a worker process of `lethe stream --workers N` does: what its parent tells it, and nothing without one. */
import { setTimeout as sleep } from 'node:timers/promises'
import { LetheError } from '../../errors.ts'
import { FencedError } from '../../kafka/driver.ts'
import { chooseDriver } from '../../kafka/drivers.ts'
import { preflight } from '../../kafka/preflight.ts'
import { withTransforms } from '../../policy/custom/modules.ts'
import { Health } from '../../telemetry/health.ts'
import { createLog, logSettings } from '../../telemetry/log.ts'
import { Metrics } from '../../telemetry/metrics.ts'
import { fromPost } from '../configuration.ts'
import { onStop } from '../interrupt.ts'
import { packageVersion } from '../package-root.ts'
import { hearsAtStart } from './at-start.ts'
import { runInstance } from './instance.ts'
import { type Prepared, prepareFrom } from './prepare.ts'
import { type ProcessSetting, STALLED_MS } from './process-setting.ts'
import { tellConfiguration } from './provenance.ts'
import { Totals } from './totals.ts'
import { type Begin, type LeadMessage, REPORT_MS, type WorkerMessage } from './worker-messages.ts'

/** Who is a parent answers long before. */
const BEGIN_MS = 30_000

interface Told extends Pick<Begin, 'untilEnd' | 'progress'> {
  readonly prepared: Prepared
}

/** @throws LetheError (usage) where no parent says what to run, or this process would run something else */
export async function work(file: string, worker: number): Promise<void> {
  const stop = new AbortController()
  const told = await prepareAsTold(file, worker, stop)
  // Told to stop before it began.
  if (told === undefined) return
  const { prepared } = told
  const driver = await chooseDriver(prepared.pipeline)
  const log = createLog({ ...logSettings(process.env, process.stderr.isTTY), worker })
  const metrics = new Metrics({ version: packageVersion(), process: true })
  const health = new Health({ stalledAfter: STALLED_MS, workers: 0 })
  health.keysLoaded()
  try {
    await runAs(worker, { prepared, driver, log, metrics, health }, told, stop)
  } finally {
    log.close()
  }
}

/** What came through the pipe, keys in the clear among it, goes no further than here. */
async function prepareAsTold(file: string, worker: number, stop: AbortController): Promise<Told | undefined> {
  const begin = await toldToBegin(stop)
  if (begin === undefined) return undefined
  const { configuration, digest, instance, groupsKey, untilEnd, progress } = begin
  const posted = fromPost(configuration)
  const prepared = await withTransforms(() => prepareFrom(file, posted, instance, groupsKey))
  if (prepared.digest === digest) return { prepared, untilEnd, progress }
  throw new LetheError(
    'config-differs',
    `worker ${worker} came to another configuration than the process that started it, so it runs nothing`,
    'restart the whole; was another version of Lethe installed meanwhile?',
  )
}

/** Waits for what the parent says; undefined where it says to stop, or is gone. */
async function toldToBegin(stop: AbortController): Promise<Begin | undefined> {
  if (process.send === undefined) throw alone()
  const begin = new Promise<Begin | undefined>((resolve) => {
    process.on('message', (message: LeadMessage) => {
      if (message.kind === 'begin') resolve(message)
      else if (message.kind === 'stop') {
        stop.abort()
        resolve(undefined)
      }
    })
    process.once('disconnect', () => {
      stop.abort()
      resolve(undefined)
    })
  })
  await tell({ kind: 'listening' })
  const late = new AbortController()
  try {
    const told = await Promise.race([begin, sleep(BEGIN_MS, 'late' as const, { signal: late.signal })])
    if (told === 'late') throw alone()
    return told
  } finally {
    late.abort()
  }
}

const alone = (): LetheError =>
  new LetheError(
    'bad-option',
    '--worker is for the processes that `lethe stream --workers N` starts: they get their configuration from it',
    'lethe stream PIPELINE --workers N',
  )

const tell = (message: WorkerMessage): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve()
    else process.send(message, () => resolve())
  })

/** Tells its parent what it does, and ends with it. */
async function runAs(
  worker: number,
  setting: ProcessSetting,
  told: Told,
  stop: AbortController,
): Promise<void> {
  const { metrics, health, prepared } = setting
  tellConfiguration(prepared, setting.log)
  const { digest } = prepared
  // The terminal tells the whole group; the parent, or its end, tells this process too.
  const giveBack = onStop(() => stop.abort())
  const totals = new Totals(prepared.routes)
  const report = async (): Promise<void> =>
    await tell({
      kind: 'report',
      digest,
      metrics: await metrics.json(),
      health: health.report(),
      counts: totals.snapshot('seldom'),
    })
  const timer = setInterval(() => void report(), REPORT_MS)
  let fenced = false
  try {
    const { limits } = await preflight(prepared.connect(), prepared.pipeline.routes, hearsAtStart(setting))
    await runInstance({
      ...setting,
      limits,
      worker,
      untilEnd: told.untilEnd,
      progress: told.progress * 1000,
      stop: stop.signal,
      opened: () => void tell({ kind: 'opened' }),
      groupLimits: (route) => totals.groupLimits(route),
      settled: (route, counts) => totals.add(route, counts),
      unsettled: (route, held) => totals.addUnsettled(route, held),
    })
  } catch (error) {
    fenced = error instanceof FencedError
    throw error
  } finally {
    clearInterval(timer)
    giveBack()
    await report()
    await tell({ kind: 'ended', digest, counts: totals.snapshot('all'), fenced })
    if (process.connected) process.disconnect()
  }
}

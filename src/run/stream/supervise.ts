/**
 * `--workers N`: N processes of one group. One that dies is started again, later each time, with the configuration that
 * this process read when it began: whatever became of the files since then, all of them run the same.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { EXIT, LetheError } from '../../errors.ts'
import type { MetricSnapshot } from '../../telemetry/metrics.ts'
import { WorkerMetrics } from '../../telemetry/worker-metrics.ts'
import { toPost } from '../configuration.ts'
import { onInterrupt } from '../interrupt.ts'
import type { ConfigurationWatch } from './configuration-watch.ts'
import { DRAIN_MS } from './instance.ts'
import type { ProcessSetting, StreamOptions } from './process-setting.ts'
import { type RouteCounts, type Totals, withGroups } from './totals.ts'
import type { Begin, LeadMessage, WorkerMessage } from './worker-messages.ts'

export interface Workers {
  /** Runs until all have ended in order, or one ends such that starting it again is no use. Throws then. */
  run(stop: AbortSignal): Promise<void>
  metrics(own: readonly MetricSnapshot[]): Promise<string>
  /** Whether every worker gave its last account. */
  readonly complete: boolean
}

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 30_000
/** After a run of this length, the next restart has the first, shortest wait. */
const GOOD_RUN_MS = 60_000

export function superviseWorkers(
  setting: ProcessSetting,
  file: string,
  options: StreamOptions,
  totals: Totals,
  watch: ConfigurationWatch,
): Workers {
  return new Supervisor(setting, file, options, totals, watch)
}

interface Worker {
  readonly number: number
  child: ChildProcess | undefined
  startedAt: number
  wait: number
  timer: NodeJS.Timeout | undefined
  /** Whether it, or one before it, ever joined its groups. */
  opened: boolean
  fenced: boolean
  counts: readonly (readonly [string, RouteCounts])[]
  gaveLast: boolean
  ended: boolean
}

class Supervisor implements Workers {
  readonly #setting: ProcessSetting
  readonly #file: string
  readonly #options: StreamOptions
  readonly #totals: Totals
  readonly #watch: ConfigurationWatch
  readonly #metrics: WorkerMetrics = new WorkerMetrics()
  readonly #workers: Worker[]
  #stopping = false
  #failure: LetheError | undefined
  #done: (() => void) | undefined
  complete = true

  constructor(
    setting: ProcessSetting,
    file: string,
    options: StreamOptions,
    totals: Totals,
    watch: ConfigurationWatch,
  ) {
    this.#setting = setting
    this.#file = file
    this.#options = options
    this.#totals = totals
    this.#watch = watch
    this.#workers = Array.from({ length: options.workers }, (_, number) => ({
      number,
      child: undefined,
      startedAt: 0,
      wait: FIRST_WAIT_MS,
      timer: undefined,
      opened: false,
      fenced: false,
      counts: [],
      gaveLast: false,
      ended: false,
    }))
    this.#tellRunning()
  }

  #tellRunning(): void {
    const running = this.#workers.filter(({ child }) => child !== undefined).length
    this.#setting.metrics.workers(this.#workers.length, running)
  }

  metrics(own: readonly MetricSnapshot[]): Promise<string> {
    return this.#metrics.text(own)
  }

  async run(stop: AbortSignal): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#done = resolve
    })
    stop.addEventListener('abort', () => this.#stop(), { once: true })
    // Nothing may outlive this process.
    const killAll = (): void => {
      for (const { child } of this.#workers) child?.kill('SIGKILL')
    }
    process.on('exit', killAll)
    const forget = onInterrupt(killAll)
    for (const worker of this.#workers) this.#start(worker)
    try {
      await done
    } finally {
      forget()
      process.removeListener('exit', killAll)
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  #start(worker: Worker): void {
    const { log } = this.#setting
    const args = ['stream', this.#file, '--worker', String(worker.number)]
    worker.startedAt = performance.now()
    worker.counts = []
    worker.gaveLast = false
    worker.timer = undefined
    const child = fork(fileURLToPath(new URL('../../cli/main.js', import.meta.url)), args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    })
    worker.child = child
    this.#tellRunning()
    child.on('message', (message) => this.#heard(worker, message as WorkerMessage))
    // What it told last may be heard after it ended: the channel closes behind it.
    let ended: { readonly code: number | null } | undefined
    let isClosed = false
    const gone = (): void => {
      if (ended !== undefined && isClosed) this.#exited(worker, ended.code)
    }
    child.once('exit', (code) => {
      ended = { code }
      gone()
    })
    child.once('disconnect', () => {
      isClosed = true
      gone()
    })
    log.event({ kind: 'worker-started', worker: worker.number })
  }

  #tell(worker: Worker, message: LeadMessage): void {
    worker.child?.send(message, () => {})
  }

  /** Made for each: what it holds is not kept. */
  #begin(): Begin {
    const { configuration, digest, instance, groupsKey } = this.#setting.prepared
    return {
      kind: 'begin',
      configuration: toPost(configuration),
      digest,
      instance,
      groupsKey,
      untilEnd: this.#options.untilEnd === true,
      progress: this.#options.progress,
    }
  }

  #heard(worker: Worker, message: WorkerMessage): void {
    if ('digest' in message && message.digest !== this.#setting.prepared.digest) {
      this.#refuse(worker)
      return
    }
    switch (message.kind) {
      case 'listening':
        this.#tell(worker, this.#begin())
        // It may not have listened yet when it was told.
        if (this.#stopping) this.#tell(worker, { kind: 'stop' })
        return
      case 'opened':
        worker.opened = true
        return
      case 'report':
        this.#metrics.report(worker.number, message.metrics)
        this.#setting.health.reported(worker.number, message.health)
        worker.counts = withGroups(message.counts, worker.counts)
        return
      case 'ended':
        worker.counts = withGroups(message.counts, worker.counts)
        worker.gaveLast = true
        worker.fenced = message.fenced
    }
  }

  /** It refuses by itself; should one not do so, nothing that it counted is added up. */
  #refuse(worker: Worker): void {
    worker.counts = []
    this.#failure ??= new LetheError(
      'config-differs',
      `worker ${worker.number} runs another configuration than this process`,
      'restart the whole; was another version of Lethe installed meanwhile?',
    )
    worker.child?.kill('SIGKILL')
    this.#stop()
  }

  #exited(worker: Worker, code: number | null): void {
    const { log, health } = this.#setting
    worker.child = undefined
    this.#tellRunning()
    this.#totals.addAll(worker.counts)
    this.#metrics.ended(worker.number)
    health.ended(worker.number)
    if (!worker.gaveLast) this.complete = false
    const again = this.#mayRunAgain(worker, code)
    if (performance.now() - worker.startedAt > GOOD_RUN_MS) worker.wait = FIRST_WAIT_MS
    log.event({
      kind: 'worker-ended',
      worker: worker.number,
      exitCode: code ?? -1,
      restartMilliseconds: again ? worker.wait : -1,
    })
    if (again) {
      worker.timer = setTimeout(() => {
        this.#watch.remind()
        this.#start(worker)
      }, worker.wait)
      worker.wait = Math.min(LONGEST_WAIT_MS, worker.wait * 2)
      return
    }
    worker.ended = true
    if (code !== EXIT.ok && !this.#stopping) this.#give(worker, code)
    if (this.#workers.every(({ ended }) => ended)) this.#done?.()
  }

  /** Usage errors, too many dead letters and a failed start would happen again; a fenced worker is already replaced. */
  #mayRunAgain({ opened, fenced }: Worker, code: number | null): boolean {
    if (this.#stopping || code === EXIT.ok || fenced) return false
    if (code === EXIT.usage || code === EXIT.deadLetters) return false
    return opened || code === null
  }

  /** A worker ends for good. Others go on without a fenced one; any other cause would end them too. */
  #give({ fenced, number }: Worker, code: number | null): void {
    const others = this.#workers.some(({ ended }) => !ended)
    if (fenced && others) return
    const exitCode = code === EXIT.usage || code === EXIT.deadLetters ? code : EXIT.io
    this.#failure ??=
      exitCode === EXIT.deadLetters
        ? new LetheError(
            'too-many-dead-letters',
            `worker ${number} had too many dead letters`,
            'their codes and positions are in the log above, and in the summary',
          )
        : new LetheError(
            exitCode === EXIT.usage ? 'worker-refused' : 'worker-failed',
            `worker ${number} ended, and a restart would fail the same way`,
            'see its messages in the log above',
          )
    this.#stop()
  }

  #stop(): void {
    if (this.#stopping) return
    this.#stopping = true
    for (const worker of this.#workers) {
      clearTimeout(worker.timer)
      if (worker.child === undefined) worker.ended = true
      else this.#tell(worker, { kind: 'stop' })
    }
    if (this.#workers.every(({ ended }) => ended)) this.#done?.()
    setTimeout(() => {
      for (const { child } of this.#workers) child?.kill('SIGKILL')
    }, DRAIN_MS + 10_000).unref()
  }
}

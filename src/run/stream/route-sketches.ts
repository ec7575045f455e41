/**
 * The sketches of a route in this process: one for each side and period. Each is a file of its own, named by a random number: no two
 * processes write one, and a process that is started again begins another. A file is written now and then, and at its end; what a
 * process that is killed has settled since is missing, which its file says (`open`).
 */
import { randomBytes } from 'node:crypto'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { LetheError } from '../../errors.ts'
import { TemporaryFile } from '../../files/temporary-file.ts'
import { HASHES } from '../../groups/keyed-hash.ts'
import type { RouteSketch } from '../../kafka/pipeline-file/pipeline.ts'
import type { Keyset } from '../../keys/keyset.ts'
import { KHyperLogLog, type SketchPart } from '../../measures/khyperloglog.ts'
import { sketchFigures } from '../../measures/sketch-figures.ts'
import { sketchBytes } from '../../measures/sketch-form.ts'
import { sketchName } from '../../measures/sketch-name.ts'
import type { Plan } from '../../policy/plan.ts'
import type { RouteMetrics } from '../../telemetry/route-metrics.ts'
import { sketchHead } from '../sketch-head.ts'

/** How often a sketch is written that has seen something: so much of what was settled a killed process may lose of it. */
const WRITE_MS = 30_000
/** Files that are held in memory while they cannot be written: some 1 MiB each. */
const MOST_UNWRITTEN = 16
/** Classes of fewer subjects count as at risk in metrics. */
export const AT_RISK = 5

export interface RouteSketchesOptions {
  readonly pipeline: string
  readonly route: string
  readonly plan: Plan
  readonly keyset: Keyset
  readonly setting: RouteSketch
  readonly metrics: Pick<RouteMetrics, 'sketched'>
  /** Called where a file could not be written. */
  readonly unwritten: (code: string) => void
  /** ms since the epoch; by default the clock. */
  readonly now?: () => number
}

/** The sketches of one period. */
interface Period {
  readonly start: number
  /** By side. */
  readonly sketches: readonly KHyperLogLog[]
  readonly files: readonly string[]
  isChanged: boolean
  /** When its first and its last batch was judged. */
  from: number
  until: number
}

export class RouteSketches {
  readonly #options: RouteSketchesOptions
  readonly #process = randomBytes(6).toString('hex')
  readonly #timer: NodeJS.Timeout
  #period: Period
  #writing: Promise<void> = Promise.resolve()
  /** By file, what could not be written yet, also of periods that are over. */
  readonly #unwritten = new Map<string, Uint8Array>()

  /** @throws LetheError where the folder is not there, or cannot be written to */
  constructor(options: RouteSketchesOptions) {
    this.#options = options
    const { folder } = options.setting
    try {
      accessSync(folder, constants.W_OK | constants.X_OK)
    } catch {
      throw new LetheError(
        'folder-missing',
        `the folder ${folder} of the sketches of the route ${options.route} is not there, or cannot be written to`,
        'make it, for the user of the stream alone (mode 0700)',
      )
    }
    this.#period = this.#begin(this.#now())
    this.#timer = setInterval(() => this.#look(), WRITE_MS)
    this.#timer.unref()
  }

  /** By side, hashes that need not be kept of what is judged at `now`. */
  limits(now: number): readonly number[] {
    const { sketches, start } = this.#period
    // Of a period that has not begun here yet, nothing is known.
    return sketches.map((sketch) => (this.#startOf(now) === start ? sketch.limit : HASHES))
  }

  /** A batch was taken that was judged at this instant: what was sketched of it, by side. */
  add(parts: readonly SketchPart[], judgedAt: number): void {
    // A clock that is set back begins no period again.
    if (this.#startOf(judgedAt) > this.#period.start) this.#turn(judgedAt)
    const period = this.#period
    parts.forEach((part, i) => {
      period.sketches[i]!.merge(part)
    })
    period.isChanged = true
    period.from = Math.min(period.from, judgedAt)
    period.until = Math.max(period.until, judgedAt)
  }

  /** Writes what there is, and ends. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#again()
    this.#write(true)
    await this.#writing
  }

  /** Resolves when what was to be written by now is. */
  async written(): Promise<void> {
    await this.#writing
  }

  #look(): void {
    this.#again()
    const now = this.#now()
    if (this.#startOf(now) > this.#period.start) this.#turn(now)
    else this.#write(false)
  }

  #turn(now: number): void {
    this.#write(true)
    this.#period = this.#begin(now)
  }

  #begin(now: number): Period {
    const { pipeline, route, setting } = this.#options
    const start = this.#startOf(now)
    return {
      start,
      sketches: setting.sides.map(() => new KHyperLogLog()),
      files: setting.sides.map((side) =>
        join(setting.folder, sketchName({ pipeline, route, side, start, process: this.#process })),
      ),
      isChanged: false,
      from: Number.POSITIVE_INFINITY,
      until: Number.NEGATIVE_INFINITY,
    }
  }

  /** Writes the sketches of the period as they are; `isWhole`: nothing more comes. */
  #write(isWhole: boolean): void {
    const period = this.#period
    if (period.until < period.from || !(period.isChanged || isWhole)) return
    period.isChanged = false
    const { plan, keyset, setting, metrics } = this.#options
    const { from, until } = period
    setting.sides.forEach((side, i) => {
      const sketch = period.sketches[i]!
      metrics.sketched(side, sketchFigures(sketch.sample(), AT_RISK))
      const span = { from, until, keep: setting.keep }
      const head = sketchHead(plan, keyset, { side, over: setting.over }, span, isWhole)
      this.#put(period.files[i]!, sketchBytes({ head, k: sketch.k, part: sketch.part() }))
    })
  }

  /** Writes again what could not be written before. */
  #again(): void {
    const before = [...this.#unwritten]
    this.#unwritten.clear()
    for (const [file, bytes] of before) this.#put(file, bytes)
  }

  #put(file: string, bytes: Uint8Array): void {
    this.#writing = this.#writing
      .then(() => replace(file, bytes))
      .catch((error: unknown) => {
        this.#unwritten.set(file, bytes)
        for (const oldest of this.#unwritten.keys()) {
          if (this.#unwritten.size <= MOST_UNWRITTEN) break
          this.#unwritten.delete(oldest)
        }
        this.#options.unwritten(error instanceof LetheError ? error.code : 'defect')
      })
  }

  #startOf(now: number): number {
    const { period } = this.#options.setting
    return Math.floor(now / period) * period
  }

  #now(): number {
    return (this.#options.now ?? Date.now)()
  }
}

async function replace(file: string, bytes: Uint8Array): Promise<void> {
  const output = new TemporaryFile(file, undefined, file, 'owner')
  try {
    await output.append(bytes)
    await output.finish()
    output.publish()
  } catch (error) {
    output.discard()
    throw error
  }
}

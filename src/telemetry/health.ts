/**
 * Whether the process is alive (its loops turn) and ready (brokers answer, its keys are loaded, its routes assigned). A
 * loop is the main loop of one route; those of worker processes are known from their reports. Brokers that are away make
 * not dead: a restart would not bring them back.
 */
import { clientCode } from './codes.ts'

/** For a schema that the registry does not give; for rules for what one tags; undefined: for none. */
export type WaitsForSchema = 'registry' | 'rules' | undefined

/** The state of one loop, as another process reports it. */
export interface LoopReport {
  readonly name: string
  /** Milliseconds since it turned. */
  readonly age: number
  readonly assigned: boolean
  /** It waits for a consent table that is behind. */
  readonly blocked: boolean
  /** It waits for a schema that the registry does not give, or for rules for what one tags. */
  readonly waitsForSchema: WaitsForSchema
}

export interface HealthReport {
  readonly keysLoaded: boolean
  readonly loops: readonly LoopReport[]
}

/** The answer to a probe. Each line is a check: words of ours, with names of routes, codes and no more. */
export interface Verdict {
  readonly ok: boolean
  readonly lines: readonly string[]
}

export interface HealthOptions {
  /** In milliseconds: a loop that has not completed a turn for this long counts as hanging. Longer than the longest wait within a turn. */
  readonly stalledAfter: number
  /** Worker processes to hear of before this one is ready; 0: the loops are here. */
  readonly workers?: number
  /** Whether the brokers are asked all the time. */
  readonly asksBrokers?: boolean
  /** A clock in milliseconds that is never set; for tests. */
  readonly now?: () => number
}

const OK = 'ok'

/** A loop of this process says that it turns. */
export class Loop {
  readonly name: string
  readonly #now: () => number
  #turned: number
  #assigned = false
  #blocked = false
  #waitsForSchema: WaitsForSchema

  constructor(name: string, now: () => number) {
    this.name = name
    this.#now = now
    this.#turned = now()
  }

  /** To be called once a turn, and before each further try of something that fails. */
  turned(): void {
    this.#turned = this.#now()
  }

  /** Whether the group has told this member its partitions; there may be none for it. */
  assigned(assigned: boolean): void {
    this.#assigned = assigned
  }

  /** Whether it reads nothing, because a consent table is further behind than it may be. */
  blocked(blocked: boolean): void {
    this.#blocked = blocked
  }

  /** What records wait for, where schemas are concerned. */
  waitsForSchema(waits: WaitsForSchema): void {
    this.#waitsForSchema = waits
  }

  report(): LoopReport {
    return {
      name: this.name,
      age: this.#now() - this.#turned,
      assigned: this.#assigned,
      blocked: this.#blocked,
      waitsForSchema: this.#waitsForSchema,
    }
  }
}

export class Health {
  readonly #stalledAfter: number
  readonly #workers: number
  readonly #now: () => number
  readonly #loops = new Map<string, Loop>()
  readonly #reports = new Map<number, { readonly report: HealthReport; readonly at: number }>()
  #keysLoaded = false
  /** `ok`, or why they do not answer; undefined: they are not asked. */
  #brokers: string | undefined

  constructor({
    stalledAfter,
    workers = 0,
    asksBrokers = false,
    now = () => performance.now(),
  }: HealthOptions) {
    this.#stalledAfter = stalledAfter
    this.#workers = workers
    if (asksBrokers) this.#brokers = 'not asked yet'
    this.#now = now
  }

  /** A loop begins here: it counts as just turned, and as not assigned yet. */
  begin(name: string): Loop {
    const loop = new Loop(name, this.#now)
    this.#loops.set(name, loop)
    return loop
  }

  /** A loop ended as it should: it need not turn any more. */
  end(loop: Loop): void {
    if (this.#loops.get(loop.name) === loop) this.#loops.delete(loop.name)
  }

  /** The policies' keys are there, or none is needed. */
  keysLoaded(): void {
    this.#keysLoaded = true
  }

  /** `ok`, or the code for why the brokers do not answer. */
  brokersSay(state: string): void {
    this.#brokers = state === OK ? OK : clientCode(state)
  }

  /** For the parent process. */
  report(): HealthReport {
    return { keysLoaded: this.#keysLoaded, loops: [...this.#loops.values()].map((loop) => loop.report()) }
  }

  /** What a worker process reported; it grows old from now on, so that a hanging worker is seen. */
  reported(worker: number, report: HealthReport): void {
    this.#reports.set(worker, { report, at: this.#now() })
  }

  /** A worker process ended. Until it is back, this instance is not ready. */
  ended(worker: number): void {
    this.#reports.delete(worker)
  }

  /** Whether no loop hangs. */
  live(): Verdict {
    const hanging = this.#all().filter(({ age }) => age > this.#stalledAfter)
    const lines = hanging.map(({ name, age }) => `${name}: no turn for ${Math.round(age / 1000)} s`)
    return { ok: lines.length === 0, lines: lines.length === 0 ? [OK] : lines }
  }

  /** Do brokers answer, are the keys loaded, and all loops assigned? A line for each. */
  ready(): Verdict {
    const reports = [...this.#reports.values()]
    const keys = this.#workers === 0 ? this.#keysLoaded : reports.every(({ report }) => report.keysLoaded)
    const loops = this.#all()
    const missing = this.#workers - reports.length
    const waiting = loops.filter(({ assigned }) => !assigned).map(({ name }) => name)
    const blocked = loops.filter((loop) => loop.blocked).map(({ name }) => name)
    const waitFor = (what: WaitsForSchema, says: string): [string, string][] => {
      const names = loops.filter((loop) => loop.waitsForSchema === what).map(({ name }) => name)
      return names.length === 0 ? [] : [['schemas', `${says}, so that records wait: ${names.join(', ')}`]]
    }
    const assigned =
      loops.length === 0
        ? 'no route is running'
        : waiting.length === 0
          ? OK
          : `not yet: ${waiting.join(', ')}`
    const checks: [string, string][] = [
      ...(this.#brokers === undefined ? [] : [['brokers', this.#brokers] as [string, string]]),
      ['keys', keys ? OK : 'not loaded'],
      ...(this.#workers === 0
        ? []
        : [
            ['workers', missing <= 0 ? OK : `${missing} of ${this.#workers} have not reported`] as [
              string,
              string,
            ],
          ]),
      ['assigned', assigned],
      ...(blocked.length === 0
        ? []
        : [['consent tables', `behind, so that these wait: ${blocked.join(', ')}`] as [string, string]]),
      ...waitFor('registry', 'the registry does not give one'),
      ...waitFor('rules', 'the policy has no rule for what one tags'),
    ]
    return {
      ok: checks.every(([, says]) => says === OK),
      lines: checks.map(([check, says]) => `${check}: ${says}`),
    }
  }

  #all(): LoopReport[] {
    const own = [...this.#loops.values()].map((loop) => loop.report())
    const others = [...this.#reports].flatMap(([worker, { report, at }]) =>
      report.loops.map((loop) => ({
        ...loop,
        name: `worker ${worker} ${loop.name}`,
        age: loop.age + this.#now() - at,
      })),
    )
    return [...own, ...others]
  }
}

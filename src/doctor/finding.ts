/** What `lethe doctor` finds, one by one. */
import { LetheError } from '../errors.ts'

/** What is looked at, in the order of the report. */
export const CHECKS = {
  driver: 'driver',
  keys: 'keys',
  approval: 'approvals',
  ledger: 'ledger',
  gates: 'suppression lists and consent tables',
  datasets: 'data sets',
  registry: 'schema registry',
  brokers: 'brokers',
  clock: 'clock',
  topics: 'topics',
  settings: 'settings of topics',
  records: 'records of inputs',
  retention: 'retention',
  rights: 'rights',
  group: 'groups',
} as const

export type Check = keyof typeof CHECKS

export interface Finding {
  readonly check: Check
  readonly level: 'ok' | 'warning' | 'problem'
  /** Undefined: of the pipeline as a whole. */
  readonly route: string | undefined
  readonly what: string
  /** What to do; undefined where nothing has to be done. */
  readonly way: string | undefined
}

type Words = readonly [what: string, way?: string]

export class Report {
  readonly #findings: Finding[] = []

  get findings(): readonly Finding[] {
    const order = Object.keys(CHECKS)
    return this.#findings.toSorted((a, b) => order.indexOf(a.check) - order.indexOf(b.check))
  }

  add(findings: readonly Finding[]): void {
    this.#findings.push(...findings)
  }

  ok(check: Check, what: string, route?: string): void {
    this.#findings.push({ check, level: 'ok', route, what, way: undefined })
  }

  warn(check: Check, [what, way]: Words, route?: string): void {
    this.#findings.push({ check, level: 'warning', route, what, way })
  }

  problem(check: Check, [what, way]: Words, route?: string): void {
    this.#findings.push({ check, level: 'problem', route, what, way })
  }

  /** An error that would stop the pipeline, as a problem. Anything else is thrown on. */
  failed(check: Check, error: unknown, route?: string): void {
    if (!(error instanceof LetheError)) throw error
    this.problem(
      check,
      error.suggestion === undefined ? [error.message] : [error.message, error.suggestion],
      route,
    )
  }
}

const UNITS = [
  [365 * 86_400_000, 'y'],
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const

/** A period for people: `7d`, `1.5h`. */
export function spell(milliseconds: number): string {
  const [size, unit] = UNITS.find(([least]) => milliseconds >= least) ?? [1, 'ms']
  return `${Number((milliseconds / size).toFixed(1))}${unit}`
}

/** Bytes for people. */
export function spellBytes(bytes: number): string {
  if (bytes >= 1 << 20) return `${Number((bytes / (1 << 20)).toFixed(2))} MiB`
  return bytes >= 1024 ? `${Number((bytes / 1024).toFixed(1))} KiB` : `${bytes} B`
}

export const plural = (count: number, word: string, many = `${word}s`): string =>
  `${count} ${count === 1 ? word : many}`

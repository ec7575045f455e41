/** kafkajs' own log as codes: its texts may hold names, addresses and what a server said. */
import type { DriverEvent } from '../../driver.ts'
import { type Logger, loggers } from './internals.ts'

type Severity = Extract<DriverEvent, { readonly kind: 'client-log' }>['severity']

const { LEVELS } = loggers

const SEVERITIES: ReadonlyMap<number, Severity> = new Map([
  [LEVELS.ERROR, 'error'],
  [LEVELS.WARN, 'warn'],
  [LEVELS.INFO, 'info'],
  [LEVELS.DEBUG, 'debug'],
])

/** Told, and better, by whoever meets it: as an event with its cause. */
const TOLD: readonly (readonly [namespace: RegExp, message: RegExp])[] = [
  [/^Connection$/, /^Connection (?:timeout|error)/],
  [/^SaslAuthenticator/, /./],
]

/** Where an entry comes from, how its text begins, and the code that stands for it. */
const CODES: readonly (readonly [namespace: RegExp, message: RegExp, code: string])[] = [
  [/^Connection$/, /^Response /, 'response-error'],
  [/^Connection$/, /./, 'connection'],
  [/^RequestQueue$/, /^Response without match/, 'response-unmatched'],
  [/^RequestQueue$/, /./, 'request-queue'],
  [/^Broker$/, /./, 'broker'],
]

/** A logger for kafkajs that tells `onEvent` codes only. */
export function clientLogger(onEvent: (event: DriverEvent) => void): Logger {
  return loggers.createLogger({
    level: LEVELS.WARN,
    logCreator:
      () =>
      ({ namespace, level, log: { message } }) => {
        const text = typeof message === 'string' ? message : ''
        if (TOLD.some(([from, begins]) => from.test(namespace) && begins.test(text))) return
        const found = CODES.find(([from, begins]) => from.test(namespace) && begins.test(text))
        onEvent({
          kind: 'client-log',
          severity: SEVERITIES.get(level) ?? 'info',
          code: `kafkajs-${found?.[2] ?? 'other'}`,
        })
      },
  })
}

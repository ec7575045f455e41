/** What is heard of the brokers before a route runs: causes in log and metrics, as when it does. */
import { causeOf } from '../../kafka/cause.ts'
import type { DriverEvent } from '../../kafka/driver.ts'
import type { ProcessSetting } from './process-setting.ts'

export const hearsAtStart =
  ({ log, metrics }: Pick<ProcessSetting, 'log' | 'metrics'>): ((event: DriverEvent) => void) =>
  (event) => {
    if (event.kind !== 'retry') return
    if (causeOf(event.code) !== 'unknown') metrics.clientError(event.code)
    log.event({ kind: 'retry', route: '', code: event.code })
  }

/** One broker for a run of the integration tests: started before the first of them, and not without one. */
import type { TestProject } from 'vitest/node'
import { type Broker, canRunKafka, findBroker } from './broker.mjs'
import { GuardedServer } from './guarded.ts'

/** What `inject('broker')` gives a test. */
export interface SharedBroker {
  readonly kind: Broker['kind'] | 'none'
  readonly isReal: boolean
  readonly address: string
  /** Whether tests can start brokers of their own. */
  readonly canStartOwn: boolean
  /** Where `guarded()` asks. */
  readonly guardedUrl: string
  /** Why it is no better one. */
  readonly reasons: readonly string[]
}

declare module 'vitest' {
  export interface ProvidedContext {
    broker: SharedBroker
  }
}

let broker: Broker | undefined
const guarded = new GuardedServer()

export async function setup(project: TestProject): Promise<void> {
  const say = (line: string): void => void process.stderr.write(`[broker] ${line}\n`)
  const found = await findBroker({ onProgress: say })
  broker = found.broker
  const { reasons } = found
  // Whoever names a broker wants the tests on it.
  if (broker === undefined && process.env['LETHE_KAFKA']) throw new Error(reasons.join('; '))
  if (broker?.isReal !== true) {
    for (const reason of reasons) say(`no ${reason}`)
    say(
      `TESTS ARE SKIPPED: ${broker === undefined ? 'there is no broker' : 'there is only the mock cluster'}`,
    )
  }
  const canStartOwn = broker?.kind === 'kafka' || canRunKafka()
  const { kind = 'none', isReal = false, address = '' } = broker ?? {}
  const guardedUrl = await guarded.listen()
  project.provide('broker', { kind, isReal, address, canStartOwn, guardedUrl, reasons })
}

export async function teardown(): Promise<void> {
  await Promise.all([guarded.close(), broker?.stop()])
}

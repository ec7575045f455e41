/**
 * Why librdkafka does not get through. Its errors of connections come without a code, and with a sentence for all of
 * them; only the line that it logs says what happened. The words of these lines are those of librdkafka 2 and stay here:
 * they name hosts.
 */
import type { Connection } from '../../driver.ts'
import { speaksTls } from '../../speaks-tls.ts'

/** A line of librdkafka's log. */
export interface LogLine {
  /** As syslog has them. */
  readonly severity: number
  /** What the line is about: `FAIL` for a connection that failed. */
  readonly fac: string
  readonly message: string
}

export function readLogLine(given: unknown): LogLine {
  const { severity, fac, message } = (given ?? {}) as Readonly<Record<string, unknown>>
  return {
    severity: typeof severity === 'number' ? severity : 7,
    fac: typeof fac === 'string' ? fac : '',
    message: typeof message === 'string' ? message : '',
  }
}

/** In this order: a handshake that takes too long is a timeout, whatever it is about. */
const FAILURES: readonly (readonly [words: RegExp, code: string])[] = [
  [/timed out/i, 'timeout'],
  [/: Failed to resolve /, 'dns'],
  [/: Connection refused/, 'connection-refused'],
  [/No route to host|Network is unreachable/, 'host-unreachable'],
  [/SSL handshake failed|in state SSL_HANDSHAKE\b/, 'tls-handshake'],
  [/Disconnected|reset by peer|Broken pipe/, 'connection-lost'],
  [/: SASL | in state AUTH/, 'auth-failed'],
]

/** The code for a log line about a connection; undefined for any other line. */
export function failureIn({ fac, message }: LogLine): string | undefined {
  return fac === 'FAIL' ? FAILURES.find(([words]) => words.test(message))?.[1] : undefined
}

/** Whether the first thing that was said, in plain text, was not answered: as listeners do that want TLS. */
export const isUnheard = ({ message }: LogLine): boolean =>
  /Disconnected.* in state APIVERSION_QUERY\b/.test(message)

/** How long the detected protocol of a listener stays valid. */
const BELIEVED_MS = 30_000

/** Asks the brokers whether they speak TLS, at most once in half a minute. */
export class TlsQuestion {
  readonly #brokers: readonly string[]
  #asked: Promise<boolean> | undefined
  #at = 0

  constructor({ brokers }: Connection) {
    this.#brokers = brokers
  }

  ask(): Promise<boolean> {
    const now = performance.now()
    if (this.#asked === undefined || now - this.#at > BELIEVED_MS) {
      this.#at = now
      this.#asked = Promise.all(this.#brokers.map(speaks)).then((answers) => answers.includes(true))
    }
    return this.#asked
  }
}

function speaks(broker: string): Promise<boolean> {
  const at = broker.lastIndexOf(':')
  return speaksTls(broker.slice(0, at).replace(/^\[|\]$/g, ''), Number(broker.slice(at + 1)))
}

/**
 * The log, on stderr. It takes events of a closed list (`events.ts`) and writes their allow-listed fields: an error,
 * a record or a foreign message given to it has no way out. Lines are written at once, so that none is lost at exit.
 */
import { pino } from 'pino'
import { LetheError } from '../errors.ts'
import { type Line, readEvent } from './event-fields.ts'
import type { EventKind, LogEvent, LogLevel } from './events.ts'
import { Throttle } from './throttle.ts'

export type LogFormat = 'json' | 'text'

export interface LogOptions {
  readonly format: LogFormat
  readonly level: LogLevel
  /** Number of this worker process, told on every line. */
  readonly worker?: number | undefined
  /** Default: stderr. */
  readonly write?: ((text: string) => void) | undefined
}

export interface Log {
  /**
   * Logs an event. Of one kind, code and place at most one line a second is written; it says in `omitted` how many
   * like it were left out since the one before.
   */
  event(event: LogEvent): void
  /** Writes what is held back. Happens at exit by itself. */
  flush(): void
  /** Flushes, and waits for the exit no more. */
  close(): void
}

/** These happen once, or when a person acts: each of them is written. */
const ALWAYS: ReadonlySet<EventKind> = new Set([
  'started',
  'listening',
  'policy-loaded',
  'key-loaded',
  'configuration-changed',
  'mixed-fingerprints',
  'version-not-raised',
  'route-started',
  'too-many-dead-letters',
  'unsettled',
  'table-read',
  'table-behind',
  'table-current',
  'schema-known',
  'schema-refused',
  'schema-held',
  'snapshot-read',
  'snapshot-written',
  'snapshot-unused',
  'snapshot-unwritten',
  'reached-end',
  'worker-started',
  'worker-ended',
  'client-lost',
  'stopping',
  'failed',
  'stopped',
])

/** Lines with the same of these, of one kind, are of one sort. */
const SORT = ['code', 'route', 'topic', 'partition', 'client']

/** More than this is not kept for a reader of the log that has stopped reading. */
const MOST_UNREAD_BYTES = 1024 * 1024

/**
 * Format and level as the environment says: `LETHE_LOG=json|text` (default: text on a terminal) and
 * `LETHE_LOG_LEVEL=error|warn|info|debug` (default: info).
 * @throws LetheError (usage) for anything else
 */
export function logSettings(
  env: Readonly<Record<string, string | undefined>>,
  terminal: boolean,
): { format: LogFormat; level: LogLevel } {
  const choose = <Word extends string>(name: string, words: readonly Word[], otherwise: Word): Word => {
    const given = env[name]
    if (given === undefined || given === '') return otherwise
    const word = words.find((one) => one === given)
    if (word !== undefined) return word
    throw new LetheError(
      'bad-environment',
      `${name} is not a known word`,
      `set it to one of ${words.join(', ')}`,
    )
  }
  return {
    format: choose('LETHE_LOG', ['json', 'text'], terminal ? 'text' : 'json'),
    level: choose('LETHE_LOG_LEVEL', ['error', 'warn', 'info', 'debug'], 'info'),
  }
}

export function createLog(options: LogOptions): Log {
  const worker = options.worker === undefined ? {} : { worker: options.worker }
  const out = options.write === undefined ? stderr() : { write: options.write }
  const logger = pino(
    {
      level: options.level,
      base: worker,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
    },
    options.format === 'json' ? out : { write: (line) => out.write(asText(line)) },
  )
  const write = ({ kind, level, message, fields }: Line, omitted: number) =>
    logger[level]({ kind, ...fields, ...(omitted > 0 ? { omitted } : {}) }, message)
  const throttle = new Throttle<Line>(write)
  const flush = () => throttle.flush()
  process.on('exit', flush)
  return {
    event: (event) => {
      const line = readEvent(event)
      if (line === undefined || !logger.isLevelEnabled(line.level)) return
      const { kind, level, fields } = line
      if (ALWAYS.has(kind)) write(line, 0)
      else throttle.offer([kind, level, ...SORT.map((name) => fields[name])].join(' '), line)
    },
    flush,
    close: () => {
      flush()
      process.off('exit', flush)
    },
  }
}

function stderr(): { write: (text: string) => unknown } {
  const destination = pino.destination({ dest: 2, sync: true, maxLength: MOST_UNREAD_BYTES })
  // The reader of the log went away: that stops no stream.
  destination.on('error', () => {})
  return destination
}

/** A line of JSON as people read it: `time level kind field=value … : sentence`. */
function asText(line: string): string {
  const { level, time, kind, message, ...fields } = JSON.parse(line) as Record<string, string | number>
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${value}`)
  return `${time} ${String(level).padEnd(5)} ${kind}${pairs.join('')}: ${message}\n`
}

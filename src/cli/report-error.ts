/** How an error ends a command: what is printed on stderr, and the exit code. Never a value of the data. */

import { Defect, placeOf } from '../engine/defect.ts'
import { ERROR_CODES, type ErrorCode, type ExitCode, LetheError } from '../errors.ts'
import { paint, printable } from '../terminal.ts'

interface Told {
  readonly code: ErrorCode
  readonly message: string
  readonly suggestion?: string | undefined
  /** Of a defect: where it arose, innermost first. */
  readonly places?: readonly string[]
}

/** Commands whose `--format` says what their inputs are, and not how to print. */
const READ_FORMATS: ReadonlySet<string> = new Set(['batch', 'init', 'manifest', 'replay'])

/**
 * Whether a command line (without node and script) asks for JSON. It is asked before the command line is parsed, as
 * what cannot be parsed is an error too.
 */
export function wantsJson(args: readonly string[]): boolean {
  const command = args.find((arg) => !arg.startsWith('-'))
  if (command !== undefined && READ_FORMATS.has(command)) return false
  const end = args.indexOf('--')
  const options = end < 0 ? args : args.slice(0, end)
  return options.some(
    (arg, i) => arg === '--format=json' || (arg === '--format' && options[i + 1] === 'json'),
  )
}

/** Writes `error` to stderr, as text or as one line of JSON, and says which exit code it stands for. */
export function reportError(error: unknown, asJson = false): ExitCode {
  const told = tellError(error)
  process.stderr.write(asJson ? jsonLine(told) : textOf(told))
  return ERROR_CODES[told.code].exitCode
}

/** One line of JSON for an error that was found before the command ran. */
export function jsonLine({ code, message, suggestion, places }: Told): string {
  const { retryable } = ERROR_CODES[code]
  return `${JSON.stringify({ error: { code, message, suggestion, retryable, places } })}\n`
}

function tellError(error: unknown): Told {
  if (error instanceof LetheError) {
    const { code, message, suggestion } = error
    return { code, message, suggestion }
  }
  const system = error as Partial<NodeJS.ErrnoException> | null
  if (error instanceof Error && typeof system?.syscall === 'string' && typeof system.code === 'string') {
    const path = typeof system.path === 'string' ? ` ${system.path}` : ''
    return { code: 'system-error', message: `${system.code} on ${system.syscall}${path}` }
  }
  const { kind, places } = error instanceof Defect ? error.place : placeOf(error)
  const code = typeof system?.code === 'string' && /^[A-Z_0-9]+$/.test(system.code) ? ` ${system.code}` : ''
  const message = `this is a defect of Lethe (${kind}${code}); its text is withheld, since it may quote data`
  return { code: 'defect', message, places }
}

function textOf({ message, suggestion, places = [] }: Told): string {
  const { red, dim } = paint(process.stderr)
  const way = suggestion === undefined ? '' : `\n  -> ${shown(suggestion)}`
  const stack = places.map((place) => dim(`    at ${place}\n`)).join('')
  return `${red('lethe:')} ${shown(message)}${way}\n${stack}`
}

/** Names of files and objects may be of others, who shall not steer the terminal. */
const shown = (text: string): string => text.split('\n').map(printable).join('\n')

/** A keyset that a command prints: `vault kv get …` and the like. What it prints is in no error and no log. */
import { spawnSync } from 'node:child_process'
import { LetheError } from '../errors.ts'
import type { Keyset } from './keyset.ts'
import { parseKeyset } from './keyset-format.ts'

/** Where a keyset comes from that a command prints. */
export interface KeysCommand {
  /** The program and its arguments; no shell reads them. */
  readonly command: readonly string[]
  /** Milliseconds that it may take. */
  readonly timeout: number
}

export const DEFAULT_KEYS_TIMEOUT_MS = 10_000

/** Room for hundreds of keys. */
const MOST_BYTES = 1 << 20

/**
 * Runs the command and reads the keyset that it prints to standard output. It gets this process's environment and an empty
 * standard input; its standard error is dropped. At the time limit it is killed with all processes that it started.
 * @throws LetheError: io where it cannot be started, fails or takes too long; usage where it prints no keyset
 */
export function keysetOfCommand({ command: [program, ...args], timeout }: KeysCommand): Keyset {
  const { pid, error, status, signal, stdout } = spawnSync(program!, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout,
    killSignal: 'SIGKILL',
    maxBuffer: MOST_BYTES,
    // A group of its own, so that what it started can be killed too. The types of Node.js leave this option out.
    ...{ detached: process.platform !== 'win32' },
  })
  try {
    if (error !== undefined || signal !== null) killGroup(pid)
    if (error !== undefined) throw failed(program!, reasonOf(error as NodeJS.ErrnoException, timeout))
    if (signal !== null) throw failed(program!, `was ended by ${signal}`)
    if (status !== 0) throw failed(program!, `ended with ${status}`)
    return parseKeyset(stdout.toString('utf8'), `what the command ${nameOf(program!)} prints`)
  } finally {
    stdout?.fill(0)
  }
}

function reasonOf({ code }: NodeJS.ErrnoException, timeout: number): string {
  if (code === 'ETIMEDOUT') return `did not end within ${timeout / 1000} s and was killed`
  if (code === 'ENOBUFS') return 'printed more than 1 MiB and was killed'
  if (code === 'ENOENT') return 'is not there'
  if (code === 'EACCES') return 'may not be run'
  return `could not be run (${code ?? 'unknown'})`
}

function killGroup(pid: number): void {
  // No process, and never the group of this one.
  if (process.platform === 'win32' || !(pid > 1)) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // All of them have ended.
  }
}

const nameOf = (program: string): string => program.replace(/[^\x20-\x7e]/g, '?').slice(0, 100)

function failed(program: string, what: string): LetheError {
  return new LetheError(
    'keys-command-failed',
    `the command ${nameOf(program)}, which \`keys\` names, ${what}`,
    'run it by hand with the same environment; what it prints on standard error is not shown here, as it may hold secrets',
  )
}

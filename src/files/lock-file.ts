/**
 * A lock between processes: a file that one of them makes, and takes away. One that was killed leaves it; a process on the same
 * host then takes it over, since the process that it names is gone. On a file system that several hosts share, the lock of
 * another host is waited for, and never taken over.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { fileError, LetheError } from '../errors.ts'

const PAUSE_MS = 10

export interface LockOptions {
  /** How long to wait for another process; 10 s unless stated. */
  readonly waitMs?: number
}

/**
 * Takes the lock `FILE.lock`; gives what gives it back.
 * @throws LetheError: `file-busy` where another process keeps it, (io) where it cannot be made
 */
export async function takeLock(file: string, { waitMs = 10_000 }: LockOptions = {}): Promise<() => void> {
  const lock = `${file}.lock`
  const own = `${process.pid} ${hostname()} ${randomBytes(8).toString('hex')}\n`
  const until = performance.now() + waitMs
  for (;;) {
    if (make(lock, own)) return () => release(lock, own)
    breakStale(lock)
    if (make(lock, own)) return () => release(lock, own)
    if (performance.now() >= until)
      throw new LetheError(
        'file-busy',
        `another process works on ${file}, or was cut short: ${lock} exists`,
        `try again; if none is running, rm ${lock} ${lock}.*`,
      )
    await wait(PAUSE_MS)
  }
}

/** Whether it was made; false where it exists. */
function make(lock: string, text: string): boolean {
  let descriptor: number
  try {
    descriptor = openSync(lock, 'wx', 0o644)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw fileError(lock, error, 'written')
  }
  try {
    writeFileSync(descriptor, text)
    return true
  } catch (error) {
    unlinkSync(lock)
    throw fileError(lock, error, 'written')
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Takes away the lock of a process that is gone. Only the one process that makes a file named for that very lock may do it, and
 * it looks again first: otherwise the lock of a third process, which came meanwhile, could be taken away.
 */
function breakStale(lock: string): void {
  const stale = textOf(lock)
  const [, pid, host, nonce] = /^(\d+) (\S+) ([0-9a-f]{16})\n$/.exec(stale ?? '') ?? []
  if (nonce === undefined || host !== hostname() || isAlive(Number(pid))) return
  const breaking = `${lock}.${nonce}`
  if (!make(breaking, '')) return
  try {
    if (textOf(lock) === stale) unlinkSync(lock)
  } finally {
    unlinkSync(breaking)
  }
}

function release(lock: string, own: string): void {
  if (textOf(lock) === own) unlinkSync(lock)
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

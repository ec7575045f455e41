/**
 * A lock between processes: a file that one of them makes, and takes away. One that was killed leaves it; a process on the same
 * host then takes it over, since the process that it names is gone. On a file system that several hosts share, the lock of
 * another host is waited for, and never taken over.
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
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
  const own = ownText()
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

/** Process, host, a number of its own, and when the process began, as the system counts: a later one may have its number. */
const ownText = (): string =>
  `${process.pid} ${hostname()} ${randomBytes(8).toString('hex')}${startOf(process.pid) ?? ''}\n`
const LOCK = /^(\d+) (\S+) ([0-9a-f]{16})( \d+)?\n$/

/** Whether it was made; false where it exists. It appears with its text: a process that is killed leaves none without. */
function make(lock: string, text: string): boolean {
  if (existsSync(lock)) return false
  const whole = `${lock}.${randomBytes(4).toString('hex')}.new`
  try {
    writeFileSync(whole, text, { flag: 'wx', mode: 0o644 })
    linkSync(whole, lock)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    // File systems without hard links.
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS') return makeInPlace(lock, text)
    throw fileError(lock, error, 'written')
  } finally {
    rmSync(whole, { force: true })
  }
}

function makeInPlace(lock: string, text: string): boolean {
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

/** A process is rarely killed here, and hardly ever the one that takes over from it. */
const MOST_LEVELS = 4

/**
 * Takes away the lock of a process that is gone. Only the one process that makes a file named for that very lock may do it, and
 * it looks again first: otherwise the lock of a third process, which came meanwhile, could be taken away. That file is a lock
 * itself, and is taken away likewise.
 */
function breakStale(lock: string, level = 0): void {
  const stale = textOf(lock)
  const [, pid, host, nonce, start] = LOCK.exec(stale ?? '') ?? []
  if (nonce === undefined || host !== hostname() || isAlive(Number(pid), start)) return
  const breaking = `${lock}.${nonce}`
  if (!make(breaking, ownText())) {
    if (level < MOST_LEVELS) breakStale(breaking, level + 1)
    return
  }
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

/** `start`: when the process of the lock began; undefined where that was not told. */
function isAlive(pid: number, start: string | undefined): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  return start === undefined || (startOf(pid) ?? start) === start
}

/** A blank and the clock ticks since the system began, as Linux tells them (proc(5), field 22 of stat); undefined elsewhere. */
function startOf(pid: number): string | undefined {
  const stat = textOf(`/proc/${pid}/stat`)
  // The name of the program stands in brackets, and may hold any.
  const ticks = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  return ticks !== undefined && /^\d+$/.test(ticks) ? ` ${ticks}` : undefined
}

/** Ctrl-C and a polite kill: what a command has begun is undone, then the process ends with 130. */
import { EXIT } from '../errors.ts'

type Undo = () => void | Promise<void>

const undo = new Set<Undo>()
let interrupted = false

/** What has to be undone on another machine, such as a part of an object, is waited for so long, ms. */
const UNDO_MS = 10_000

/**
 * Registers something to undo when the process is interrupted, such as a temporary file to remove.
 * May throw. What it does at once is done before anything else runs; a promise is waited for, ten seconds at most, and a
 * second signal does not wait. Returns a function that takes the registration back.
 */
export function onInterrupt(action: Undo): () => void {
  undo.add(action)
  return () => undo.delete(action)
}

/** Whether the process is about to end with 130: what fails meanwhile is not told. */
export const isInterrupted = (): boolean => interrupted

/** Gives what is still being undone. */
function undoAll(): Promise<void>[] {
  if (interrupted) return []
  interrupted = true
  const pending: Promise<void>[] = []
  for (const action of undo) {
    try {
      const undone = action()
      if (undone !== undefined) pending.push(undone)
    } catch {
      // The others still have to run, and the error cannot be reported any more.
    }
  }
  return pending
}

function interrupt(): void {
  const end = (): never => process.exit(EXIT.interrupted)
  const pending = undoAll()
  if (pending.length === 0) end()
  setTimeout(end, UNDO_MS)
  void Promise.allSettled(pending).then(end)
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export type StopSignal = (typeof SIGNALS)[number]

/** Dies of the signal as without a listener: an exit would wait until native clients have closed. */
function die(signal: StopSignal): void {
  undoAll()
  for (const one of SIGNALS) process.removeAllListeners(one)
  process.kill(process.pid, signal)
}

/** Called once, by `main`. */
export function watchInterrupts(): void {
  for (const signal of SIGNALS) process.on(signal, interrupt)
}

/**
 * For a command that ends in order when it is asked to: the first signal is handed to `stop`, the next one kills the
 * process at once. Returns a function that gives the signals back.
 */
export function onStop(stop: (signal: StopSignal) => void): () => void {
  let isStopping = false
  const listen = (signal: StopSignal): void => {
    if (isStopping) die(signal)
    isStopping = true
    stop(signal)
  }
  for (const signal of SIGNALS) {
    process.removeListener(signal, interrupt)
    process.on(signal, listen)
  }
  return () => {
    for (const signal of SIGNALS) {
      process.removeListener(signal, listen)
      process.on(signal, interrupt)
    }
  }
}

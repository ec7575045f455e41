/** Ctrl-C and a polite kill: what a command has begun is undone, then the process ends with 130. */
import { EXIT } from '../errors.ts'

const undo = new Set<() => void>()
let interrupted = false

/**
 * Registers something to undo when the process is interrupted, such as a temporary file to remove.
 * Must be synchronous and may throw. Returns a function that takes the registration back.
 */
export function onInterrupt(action: () => void): () => void {
  undo.add(action)
  return () => undo.delete(action)
}

function undoAll(): void {
  if (interrupted) return
  interrupted = true
  for (const action of undo) {
    try {
      action()
    } catch {
      // The others still have to run, and the error cannot be reported any more.
    }
  }
}

function interrupt(): void {
  undoAll()
  process.exit(EXIT.interrupted)
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

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

function interrupt(): void {
  if (!interrupted) {
    interrupted = true
    for (const action of undo) {
      try {
        action()
      } catch {
        // The others still have to run, and there is nobody left to tell.
      }
    }
  }
  process.exit(EXIT.interrupted)
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export type StopSignal = (typeof SIGNALS)[number]

/** Called once, by `main`. */
export function watchInterrupts(): void {
  for (const signal of SIGNALS) process.on(signal, interrupt)
}

/**
 * For a command that ends in order when it is asked to: the first signal is handed to `stop`, the next one ends the
 * process as ever. Returns a function that gives the signals back.
 */
export function onStop(stop: (signal: StopSignal) => void): () => void {
  const once = SIGNALS.map((signal) => [signal, () => first(signal)] as const)
  const giveBack = (): void => {
    for (const [signal, listener] of once) process.removeListener(signal, listener)
    for (const signal of SIGNALS) process.on(signal, interrupt)
  }
  const first = (signal: StopSignal): void => {
    giveBack()
    stop(signal)
  }
  for (const [signal, listener] of once) {
    process.removeListener(signal, interrupt)
    process.on(signal, listener)
  }
  return giveBack
}

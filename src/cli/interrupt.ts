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

/** Called once, by `main`. */
export function watchInterrupts(): void {
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  process.on('SIGHUP', interrupt)
}

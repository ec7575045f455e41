/** How an error ends a command: what is printed on stderr, and the exit code. Never a value of the data. */

import { Defect, placeOf } from '../engine/defect.ts'
import { EXIT, type ExitCode, LetheError } from '../errors.ts'
import { paint } from '../terminal.ts'

/** Writes `error` to stderr and says which exit code it stands for. */
export function reportError(error: unknown): ExitCode {
  const { red, dim } = paint(process.stderr)
  if (error instanceof LetheError) {
    const way = error.suggestion === undefined ? '' : `\n  -> ${error.suggestion}`
    process.stderr.write(`${red('lethe:')} ${error.message}${way}\n`)
    return error.exitCode
  }
  const system = error as Partial<NodeJS.ErrnoException> | null
  if (error instanceof Error && typeof system?.syscall === 'string' && typeof system.code === 'string') {
    const path = typeof system.path === 'string' ? ` ${system.path}` : ''
    process.stderr.write(`${red('lethe:')} ${system.code} on ${system.syscall}${path}\n`)
    return EXIT.io
  }
  const { kind, places } = error instanceof Defect ? error.place : placeOf(error)
  const code = typeof system?.code === 'string' && /^[A-Z_0-9]+$/.test(system.code) ? ` ${system.code}` : ''
  process.stderr.write(
    `${red('lethe:')} this is a defect of Lethe (${kind}${code}); its text is withheld, since it may quote data\n`,
  )
  for (const place of places) process.stderr.write(dim(`    at ${place}\n`))
  return EXIT.io
}

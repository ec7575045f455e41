/** How an error ends a command: what is printed on stderr, and the exit code. Never a value of the data. */
import { EXIT, type ExitCode, LetheError } from '../errors.ts'
import { Defect } from '../pipeline/defect.ts'
import { paint } from './terminal.ts'

/** Frames as `file:line:column`. The message is cut off first: text of a foreign error may quote data. */
function frames(error: Error): string[] {
  let stack = error.stack ?? ''
  const at = error.message === '' ? -1 : stack.indexOf(error.message)
  if (at >= 0) stack = stack.slice(at + error.message.length)
  const places: string[] = []
  for (const line of stack.split('\n')) {
    const place = /^ {4}at .*?((?:file:|node:|\/|[A-Za-z]:\\)[^()]*:\d+:\d+)\)?$/.exec(line)?.[1]
    if (place !== undefined) places.push(place.replace(/^file:\/\//, ''))
  }
  return places
}

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
  const kind =
    error instanceof Defect
      ? error.name
      : error instanceof Error
        ? error.constructor.name
        : 'something that is no error'
  const code = typeof system?.code === 'string' && /^[A-Z_0-9]+$/.test(system.code) ? ` ${system.code}` : ''
  process.stderr.write(
    `${red('lethe:')} this is a defect of Lethe (${kind}${code}); its text is withheld, since it may quote data\n`,
  )
  if (error instanceof Error) {
    for (const place of frames(error)) process.stderr.write(dim(`    at ${place}\n`))
  }
  return EXIT.io
}

import { covers } from '../../transforms/reveals/covers.ts'
import type { Transform } from '../../transforms/transform.ts'

/** Whether a step of retention may go from the one options to the other. */
export function coarser(
  transform: Transform,
  previous: Readonly<Record<string, unknown>>,
  next: Readonly<Record<string, unknown>>,
): boolean {
  const reveals = (options: Readonly<Record<string, unknown>>) =>
    transform.reveals(transform.options.parse(options))
  return covers(reveals(previous), reveals(next))
}

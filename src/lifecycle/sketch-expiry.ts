/** Sketches of a pipeline that are past their period are deleted: when the stream starts, and every hour. */
import { LetheError } from '../errors.ts'
import type { Prepared } from '../run/stream/prepare.ts'
import { deleteExpired } from './expired-sketches.ts'

const EVERY_MS = 3_600_000

/** What is told of it; it stands in the log. */
export type SketchEvent =
  | { readonly kind: 'sketches-deleted' | 'sketches-held'; readonly route: string; readonly count: number }
  | { readonly kind: 'sketch-unread'; readonly route: string; readonly code: string }

/** @throws LetheError at the start, where a folder or a file of holds cannot be read. Later that is told. */
export function watchSketches(
  { pipeline, routes }: Pick<Prepared, 'pipeline' | 'routes'>,
  tell: (event: SketchEvent) => void,
): { close(): void } {
  const look = (failed: (error: LetheError, route: string) => void): void => {
    for (const { route } of routes) {
      if (route.sketch === undefined) continue
      const { name } = route
      try {
        const found = deleteExpired({ pipeline: pipeline.name, route: name }, route.sketch, Date.now())
        if (found.deleted > 0) tell({ kind: 'sketches-deleted', route: name, count: found.deleted })
        if (found.held > 0) tell({ kind: 'sketches-held', route: name, count: found.held })
        if (found.unread > 0) tell({ kind: 'sketch-unread', route: name, code: 'sketch-damaged' })
      } catch (error) {
        if (!(error instanceof LetheError)) throw error
        failed(error, name)
      }
    }
  }
  look((error) => {
    throw error
  })
  const later = (): void => look(({ code }, route) => tell({ kind: 'sketch-unread', route, code }))
  const timer = setInterval(later, EVERY_MS)
  timer.unref()
  return { close: () => clearInterval(timer) }
}

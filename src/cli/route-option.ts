/** `--route`: one of the routes of a pipeline; it may be left out where there is one only. */
import { LetheError } from '../errors.ts'
import type { Pipeline, Route } from '../kafka/pipeline-file/pipeline.ts'

/** @throws LetheError (usage) where the pipeline has no such route, or has several and none is named */
export function routeOf({ routes }: Pipeline, name: string | undefined): Route {
  const names = routes.map((route) => route.name).join(', ')
  if (name === undefined && routes.length > 1)
    throw new LetheError('bad-option', 'the pipeline has several routes', `add --route with one of ${names}`)
  const found = name === undefined ? routes[0] : routes.find((route) => route.name === name)
  if (found !== undefined) return found
  throw new LetheError('unknown-name', 'the pipeline has no route of that name', `it has ${names}`)
}

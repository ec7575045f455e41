/** The data set that a route writes into. */
import type { Pipeline, Route } from '../kafka/pipeline-file/pipeline.ts'
import { DatasetFolder } from './dataset-folder.ts'

/** Undefined where the route writes to a topic. */
export function folderOf({ name }: Pick<Pipeline, 'name'>, route: Route): DatasetFolder | undefined {
  const { dataset } = route.to
  if (dataset === undefined) return undefined
  const { folder, format } = dataset
  return new DatasetFolder({ folder, format, owner: `${name}/${route.name}` })
}

/** Data sets: whether this account can write into their folders, and whether what stands there is whole. Changes nothing. */
import { accessSync, constants, statSync } from 'node:fs'
import { OWN_FOLDER } from '../datasets/dataset-identity.ts'
import { folderOf } from '../datasets/folder-of-route.ts'
import { LetheError } from '../errors.ts'
import type { Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import { plural, type Report } from './finding.ts'

export async function checkDatasets(report: Report, pipeline: Pipeline): Promise<void> {
  for (const route of pipeline.routes) {
    const folder = folderOf(pipeline, route)
    if (folder === undefined) continue
    const path = folder.place.folder
    const trouble = troubleOf(path)
    if (trouble !== undefined) {
      report.problem('datasets', trouble, route.name)
      continue
    }
    try {
      const hasBegun = folder.hasBegun()
      const { files, partitions, foreign } = await folder.examine()
      report.ok(
        'datasets',
        hasBegun
          ? `${path}: ${plural(files, 'file')} of ${plural(partitions, 'partition')}, none missing between them`
          : `${path} can be written to, and is not begun`,
        route.name,
      )
      if (foreign > 0)
        report.warn(
          'datasets',
          [
            `${path} holds ${plural(foreign, 'name')} that Lethe did not give`,
            'take them away: who reads the folder takes them for rows',
          ],
          route.name,
        )
    } catch (error) {
      if (!(error instanceof LetheError)) throw error
      report.failed('datasets', error, route.name)
    }
  }
}

function troubleOf(path: string): readonly [what: string, way: string] | undefined {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  if (!isFolder) return [`${path} is no folder that is there`, 'make it, or mount it: a stream makes none']
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
    const own = `${path}/${OWN_FOLDER}`
    if (statSync(own, { throwIfNoEntry: false }) !== undefined)
      accessSync(own, constants.R_OK | constants.W_OK | constants.X_OK)
    return undefined
  } catch {
    return [`this account may not write into ${path}`, 'set the rights of the folder']
  }
}

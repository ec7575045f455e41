/** Data sets: whether this account can write into their folders, and whether what stands there is whole. Changes nothing. */
import { folderOf } from '../datasets/folder-of-route.ts'
import { LetheError } from '../errors.ts'
import type { Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import { plural, type Report } from './finding.ts'

export async function checkDatasets(report: Report, pipeline: Pipeline): Promise<void> {
  for (const route of pipeline.routes) {
    const folder = folderOf(pipeline, route)
    if (folder === undefined) continue
    const path = folder.place.folder
    try {
      const trouble = await folder.trouble()
      if (trouble !== undefined) {
        report.problem('datasets', trouble, route.name)
        continue
      }
      const hasBegun = await folder.hasBegun()
      const { files, partitions, foreign } = await folder.examine()
      report.ok(
        'datasets',
        hasBegun
          ? `${path}: ${plural(files, 'file')} of ${plural(partitions, 'partition')}, none missing between them`
          : `${path} can be ${folder.isInStore ? 'listed' : 'written to'}, and is not begun`,
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

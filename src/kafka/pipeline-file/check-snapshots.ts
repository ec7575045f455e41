/** The files of snapshots, which a stream writes: none of them is a file that something else is kept in. */
import { resolve } from 'node:path'
import { entryOf, type TreeNode } from '../../policy/document.ts'
import { quote } from '../../policy/problems.ts'
import type { PipelineFindings } from './pipeline-codes.ts'
import { fileBeside } from './secret-node.ts'

/** @param file of the pipeline, in `folder` */
export function checkSnapshots(
  root: TreeNode,
  file: string,
  folder: string,
  findings: PipelineFindings,
): void {
  const tables = root.kind === 'map' ? entryOf(root, 'tables')?.value : undefined
  if (tables?.kind !== 'map') return
  const taken = new Set([resolve(file), ...namedIn(root).map((name) => resolve(fileBeside(folder, name)))])
  for (const { value } of tables.entries) {
    const snapshot = value.kind === 'map' ? entryOf(value, 'snapshot')?.value : undefined
    if (snapshot?.kind !== 'scalar') continue
    const path = resolve(fileBeside(folder, snapshot.text))
    if (taken.has(path))
      findings.add(
        snapshot.at,
        'shared-snapshot',
        `the snapshot ${quote(snapshot.text)} is the file of something else in this pipeline, and would be replaced`,
        'name a file for each snapshot alone',
      )
    taken.add(path)
  }
}

/** Words whose values are names of files. */
const NAMES: ReadonlySet<string> = new Set(['file', 'removed', 'policy'])

function namedIn(node: TreeNode): readonly string[] {
  if (node.kind === 'list') return node.items.flatMap(namedIn)
  if (node.kind !== 'map') return []
  return node.entries.flatMap(({ key, value }) =>
    NAMES.has(key) && value.kind === 'scalar' ? [value.text] : namedIn(value),
  )
}

/** A pipeline file while it is checked: what of it can be read, and where everything stands. */

import { locate } from '../../policy/check-form.ts'
import { entryOf, type MapNode, type TreeNode, toPlain } from '../../policy/document.ts'
import type { TextPosition } from '../../policy/problems.ts'
import type { PipelineFindings } from './pipeline-codes.ts'
import { PipelineSchema, type PipelineShape, RouteSchema, type RouteShape } from './pipeline-schema.ts'

/** A route that could be read, and its position in the list. */
export interface RoutePart {
  readonly index: number
  readonly shape: RouteShape
}

/** Everything whose own shape is sound. Defaults are filled in, where the key is absent. */
export type PipelineParts = Readonly<Partial<Omit<PipelineShape, 'routes'>>> & {
  readonly routes: readonly RoutePart[]
}

export interface PipelineDraft {
  readonly tree: MapNode
  readonly parts: PipelineParts
  readonly findings: PipelineFindings
  /** The place of what stands at this path, or else of what it would stand in. */
  readonly at: (...path: readonly (string | number)[]) => TextPosition
  /** Whether the file has this key at its top, sound or not. */
  readonly has: (key: string) => boolean
}

/** Takes the parts one by one, so that a slip in one place keeps nothing from being checked elsewhere. */
export function draftOf(tree: MapNode, findings: PipelineFindings): PipelineDraft {
  const parts: Record<string, unknown> = {}
  for (const [key, schema] of Object.entries(PipelineSchema.shape)) {
    const value = entryOf(tree, key)?.value
    const read = schema.safeParse(value && toPlain(value))
    if (read.success) parts[key] = read.data
  }
  const routes = entryOf(tree, 'routes')?.value
  parts['routes'] = routes?.kind === 'list' ? routes.items.flatMap(routePart) : []
  return {
    tree,
    parts: parts as unknown as PipelineParts,
    findings,
    at: (...path) => locate(tree, path).at,
    has: (key) => entryOf(tree, key) !== undefined,
  }
}

function routePart(node: TreeNode, index: number): RoutePart[] {
  const { data } = RouteSchema.safeParse(toPlain(node))
  return data === undefined ? [] : [{ index, shape: data }]
}

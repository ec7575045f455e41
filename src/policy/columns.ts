/** Reads `columns:`: what CSV headers that are not themselves paths stand for. */
import type { TreeNode } from './document.ts'
import type { Path } from './path.ts'
import { NONE, type Patterns, TIE } from './patterns.ts'
import { type Findings, quote } from './problems.ts'
import { readPath } from './read-rule.ts'
import { suggestion } from './suggest.ts'

/** Header text to canonical input path. Every path has to be one that the policy reads. */
export function readColumns(
  node: TreeNode | undefined,
  inputs: readonly Path[],
  patterns: Patterns,
  findings: Findings,
): ReadonlyMap<string, string> {
  const columns = new Map<string, string>()
  const known = new Set(inputs.filter((path) => path.envelope === undefined).map((path) => path.text))
  const ending = ({ segments }: Path): number => patterns.ending(patterns.along(segments))
  const headerOf = new Map<string, string>()
  for (const { key, at, value } of node?.kind === 'map' ? node.entries : []) {
    if (value.kind !== 'scalar' || typeof value.value !== 'string') continue
    const path = readPath(value.text, value.at, findings)
    if (path === undefined) continue
    const other = headerOf.get(path.text)
    if (path.envelope !== undefined || path.segments.some((segment) => segment.kind !== 'name'))
      findings.add(value.at, 'bad-path', 'a column holds one value, so its path has no [], .* or $')
    else if (other !== undefined)
      findings.add(
        value.at,
        'duplicate-path',
        `the column ${quote(other)} already stands for ${quote(path.text)}`,
      )
    else if (!known.has(path.text) && ending(path) === TIE)
      findings.add(
        value.at,
        'pattern-tie',
        `${quote(path.text)} is matched by several patterns, and nothing ranks them: ${patterns.texts(patterns.along(path.segments)).map(quote).join(', ')}`,
        'list the path itself',
      )
    else if (!known.has(path.text) && ending(path) === NONE)
      findings.add(
        value.at,
        'unknown-path',
        `no field reads ${quote(path.text)}, so the column would only be left out`,
        suggestion(path.text, known),
      )
    if (known.has(key) && key !== path.text)
      findings.add(
        at,
        'duplicate-path',
        `${quote(key)} is itself a path of this policy, so the column cannot stand for another one`,
      )
    headerOf.set(path.text, key)
    columns.set(key, path.text)
  }
  return columns
}

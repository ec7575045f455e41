/** Reads `required:` and `optional:`: what every record must hold, and which columns a CSV file may lack. */
import type { MapNode, TreeNode } from './document.ts'
import { entryOf } from './document.ts'
import type { Path } from './path.ts'
import type { PolicyField, PolicyRequired } from './policy.ts'
import { type Findings, quote } from './problems.ts'
import { readPath } from './read-rule.ts'
import { suggestion } from './suggest.ts'

/**
 * @param reads input paths that the policy reads beside its fields: of conditions, the subject and the event time
 * @param carriers containers that stand as JSON in a text, which may be a column
 */
export function readRequired(
  tree: MapNode,
  fields: readonly PolicyField[],
  reads: readonly Path[],
  carriers: readonly Path[],
  findings: Findings,
): { readonly required: readonly PolicyRequired[]; readonly optional: readonly PolicyRequired[] } {
  const inValue = fields.filter(({ from }) => from.envelope === undefined)
  const inputs = [...inValue.map(({ from }) => from), ...reads, ...carriers]
  const known = new Set(inputs.map((path) => path.text))
  const containers = new Set([
    ...inValue
      .filter(({ rules }) => rules.some((rule) => rule.use === 'keep.subtree'))
      .map(({ from }) => from.text),
    ...carriers.map(({ text }) => text),
  ])
  const seen = new Map<string, string>()
  const list = (word: 'required' | 'optional'): readonly PolicyRequired[] => {
    const node = entryOf(tree, word)?.value
    return (node?.kind === 'list' ? node.items : []).flatMap((item: TreeNode) => {
      if (item.kind !== 'scalar' || typeof item.value !== 'string') return []
      const path = readPath(item.text, item.at, findings)
      if (path === undefined) return []
      const before = seen.get(path.text)
      seen.set(path.text, word)
      if (path.envelope !== undefined || path.segments.some((segment) => segment.kind !== 'name'))
        findings.add(
          item.at,
          'bad-path',
          `\`${word}:\` names single values of the record, so its paths have no [], .* or $`,
        )
      else if (before !== undefined)
        findings.add(
          item.at,
          'duplicate-path',
          `${quote(path.text)} already stands under \`${before}:\``,
          before === word ? undefined : 'what is required cannot be absent: take one of them out',
        )
      else if (!known.has(path.text))
        findings.add(
          item.at,
          'unknown-path',
          `nothing in the policy reads ${quote(path.text)}`,
          suggestion(path.text, known) ?? 'name it in `fields:`, with `drop` where it must not leave',
        )
      else if (word === 'required' && containers.has(path.text))
        findings.add(
          item.at,
          'bad-path',
          `${quote(path.text)} holds an object or array, and only a single value can be required`,
        )
      return [{ path, at: item.at }]
    })
  }
  return { required: list('required'), optional: list('optional') }
}

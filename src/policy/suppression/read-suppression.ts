/** Reads `suppression:`: the lists of subjects whose records must not leave. */
import type { Sources } from '../context.ts'
import { entryOf, type TreeNode, toPlain } from '../document.ts'
import type { Path } from '../path.ts'
import type { PolicySuppression } from '../policy.ts'
import { type Findings, quote, type TextPosition } from '../problems.ts'
import { readPath } from '../read-rule.ts'
import { type ToNormal, toNormalForm } from './normal-forms.ts'
import { suppressionSchema } from './suppression-schema.ts'

/** What does not fit the schema, the schema says. `sources`: where it is noted what normal forms depend on. */
export function readSuppression(
  node: TreeNode | undefined,
  sources: Sources,
  findings: Findings,
): readonly PolicySuppression[] {
  const parsed = node?.kind === 'list' ? suppressionSchema.safeParse(toPlain(node)) : undefined
  if (node?.kind !== 'list' || parsed?.success !== true) return []
  const read: PolicySuppression[] = []
  parsed.data.forEach((shape, index) => {
    const item = node.items[index]!
    const at = (word: string): TextPosition => entryOf(item, word)?.value.at ?? item.at
    const bad = (place: TextPosition, message: string, way?: string): void =>
      findings.add(place, 'bad-suppression', message, way)
    const { list, entries = 'match' } = shape
    const texts = [shape.by].flat()
    const stated = [shape.normalize ?? 'trim'].flat()
    if (stated.length !== 1 && stated.length !== texts.length)
      bad(
        at('normalize'),
        `${texts.length} paths and ${stated.length} normal forms`,
        'one form for all, or one for each',
      )
    const normalize = texts.map((_, part) => stated[part] ?? stated[0]!)
    if (texts.length > 1 && (entries === 'match' || entries === 'raw'))
      bad(
        at('by'),
        `an identifier of several parts is on hashed lists only, and these entries are ${quote(entries)}`,
        'entries: sha256-base64, or one path',
      )
    const by = readPaths(entryOf(item, 'by')!.value, texts, findings)
    if (by === undefined) return
    const same = read.find((one) => one.list === list)
    if (same !== undefined && (same.entries !== entries || same.normalize.join() !== normalize.join()))
      bad(
        item.at,
        `the list ${quote(list)} has other entries, or another normal form, on line ${same.at.line}`,
        'a list is one file in one form: give the other a name of its own',
      )
    else if (
      read.some(
        (one) =>
          one.list === list && one.by.map(({ text }) => text).join() === by.map(({ text }) => text).join(),
      )
    )
      bad(item.at, `the list ${quote(list)} is asked by the same identifier above`, 'write one entry')
    const toNormal: ToNormal[] = normalize.map((form) => toNormalForm(form, sources))
    read.push({ at: item.at, list, by, byAt: at('by'), entries, normalize, toNormal })
  })
  return read
}

function readPaths(
  node: TreeNode,
  texts: readonly string[],
  findings: Findings,
): readonly Path[] | undefined {
  const nodes = node.kind === 'list' ? node.items : [node]
  const paths = texts.map((text, part) => {
    const { at } = nodes[part]!
    const path = readPath(text, at, findings)
    if (path === undefined) return undefined
    const last = path.segments.at(-1)?.kind
    if (path.envelope !== undefined)
      findings.add(at, 'bad-path', `${quote(path.text)} is not in the record's value, which lists go by`)
    else if (last === 'names')
      findings.add(at, 'bad-path', `${quote(path.text)} names members of a map, and no list goes by them`)
    else if (texts.length > 1 && path.segments.some(({ kind }) => kind !== 'name'))
      findings.add(
        at,
        'bad-path',
        `${quote(path.text)} names several values, and it is not known which belong together with the other parts`,
      )
    else return path
    return undefined
  })
  return paths.includes(undefined) ? undefined : (paths as readonly Path[])
}

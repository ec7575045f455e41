/** Reads `crowd:`: how many data subjects have to share the values of a record that leaves. */
import { parsePeriod } from '../../../transforms/calendar/period.ts'
import { entryOf, type MapEntry, type TreeNode, toPlain } from '../document.ts'
import { printSegments } from '../path.ts'
import type { PolicyCrowd, PolicyField } from '../policy.ts'
import { type Findings, quote, type TextPosition } from '../problems.ts'
import { readPath } from '../read-rule.ts'
import { suggestion } from '../suggest.ts'
import { crowdSchema, DEFAULT_MAX_SUPPRESSED, parseShare } from './crowd-schema.ts'

/**
 * What does not fit the schema, the schema says.
 * @param fields of the policy, with those of tags
 * @param tagsAt where `tags:` stands
 */
export function readCrowd(
  entry: MapEntry | undefined,
  fields: readonly PolicyField[],
  tagsAt: TextPosition | undefined,
  findings: Findings,
): PolicyCrowd | undefined {
  const node = entry?.value
  const parsed = node?.kind === 'map' ? crowdSchema.safeParse(toPlain(node)) : undefined
  if (entry === undefined || node === undefined || parsed?.success !== true) return undefined
  const { k, l, t, onFail = 'fail', window, maxSuppressed } = parsed.data
  const at = (word: string): TextPosition => entryOf(node, word)?.value.at ?? entry.at
  const bad = (place: TextPosition, message: string, way?: string): void =>
    findings.add(place, 'bad-crowd', message, way)
  const fieldsOf = (word: 'over' | 'sensitive', role: PolicyField['role']): readonly PolicyField[] => {
    const stated = entryOf(node, word)?.value
    return stated?.kind === 'list'
      ? namedFields(stated.items, fields, findings)
      : fields.filter((field) => field.role === role && mayLeave(field))
  }
  const over = fieldsOf('over', 'quasi-identifier')
  const named = new Set(over)
  const isAbout = l !== undefined || t !== undefined
  const statesSensitive = entryOf(node, 'sensitive') !== undefined
  const sensitive =
    isAbout || statesSensitive
      ? fieldsOf('sensitive', 'sensitive').filter((field) => statesSensitive || !named.has(field))
      : []
  if (tagsAt !== undefined)
    bad(
      entry.at,
      `where the rules of tags write is known of no record before its schema is, so no class can be told beside \`tags:\` on line ${tagsAt.line}`,
      'list the fields by their paths, in a policy without `tags:`',
    )
  if (over.length === 0 && entryOf(node, 'over') === undefined)
    bad(
      entry.at,
      'no field that leaves has `role: quasi-identifier`, so all records are one class',
      'give the fields that single out a person that role, or name them: over: [postcode, born]',
    )
  if (isAbout && sensitive.length === 0 && !statesSensitive)
    bad(
      at(l === undefined ? 't' : 'l'),
      'no field that leaves has `role: sensitive`, so there are no values that differ in a class',
      'give those fields that role, or name them: sensitive: [diagnosis]',
    )
  if (!isAbout && statesSensitive)
    bad(at('sensitive'), 'sensitive fields mean nothing without `l` or `t`', 'add l: 2')
  for (const field of sensitive)
    if (named.has(field))
      bad(
        at('sensitive'),
        `${quote(field.path.text)} is among the fields in which the records of a class are equal, so that each class has one value`,
        'name it in one of the two',
      )
  for (const field of [...over, ...sensitive])
    if (field.rules.some(({ use }) => use === 'keep.subtree'))
      bad(
        at(named.has(field) ? 'over' : 'sensitive'),
        `${quote(field.path.text)} keeps an object or array, and only single values are compared`,
        'list the paths below it',
      )
  for (const field of over) {
    const untold = untoldPlaces(field, named)
    if (untold !== undefined) bad(at('over'), `${quote(field.path.text)} ${untold.why}`, untold.way)
  }
  const share = parseShare(maxSuppressed ?? (onFail === 'fail' ? '0%' : DEFAULT_MAX_SUPPRESSED)) ?? 0
  if (onFail === 'fail' && share > 0)
    bad(at('maxSuppressed'), 'with `onFail: fail` nothing is suppressed', 'add onFail: suppress')
  if (window !== undefined && parsePeriod(window) === undefined)
    findings.add(at('window'), 'bad-period', 'the period is longer than 1,000 years')
  return {
    at: entry.at,
    k,
    l,
    t,
    over: over.map(({ path }) => path.text),
    sensitive: sensitive.map(({ path }) => path.text),
    maxSuppressed: share,
    onFail,
    window,
  }
}

/**
 * What leaves of a field beside its values, so that records of one class could be told apart: names, or which of several places have a
 * value. Undefined where the values tell all.
 */
function untoldPlaces(
  { path, from }: PolicyField,
  over: ReadonlySet<PolicyField>,
): { readonly why: string; readonly way: string } | undefined {
  if (path.isPattern || from.isPattern)
    return {
      why: 'is a pattern, and the names that it matches leave too: records of one class would be told apart by them',
      way: 'list the paths',
    }
  for (const { segments } of [path, from]) {
    const first = segments.findIndex(({ kind }) => kind !== 'name')
    if (first < 0) continue
    if (first < segments.length - 1)
      return {
        why: 'is below elements or members: those in which it is absent leave too, and tell records of one class apart',
        way: 'name single values, or a list of them such as codes[]',
      }
    const names = printSegments([...segments.slice(0, -1), { kind: 'names' }])
    if (segments[first]!.kind === 'member' && ![...over].some((one) => one.path.text === names))
      return {
        why: 'is the members of a map, and their names leave too: records of one class would be told apart by them',
        way: `name ${names} in \`over\` as well, or give it the same role`,
      }
  }
  return undefined
}

const mayLeave = ({ rules }: PolicyField): boolean => rules.some(({ use }) => use !== 'drop')

function namedFields(
  items: readonly TreeNode[],
  fields: readonly PolicyField[],
  findings: Findings,
): readonly PolicyField[] {
  const found = new Set<PolicyField>()
  for (const item of items) {
    if (item.kind !== 'scalar' || typeof item.value !== 'string') continue
    const path = readPath(item.text, item.at, findings)
    if (path === undefined) continue
    const field = fields.find((one) => one.path.text === path.text)
    const known = new Set(fields.map((one) => one.path.text))
    if (field === undefined)
      findings.add(
        item.at,
        'unknown-path',
        `no field of the policy is written to ${quote(path.text)}`,
        suggestion(path.text, known),
      )
    else if (found.has(field)) findings.add(item.at, 'duplicate-path', `${quote(path.text)} is named twice`)
    else if (!mayLeave(field))
      findings.add(item.at, 'bad-crowd', `${quote(path.text)} is dropped, so that it tells no class apart`)
    else found.add(field)
  }
  return [...found]
}

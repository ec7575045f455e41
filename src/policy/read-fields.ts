/** From the tree to fields: paths, what feeds them, categories, roles, and their rules in order. */

import type { Role } from '../identify/categories.ts'
import { DATA_CATEGORIES, roleOfCategory } from '../identify/categories.ts'
import { entryOf, type MapEntry, type TreeNode } from './document.ts'
import { checkTaxonomyKey } from './fideslang.ts'
import { type Path, printSegments, sameSegment, wildcardsOf } from './path.ts'
import type { PolicyField, PolicyRule } from './policy.ts'
import { type Findings, quote } from './problems.ts'
import { fieldWord, type RuleText, readPath, readRule } from './read-rule.ts'
import { readingOf } from './reading.ts'
import { parseValueType } from './value-type.ts'

/** In any case of letters. */
const RESERVED = 'lethe-'

/** Reads `fields:`; `subject` is the path of the data subject. Fields that cannot be read are left out, and `findings` says why. */
export function readFields(
  node: TreeNode | undefined,
  subject: Path | undefined,
  findings: Findings,
): PolicyField[] {
  if (node?.kind !== 'map') return []
  if (node.entries.length === 0) findings.add(node.at, 'missing-key', 'the policy lists no field')
  const fields: PolicyField[] = []
  for (const entry of node.entries) {
    const path = readPath(entry.key, entry.at, findings, 'field')
    const field = readField(entry, path, subject, findings)
    if (field !== undefined) fields.push(field)
  }
  return fields
}

/** One field, or the rules of a tag. `path`: undefined where it cannot be read, which `findings` says. */
export function readField(
  entry: MapEntry,
  path: Path | undefined,
  subject: Path | undefined,
  findings: Findings,
): PolicyField | undefined {
  const written = entry.value.kind === 'list' ? entry.value.items : [entry.value]
  if (written.length === 0) findings.add(entry.value.at, 'wrong-type', 'a list of rules holds at least one')
  const texts: RuleText[] = []
  written.forEach((value, i) => {
    const text = readRule({ at: entry.at, value }, i === 0 ? 'field' : 'further', findings)
    if (text !== undefined) texts.push(text)
  })
  if (texts.length < written.length || path === undefined || texts.length === 0) return undefined
  const { rules, format } = keyFormat(
    path,
    texts.map((text) => text.rule),
  )
  checkHeader(path, rules, entry.at, findings)
  checkOrder(rules, findings)

  const words = texts[0]!.words
  const category = fieldWord(words, 'category')
  if (category !== undefined) {
    const { ok, near } = checkTaxonomyKey(category.text, DATA_CATEGORIES)
    if (!ok)
      findings.add(
        category.at,
        'unknown-category',
        `${quote(category.text)} is not a data category of Fideslang, nor below one`,
        near && `did you mean \`${near}\`?`,
      )
  }
  const read = readingOf(words)
  const typeWord = fieldWord(words, 'type')
  const type = typeWord && parseValueType(typeWord.text)
  const fromWord = fieldWord(words, 'from')
  let from: Path | undefined = path
  if (fromWord !== undefined) {
    const named = readPath(fromWord.text, fromWord.at, findings)
    from = named?.text === path.text ? path : named
    if (named !== undefined) checkFrom(path, named, rules, fromWord.at, findings)
  }
  if (from === undefined) return undefined
  // Whatever says whose record this is identifies them.
  const roleByCategory = from.text === subject?.text ? 'direct-identifier' : roleOfCategory(category?.text)
  return {
    path,
    at: entry.at,
    from,
    fromAt: fromWord?.at ?? entry.at,
    format,
    read,
    type: type && { type, at: typeWord.at },
    statisticsAt: entryOf(words, 'statistics')?.at,
    category: category?.text,
    role: (fieldWord(words, 'role')?.text as Role | undefined) ?? roleByCategory,
    roleByCategory,
    rules,
  }
}

/** Takes `format: json` out of the first rule of `$key`, where it says how the key is read, and is no option. */
function keyFormat(
  path: Path,
  rules: readonly PolicyRule[],
): { rules: readonly PolicyRule[]; format: 'json' | undefined } {
  const [first, ...further] = rules
  const isKey = path.envelope === 'key' && path.segments.length === 0
  const word = isKey ? entryOf(first!.written, 'format') : undefined
  if (word?.value.kind !== 'scalar' || word.value.text !== 'json') return { rules, format: undefined }
  const entries = first!.written.entries.filter((entry) => entry !== word)
  return { rules: [{ ...first!, written: { ...first!.written, entries } }, ...further], format: 'json' }
}

/** What Lethe says of its outputs in headers would be worth nothing if a producer could say it too. */
function checkHeader(
  path: Path,
  rules: readonly PolicyRule[],
  at: PolicyField['at'],
  findings: Findings,
): void {
  const name = path.envelope === 'header' ? path.segments[0] : undefined
  if (name?.kind !== 'name' || !name.name.toLowerCase().startsWith(RESERVED)) return
  if (rules.some((rule) => rule.use !== 'drop'))
    findings.add(
      at,
      'reserved-header',
      `headers that start with \`${RESERVED}\` are written by Lethe itself`,
      'drop, or leave the header out',
    )
}

function checkOrder(rules: readonly PolicyRule[], findings: Findings): void {
  const always = rules.findIndex((rule) => rule.when.length === 0)
  const behind = always < 0 ? undefined : rules[always + 1]
  if (behind !== undefined)
    findings.add(
      behind.at,
      'unreachable-rule',
      'the rule before this one has no `when`, so this one never applies',
      'put the rule without `when` last',
    )
}

function checkFrom(
  path: Path,
  from: Path,
  rules: readonly PolicyRule[],
  at: PolicyField['at'],
  findings: Findings,
): void {
  if (path.envelope !== undefined || from.envelope !== undefined) {
    if (from.text !== path.text)
      findings.add(
        at,
        'bad-from',
        'record key, headers, timestamp and `$change` are rewritten in place only',
        'remove from',
      )
    return
  }
  if (path.segments.at(-1)?.kind === 'names' || from.segments.at(-1)?.kind === 'names') {
    findings.add(at, 'bad-from', 'the names of a map are rewritten in place only', 'remove from')
    return
  }
  if (rules.every((rule) => rule.use === 'drop'))
    findings.add(at, 'misplaced-word', 'a dropped field takes its value from nowhere', 'remove from')
  if (path.isPattern || path.tag !== undefined) {
    const what = path.isPattern ? 'a pattern matches' : 'carries a tag'
    findings.add(at, 'bad-from', `what ${what} is rewritten in place only`, 'remove from')
    return
  }
  const here = wildcardsOf(path)
  const there = wildcardsOf(from)
  if (here.length === there.length && here.every((segment, i) => sameSegment(segment, there[i]!))) return
  const print = (segments: typeof here) =>
    segments.length > 0 ? quote(printSegments(segments)) : 'no elements'
  findings.add(
    at,
    'bad-from',
    `the output runs over ${print(here)} and \`from\` over ${print(there)}: which goes where cannot be told`,
    'an output and its `from` share everything up to the last [] or .*',
  )
}

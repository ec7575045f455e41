/** Two rules that take the same values, one of each policy: what differs beside what they tell. */
import { canonicalJson } from '../policy/fingerprint.ts'
import type { Otherwise } from '../policy/plan.ts'
import type { PolicyRule } from '../policy/policy.ts'
import { quote, type TextPosition } from '../policy/problems.ts'
import type { Change, ChangeKind, Ranking } from './change.ts'
import type { Side } from './side.ts'

/** What a word of a rule says of it. `is` stands in the new policy. */
type Compare = (
  was: PolicyRule,
  is: PolicyRule,
  sides: Sides,
) => readonly (Pick<Change, 'verdict' | 'kind' | 'what'> & { readonly at?: TextPosition })[]

export interface Sides {
  readonly before: Side
  readonly after: Side
  /** The output path of both rules. */
  readonly path: string
}

/** Compared elsewhere, or no choice of the policy. A new word of a rule does not compile until it is decided here. */
const ELSEWHERE = null

const WORDS: { readonly [Word in keyof PolicyRule]-?: Compare | typeof ELSEWHERE } = {
  at: ELSEWHERE,
  useAt: ELSEWHERE,
  // What a rule tells is compared by `told.ts`.
  use: ELSEWHERE,
  written: ELSEWHERE,
  options: compareOptions,
  when: ELSEWHERE,
  otherwise: compareElse,
  otherwiseAt: ELSEWHERE,
  key: compareKeys,
  lineBreaksAt: ({ lineBreaksAt: was }, { lineBreaksAt: is }) => {
    if ((was === undefined) === (is === undefined)) return []
    if (is === undefined)
      return one('stronger', 'line-breaks', 'a cell with a line break is a dead letter now')
    return [{ ...one('weaker', 'line-breaks', 'a cell may hold a line break now')[0]!, at: is }]
  },
  tagged: ({ tagged: was }, { tagged: is }) => {
    const [old, now] = [was?.tags ?? [], is?.tags ?? []]
    const [more, fewer] = [now.filter((tag) => !old.includes(tag)), old.filter((tag) => !now.includes(tag))]
    return [
      ...(more.length === 0
        ? []
        : one('weaker', 'tagged', `it is kept also where a schema tags it ${more.map(quote).join(', ')}`)),
      ...(fewer.length === 0
        ? []
        : one(
            'stronger',
            'tagged',
            `it is not kept any more where a schema tags it ${fewer.map(quote).join(', ')}`,
          )),
    ]
  },
  accept: ({ accept: was }, { accept: is }) => {
    if (is === undefined)
      return was === undefined ? [] : one('stronger', 'accept', 'nothing weak is accepted any more')
    if (was === undefined)
      return [{ ...one('weaker', 'accept', `a weak choice is accepted: ${quote(is.reason)}`)[0]!, at: is.at }]
    return was.reason === is.reason
      ? []
      : one('different', 'accept', `the reason reads ${quote(is.reason)} now`)
  },
  transform: ({ transform: was }, { transform: is, options }) => {
    if (was === undefined || is === undefined || was.name !== is.name) return []
    // Of the same options: a version that only they change is no other transform.
    const [from, to] = [was.versionOf(options) ?? was.version, is.versionOf(options) ?? is.version]
    return from === to
      ? []
      : one(
          'unranked',
          'transform-version',
          `${is.name} has version ${to}, and had ${from}: its results differ`,
        )
  },
  weaknesses: ELSEWHERE,
  action: ELSEWHERE,
  planRule: ELSEWHERE,
}

export function compareRules(was: PolicyRule, is: PolicyRule, sides: Sides): ReturnType<Compare> {
  return Object.values(WORDS).flatMap((compare) => compare?.(was, is, sides) ?? [])
}

const one = (verdict: Ranking, kind: ChangeKind, what: string): ReturnType<Compare> => [
  { verdict, kind, what },
]

function compareOptions(was: PolicyRule, is: PolicyRule, sides: Sides): ReturnType<Compare> {
  const changes = [...compareFiles(was, is, sides), ...compareDomains(was, is, sides)]
  const isSame = (option: string) =>
    canonicalJson(sides.before.optionsOf(was)[option]) === canonicalJson(sides.after.optionsOf(is)[option])
  const names = new Set([...Object.keys(was.options ?? {}), ...Object.keys(is.options ?? {})])
  const known = new Set<string | undefined>([
    sides.before.domainOption(was),
    ...sides.before.filesOf(was).keys(),
  ])
  const others = [...names].filter((name) => !known.has(name) && !isSame(name))
  if (was.use !== is.use)
    return [...changes, ...one('different', 'options', `it is done by ${is.use}, and was by ${was.use}`)]
  if (others.length === 0) return changes
  return [
    ...changes,
    ...one('different', 'options', `${is.use} has other options: ${others.map(quote).join(', ')}`),
  ]
}

function compareFiles(was: PolicyRule, is: PolicyRule, { before, after }: Sides): ReturnType<Compare> {
  const [old, named] = [before.filesOf(was), after.filesOf(is)]
  return [...named].flatMap(([option, file]) => {
    const known = old.get(option)
    if (known === undefined) return []
    if (before.sources.files.get(known) !== after.sources.files.get(file))
      return one('unranked', 'file', `the file ${quote(file)} holds something else now`)
    return known === file ? [] : one('different', 'file', `the same file is called ${quote(file)} now`)
  })
}

function compareDomains(
  was: PolicyRule,
  is: PolicyRule,
  { before, after, path }: Sides,
): ReturnType<Compare> {
  const [old, now] = [before.revealed(was), after.revealed(is)]
  const [from, to] = [
    old && 'domain' in old ? old.domain : undefined,
    now && 'domain' in now ? now.domain : undefined,
  ]
  if (old?.tells !== now?.tells || (from ?? path) === (to ?? path)) return []
  const joined = after.joinedWith(is, path)
  const gained = [...joined].filter((other) => !before.joinedWith(was, path).has(other))
  if (gained.length > 0)
    return one(
      'weaker',
      'domain',
      `it can be joined with ${gained.map(quote).join(', ')} now, in the domain ${quote(to ?? path)}`,
    )
  if ((from ?? path) === path)
    return one('weaker', 'domain', `it can be joined with whatever else uses the domain ${quote(to!)}`)
  if ((to ?? path) === path)
    return one('stronger', 'domain', `it has a domain of its own, and had ${quote(from!)}`)
  return one(
    'unranked',
    'domain',
    `its domain is ${quote(to!)}, and was ${quote(from!)}: which other outputs it can be joined with is not known here`,
  )
}

function compareKeys(
  { key: was, use: wasUse }: PolicyRule,
  { key: is, use }: PolicyRule,
): ReturnType<Compare> {
  if (was?.id === is?.id || wasUse !== use) return []
  if (was === undefined)
    return one('weaker', 'key', `it stays with the key ${quote(is!.id)}, whichever key is the primary one`)
  if (is === undefined) return one('stronger', 'key', `it uses the primary key, and used ${quote(was.id)}`)
  const [old, now] = [was.id, is.id].map((id) => Number(/^k([1-9]\d{0,5})$/.exec(id)?.[1]))
  const verdict = now! < old! ? 'weaker' : now! > old! ? 'stronger' : 'unranked'
  return [
    { ...one(verdict, 'key', `it uses the key ${quote(is.id)}, and used ${quote(was.id)}`)[0]!, at: is.at },
  ]
}

/** Never the raw value: so what differs is whether the record leaves, and what stands there then. */
function compareElse({ otherwise: was }: PolicyRule, { otherwise: is }: PolicyRule): ReturnType<Compare> {
  if (canonicalJson(was) === canonicalJson(is)) return []
  if (is.kind === 'dead-letter')
    return one('stronger', 'else', 'a record whose value cannot be taken is a dead letter now')
  const now = `${elseInWords(is)} where a value cannot be taken`
  if (was.kind === 'dead-letter')
    return one('unranked', 'else', `records leave, ${now}, which were dead letters`)
  return one('different', 'else', `${now}; it was: ${elseInWords(was)}`)
}

function elseInWords(otherwise: Otherwise): string {
  if (otherwise.kind === 'constant') return `with the constant ${quote(String(otherwise.value))}`
  return otherwise.kind === 'null' ? 'with null' : 'without the field'
}

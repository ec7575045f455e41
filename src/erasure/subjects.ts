/** Which subjects an order is of: their entries on the list, and their tokens in what is stored. */
import { existsSync } from 'node:fs'
import { LetheError } from '../errors.ts'
import type { MatchKeys } from '../keys/match-keys.ts'
import { createList, readList } from '../lists/list-writer.ts'
import type { ListHeader } from '../lists/match-list.ts'
import { newSources } from '../policy/context.ts'
import type { Plan } from '../policy/plan.ts'
import { toNormalForm } from '../policy/suppression/normal-forms.ts'
import type { ErasureOrder, SubjectForm } from './erasure-order.ts'
import { listOf, type NamedList, type SubjectSearch } from './finders.ts'
import type { LetterToken } from './letter-search.ts'

/** What an order says of its subjects, before targets are looked at. */
export type Subjects = Pick<ErasureOrder, 'list' | 'keys' | 'searches' | 'subjects'>

export interface SubjectsSetting {
  /** The policies that made what is stored; the first is the one in force. */
  readonly searches: readonly SubjectSearch[]
  readonly matchKeys: MatchKeys
  readonly keyChecks: Readonly<Record<string, string>>
  /** The file of the suppression list, which may not be there yet. */
  readonly suppression: string
  /** Whether topics are looked through: dead letters carry tokens of their own. */
  readonly ofTopics?: boolean
}

/** Subjects by their match tokens. */
export interface SoughtSubjects {
  readonly list: Pick<Subjects['list'], 'domain' | 'normalize' | 'keys'>
  readonly subjects: readonly Pick<SubjectForm, 'match' | 'digests'>[]
}

/** Parts digests of outputs from entries of lists: no list has such a domain. */
export const OUTPUT_DOMAIN = 'forget/output'

/**
 * What is looked for, for these identifiers as they stand in events.
 * @throws LetheError (usage) where one has no normal form or is in no output, or no list holds the subject back
 */
export function subjectsOf(identifiers: readonly string[], setting: SubjectsSetting): Subjects {
  const { searches, matchKeys, keyChecks, suppression, ofTopics = false } = setting
  const [current] = searches as [SubjectSearch]
  const list = neededList(current.plan)
  const header = headerOf(list, suppression)
  const { id, check } = matchKeys.primary
  const match = matchKeys.matcher(id, check, header.domain, suppression)
  const digest = matchKeys.matcher(id, check, OUTPUT_DOMAIN, suppression)
  const toNormal = toNormalForm(header.normalize, newSources())
  const named = (token: Buffer): string => `${id}.${token.toString('base64url')}`
  const sealed = ofTopics ? sealedTokens(header, matchKeys) : undefined
  const subjects = new Map<string, SubjectForm>()
  for (const [index, identifier] of identifiers.entries()) {
    const normal = toNormal(current.identifierOf(identifier))
    if (normal === undefined || normal === '')
      throw new LetheError(
        'bad-option',
        `subject ${index + 1} has no normal form (${header.normalize}); nothing was done`,
        'name it as it stands in events',
      )
    const outputs = searches.map(({ outputsOf }) => outputsOf(identifier))
    const token = named(match(normal))
    const before = subjects.get(token)
    subjects.set(token, {
      match: token,
      // Two spellings of one subject have one entry on the list, and may have two tokens.
      tokens: unique([...(before?.tokens ?? []), ...outputs.flatMap(({ tokens }) => tokens)]),
      digests: unique([
        ...(before?.digests ?? []),
        ...outputs.flatMap(({ unkeyed }) => unkeyed.map((text) => named(digest(text)))),
      ]),
      ...(sealed && {
        sealed: uniqueLetters([...(before?.sealed ?? []), ...sealed(current.identifierOf(identifier))]),
      }),
    })
  }
  return {
    list: { ...header, name: list.list, keys: { [id]: check } },
    keys: keyChecks,
    searches: searches.map(({ form }) => form),
    subjects: [...subjects.values()],
  }
}

/**
 * Gives what dead letters say of an identifier, under every key that it may have been made with: by the list, or, where a policy had
 * none, by a domain of their own (`gates/subject-token.ts`).
 */
function sealedTokens(
  { domain, normalize }: Pick<ListHeader, 'domain' | 'normalize'>,
  matchKeys: MatchKeys,
): (identifier: string) => readonly LetterToken[] {
  const kinds = [
    { domain, normalize },
    { domain: 'dead-letters', normalize: 'trim' as const },
  ]
  const made = kinds.flatMap((kind) =>
    matchKeys.usable.map(({ id, check }) => ({
      kind,
      id,
      match: matchKeys.matcher(id, check, kind.domain, 'the order'),
      toNormal: toNormalForm(kind.normalize, newSources()),
    })),
  )
  return (identifier) =>
    made.flatMap(({ kind, id, match, toNormal }) => {
      const normal = toNormal(identifier)
      return normal === undefined || normal === ''
        ? []
        : [{ ...kind, token: `${id}.${match(normal).toString('base64url')}` }]
    })
}

/** The same for who has identifiers and no order; without match keys, none. */
export function lettersOf(
  identifiers: readonly string[],
  searches: readonly SubjectSearch[],
  matchKeys: MatchKeys | undefined,
): readonly LetterToken[] {
  if (matchKeys === undefined) return []
  const lists = searches.flatMap(({ plan }) => listOf(plan) ?? [])
  // The domain of a list is its name, unless its file was made with another one.
  const made = lists.map(({ list, normalize }) =>
    sealedTokens({ domain: list, normalize: normalize[0]! }, matchKeys),
  )
  const [{ identifierOf }] = searches as [SubjectSearch]
  return uniqueLetters(identifiers.flatMap((one) => made.flatMap((tokens) => tokens(identifierOf(one)))))
}

const uniqueLetters = (all: readonly LetterToken[]): readonly LetterToken[] => [
  ...new Map(all.map((one) => [JSON.stringify(one), one])).values(),
]

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)]

function neededList(plan: Plan): NamedList {
  const list = listOf(plan)
  if (list !== undefined) return list
  const by = plan.subject?.text ?? 'PATH'
  throw new LetheError(
    'bad-option',
    `the policy ${plan.name} names no suppression list by its subject: records of subjects would come again`,
    `say in it \`subject: ${by}\` and \`suppression: [{ list: erasures, by: ${by} }]\``,
  )
}

/** Makes the suppression list of a policy, empty. @throws LetheError: usage where the policy names none, or the file exists; io */
export async function beginList(plan: Plan, file: string): Promise<void> {
  const { list, normalize } = neededList(plan)
  await createList(file, { purpose: 'suppression', domain: list, normalize: normalize[0]! })
}

/** Of the list that is there, or of the one that is to be made. */
function headerOf({ list, normalize }: NamedList, file: string): ListHeader {
  if (!existsSync(file)) return { purpose: 'suppression', domain: list, normalize: normalize[0]! }
  const { header } = readList(file)
  if (header.normalize !== normalize[0])
    throw new LetheError(
      'list-invalid',
      `the entries of ${file} are in the normal form ${header.normalize}, and the policy says ${normalize[0]}`,
      `name the file of the list ${list}, or say normalize: ${header.normalize} in the policy`,
    )
  return header
}

/** The orders' subjects as one: what was forgotten is looked for again. @throws LetheError (usage) where their lists differ */
export function mergeSubjects(orders: readonly Subjects[]): Subjects {
  const [first] = orders as [Subjects]
  const subjects = new Map<string, SubjectForm>()
  const searches = new Map<string, Subjects['searches'][number]>()
  const keys: Record<string, string> = {}
  const matchKeys: Record<string, string> = {}
  const add = (into: Record<string, string>, from: Readonly<Record<string, string>>): void => {
    for (const [id, check] of Object.entries(from)) {
      if ((into[id] ?? check) !== check) throw differ(`two keys are called ${id}`)
      into[id] = check
    }
  }
  for (const order of orders) {
    const { domain, normalize, name } = order.list
    if (domain !== first.list.domain || normalize !== first.list.normalize || name !== first.list.name)
      throw differ('they are of different suppression lists')
    add(keys, order.keys)
    add(matchKeys, order.list.keys)
    for (const search of order.searches) searches.set(search.policy.fingerprint, search)
    for (const one of order.subjects) {
      const before = subjects.get(one.match)
      subjects.set(one.match, {
        match: one.match,
        tokens: unique([...(before?.tokens ?? []), ...one.tokens]),
        digests: unique([...(before?.digests ?? []), ...one.digests]),
        ...((before?.sealed ?? one.sealed) && {
          sealed: uniqueLetters([...(before?.sealed ?? []), ...(one.sealed ?? [])]),
        }),
      })
    }
  }
  return {
    list: { ...first.list, keys: matchKeys },
    keys,
    searches: [...searches.values()],
    subjects: [...subjects.values()],
  }
}

const differ = (why: string): LetheError =>
  new LetheError('order-invalid', `the orders cannot be run together: ${why}`, 'run them one by one')

/** Erasure of what is stored: plans a work order, applies it, and reads again whether it is done. Prints nothing. */
import { existsSync } from 'node:fs'
import { LetheError } from '../errors.ts'
import type { MatchKeys } from '../keys/match-keys.ts'
import { expiredOf, type Hold, type TargetName } from '../lifecycle/legal-hold.ts'
import { type AppliedOrder, applyEach, refuseExpired, spanOf, surveyEach } from '../lifecycle/order-steps.ts'
import { StoredFile } from '../lifecycle/stored-file.ts'
import type { ErasureRequest, Search, Target, TargetSurvey } from '../lifecycle/target.ts'
import { fileOf, sealOrder } from '../lifecycle/work-order.ts'
import { addTokens, createList, type ListChange, readList } from '../lists/list-writer.ts'
import type { ListHeader } from '../lists/match-list.ts'
import { newSources } from '../policy/context.ts'
import { parsePath } from '../policy/path.ts'
import type { Plan } from '../policy/plan.ts'
import { toNormalForm } from '../policy/suppression/normal-forms.ts'
import type { ErasureOrder, SubjectForm } from './erasure-order.ts'
import { type FinderForm, listOf, type NamedList, type SubjectSearch } from './finders.ts'

/** What an order says of its subjects, before targets are looked at. */
export type Subjects = Pick<ErasureOrder, 'list' | 'keys' | 'searches' | 'subjects'>

export interface SubjectsSetting {
  /** The policies that made what is stored; the first is the one in force. */
  readonly searches: readonly SubjectSearch[]
  readonly matchKeys: MatchKeys
  readonly keyChecks: Readonly<Record<string, string>>
  /** The file of the suppression list, which may not be there yet. */
  readonly suppression: string
}

/** Parts digests of outputs from entries of lists: no list has such a domain. */
const OUTPUT_DOMAIN = 'forget/output'

/**
 * What is looked for, for these identifiers as they stand in events.
 * @throws LetheError (usage) where one has no normal form or is in no output, or no list holds the subject back
 */
export function subjectsOf(identifiers: readonly string[], setting: SubjectsSetting): Subjects {
  const { searches, matchKeys, keyChecks, suppression } = setting
  const [current] = searches as [SubjectSearch]
  const list = neededList(current.plan)
  const header = headerOf(list, suppression)
  const { id, check } = matchKeys.primary
  const match = matchKeys.matcher(id, check, header.domain, suppression)
  const digest = matchKeys.matcher(id, check, OUTPUT_DOMAIN, suppression)
  const toNormal = toNormalForm(header.normalize, newSources())
  const named = (token: Buffer): string => `${id}.${token.toString('base64url')}`
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
    })
  }
  return {
    list: { ...header, name: list.list, keys: { [id]: check } },
    keys: keyChecks,
    searches: searches.map(({ form }) => form),
    subjects: [...subjects.values()],
  }
}

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
      `normalize: ${header.normalize} in the policy`,
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

export interface EraseSetting {
  /** The policies that made what is stored. */
  readonly plans: readonly Plan[]
  /** Where outputs hold identifiers or tokens without a key. */
  readonly matchKeys: MatchKeys | undefined
  readonly holds: readonly Hold[]
  /** ms since 1970. */
  readonly now: number
}

/** What targets are asked. @throws LetheError (usage) where a policy of the order, or the match keys, are not given */
export function requestOf(
  subjects: Subjects,
  { plans, matchKeys, holds, now }: EraseSetting,
): ErasureRequest {
  const tokens = new Set(subjects.subjects.flatMap((one) => one.tokens))
  const searches = subjects.searches.map((search): [string, Search] => {
    const plan = plans.find(({ fingerprint }) => fingerprint === search.policy.fingerprint)
    if (plan === undefined)
      throw new LetheError(
        'order-invalid',
        `the order was made under the policy ${search.policy.name}, version ${search.policy.version}, which is not among those named; nothing was done`,
        'name every policy of the order: -p FILE, may be repeated',
      )
    const finders = search.finders.map((finder) => ({
      path: parsePath(finder.field),
      find: findOf(finder, tokens, subjects, matchKeys),
    }))
    return [search.policy.fingerprint, { plan, finders, unsearched: search.unsearched }]
  })
  return { searches: new Map(searches), keyChecks: subjects.keys, holds, heldAt: now }
}

/** Values repeat: so many answers are remembered. */
const REMEMBERED = 65_536

function findOf(
  { by, split }: FinderForm,
  tokens: ReadonlySet<string>,
  subjects: Subjects,
  matchKeys: MatchKeys | undefined,
): (text: string) => boolean {
  const finds: ((text: string) => boolean)[] = []
  if (by.includes('token')) finds.push((text) => tokens.has(text))
  if (by.includes('kept') || by.includes('unkeyed')) finds.push(matchedBy(by, subjects, matchKeys))
  const find = (text: string): boolean => finds.some((one) => one(text))
  return split === null
    ? find
    : (text) => text.split(split).some((part) => find(part) || (part !== part.trim() && find(part.trim())))
}

/** Of outputs that hold the identifier itself, or a token without a key: compared under the match key. */
function matchedBy(
  by: FinderForm['by'],
  { list, subjects }: Subjects,
  matchKeys: MatchKeys | undefined,
): (text: string) => boolean {
  if (matchKeys === undefined)
    throw new LetheError(
      'keys-missing',
      'outputs hold identifiers or tokens without a key, which are told by match keys, and none are given',
      'say --match-keys FILE or set LETHE_MATCH_KEYS_FILE',
    )
  const toNormal = toNormalForm(list.normalize, newSources())
  const keys = Object.entries(list.keys)
  const matchersFor = (domain: string) =>
    keys.map(([id, check]) => ({ id, match: matchKeys.matcher(id, check, domain, 'the order') }))
  const entries = new Set(subjects.map(({ match }) => match))
  const digests = new Set(subjects.flatMap((one) => one.digests))
  const ofList = by.includes('kept') ? matchersFor(list.domain) : []
  const ofOutput = by.includes('unkeyed') ? matchersFor(OUTPUT_DOMAIN) : []
  const known = new Map<string, boolean>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    // A cell that a spreadsheet would run may stand behind a quote.
    const forms = text.startsWith("'") ? [text, text.slice(1)] : [text]
    const found = forms.some((one) => {
      const normal = toNormal(one)
      return (
        (normal !== undefined &&
          ofList.some(({ id, match }) => entries.has(`${id}.${match(normal).toString('base64url')}`))) ||
        ofOutput.some(({ id, match }) => digests.has(`${id}.${match(one).toString('base64url')}`))
      )
    })
    if (known.size >= REMEMBERED) known.clear()
    known.set(text, found)
    return found
  }
}

export async function planErasure(
  targets: readonly Target[],
  subjects: Subjects,
  setting: EraseSetting & { readonly validMs: number },
): Promise<ErasureOrder> {
  const { holds, now, validMs } = setting
  const request = requestOf(subjects, setting)
  const { surveyed, untouched } = await surveyEach(targets, (target) => target.survey(request))
  return sealOrder({
    lethe: 'order',
    v: 1,
    kind: 'forget',
    ...spanOf(now, validMs),
    ...subjects,
    targets: surveyed,
    untouched,
    expiredHolds: expiredOf(holds, now),
  })
}

export interface AppliedErasure extends AppliedOrder {
  readonly listed: ListChange
}

/**
 * Puts the subjects on the suppression list, and then erases their rows, target by target; what was done stays as it is.
 * @throws LetheError: `order-expired`, what `addTokens` and targets throw: what is done before is done, and it can be applied again
 */
export async function applyErasure(
  order: ErasureOrder,
  suppression: string,
  setting: EraseSetting,
): Promise<AppliedErasure> {
  refuseExpired(order, setting.now)
  const request = requestOf(order, setting)
  const { purpose, domain, normalize, keys } = order.list
  const listed = await addTokens(
    suppression,
    { purpose, domain, normalize },
    keys,
    order.subjects.map(({ match }) => match),
    new Date(setting.now),
  )
  const done = await applyEach(
    order.targets.filter(({ deleted }) => deleted > 0),
    (planned) => new StoredFile(fileOf(planned.target)).apply(planned, order.hash, request),
  )
  return { listed, ...done }
}

/** What is found at a target when it is read again. */
export interface ErasureFinding {
  readonly target: TargetName
  readonly state: 'verified absent' | 'not absent' | 'held' | 'partly searched' | 'not searched'
  /** Rows that the order was to erase. */
  readonly planned: number
  /** Rows that were read now, and of these those of the subjects. */
  readonly read: number
  readonly found: number
  readonly message: string
}

export interface VerifiedErasure {
  readonly targets: readonly ErasureFinding[]
  /** Subjects that are not on the suppression list. */
  readonly unlisted: number
}

/** Reads the list and every target of the order again. Changes nothing. */
export async function verifyErasure(
  order: ErasureOrder,
  suppression: string,
  setting: EraseSetting,
): Promise<VerifiedErasure> {
  const request = requestOf(order, setting)
  const { entries } = readList(suppression)
  const targets: ErasureFinding[] = []
  for (const planned of order.targets) targets.push(await findingOf(planned, request))
  for (const { target } of order.untouched)
    targets.push(await findingOf({ target, deleted: 0, whole: false }, request))
  return { targets, unlisted: order.subjects.filter(({ match }) => !entries.has(match)).length }
}

async function findingOf(
  { target, deleted: planned, whole }: Pick<TargetSurvey, 'target' | 'deleted' | 'whole'>,
  request: ErasureRequest,
): Promise<ErasureFinding> {
  const stored = new StoredFile(fileOf(target))
  const told = (
    state: ErasureFinding['state'],
    message: string,
    counts: { readonly read: number; readonly found: number } = { read: 0, found: 0 },
  ): ErasureFinding => ({ target, state, planned, ...counts, message })
  if (stored.isGone())
    return whole
      ? told('verified absent', 'the file is not there')
      : told('not searched', 'the file is not there, and the order did not delete it: it may stand elsewhere')
  const survey = await stored.survey(request)
  if ('code' in survey) return told('not searched', survey.message)
  const { rows: read, deleted, held, unsearched = [] } = survey
  const counts = { read, found: deleted + held.fromDeletion }
  if (deleted > 0) return told('not absent', `${counts.found} rows are still there`, counts)
  if (held.fromDeletion > 0)
    return told('held', `${held.fromDeletion} rows are there under legal hold`, counts)
  return unsearched.length > 0
    ? told('partly searched', unsearched.join('; '), counts)
    : told('verified absent', `read again: none of ${read} rows`, counts)
}

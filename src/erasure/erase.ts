/** Erasure of what is stored: plans a work order, applies it, and reads again whether it is done. Prints nothing. */
import { LetheError } from '../errors.ts'
import type { MatchKeys } from '../keys/match-keys.ts'
import { applyFiles, hasWork } from '../lifecycle/apply-files.ts'
import type { Finder } from '../lifecycle/held-subjects.ts'
import { expiredOf } from '../lifecycle/legal-hold.ts'
import type { HeldSetting } from '../lifecycle/may-delete.ts'
import { isOlderAlone } from '../lifecycle/older-versions.ts'
import {
  type AppliedOrder,
  applyEach,
  lookAtEach,
  refuseExpired,
  spanOf,
  surveyEach,
} from '../lifecycle/order-steps.ts'
import { olderThere, underHold } from '../lifecycle/retention-orders.ts'
import { StoredFile } from '../lifecycle/stored-file.ts'
import { becameOf, cameBeside, HALF_MADE, leftAlone } from '../lifecycle/stored-folder.ts'
import {
  type ErasureRequest,
  plannedBytes,
  remoteBytesOf,
  type Search,
  type Target,
  type TargetSurvey,
  type VersionsSetting,
} from '../lifecycle/target.ts'
import { fileOf, sealOrder } from '../lifecycle/work-order.ts'
import { addTokens, type ListChange, readList } from '../lists/list-writer.ts'
import { newSources } from '../policy/context.ts'
import { parsePath } from '../policy/path.ts'
import type { Plan } from '../policy/plan.ts'
import { toNormalForm } from '../policy/suppression/normal-forms.ts'
import {
  applyTopicErasure,
  askedOf,
  planTopicErasure,
  type TopicsSetting,
  verifyTopicErasure,
} from './erase-topics.ts'
import type { ErasureFinding } from './erasure-finding.ts'
import type { ErasureOrder } from './erasure-order.ts'
import type { FinderForm } from './finders.ts'
import { applyList, findingOfList, type ListErasure, surveyList } from './letter-lists.ts'
import { OUTPUT_DOMAIN, type SoughtSubjects, type Subjects } from './subjects.ts'
import type { DeleteRecords } from './topic-form.ts'

export interface EraseSetting extends HeldSetting {
  /** The policies that made what is stored. */
  readonly plans: readonly Plan[]
  /** Where outputs hold identifiers or tokens without a key. */
  readonly matchKeys: MatchKeys | undefined
  /** ms since 1970. */
  readonly now: number
  /** Where it is given: gets what of subjects, tokens or entries, was found. */
  readonly seen?: Set<string>
  /** Where topics are looked through too. */
  readonly topics?: TopicsSetting | undefined
}

/** @throws LetheError (usage) where an order is of topics, and no pipeline is named */
function topicsOf({ topics }: ErasureOrder, setting: EraseSetting): TopicsSetting | undefined {
  if (topics === undefined) return undefined
  if (setting.topics !== undefined) return setting.topics
  throw new LetheError(
    'bad-option',
    `the order is of topics of the pipeline ${topics.pipeline} too, and none is named; nothing was done`,
    'say --pipeline FILE',
  )
}

/** What targets are asked. @throws LetheError (usage) where a policy of the order, or the match keys, are not given */
export function requestOf(
  subjects: Subjects & VersionsSetting,
  { plans, matchKeys, holds, lookAgain, now, seen }: EraseSetting,
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
    const finder = (form: FinderForm): Finder => ({
      path: parsePath(form.field),
      find: findOf(form, tokens, subjects, matchKeys, seen),
    })
    return [
      search.policy.fingerprint,
      {
        plan,
        finders: search.finders.map(finder),
        beside: (search.beside ?? []).map(finder),
        unsearched: search.unsearched,
      },
    ]
  })
  const { keys: keyChecks, objectVersions } = subjects
  return { searches: new Map(searches), keyChecks, objectVersions, holds, lookAgain, heldAt: now }
}

/** Values repeat: so many answers are remembered. */
const REMEMBERED = 65_536

/** Whether a stored text is of one of the subjects. */
export function findOf(
  { by, split }: Pick<FinderForm, 'by' | 'split'>,
  tokens: ReadonlySet<string>,
  subjects: SoughtSubjects,
  matchKeys: MatchKeys | undefined,
  seen: Set<string> = new Set(),
): (text: string) => boolean {
  const finds: ((text: string) => boolean)[] = []
  if (by.includes('token')) finds.push((text) => tokens.has(text) && seen.add(text) === seen)
  if (by.includes('kept') || by.includes('unkeyed')) finds.push(matchedBy(by, subjects, matchKeys, seen))
  const find = (text: string): boolean => finds.some((one) => one(text))
  return split === null
    ? find
    : (text) => text.split(split).some((part) => find(part) || (part !== part.trim() && find(part.trim())))
}

/** Of outputs that hold the identifier itself, or a token without a key: compared under the match key. */
function matchedBy(
  by: FinderForm['by'],
  { list, subjects }: SoughtSubjects,
  matchKeys: MatchKeys | undefined,
  seen: Set<string>,
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
  const isOf = (known: ReadonlySet<string>, id: string, digest: Buffer): boolean => {
    const name = `${id}.${digest.toString('base64url')}`
    return known.has(name) && seen.add(name) === seen
  }
  const known = new Map<string, boolean>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    // A cell that a spreadsheet would run may stand behind a quote.
    const forms = text.startsWith("'") ? [text, text.slice(1)] : [text]
    const found = forms.some((one) => {
      const normal = toNormal(one)
      return (
        (normal !== undefined && ofList.some(({ id, match }) => isOf(entries, id, match(normal)))) ||
        ofOutput.some(({ id, match }) => isOf(digests, id, match(one)))
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
  setting: EraseSetting & {
    readonly validMs: number
    readonly deleteRecords?: DeleteRecords | undefined
    readonly letterLists?: readonly string[] | undefined
    readonly objectVersions?: 'delete' | undefined
  },
): Promise<ErasureOrder> {
  const { holds, now, validMs, topics, deleteRecords = null, letterLists = [], objectVersions } = setting
  const request = requestOf({ ...subjects, objectVersions }, setting)
  const { surveyed, untouched } = await surveyEach(targets, (target) => target.survey(request), remoteBytesOf)
  const asked = askedOf(subjects, request)
  const lists: ListErasure[] = []
  for (const file of letterLists) lists.push(await surveyList(file, asked))
  return sealOrder({
    lethe: 'order',
    v: 1,
    kind: 'forget',
    ...spanOf(now, validMs),
    ...subjects,
    ...(objectVersions && { objectVersions }),
    targets: surveyed,
    untouched,
    ...(lists.length === 0 ? {} : { lists }),
    ...(topics && { topics: await planTopicErasure(asked, deleteRecords, topics) }),
    expiredHolds: expiredOf(holds, now),
  })
}

const NOTHING: AppliedOrder = { applied: 0, wasApplied: 0 }

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
  const topics = topicsOf(order, setting)
  const request = requestOf(order, setting)
  const { purpose, domain, normalize, keys } = order.list
  const listed = await addTokens(
    suppression,
    { purpose, domain, normalize },
    keys,
    order.subjects.map(({ match }) => match),
    new Date(setting.now),
  )
  const done = await applyFiles(order.targets.filter(hasWork), order.hash, request)
  const asked = askedOf(order, request)
  const ofLists = await applyEach(
    (order.lists ?? []).filter(({ found }) => found > 0),
    (planned) => applyList(planned, asked),
  )
  const requested = topics === undefined ? NOTHING : await applyTopicErasure(order.topics!, asked, topics)
  const all = [done, ofLists, requested]
  return {
    listed,
    applied: all.reduce((sum, one) => sum + one.applied, 0),
    wasApplied: all.reduce((sum, one) => sum + one.wasApplied, 0),
  }
}

export interface VerifiedErasure {
  readonly targets: readonly ErasureFinding[]
  /** Subjects that are not on the suppression list. */
  readonly unlisted: number
}

/** Reads the list and every target of the order again, files and topics. Changes nothing. */
export async function verifyErasure(
  order: ErasureOrder,
  suppression: string,
  setting: EraseSetting,
): Promise<VerifiedErasure> {
  const topics = topicsOf(order, setting)
  const request = requestOf(order, setting)
  const { entries } = readList(suppression)
  const readAgain = async (planned: TargetSurvey): Promise<ErasureFinding> => {
    const { target, whole, digest } = planned
    const wasErased = whole && (await new StoredFile(fileOf(target)).wasErasedBy(order.hash, digest))
    return await findingOf({ ...planned, whole: wasErased || isOlderAlone(planned) }, request)
  }
  const targets = [...(await lookAtEach(order.targets, readAgain, plannedBytes))]
  // What was left half-made took its name, where it is searched below, or was deleted: neither is kept elsewhere.
  for (const left of order.untouched) {
    const [target, whole] = [left.target, HALF_MADE.has(left.code)]
    targets.push(await findingOf({ target, deleted: 0, whole }, request, leftAlone(left)))
  }
  // A stream publishes while orders are made: its rows may be of records from before the subjects were listed.
  const named = [...order.targets, ...order.untouched].map(({ target }) => target)
  const halfMade = order.untouched.filter(({ code }) => HALF_MADE.has(code)).map(({ target }) => target)
  const others = [...(await cameBeside(named)), ...(await becameOf(halfMade, named))]
  for (const stored of new Map(others.map((one) => [one.name, one])).values())
    targets.push(await findingOf({ target: stored.name, deleted: 0, whole: false }, request, stored))
  const asked = askedOf(order, request)
  for (const planned of order.lists ?? []) targets.push(findingOfList(planned, asked))
  if (topics !== undefined) targets.push(...(await verifyTopicErasure(order.topics!, asked, topics)))
  return { targets, unlisted: order.subjects.filter(({ match }) => !entries.has(match)).length }
}

async function findingOf(
  { target, deleted: planned, whole }: Pick<TargetSurvey, 'target' | 'deleted' | 'whole'>,
  request: ErasureRequest,
  stored: Target = new StoredFile(fileOf(target)),
): Promise<ErasureFinding> {
  const told = (
    state: ErasureFinding['state'],
    message: string,
    counts: { readonly read: number; readonly found: number } = { read: 0, found: 0 },
  ): ErasureFinding => ({ target, state, planned, ...counts, message })
  if (await stored.isGone())
    return whole
      ? told('verified absent', 'the file is not there')
      : told('not searched', 'the file is not there, and the order did not delete it: it may stand elsewhere')
  const survey = await stored.survey(request)
  if ('code' in survey) return told('not searched', survey.message)
  const { rows: read, deleted, held, unsearched = [] } = survey
  const counts = { read, found: deleted + held.fromDeletion }
  if (deleted > 0) return told('not absent', `${counts.found} rows are still there`, counts)
  if (survey.olderVersions !== undefined) return told('not absent', olderThere(survey.olderVersions), counts)
  if (held.fromDeletion > 0)
    return told('held', `${held.fromDeletion} rows are there ${underHold(survey)}`, counts)
  return unsearched.length > 0
    ? told('partly searched', unsearched.join('; '), counts)
    : told('verified absent', `read again: none of ${read} rows`, counts)
}

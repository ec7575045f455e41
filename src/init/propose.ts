/** From counts to a draft: what is done with each path, whose record it is, and when it happened. */
import { knownWords } from '../identify/known-words.ts'
import { fullOf, OWN_IDS, SUBJECTS } from '../identify/lexicon.ts'
import { printSegments, type Segment } from '../policy/path.ts'
import { DETECTORS, EPOCH_TIMES, type ValueForm } from './detect.ts'
import { type Facts, factsOf } from './facts.ts'
import type { Carrier } from './opened-sample.ts'
import type { Profile, Profiles } from './profile.ts'
import type { Proposal, Setting } from './proposal.ts'
import { RULES, unknown } from './proposal-rules.ts'
import { type Chosen, joinSiblings } from './siblings.ts'
import { saysDay } from './value-rules.ts'
import { DISTINCT_CAP } from './value-tallies.ts'

/** The name of a column in its header, and what it is there: a path, a name that `columns:` has to state, or `NAME[2]`. */
export interface DraftHeader {
  readonly text: string
  readonly is: 'path' | 'name' | 'number'
}

export interface DraftField {
  readonly path: string
  readonly segments: readonly Segment[]
  /** Of CSV. */
  readonly header?: DraftHeader
  readonly proposal: Proposal
  /** Counts only. */
  readonly evidence: string
  /** How many values were met, and how many distinct ones. */
  readonly values: number
  readonly distinct: number
}

export interface DraftTime {
  readonly path: string
  readonly format: string
  /** Whether it has no offset, so that its zone has to be stated. */
  readonly needsZone: boolean
}

export interface Draft {
  readonly records: number
  readonly fields: readonly DraftField[]
  readonly subject: string | undefined
  readonly time: DraftTime | undefined
  /** Of subject and time, those that every record held. */
  readonly required: readonly string[]
  readonly undecided: number
  readonly unnamed: number
  /** Paths of texts that hold JSON, and of arrays in whose place one value may stand. */
  readonly texts: readonly Carrier[]
  readonly either: readonly (readonly Segment[])[]
  /** Paths of objects and arrays, and of members that are left out. */
  readonly containers: readonly (readonly Segment[])[]
  readonly leftOut: readonly (readonly Segment[])[]
  /** Whether members were left out whose names are not known. */
  readonly isOpen: boolean
}

/** Whether a field is of what stands below these segments. */
export const isBelow = ({ segments }: DraftField, container: readonly Segment[]): boolean =>
  segments.length > container.length &&
  printSegments(segments.slice(0, container.length)) === printSegments(container)

function choose(
  profiles: Profiles,
  year: number,
): { chosen: readonly Chosen[]; time: DraftTime | undefined } {
  const all = profiles.profiles.map((profile) => factsOf(profile, profiles.records))
  const time = chooseTime(all)
  const setting: Setting = { hasTime: time !== undefined, year }
  const chosen = all.map((facts) => ({ facts, proposal: proposalFor(facts, setting) }))
  return { chosen: joinSiblings(chosen), time }
}

/** The path that says whose record each is, where there is one. */
export function subjectOf(profiles: Profiles, year: number): readonly Segment[] | undefined {
  return chooseSubject(choose(profiles, year).chosen)
}

/** Proposes a rule for every path. `subject` is what `subjectOf` said; `year` the calendar year of today; `texts` hold JSON. */
export function propose(
  profiles: Profiles,
  subject: readonly Segment[] | undefined,
  year: number,
  texts: readonly Carrier[] = [],
): Draft {
  const { chosen, time } = choose(profiles, year)
  const fields = chosen.map(({ facts, proposal }) => ({
    path: printSegments(facts.profile.segments),
    segments: facts.profile.segments,
    proposal,
    evidence: evidenceOf(facts),
    values: facts.profile.values,
    distinct: facts.profile.distinct,
  }))
  const whose = subject && printSegments(subject)
  const always = chosen
    .filter(({ facts: { profile } }) => profile.values === profiles.records)
    .map(({ facts }) => printSegments(facts.profile.segments))
  return {
    records: profiles.records,
    fields,
    subject: whose,
    time,
    required: always.filter((path) => path === whose || path === time?.path),
    undecided: fields.filter((field) => field.proposal.use === 'undecided').length,
    unnamed: profiles.unnamed,
    texts,
    either: profiles.either,
    containers: profiles.containers,
    leftOut: profiles.leftOut,
    isOpen: profiles.isOpen,
  }
}

function proposalFor(facts: Facts, setting: Setting): Proposal {
  const { profile } = facts
  if (profile.segments.at(-1)?.kind === 'names') return forNames(facts)
  // What is rarer than one in ten is left to be dead letters.
  if (profile.containers * 9 > profile.values)
    return { use: 'undecided', note: 'a scalar in some records, an object or array in others' }
  for (const rule of RULES) {
    const proposal = rule(facts, setting)
    if (proposal !== undefined) return proposal
  }
  return unknown(facts)
}

/** The names of a map: what may belong to a person becomes a token; whether codes may stay is for a person. */
function forNames(facts: Facts): Proposal {
  if (facts.share('code') >= 0.9 && facts.profile.distinct <= 300)
    return { use: 'undecided', note: 'the names of a map; they look like codes: keep them with an accept?' }
  if (facts.suspicion?.certain && facts.share('name-like') < 0.1)
    return {
      use: 'hash.hmac',
      options: { domain: facts.entity },
      note: 'the names of a map; by its own name they stand for people',
    }
  if (facts.share('email', 'uuid', 'phone', 'ip', 'opaque', 'integer') >= 0.5)
    return {
      use: 'hash.hmac',
      options: { domain: facts.entity },
      note: 'the names of a map; they look like identifiers',
    }
  return { use: 'undecided', note: 'the names of a map, which are values too' }
}

const TIME_WORDS = [
  /_occurred_/,
  /_event_(?:time|timestamp|date|ts)_|_eventtime_/,
  /_timestamp_/,
  /_(?:ts|time|datetime)_/,
  /_(?:created|happened|recorded|received|ordered|purchased|logged)_/,
  /_(?:date|at|on)_/,
]

const NO_TIME =
  /_(?:birth|dob|born|birthday|birthdate|updated|modified|deleted|expires|expiry|valid|until|end)_/

/** The share of values that has to be read as a time. */
const NEARLY_ALL = 0.95

/** How the values of a path are written, where they can be the event time. */
function timeFormatOf(facts: Facts): Omit<DraftTime, 'path'> | undefined {
  const named = (format: string, needsZone = false) => ({ format, needsZone })
  if (facts.share('rfc3339') >= NEARLY_ALL) return named('rfc3339')
  if (facts.together('rfc3339', 'moment') >= NEARLY_ALL) return named('auto')
  if (facts.share('date-time') >= NEARLY_ALL) return named('date-time', true)
  if (facts.share('date') >= NEARLY_ALL) return named('date')
  const epoch = EPOCH_TIMES.find((format) => facts.share(format) >= NEARLY_ALL)
  if (epoch !== undefined) return named(epoch)
  if (facts.share('epoch-days') >= NEARLY_ALL && saysDay(facts.own)) return named('epoch-days')
  const notation = facts.profile.notations.of(NEARLY_ALL * facts.profile.values)
  return notation?.kind === 'one' ? named(notation.format, notation.needsZone) : undefined
}

function chooseTime(all: readonly Facts[]): DraftTime | undefined {
  let best: { rank: number; facts: Facts; time: Omit<DraftTime, 'path'> } | undefined
  for (const facts of all) {
    const time = timeFormatOf(facts)
    if (time === undefined || !facts.isSingle || NO_TIME.test(facts.own)) continue
    if (facts.profile.values < 0.95 * facts.records) continue
    const rank = TIME_WORDS.findIndex((words) => words.test(facts.own))
    if (rank >= 0 && (best === undefined || rank < best.rank)) best = { rank, facts, time }
  }
  return best && { path: printSegments(best.facts.profile.segments), ...best.time }
}

/** Whose record it is, most likely first: customers, other people, then accounts; people who only take part come last. */
function rankOf(facts: Facts): number {
  const names = facts.profile.segments.flatMap((segment) => (segment.kind === 'name' ? [segment.name] : []))
  const words = names.flatMap(knownWords).map(fullOf)
  if (
    words.some((word) =>
      /^(?:customers?|cust|kunden?|clientes?|klienta?|klant|顧客|お客様|客户|клиента?)$/.test(word),
    )
  )
    return 0
  if (words.some((word) => /^(?:accounts?|acct)$/.test(word))) return 2
  return words.some((word) => SUBJECTS.has(word) || OWN_IDS.has(word)) ? 1 : 3
}

function chooseSubject(chosen: readonly Chosen[]): readonly Segment[] | undefined {
  let best: { rank: number; facts: Facts } | undefined
  for (const { facts, proposal } of chosen) {
    if (!facts.isSingle || facts.profile.values < 0.8 * facts.records) continue
    let rank = Number.POSITIVE_INFINITY
    if (proposal.category === 'user.unique_id' && proposal.use === 'hash.hmac') rank = rankOf(facts)
    else if (proposal.category === 'user.contact.email') rank = 10
    if (rank < (best?.rank ?? Number.POSITIVE_INFINITY)) best = { rank, facts }
  }
  return best?.facts.profile.segments
}

const number = new Intl.NumberFormat('en-US')
const count = (n: number) => number.format(n)

function kinds({ strings, numbers, booleans }: Profile, isCsv: boolean): string {
  if (isCsv) return ''
  const parts = [
    [strings, 'text'],
    [numbers, 'number'],
    [booleans, 'boolean'],
  ] as const
  const present = parts.filter(([n]) => n > 0)
  return present.length === 1 ? present[0]![1] : present.map(([n, kind]) => `${count(n)} ${kind}`).join(', ')
}

/** Detectors whose match says little unless the name agrees. */
const WEAK: readonly ValueForm[] = [
  'epoch-days',
  'year',
  'days-of-life',
  'postcode',
  'coordinates',
  'opaque',
  'word',
  'plate',
  'street',
  'national-id',
]

function evidenceOf(facts: Facts): string {
  const { profile, records } = facts
  const isNames = profile.segments.at(-1)?.kind === 'names'
  const values = profile.values === 1 ? '1 value' : `${count(profile.values)} values`
  const parts = [facts.isSingle ? `${count(profile.values)} of ${count(records)} present` : values]
  if (isNames) parts[0] = profile.values === 1 ? '1 name' : `${count(profile.values)} names`
  if (profile.nothing > 0) parts.push(`${count(profile.nothing)} null, empty or a word for nothing`)
  if (profile.containers > 0) parts.push(`${count(profile.containers)} objects or arrays`)
  // Where such a cell is kept, its rule has to say so.
  if (profile.folded > 0)
    parts.push(
      `${count(profile.folded)} ${profile.folded === 1 ? 'has' : 'have'} line breaks (\`lineBreaks: allow\`, where they are kept)`,
    )
  if (profile.values === 0) return parts.join('; ')
  const kind = kinds(profile, profile.numbers + profile.booleans === 0)
  if (kind !== '') parts.push(kind)
  if (!isNames) {
    const capped = profile.distinct >= DISTINCT_CAP ? ' or more' : ''
    parts.push(`${count(profile.distinct)}${capped} distinct`)
  }
  if (profile.subjects > 0) parts.push(`${count(profile.subjects)} data subjects`)
  const { shortest, longest } = profile
  parts.push(shortest === longest ? `length ${longest}` : `length ${shortest} to ${longest}`)
  const seen = [...profile.matches]
    .filter(([detector, n]) => n * 20 >= profile.values && !WEAK.includes(detector))
    .sort((a, b) => b[1] - a[1])
  for (const [detector, n] of seen.slice(0, 2))
    parts.push(`${count(n)} ${n === 1 ? 'looks' : 'look'} like ${DETECTORS[detector]}`)
  return parts.join('; ')
}

/** What gates know where lists and tables are stated, in a case, and not of a run. Those that are not stated are not looked at. */
import { LetheError } from '../errors.ts'
import { createKeyset } from '../keys/keyset.ts'
import { MatchKeys } from '../keys/match-keys.ts'
import { type ConsentStatement, conflictIn } from '../lists/consent-history.ts'
import { ConsentTable } from '../lists/consent-table.ts'
import type { LoadedConsent } from '../lists/load-consent.ts'
import type { LoadedList } from '../lists/load-list.ts'
import { TokenTable } from '../lists/token-table.ts'
import type { Plan, PlanConsentTable, PlanSuppression } from '../policy/plan.ts'
import type { StatedConsent, StatedGates } from '../policy/stated-gates.ts'
import {
  type DataPlaces,
  type DataReaders,
  type GateData,
  loadGateData,
  NO_DATA,
  READERS,
} from './gate-data.ts'
import { encodingOf, hashedToken } from './suppression.ts'

/** What is looked at of a plan, and what is not. */
export interface LookedAt {
  /** Without the lists and tables of which nothing is known. */
  readonly plan: Plan
  readonly data: GateData
  readonly lists: readonly string[]
  readonly tables: readonly string[]
}

/** Nothing is known of any list or table. */
export const lookAtNone = (plan: Plan): LookedAt => lookAt(plan, NO_DATA)

/** The gates of a plan whose lists and tables are in `data`; the others are named. One record tells nothing of a crowd. */
export function lookAt(plan: Plan, data: GateData): LookedAt {
  const isKnown = {
    list: ({ list }: PlanSuppression): boolean => data.lists.has(list),
    table: ({ table }: PlanConsentTable): boolean => data.tables.has(table),
  }
  const unknown = <T>(all: readonly T[], known: (one: T) => boolean, name: (one: T) => string): string[] => [
    ...new Set(all.filter((one) => !known(one)).map(name)),
  ]
  return {
    plan: {
      ...plan,
      suppression: plan.suppression.filter(isKnown.list),
      consentTables: plan.consentTables.filter(isKnown.table),
    },
    data: { ...data, crowd: 'unjudged' },
    lists: unknown(plan.suppression, isKnown.list, ({ list }) => list),
    tables: unknown(plan.consentTables, isKnown.table, ({ table }) => table),
  }
}

/** Reads the lists and tables that are given. `matchKeys` is asked only where there is one. @throws LetheError: what `loadGateData` throws */
export function lookAtFiles(
  plan: Plan,
  places: Required<DataPlaces>,
  matchKeys: () => MatchKeys | undefined,
): LookedAt {
  const given = {
    suppression: plan.suppression.filter(({ list }) => places.lists.has(list)),
    consentTables: plan.consentTables.filter(({ table }) => places.tables.has(table)),
  }
  const keys = places.lists.size + places.tables.size > 0 ? matchKeys() : undefined
  return lookAt(plan, loadGateData([given], places, keys))
}

const DOMAIN = 'stated'

/** Reads each file once, for many cases that name it. */
export function readOnce(): DataReaders {
  const known = new Map<string, unknown>()
  const once = <T>(key: readonly unknown[], read: () => T): T => {
    const text = JSON.stringify(key)
    if (!known.has(text)) known.set(text, read())
    return known.get(text) as T
  }
  return {
    list: (form, place) =>
      once(['list', form.list, form.entries, form.normalize, place], () => READERS.list(form, place)),
    table: (form, file) =>
      once(['table', form.table, form.purpose, form.normalize, file], () => READERS.table(form, file)),
  }
}

/**
 * Makes lists and tables of what is stated, and reads the files among them.
 * @param resolve the place of a file that is named
 * @param matchKeys those of the files
 * @param now ms since the epoch: what was said behind it is refused
 * @throws LetheError: what `loadGateData` throws; usage where one is stated that the policy does not name, an identifier has no normal
 *   form, or what a subject said contradicts itself
 */
export function statedData(
  plan: Plan,
  { lists, tables }: StatedGates,
  resolve: (file: string) => string,
  matchKeys: () => MatchKeys | undefined,
  now: number,
  readers: DataReaders = READERS,
): GateData {
  const places: Required<Pick<DataPlaces, 'lists' | 'tables'>> = {
    lists: new Map(
      [...lists].flatMap(([name, one]) =>
        one.kind === 'file'
          ? [[name, { file: resolve(one.file), removed: one.removed && resolve(one.removed) }] as const]
          : [],
      ),
    ),
    tables: new Map(
      [...tables].flatMap(([name, one]) => (one.kind === 'file' ? [[name, resolve(one.file)] as const] : [])),
    ),
  }
  // Where there are no files, nothing was made under any key before.
  const given = places.lists.size + places.tables.size === 0 ? undefined : matchKeys()
  const keys = given ?? new MatchKeys(createKeyset(new Date(), undefined, 'match'))
  refuseUnnamed(plan, { lists, tables })
  const ofFiles = {
    suppression: plan.suppression.filter(({ list }) => places.lists.has(list)),
    consentTables: plan.consentTables.filter(({ table }) => places.tables.has(table)),
  }
  const read = loadGateData([ofFiles], places, given, readers)
  const made = new Map<string, LoadedList>(read.lists)
  for (const form of plan.suppression) {
    const one = lists.get(form.list)
    if (one?.kind === 'entries' && !made.has(form.list)) made.set(form.list, listOf(form, one.entries, keys))
  }
  const said = new Map<string, LoadedConsent>(read.tables)
  for (const form of plan.consentTables) {
    const one = tables.get(form.table)
    if (one?.kind === 'statements') said.set(form.table, tableOf(form, one.statements, keys, now))
  }
  return { lists: made, tables: said, matchKeys: keys }
}

function refuseUnnamed({ suppression, consentTables }: Plan, { lists, tables }: StatedGates): void {
  const refuse = (kind: string, word: string, stated: Iterable<string>, named: readonly string[]): void => {
    for (const name of stated)
      if (!named.includes(name))
        throw new LetheError(
          'bad-option',
          `the ${kind} ${name} is stated, and the policy names none of this name under \`${word}:\``,
          named.length === 0 ? 'leave it out' : `it names ${[...new Set(named)].join(', ')}`,
        )
  }
  const named = suppression.map(({ list }) => list)
  refuse('list', 'suppression', lists.keys(), named)
  refuse(
    'table',
    'consent',
    tables.keys(),
    consentTables.map(({ table }) => table),
  )
}

function listOf(
  { list, by, entries, normalize, toNormal }: PlanSuppression,
  stated: readonly (readonly string[])[],
  keys: MatchKeys,
): LoadedList {
  const { id, check } = keys.primary
  const match = keys.matcher(id, check, DOMAIN, `the list ${list}`)
  const table = TokenTable.create(stated.length)
  for (const [index, parts] of stated.entries()) {
    if (parts.length !== by.length)
      throw new LetheError(
        'list-invalid',
        `the list ${list}, identifier ${index + 1}: it has ${parts.length} ${parts.length === 1 ? 'part' : 'parts'}, and the policy goes by ${by.length}`,
        by.length === 1 ? 'write one value' : `write a list of ${by.map(({ text }) => text).join(', ')}`,
      )
    const normal = parts.map((text, part) => toNormal[part]!(text))
    if (normal.some((text) => text === undefined || text === ''))
      throw new LetheError(
        'list-invalid',
        `the list ${list}, identifier ${index + 1}: it has no normal form (${normalize.join(', ')}): it would match no record`,
        'correct it',
      )
    table.set(entries === 'match' ? match(normal[0]!) : hashedToken(encodingOf(entries), normal as string[]))
  }
  return {
    list,
    sha256: '',
    count: table.count,
    domain: entries === 'match' ? DOMAIN : '',
    keys: entries === 'match' ? [{ id, check }] : [],
    memory: table.memory,
  }
}

function tableOf(
  { table, purpose, normalize, toNormal }: PlanConsentTable,
  stated: readonly StatedConsent[],
  keys: MatchKeys,
  now: number,
): LoadedConsent {
  const { id, check } = keys.primary
  const match = keys.matcher(id, check, DOMAIN, `the table ${table}`)
  const histories = new Map<string, ConsentStatement[]>()
  for (const [index, { subject, ...statement }] of stated.entries()) {
    const normal = toNormal(subject)
    if (normal === undefined || normal === '')
      throw invalid(table, index, `its subject has no normal form (${normalize})`)
    histories.set(normal, [...(histories.get(normal) ?? []), statement])
  }
  const made = ConsentTable.create(histories.size)
  for (const [normal, history] of histories) {
    const ordered = history.toSorted((a, b) => a.from - b.from)
    const conflict = conflictIn(ordered, now)
    if (conflict !== undefined) {
      const index = stated.findIndex(({ subject }) => toNormal(subject) === normal)
      throw invalid(table, index, `what its subject said is no history: in order of time, ${conflict}`)
    }
    made.set(match(normal), ordered)
  }
  return {
    table,
    purpose,
    sha256: undefined,
    count: made.count,
    domain: DOMAIN,
    keys: [{ id, check }],
    memory: made.memory,
  }
}

const invalid = (table: string, index: number, what: string): LetheError =>
  new LetheError('consent-invalid', `the table ${table}, statement ${index + 1}: ${what}`, 'correct it')

/** What gates know beside the policy, read once a run: the lists that it names, and the keys to match them. */
import type { MakeLeavingJudge } from '../engine/leaving-judge.ts'
import { LetheError } from '../errors.ts'
import type { MatchKeys } from '../keys/match-keys.ts'
import { ConsentTable } from '../lists/consent-table.ts'
import {
  type ConsentTableForm,
  type LoadedConsent,
  loadConsent,
  type TableTopicPlace,
} from '../lists/load-consent.ts'
import { type ListForm, type ListPlace, type LoadedList, loadList } from '../lists/load-list.ts'
import type { Plan } from '../policy/plan.ts'

export interface GateData {
  /** By name. */
  readonly lists: ReadonlyMap<string, LoadedList>
  /** Consent tables, by name. */
  readonly tables: ReadonlyMap<string, LoadedConsent>
  readonly matchKeys: MatchKeys | undefined
  /**
   * What judges classes. `unjudged`: nothing does, and what is said of records says so. Undefined: a policy that states a
   * crowd does not run.
   */
  readonly crowd?: MakeLeavingJudge | 'unjudged' | undefined
}

/** Of a run that is told nothing: a policy that names lists does not run with it. */
export const NO_DATA: GateData = { lists: new Map(), tables: new Map(), matchKeys: undefined }

/** What of a plan says which lists and tables it goes by. */
export type GatedPlan = Pick<Plan, 'suppression' | 'consentTables'>

/** Where the lists and tables of a run are, by name. */
export interface DataPlaces {
  readonly lists?: ReadonlyMap<string, ListPlace>
  /** Files of consent tables, or topics. */
  readonly tables?: ReadonlyMap<string, TablePlace>
}

export type TablePlace = string | TableTopicPlace

/** How a list or table is read; a run may read each file once. */
export interface DataReaders {
  list(form: ListForm, place: ListPlace): LoadedList
  table(form: ConsentTableForm, file: string): LoadedConsent
}

export const READERS: DataReaders = {
  list: loadList,
  table: (form, file) => loadConsent(form, file, Date.now()),
}

/**
 * Reads the lists and consent tables of plans, each once.
 * @throws LetheError: usage where one is missing, not named by any plan, in another form, or under a match key that is not held;
 *   io where a file cannot be read
 */
export function loadGateData(
  plans: readonly GatedPlan[],
  places: DataPlaces,
  matchKeys: MatchKeys | undefined,
  readers: DataReaders = READERS,
): GateData {
  const lists = loadNamed(
    'list',
    plans.flatMap(({ suppression }) => suppression.map((form) => ({ ...form, name: form.list }))),
    places.lists,
    ({ entries, normalize }) => [entries, normalize],
    (form, place) => readers.list(form, place),
  )
  const tables = loadNamed(
    'table',
    plans.flatMap(({ consentTables }) => consentTables.map((form) => ({ ...form, name: form.table }))),
    places.tables,
    ({ purpose, normalize }) => [purpose, normalize],
    (form, place) =>
      typeof place === 'string' ? readers.table(form, place) : followed(form, place, matchKeys),
  )
  for (const [name, list] of lists) checkKeys(list, matchKeys, places.lists!.get(name)!.file)
  for (const [name, table] of tables) {
    const place = places.tables!.get(name)!
    if (typeof place === 'string') checkKeys(table, matchKeys, place)
  }
  return { lists, tables, matchKeys }
}

/** A table that is empty until its topic was read. Its histories may come under any key that is held. */
function followed(
  { table, purpose }: ConsentTableForm,
  place: TableTopicPlace,
  matchKeys: MatchKeys | undefined,
): LoadedConsent {
  if (matchKeys === undefined)
    throw new LetheError(
      'match-key-missing',
      `the consent table ${table} is read from the topic ${place.topic}, and no match keys are given; nothing was read`,
      'say `matchKeys:` in the pipeline',
    )
  return {
    table,
    purpose,
    sha256: undefined,
    count: 0,
    domain: '',
    keys: matchKeys.usable,
    memory: ConsentTable.create(0).memory,
    topic: place,
  }
}

const WORDS = { list: 'suppression', table: 'consent' } as const

/** Loads what is named, each once. `formOf`: what two plans that name one have to agree on. */
function loadNamed<Form extends { readonly name: string }, Place, Loaded>(
  kind: 'list' | 'table',
  forms: readonly Form[],
  places: ReadonlyMap<string, Place> = new Map(),
  formOf: (form: Form) => unknown,
  load: (form: Form, place: Place) => Loaded,
): Map<string, Loaded> {
  const names = new Set(forms.map(({ name }) => name))
  for (const name of places.keys())
    if (!names.has(name))
      throw new LetheError(
        'bad-option',
        `the ${kind} ${name} is given, and no policy names it under \`${WORDS[kind]}:\``,
        names.size === 0 ? `the policy names no ${kind}` : `${kind}s of the policy: ${[...names].join(', ')}`,
      )
  const loaded = new Map<string, Loaded>()
  const known = new Map<string, string>()
  for (const form of forms) {
    const { name } = form
    const written = JSON.stringify(formOf(form))
    if (!loaded.has(name)) {
      const place = places.get(name)
      if (place === undefined) throw missing(kind, name)
      loaded.set(name, load(form, place))
      known.set(name, written)
    } else if (known.get(name) !== written)
      throw new LetheError(
        'list-invalid',
        `the policies of this run state the ${kind} ${name} in two forms`,
        'it is one file in one form: give one of them another name',
      )
  }
  return loaded
}

/** @throws LetheError (usage) where there are entries under a key that is not held */
function checkKeys(
  { keys, domain }: Pick<LoadedList, 'keys' | 'domain'>,
  matchKeys: MatchKeys | undefined,
  file: string,
): void {
  for (const { id, check } of keys) {
    if (matchKeys === undefined)
      throw new LetheError(
        'match-key-missing',
        `${file} has entries under the match key ${id} (check value ${check}), and no match keys are given: they would match no record; nothing was read`,
        'say --match-keys FILE, or `matchKeys:` in the pipeline',
      )
    matchKeys.matcher(id, check, domain, file)
  }
}

/** @throws LetheError (usage) where a plan names a list or table that is not there */
export function checkData({ suppression, consentTables }: GatedPlan, { lists, tables }: GateData): void {
  for (const { list } of suppression) if (!lists.has(list)) throw missing('list', list)
  for (const { table } of consentTables) if (!tables.has(table)) throw missing('table', table)
}

const missing = (kind: 'list' | 'table', name: string): LetheError =>
  new LetheError(
    'list-missing',
    `the policy names the ${kind === 'list' ? 'list' : 'consent table'} ${name}, and the run is not told where it is; nothing was read`,
    `say --${kind} ${name}=FILE, or \`${kind}s: { ${name}: { file: FILE } }\` in the pipeline`,
  )

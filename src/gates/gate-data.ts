/** What gates know beside the policy, read once a run: the lists that it names, and the keys to match them. */
import { LetheError } from '../errors.ts'
import type { MatchKeys } from '../keys/match-keys.ts'
import { emptyList, type ListForm, type ListPlace, type LoadedList, loadList } from '../lists/load-list.ts'
import type { Plan } from '../policy/plan.ts'

export interface GateData {
  /** By name. */
  readonly lists: ReadonlyMap<string, LoadedList>
  readonly matchKeys: MatchKeys | undefined
}

/** Of a run that is told nothing: a policy that names lists does not run with it. */
export const NO_DATA: GateData = { lists: new Map(), matchKeys: undefined }

/** The names of the lists that plans name. */
export const listNames = (plans: readonly Pick<Plan, 'suppression'>[]): ReadonlySet<string> =>
  new Set(plans.flatMap(({ suppression }) => suppression.map(({ list }) => list)))

/**
 * Reads the lists of plans, each once.
 * @throws LetheError: usage where one is missing, not named by any plan, in another form, or under a match key that is not held;
 *   io where a file cannot be read
 * @param load reads one list
 */
export function loadGateData(
  plans: readonly Pick<Plan, 'suppression'>[],
  places: ReadonlyMap<string, ListPlace>,
  matchKeys: MatchKeys | undefined,
  load: (form: ListForm, place: ListPlace) => LoadedList = loadList,
): GateData {
  const names = listNames(plans)
  for (const name of places.keys())
    if (!names.has(name))
      throw new LetheError(
        'bad-option',
        `the list ${name} is given, and no policy names it under \`suppression:\``,
        names.size === 0 ? 'the policy names no list' : `lists of the policy: ${[...names].join(', ')}`,
      )
  const lists = new Map<string, LoadedList>()
  const forms = new Map<string, string>()
  for (const form of plans.flatMap(({ suppression }) => suppression)) {
    const written = JSON.stringify([form.entries, form.normalize])
    if (lists.has(form.list)) {
      if (forms.get(form.list) === written) continue
      throw new LetheError(
        'list-invalid',
        `the policies of this run state the list ${form.list} in two forms`,
        'a list is one file in one form: give one of them another name',
      )
    }
    forms.set(form.list, written)
    const place = places.get(form.list)
    if (place === undefined) throw missing(form.list)
    const list = load(form, place)
    lists.set(form.list, list)
    checkKeys(list, matchKeys, place.file)
  }
  return { lists, matchKeys }
}

/** @throws LetheError (usage) where a list has entries under a key that is not held */
function checkKeys({ keys, domain }: LoadedList, matchKeys: MatchKeys | undefined, file: string): void {
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

/** @throws LetheError (usage) where a plan names a list that is not there */
export function checkData({ suppression }: Pick<Plan, 'suppression'>, { lists }: GateData): void {
  for (const { list } of suppression) if (!lists.has(list)) throw missing(list)
}

const missing = (list: string): LetheError =>
  new LetheError(
    'list-missing',
    `the policy suppresses the records of who is on the list ${list}, and the run is not told where it is; nothing was read`,
    `say --list ${list}=FILE, or \`lists: { ${list}: { file: FILE } }\` in the pipeline`,
  )

/** Empty lists, for a single record that is tried or explained. */
export function emptyLists(plan: Pick<Plan, 'suppression'>): GateData {
  const lists = plan.suppression.map((form): [string, LoadedList] => [form.list, emptyList(form.list)])
  return { lists: new Map(lists), matchKeys: undefined }
}

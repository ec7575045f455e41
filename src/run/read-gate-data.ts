/** Reads what gates know of a run: lists of subjects, and match keys. Each file once; that one changes is noticed. */
import { type GateData, loadGateData } from '../gates/gate-data.ts'
import { loadMatchKeys, type MatchKeys } from '../keys/match-keys.ts'
import { type ListPlace, type LoadedList, loadList } from '../lists/load-list.ts'
import type { Plan } from '../policy/plan.ts'
import { keysetDigest, type RunConfiguration } from './configuration.ts'
import type { RunFiles } from './run-files.ts'

/** Where lists of subjects are, and the keys to match them: a file, or what gives them otherwise. */
export interface GatePlaces {
  readonly lists: ReadonlyMap<string, ListPlace>
  readonly matchKeys: { readonly file: string } | { readonly read: () => MatchKeys } | undefined
}

/** @throws LetheError: what `loadGateData` and `loadMatchKeys` throw */
export function readGateData(plans: readonly Plan[], places: GatePlaces, files: RunFiles): GateData {
  return loadGateData(plans, places.lists, readMatchKeys(places.matchKeys, files), (form, place) => {
    const read = (): LoadedList => loadList(form, place)
    const isSame = (first: LoadedList, again: LoadedList): boolean => first.sha256 === again.sha256
    const list = files.readOnce('subjects', place.file, read, isSame)
    let known: LoadedList | undefined = list
    const again = (): LoadedList => {
      const first = known ?? read()
      known = undefined
      return first
    }
    if (place.removed !== undefined) files.readOnce('subjects', place.removed, again, isSame)
    return list
  })
}

function readMatchKeys(place: GatePlaces['matchKeys'], files: RunFiles): MatchKeys | undefined {
  if (place === undefined) return undefined
  if ('read' in place) return place.read()
  return files.readOnce(
    'keyset',
    place.file,
    () => loadMatchKeys(place.file),
    (first, again) => keysetDigest(first.keyset) === keysetDigest(again.keyset),
  )
}

/** The part of a configuration that gates are told. */
export const configured = ({
  lists,
  matchKeys,
}: GateData): Pick<RunConfiguration, 'lists' | 'matchKeyset'> => ({
  lists,
  matchKeyset: matchKeys?.keyset,
})

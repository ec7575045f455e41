/** Reads what gates know of a run: lists of subjects, consent tables, and match keys. Each file once; that one changes is noticed. */
import { type DataPlaces, type GateData, loadGateData } from '../gates/gate-data.ts'
import { loadMatchKeys, type MatchKeys } from '../keys/match-keys.ts'
import { type LoadedConsent, loadConsent } from '../lists/load-consent.ts'
import { type LoadedList, loadList } from '../lists/load-list.ts'
import type { Plan } from '../policy/plan.ts'
import { keysetDigest, type RunConfiguration } from './configuration.ts'
import type { RunFiles } from './run-files.ts'

/** Where lists and consent tables are, and the keys to match them: a file, or what gives them otherwise. */
export interface GatePlaces extends DataPlaces {
  readonly matchKeys: { readonly file: string } | { readonly read: () => MatchKeys } | undefined
}

/** @throws LetheError: what `loadGateData` and `loadMatchKeys` throw */
export function readGateData(plans: readonly Plan[], places: GatePlaces, files: RunFiles): GateData {
  const isSame = (first: Pick<LoadedConsent, 'sha256'>, again: Pick<LoadedConsent, 'sha256'>): boolean =>
    first.sha256 === again.sha256
  return loadGateData(plans, places, readMatchKeys(places.matchKeys, files), {
    list: (form, place) => {
      const read = (): LoadedList => loadList(form, place)
      const list = files.readOnce('subjects', place.file, read, isSame)
      let known: LoadedList | undefined = list
      const again = (): LoadedList => {
        const first = known ?? read()
        known = undefined
        return first
      }
      if (place.removed !== undefined) files.readOnce('subjects', place.removed, again, isSame)
      return list
    },
    table: (form, file) =>
      files.readOnce('subjects', file, () => loadConsent(form, file, Date.now()), isSame),
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
  tables,
  matchKeys,
}: GateData): Pick<RunConfiguration, 'lists' | 'tables' | 'matchKeyset'> => ({
  lists,
  tables,
  matchKeyset: matchKeys?.keyset,
})

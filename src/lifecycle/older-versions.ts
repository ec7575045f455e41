/** Older versions of what is stored, in buckets that keep them. */
import { Digester } from '../files/digest.ts'
import type { TargetName } from './legal-hold.ts'
import { holdsOn } from './may-delete.ts'
import { storageOf } from './storage/storage-of.ts'
import { type TargetRequest, type TargetSurvey, type Untouched, untouched } from './target.ts'
import { fileOf } from './work-order.ts'

/** How many there are, which go or are told of; or why the target is left as it is. @throws LetheError (io) */
export async function olderVersionsOf(
  target: TargetName,
  { objectVersions, holds, heldAt }: TargetRequest,
): Promise<number | Untouched> {
  const file = fileOf(target)
  const found = await storageOf(file).remainder(file)
  if ('stays' in found) return objectVersions === 'tell' ? 1 : untouched(target, 'versions-stay', found.stays)
  if (!found.keeps) return 0
  if (objectVersions === undefined) return untouched(target, 'versions-stay')
  const [hold] = found.older > 0 ? holdsOn(target, holds, heldAt) : []
  return hold === undefined
    ? found.older
    : untouched(
        target,
        'versions-stay',
        `the legal hold ${hold.id} keeps the ${found.older} older versions of it, whose rows are not looked at`,
      )
}

/** Of what is deleted, and has older versions. */
export const olderAlone = (target: TargetName, olderVersions: number): TargetSurvey => ({
  target,
  digest: new Digester().end(),
  ...{ rows: 0, kept: 0, deleted: 0, stepped: 0, rules: [], undated: 0, cannotStep: 0, unsteppable: [] },
  held: { fromDeletion: 0, fromStep: 0 },
  olderVersions,
  whole: false,
  ...{ oldest: null, newest: null, mayOutliveMs: 0 },
})

/** Whether a target is deleted, and had older versions when its order was made. */
export const isOlderAlone = ({ rows, digest, olderVersions }: TargetSurvey): boolean =>
  olderVersions !== undefined && rows === 0 && digest.bytes === 0

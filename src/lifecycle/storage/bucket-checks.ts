/** What a bucket and its store must be like, so that what is deleted there is gone, and nothing else is. */
import { randomBytes } from 'node:crypto'
import { LetheError } from '../../errors.ts'
import { type ObjectName, printObjectName } from '../../files/objects/object-name.ts'
import { ConditionFailed, type ObjectStore, type Standing } from '../../files/objects/object-store.ts'

/** By the store, which is another one where the environment is. */
const facts = new WeakMap<ObjectStore, Map<string, Promise<BucketFacts>>>()
const judged = new WeakMap<ObjectStore, Map<string, Promise<boolean>>>()

function once<T>(
  known: WeakMap<ObjectStore, Map<string, Promise<T>>>,
  store: ObjectStore,
  bucket: string,
  find: () => Promise<T>,
): Promise<T> {
  const ofStore = known.get(store) ?? new Map<string, Promise<T>>()
  known.set(store, ofStore)
  const found = ofStore.get(bucket) ?? find()
  ofStore.set(bucket, found)
  found.catch(() => ofStore.delete(bucket))
  return found
}

/**
 * `versions`: what is deleted or written over stays as an older version, or may have; `isSuspended`: not of the version `null`. `stays`: why copies
 * may be there that cannot be deleted.
 */
export type BucketFacts =
  | { readonly versions: boolean; readonly isSuspended: boolean }
  | { readonly stays: string }

/**
 * What a bucket keeps. One without versions can have neither object lock nor replication (S3 user guide, "Using Versioning", "Object
 * Lock", "Replication"). @throws LetheError where the store does not answer
 */
export const bucketFacts = (store: ObjectStore, { bucket }: ObjectName): Promise<BucketFacts> =>
  once(facts, store, bucket, async () => {
    try {
      const versioning = await store.versioning(bucket)
      const versions = versioning !== 'never'
      if (versions && (await store.isReplicated(bucket)))
        return { stays: 'its bucket is replicated into another one, which keeps what is deleted here' }
      return { versions, isSuspended: versioning === 'suspended' }
    } catch (error) {
      if (!(error instanceof LetheError && error.code === 'store-right-missing')) throw error
      return {
        stays:
          'it is not known whether its bucket keeps older versions: s3:GetBucketVersioning or s3:GetReplicationConfiguration is missing',
      }
    }
  })

/** Whether an object is one that a store was tried by: it is empty. */
export const isProbe = (key: string): boolean => /(?:^|\/)\.probe\.[0-9a-f]{12}\.part$/.test(key)

const OTHER_TAG = '"00000000000000000000000000000000"'

/** @throws LetheError `store-refused` where the store writes over or deletes an object whatever its state is; what the store throws */
export async function refuseBlindStore(store: ObjectStore, name: ObjectName): Promise<void> {
  const isJudged = await once(judged, store, name.bucket, () => judges(store, name))
  if (!isJudged)
    throw new LetheError(
      'store-refused',
      `${printObjectName(name)} was not touched: the object store writes or deletes an object whatever state it is in (If-Match), so that what another wrote meanwhile could be lost`,
      'use a store that judges conditions, as S3 does; or delete by hand what the order names',
    )
}

/** Of one name, so that the next command takes away what one that was killed left of it. */
const PROBE = '.probe.000000000000.part'
/** Another command may take it away in between; then nothing is refused, as nothing is there. */
const MOST_PROBES = 5

/** Asks for what has to be refused, of an object of its own beside the one that is named. */
async function judges(store: ObjectStore, { bucket, key }: ObjectName): Promise<boolean> {
  const probe = { bucket, key: `${key.slice(0, key.lastIndexOf('/') + 1)}${PROBE}` }
  for (let tries = 1; tries <= MOST_PROBES; tries++) if (await judgesAt(store, probe)) return true
  return false
}

async function judgesAt(store: ObjectStore, probe: ObjectName): Promise<boolean> {
  const mark = randomBytes(12).toString('hex')
  const put = (condition: Standing): Promise<void> => store.put(probe, new Uint8Array(), mark, condition)
  // It may be there.
  await isRefused(() => put('nothing'))
  try {
    return (
      (await isRefused(() => put({ ...probe, size: 0, tag: OTHER_TAG }))) &&
      (await isRefused(() => store.deleteObject(probe, OTHER_TAG)))
    )
  } finally {
    await store.deleteObject(probe)
  }
}

async function isRefused(work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return false
  } catch (error) {
    if (error instanceof ConditionFailed) return true
    throw error
  }
}

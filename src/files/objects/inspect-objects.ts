/** Files and objects as inputs: one by its name, or all below a folder or a prefix. */
import { LetheError } from '../../errors.ts'
import type { RecordFormat } from '../../record/limits.ts'
import { formatByName, type Input, inspectInput } from '../input.ts'
import { filesBelow, isFolder, MOST_INPUTS } from '../input-folder.ts'
import {
  isObjectFolder,
  isObjectName,
  type ObjectName,
  parseObjectName,
  printObjectName,
} from './object-name.ts'
import { CLAIM } from './object-place.ts'
import type { ObjectStore, StoredObject } from './object-store.ts'
import { objectsBelow } from './objects-below.ts'
import { openStore } from './open-store.ts'

const SUCCESS = '_SUCCESS'
/** What orders of erasure leave beside objects that are gone, and objects by which a store was tried. */
const LEFT_BY_ORDERS = /^\.(?:.+\.[0-9a-f]{12}\.erased|probe\.[0-9a-f]{12}\.part)$/
/** Marks and manifests of what a job has finished. */
const OWN: ReadonlySet<string> = new Set([SUCCESS, '_manifest.json'])

/**
 * Looks at the inputs before anything is read; of a folder, and of an object name that ends with `/`, at all below it, in the order of
 * their names.
 * @throws LetheError where one cannot be an input
 */
export async function inspectInputs(
  names: readonly string[],
  stated: RecordFormat | undefined,
): Promise<Input[]> {
  const inputs: Input[] = []
  for (const name of names) {
    if (!isObjectName(name) && isFolder(name))
      for (const { file, below } of filesBelow(name, stated !== undefined))
        inputs.push({ ...inspectInput(file, stated), below })
    else if (!isObjectName(name)) inputs.push(inspectInput(name, stated))
    else for (const object of await objectsOf(name)) inputs.push(inputOf(object, name, stated))
  }
  return inputs
}

async function objectsOf(name: string): Promise<StoredObject[]> {
  const parsed = parseObjectName(name)
  const store = await openStore()
  if (!isObjectFolder(name)) return [await store.look(parsed)]
  const found: StoredObject[] = []
  const claims: StoredObject[] = []
  const ended = new Set<string>()
  await refusePartOfUnfinished(store, parsed)
  // A key that stands there twice would be read twice.
  for await (const object of objectsBelow(store, parsed)) {
    const { key } = object
    if (lastOf(key) === CLAIM) claims.push(object)
    else if (isRecords(object, parsed)) found.push(object)
    else if (lastOf(key) === SUCCESS) ended.add(folderOf(key))
    if (found.length > MOST_INPUTS)
      throw new LetheError(
        'bad-option',
        `${name}: more than ${MOST_INPUTS} objects lie below it`,
        'name a longer prefix, and run several batches',
      )
  }
  // Who may not delete has left it, once all was there.
  const open = claims.find(({ key }) => !ended.has(folderOf(key)))
  if (open !== undefined) throw unfinished(open)
  if (found.length === 0)
    throw new LetheError('file-missing', `no object with records lies below ${name}`, 'correct the name')
  return found.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
}

const lastOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1)
/** With its slash. */
const folderOf = (key: string): string => key.slice(0, key.lastIndexOf('/') + 1)

/** A partition of a data set counts no sooner than all of it. @throws LetheError where a run may still write it */
async function refusePartOfUnfinished(store: ObjectStore, { bucket, key }: ObjectName): Promise<void> {
  for (let part = key; /(?:^|\/)[^/=]+=[^/]*\/$/.test(part); ) {
    part = folderOf(part.slice(0, -1))
    const marks = new Map<string, StoredObject>()
    for (const mark of [CLAIM, SUCCESS])
      for await (const object of objectsBelow(store, { bucket, key: part + mark })) {
        if (object.key === part + mark) marks.set(mark, object)
        break
      }
    const claim = marks.get(CLAIM)
    if (claim !== undefined && !marks.has(SUCCESS)) throw unfinished(claim)
  }
}

/**
 * Whether an object below a prefix holds records: not what stands for a folder, a sidecar or a manifest of Lethe, or the mark of a job
 * that ended. @throws LetheError where a job may still write there
 */
function isRecords(object: StoredObject, prefix: ObjectName): boolean {
  const below = object.key.slice(prefix.key.length)
  const name = lastOf(below)
  if ((name === '' && object.size === 0) || OWN.has(name) || name.endsWith('.lethe.json')) return false
  if (LEFT_BY_ORDERS.test(name)) return false
  // What Lethe keeps of a data set that a stream writes.
  if (below.startsWith('_lethe/')) return false
  if (below.split('/').some((part) => /^[._]/.test(part))) throw unfinished(object)
  return true
}

function unfinished(object: ObjectName): LetheError {
  const name = printObjectName(object)
  // What others named is not quoted where it may be taken for something else.
  parseObjectName(name)
  return new LetheError(
    'not-a-file',
    `${name} is named as files are that a job has not finished, or keeps for itself`,
    'name the objects, or a prefix that has no name below it which begins with _ or .',
  )
}

function inputOf(object: StoredObject, asked: string, stated: RecordFormat | undefined): Input {
  const { bucket, key, size } = object
  const name = printObjectName(object)
  // Of what others named, too: readers of an output must not take it for another.
  parseObjectName(name)
  const byName = formatByName(key)
  const format = stated ?? byName.format
  if (format === undefined)
    throw new LetheError(
      'format-unknown',
      `${name}: the name does not tell a format`,
      'say --format csv, json, ndjson or parquet',
    )
  const folder = isObjectFolder(asked) ? parseObjectName(asked).key : key.slice(0, key.lastIndexOf('/') + 1)
  return {
    name,
    format,
    // Its first bytes tell that when they are read.
    compression: format === 'parquet' ? 'none' : undefined,
    isMisnamed: false,
    delimiter: byName.tab ? '\t' : undefined,
    size,
    identity: printObjectName({ bucket, key }),
    object,
    below: key.slice(folder.length),
  }
}

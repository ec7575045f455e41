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
import type { StoredObject } from './object-store.ts'
import { openStore } from './open-store.ts'

const SUCCESS = '_SUCCESS'
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
  const seen = new Set<string>()
  for await (const object of store.list(parsed)) {
    const { key } = object
    // A key that stands there twice would be read twice.
    if (seen.has(key) || !key.startsWith(parsed.key))
      throw new LetheError(
        'store-refused',
        `${name} cannot be listed: the object store names an object ${seen.has(key) ? 'twice' : 'that is not below it'}`,
        'run it again when nothing writes there any more, or name the objects',
      )
    seen.add(key)
    if (key.endsWith(`/${CLAIM}`)) claims.push(object)
    else if (isRecords(object, parsed)) found.push(object)
    if (found.length > MOST_INPUTS)
      throw new LetheError(
        'bad-option',
        `${name}: more than ${MOST_INPUTS} objects lie below it`,
        'name a longer prefix, and run several batches',
      )
  }
  // Who may not delete has left it, once all was there.
  const open = claims.find(({ key }) => !seen.has(key.slice(0, -CLAIM.length) + SUCCESS))
  if (open !== undefined) throw unfinished(open)
  if (found.length === 0)
    throw new LetheError('file-missing', `no object with records lies below ${name}`, 'correct the name')
  return found.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
}

/**
 * Whether an object below a prefix holds records: not what stands for a folder, a sidecar or a manifest of Lethe, or the mark of a job
 * that ended. @throws LetheError where a job may still write there
 */
function isRecords(object: StoredObject, prefix: ObjectName): boolean {
  const below = object.key.slice(prefix.key.length)
  const name = below.slice(below.lastIndexOf('/') + 1)
  if ((name === '' && object.size === 0) || OWN.has(name) || name.endsWith('.lethe.json')) return false
  // What Lethe keeps of a data set that a stream writes.
  if (below.startsWith('_lethe/')) return false
  if (below.split('/').some((part) => /^[._]/.test(part))) throw unfinished(object)
  return true
}

const unfinished = (object: ObjectName): LetheError =>
  new LetheError(
    'not-a-file',
    `${printObjectName(object)} is named as files are that a job has not finished, or keeps for itself`,
    'name the objects, or a prefix that has no name below it which begins with _ or .',
  )

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

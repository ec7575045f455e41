/** Names of objects: `s3://bucket/key`, or `s3://bucket/prefix/` for all below it. */
import { LetheError } from '../../errors.ts'

export interface ObjectName {
  readonly bucket: string
  /** As the store has it: nothing in it is decoded. Of a folder it ends with a slash, or is empty. */
  readonly key: string
}

const SCHEME = 's3://'
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
/** So many bytes of UTF-8 a key may have. */
export const MOST_KEY_BYTES = 1024

/** Whether a name stands for an object, or for what is meant as one. */
export const isObjectName = (name: string): boolean => /^s3[an]?:\//i.test(name)

/** Whether it stands for all objects below it. */
export const isObjectFolder = (name: string): boolean =>
  isObjectName(name) && (name.endsWith('/') || !name.slice(SCHEME.length).includes('/'))

/** @throws LetheError (usage) `bad-option` where no object can have this name; it quotes nothing that may be a secret */
export function parseObjectName(name: string): ObjectName {
  if (!name.startsWith(SCHEME))
    throw new LetheError('bad-option', 'the name of an object begins with s3://', 'write s3://bucket/key')
  const rest = name.slice(SCHEME.length)
  const slash = rest.indexOf('/')
  const bucket = slash < 0 ? rest : rest.slice(0, slash)
  const key = slash < 0 ? '' : rest.slice(slash + 1)
  if (!BUCKET.test(bucket))
    throw new LetheError(
      'bad-option',
      'what follows s3:// is no name of a bucket: 3 to 63 of a-z, 0-9, - and .',
      bucket.includes('@') || bucket.includes(':')
        ? 'leave out users, passwords and ports: the environment or the files of AWS tell them (docs/object-stores.md)'
        : 'write s3://bucket/key',
    )
  const folders = key.endsWith('/') ? key.slice(0, -1) : key
  if (key !== '' && folders.split('/').some((part) => part === '' || part === '.' || part === '..'))
    throw new LetheError(
      'bad-option',
      `${SCHEME}${bucket}/…: a part of the name is empty, . or .., which readers take for another name`,
      'name the object without such parts',
    )
  if (/[\u0000-\u001f\u007f\ufffd]/.test(key) || Buffer.byteLength(key) > MOST_KEY_BYTES)
    throw new LetheError(
      'bad-option',
      `${SCHEME}${bucket}/…: the name has a control character, is no UTF-8, or is longer than ${MOST_KEY_BYTES} bytes`,
      'give the object another name',
    )
  return { bucket, key }
}

/** Whether an object may be called so. */
export function isNameable(name: string): boolean {
  try {
    parseObjectName(name)
    return true
  } catch {
    return false
  }
}

export const printObjectName = ({ bucket, key }: ObjectName): string => `${SCHEME}${bucket}/${key}`

/** Names of files and of objects as paths: the folder that one lies in, and what lies below a folder. */
import { dirname, relative, sep } from 'node:path'
import { isObjectName } from './objects/object-name.ts'

/** The folder that something lies in: of an object a prefix without its last slash. Undefined: a root, or a bucket, lies in none. */
export function folderOf(name: string): string | undefined {
  if (!isObjectName(name)) return dirname(name) === name ? undefined : dirname(name)
  const end = name.endsWith('/') ? name.length - 1 : name.length
  const slash = name.lastIndexOf('/', end - 1)
  return slash < 's3://'.length ? undefined : name.slice(0, slash)
}

/** As a folder calls what lies below it: with `/` between names. */
export const nameBelow = (folder: string, name: string): string =>
  isObjectName(folder)
    ? name.slice(folder.replace(/\/$/, '').length + 1)
    : relative(folder, name).replaceAll(sep, '/')

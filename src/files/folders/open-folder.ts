/** The folder that a name stands for: one on a disk, or what lies below a prefix of an object store. */
import { isObjectName } from '../objects/object-name.ts'
import { DiskFolder } from './disk-folder.ts'
import type { FileFolder } from './file-folder.ts'
import { ObjectFolder } from './object-folder.ts'

/** Nothing is opened yet. @throws LetheError (usage) where no object can have such a name */
export const openFolder = (name: string): FileFolder =>
  isObjectName(name) ? new ObjectFolder(name) : new DiskFolder(name)

/** The storage that a file lies in, by its name. */
import { isObjectName } from '../../files/objects/object-name.ts'
import { DISK } from './disk-storage.ts'
import { OBJECTS } from './object-storage.ts'
import { GONE, type Storage } from './storage.ts'

export const storageOf = (file: string): Storage => (isObjectName(file) ? OBJECTS : DISK)

/** Whether something stands there. @throws LetheError (io) */
export const isThere = async (file: string): Promise<boolean> => (await storageOf(file).stamp(file)) !== GONE

/** Deletes what is stored: the one file of this room that does. Each function asks for the permit of `mayDelete`. */
import { renameSync, unlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileError, LetheError } from '../errors.ts'
import { syncFolder } from '../files/sync-folder.ts'
import type { Admin } from '../kafka/admin.ts'
import type { Position } from '../kafka/record.ts'
import { fileTarget, isPermitFor, type Permit } from './may-delete.ts'

/** Deletes a file; does nothing where it is gone. */
export function deleteFile(file: string, permit: Permit): void {
  check(file, permit)
  try {
    unlinkSync(file)
    syncFolder(dirname(file))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(file, error, 'written')
  }
}

/** Puts `temporary`, which is whole and on the disk, in the place of `file`: what only the older one held is deleted. */
export function replaceFile(temporary: string, file: string, permit: Permit): void {
  check(file, permit)
  try {
    renameSync(temporary, file)
    syncFolder(dirname(file))
  } catch (error) {
    throw fileError(file, error, 'written')
  }
}

/** Deletes the records of a topic that lie before these offsets. Where the logs start then. */
export async function deleteRecords(
  admin: Admin,
  topic: string,
  before: readonly Position[],
  permit: Permit,
): Promise<readonly Position[]> {
  if (!isPermitFor(permit, `topic:${topic}`) || before.some((one) => one.topic !== topic))
    throw new LetheError('defect', `the topic ${topic} has no permit to be deleted from`)
  return await admin.deleteRecords(before)
}

function check(file: string, permit: Permit): void {
  if (!isPermitFor(permit, fileTarget(file)))
    throw new LetheError('defect', `${file} has no permit to be deleted`)
}

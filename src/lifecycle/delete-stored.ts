/** Deletes what is stored: the one file of this room that does. Each function asks for the permit of `mayDelete`. */
import { createReadStream, renameSync, rmdirSync, unlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileError, LetheError } from '../errors.ts'
import { parseObjectName, printObjectName } from '../files/objects/object-name.ts'
import { ObjectOutput } from '../files/objects/object-output.ts'
import type { ObjectStore, ObjectVersion } from '../files/objects/object-store.ts'
import { syncFolder } from '../files/sync-folder.ts'
import type { Admin } from '../kafka/admin.ts'
import type { OutputRecord, Position } from '../kafka/record.ts'
import { onInterrupt } from '../run/interrupt.ts'
import { fileTarget, isPermitFor, type Permit } from './may-delete.ts'

const READ_BYTES = 1 << 20
/** A part of an upload. What has no more goes in one request, of which a command that is killed leaves nothing. */
const SMALL_BYTES = 16 << 20

/** Deletes a file; does nothing where it is gone. `isStill` throws where it is another one by now. */
export function deleteFile(file: string, permit: Permit, isStill: () => void = () => {}): void {
  check(file, permit)
  isStill()
  try {
    unlinkSync(file)
    syncFolder(dirname(file))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(file, error, 'written')
  }
}

/**
 * Puts `temporary`, which is whole and on the disk, in the place of `file`: what only the older one held is deleted. `isStill` throws
 * where it is another one by now.
 */
export function replaceFile(
  temporary: string,
  file: string,
  permit: Permit,
  isStill: () => void = () => {},
): void {
  check(file, permit)
  isStill()
  try {
    renameSync(temporary, file)
    syncFolder(dirname(file))
  } catch (error) {
    throw fileError(file, error, 'written')
  }
}

/**
 * Puts a file that is whole in the place of an object, of which `tag` is the state. The store judges that.
 * @throws LetheError `output-conflict` where it is another one by now; (io)
 */
export async function replaceObject(
  store: ObjectStore,
  temporary: string,
  file: string,
  permit: Permit,
  tag: string,
): Promise<void> {
  const name = parseObjectName(file)
  const standing = { ...name, size: 0, tag }
  const output = new ObjectOutput({ store, name, digester: undefined, standing, smallBytes: SMALL_BYTES })
  // Its parts hold rows, and would stay.
  const forget = onInterrupt(() => output.discard())
  try {
    for await (const bytes of createReadStream(temporary, { highWaterMark: READ_BYTES }))
      await output.append(bytes as Buffer)
    await output.finish()
    check(file, permit)
    await output.publish()
  } catch (error) {
    throw error instanceof LetheError ? error : fileError(file, error)
  } finally {
    await output.discard()
    forget()
  }
}

/** Deletes an object, of which `tag` is the state. @throws ConditionFailed where it is another one by now; LetheError (io) */
export async function deleteObjectAt(
  store: ObjectStore,
  file: string,
  permit: Permit,
  tag: string,
): Promise<void> {
  check(file, permit)
  await store.deleteObject(parseObjectName(file), tag)
}

/** Deletes a version of an object for good. @throws LetheError (io) */
export async function deleteVersionOf(
  store: ObjectStore,
  version: ObjectVersion,
  permit: Permit,
): Promise<void> {
  check(printObjectName(version), permit)
  await store.deleteVersion(version)
}

/** Deletes a folder where it is empty; whether it was, or is gone. */
export function deleteEmptyFolder(folder: string, permit: Permit): boolean {
  check(folder, permit)
  try {
    rmdirSync(folder)
    syncFolder(dirname(folder))
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return true
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false
    throw fileError(folder, error, 'written')
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
  refuseAdded(`topic ${topic}`, permit)
  return await admin.deleteRecords(before)
}

/** Writes tombstones: the records before them of their keys are requested to go. */
export async function writeTombstones(
  admin: Admin,
  topic: string,
  tombstones: readonly OutputRecord[],
  permit: Permit,
): Promise<void> {
  const isOf = tombstones.every((one) => one.topic === topic && one.value === null && one.key !== null)
  if (!isPermitFor(permit, `topic:${topic}`) || !isOf)
    throw new LetheError('defect', `the topic ${topic} has no permit to be deleted from`)
  refuseAdded(`topic ${topic}`, permit)
  await admin.write(tombstones)
}

function check(file: string, permit: Permit): void {
  if (!isPermitFor(permit, fileTarget(file)))
    throw new LetheError('defect', `${file} has no permit to be deleted`)
  refuseAdded(file, permit)
}

function refuseAdded(what: string, permit: Permit): void {
  const hold = permit.addedSince()
  if (hold !== undefined)
    throw new LetheError(
      'target-held',
      `the legal hold ${hold.id} was added to ${what} meanwhile; it is as it was`,
      'make another order, which leaves out what is held',
    )
}

/** Chooses who tells what made a stored file. */
import { basename } from 'node:path'
import { isRangeName, isStreamed } from '../datasets/stored-range.ts'
import { folderOf, nameBelow } from '../files/file-names.ts'
import type { Keeper } from './keeper.ts'
import { dataSetAround, readManifest } from './manifest-file.ts'
import { ManifestKeeper } from './manifest-keeper.ts'
import { RangeKeeper } from './range-keeper.ts'
import { SidecarKeeper } from './sidecar-keeper.ts'
import { isThere } from './storage/storage-of.ts'
import { canBeNamed, sidecarName } from './stored-names.ts'

/** By its name and folder alone: a file that is gone is of a stream all the same. */
async function isOfStream(file: string): Promise<boolean> {
  const folder = folderOf(file)
  return (
    folder !== undefined && canBeNamed(folder) && isRangeName(basename(file)) && (await isStreamed(folder))
  )
}

/** Tells the folder of the data set that a file is of, by what stands around it; undefined where it is by itself. It looks once into each folder. */
export function dataSetsAround(): (file: string) => Promise<string | undefined> {
  const known = new Map<string, Promise<string | undefined>>()
  return (file) => {
    const at = `${isRangeName(basename(file))} ${folderOf(file)}`
    const found = known.get(at) ?? dataSetOf(file)
    known.set(at, found)
    return found
  }
}

/** `file`: absolute. */
async function dataSetOf(file: string): Promise<string | undefined> {
  return (await dataSetAround(file)) ?? ((await isOfStream(file)) ? folderOf(file) : undefined)
}

/** `file`: absolute, or the name of an object. @throws LetheError (io) */
export async function keeperOf(file: string): Promise<Keeper> {
  const hasSidecar = await isThere(sidecarName(file))
  if (!hasSidecar && (await isOfStream(file))) return new RangeKeeper(file)
  const folder = await dataSetAround(file)
  if (folder === undefined) return new SidecarKeeper(file)
  const manifest = await readManifest(folder)
  const isListed = typeof manifest === 'string' || manifest.files.has(nameBelow(folder, file))
  // What was put there since, with its sidecar, is by itself.
  return !isListed && hasSidecar ? new SidecarKeeper(file) : new ManifestKeeper(folder)
}

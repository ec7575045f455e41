/** Chooses who tells what made a stored file. */
import { existsSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { isRangeName, isStreamed } from '../datasets/stored-range.ts'
import type { Keeper } from './keeper.ts'
import { dataSetAround, listedName, readManifest } from './manifest-file.ts'
import { ManifestKeeper } from './manifest-keeper.ts'
import { RangeKeeper } from './range-keeper.ts'
import { sidecarName } from './sidecar.ts'
import { SidecarKeeper } from './sidecar-keeper.ts'

/** By its name and folder alone: a file that is gone is of a stream all the same. */
function isOfStream(file: string): boolean {
  return isStreamed(dirname(file)) && isRangeName(basename(file))
}

/** The folder of the data set that a file is of, by what stands around it; undefined where it is by itself. `file`: absolute. */
export const dataSetOf = (file: string): string | undefined =>
  dataSetAround(file) ?? (isOfStream(file) ? dirname(file) : undefined)

/** `file`: absolute. @throws LetheError (io) */
export function keeperOf(file: string): Keeper {
  if (!existsSync(sidecarName(file)) && isOfStream(file)) return new RangeKeeper(file)
  const folder = dataSetAround(file)
  if (folder === undefined) return new SidecarKeeper(file)
  const manifest = readManifest(folder)
  const isListed = typeof manifest === 'string' || manifest.files.has(listedName(folder, file))
  // What was put there since, with its sidecar, is by itself.
  return !isListed && existsSync(sidecarName(file)) ? new SidecarKeeper(file) : new ManifestKeeper(folder)
}

/** Snapshots of consent tables: whether this account can write them here, and whether what stands there is one. Reads no token. */
import { accessSync, constants, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import { isSnapshot } from '../lists/snapshot-file.ts'
import { type Report, spell } from './finding.ts'

/** A stream runs without one: what is wrong is a warning. */
export function checkSnapshots(report: Report, { tables }: Pick<Pipeline, 'tables'>): void {
  for (const [table, place] of tables) {
    if (typeof place === 'string' || place.snapshot === undefined) continue
    const file = place.snapshot
    const trouble = folderTrouble(file) ?? fileTrouble(file)
    if (trouble !== undefined)
      report.warn('gates', [
        `the snapshot of ${table}: ${trouble[0]}; each start would read the whole topic`,
        trouble[1],
      ])
    else {
      const stats = statsOf(file)
      const stands =
        stats === undefined
          ? 'none is there yet: the next start reads the whole topic'
          : `one is there, written ${spell(Math.max(1, Math.round((Date.now() - stats.mtimeMs) / 1000)) * 1000)} ago; whether it is used, a start says`
      report.ok('gates', `the snapshot of ${table} can be written to ${file}; ${stands}`)
    }
  }
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

type Trouble = readonly [what: string, way: string]

/** It is written beside its place, and then renamed. */
function folderTrouble(file: string): Trouble | undefined {
  const folder = dirname(file)
  if (statsOf(folder)?.isDirectory() !== true)
    return [`the folder ${folder} is not there`, 'make it, for the account that runs Lethe']
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return undefined
  } catch {
    return [`this account may not write into the folder ${folder}`, 'set the rights of the folder']
  }
}

function fileTrouble(file: string): Trouble | undefined {
  const stats = statsOf(file)
  if (stats === undefined) return undefined
  try {
    if (stats.isFile() && isSnapshot(file)) return undefined
  } catch {
    return [`this account may not read ${file}`, 'set the rights of the file']
  }
  return [`${file} is something else, which no stream replaces`, 'name another file, or move it away']
}

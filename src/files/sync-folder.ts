/** A new name is on the disk once its folder is. */
import { closeSync, constants, fsyncSync, openSync } from 'node:fs'

export function syncFolder(folder: string): void {
  try {
    const fd = openSync(folder, constants.O_RDONLY)
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch {
    // Not every system lets a folder be synced; the file itself is.
  }
}

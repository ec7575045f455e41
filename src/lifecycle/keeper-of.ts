/** Chooses who tells what made a stored file. */
import type { Keeper } from './keeper.ts'
import { SidecarKeeper } from './sidecar-keeper.ts'

export function keeperOf(file: string): Keeper {
  return new SidecarKeeper(file)
}

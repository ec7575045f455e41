/**
 * What gates go by that changes while batches are judged, as a route, its thread and what follows a source know it: so far consent
 * tables that are kept in topics. Lists and tables of files stay as they were read, and are no part of it.
 */
import type { GateData } from '../gates/gate-data.ts'
import type { ConsentMemory } from '../lists/consent-table.ts'

/** Followed from when it was read to its end, which is before anything is judged, until it is closed. */
export interface GateState {
  /** Up to where each was read: a batch that is given to the thread behind this is judged by all of that. */
  readonly offsets: readonly TableOffset[]
  /** Those in other memory than when this was asked last: for the next batch. */
  takeMoved(): readonly MovedTable[]
  /** Whether one of these is further behind than it may be. @throws LetheError where one cannot be followed any more */
  isBehind(names: ReadonlySet<string>): boolean
  close(): Promise<void>
}

export interface TableOffset {
  readonly table: string
  /** Of partition 0 of its topic: the first one that was not read. */
  readonly offset: number
  /** Subjects in the table. */
  readonly subjects: number
}

/** A consent table in other memory than before, as it grew. */
export interface MovedTable {
  readonly table: string
  readonly memory: ConsentMemory
}

/** Of a run whose lists and tables stay as they were read. */
export const UNCHANGING: GateState = {
  offsets: [],
  takeMoved: () => [],
  isBehind: () => false,
  close: () => Promise.resolve(),
}

/** In the thread that judges, between two batches: its gates look into the memory that they are told of here. */
export function takeUp(tables: GateData['tables'] | undefined, moved: readonly MovedTable[]): void {
  for (const { table, memory } of moved) Object.assign(tables!.get(table)!, { memory })
}

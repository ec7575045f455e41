/** Reading a topic of one partition to its end and on, for a table that is kept in it. */
import type { Connection, DriverEvent } from './driver.ts'
import type { InputRecord } from './record.ts'

export type TableRecord = Pick<InputRecord, 'key' | 'value' | 'offset'>

/** Committed records, in order. What it throws is a `LetheError`; a `ClientLost` where another client may go on. */
export interface TableSource {
  /** Where the log began when it was opened. */
  readonly start: number
  /** What comes next, and the offset up to which all was given. Waits for records, but not long. */
  take(): Promise<{ readonly records: readonly TableRecord[]; readonly position: number }>
  /** Where the log ends now, behind what open transactions hold back; undefined where no broker answers in time. */
  end(): Promise<number | undefined>
  close(): Promise<void>
}

export interface TableSourceOptions {
  readonly connection: Connection
  readonly topic: string
  /** A group of the pipeline. It is not joined: brokers ask for the name. */
  readonly group: string
  /** Where to read on; undefined: from the beginning. */
  readonly from: number | undefined
  readonly onEvent: (event: DriverEvent) => void
}

/** @throws LetheError where the topic cannot be read, or has more than one partition */
export type OpenTableSource = (options: TableSourceOptions) => Promise<TableSource>

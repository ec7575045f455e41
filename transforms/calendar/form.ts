/** A form that dates and moments are written in: what reads it, and what writes it. */

/** A date, with or without time, as it is written. */
export interface Written {
  /** Days since 1970-01-01 of the date as written. */
  readonly days: number
  /** Milliseconds since its midnight; undefined for a bare date. */
  readonly time: number | undefined
  /** Minutes ahead of UTC; undefined where no offset is written. */
  readonly offset: number | undefined
}

export interface Form {
  /** As a policy writes it. */
  readonly name: string
  /** Whether it writes dates only, and never a time. */
  readonly bare: boolean
  /** Whether the clock of a zone is `needed` for its moments, `used` for its bare dates at most, or never asked. */
  readonly zone: 'needed' | 'used' | 'unused'
  /** Whether it counts from 1970 on, so that it writes no date of its own: it is read in UTC. */
  readonly counts: boolean
  /** What is written; undefined where it is not of this form. Of a count it may lie outside of the calendar. */
  readonly read: (text: string) => Written | undefined
  /**
   * The text of this form that is so many days later, and in all else what `text` is, of which `read` gave `written`;
   * undefined outside the years 0001 to 9999.
   */
  readonly move: (text: string, written: Written, days: number) => string | undefined
  /** A text of this form, for a date or moment with an offset; undefined outside the years 0001 to 9999. */
  readonly write: (moment: Written) => string | undefined
}

/** How the rows of a CSV file are written, where that is otherwise than in RFC 4180. */

export interface CsvDialect {
  /** One ASCII character. */
  readonly delimiter: string
  /** `none`: a quote is an ordinary character. */
  readonly quote?: 'none' | undefined
  /** `backslash`: in quotes it stands before a quote, or before itself; before anything else it is itself. */
  readonly escape?: 'backslash' | undefined
  /** One ASCII character: a line that begins with it is not a row. */
  readonly comment?: string | undefined
}

/** Gives the function that decodes what stands in quotes; without quotes in the dialect, what holds quotes. */
export function quotedText({ quote, escape: escapes }: CsvDialect): (raw: string) => string {
  if (quote === 'none') return (raw) => raw
  if (escapes === 'backslash') return (raw) => raw.replace(/\\(["\\])|""/g, (_, sign?: string) => sign ?? '"')
  return (raw) => raw.replaceAll('""', '"')
}

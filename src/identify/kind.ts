/** What an entry of the dictionary says. */

/** A kind of value that is personal, and the words by which names speak of it. Words and phrases are between `|`, folded. */
export interface Kind {
  /** A key of Fideslang. */
  readonly category: string
  /** What it is, for a message: `an email address`. */
  readonly is: string
  /** The name speaks of it whatever stands before: `work_email`. What stands behind may take it back: `email_status`. */
  readonly words: string
  /** The name speaks of it only where all other words fit: `mobile`, `customer_mobile`, and not `mobile_theme`. */
  readonly weak?: string
  /** Weak, and too common to be sure of where no person is named beside it: `country`, `title`. */
  readonly vague?: string
  /** Words that take nothing back here, as they would elsewhere: the date of a birth. */
  readonly with?: string
  /** Names of members below a container of this kind that are it, too: `address.line1`. */
  readonly parts?: string
  /** A word for an identifier behind it names something else: `city_id`. */
  readonly notById?: true
  /** Phrases with a word for it that speak of something else: `last login` is a moment. */
  readonly but?: string
}

const lists = new Map<string, readonly string[]>()

/** The words of a list between `|`. */
export function listed(text: string | undefined): readonly string[] {
  if (text === undefined) return []
  let words = lists.get(text)
  if (words === undefined) {
    words = text.trim().split(/\s*\|\s*/)
    lists.set(text, words)
  }
  return words
}

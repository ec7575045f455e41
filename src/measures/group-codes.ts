/** The groups that a measure parts records into: few, with names that are values or that say how values are written. */
import { LetheError } from '../errors.ts'
import { NOTHING } from './value-codes.ts'
import { regionOf, scriptOf } from './value-groups.ts'

/** By what of a value records are parted. */
export const GROUPED_BY = ['value', 'script', 'region'] as const
export type GroupedBy = (typeof GROUPED_BY)[number]

/** More groups than these are no attribute of people but an identifier. */
const MOST_GROUPS = 100
/** Names of groups are printed, and no longer ones than these characters. */
const LONGEST_NAME = 256

/** The groups of one grouping, in order of appearance, from code 1 on; `NOTHING` where the record has no value. */
export class GroupCodes {
  readonly #codes = new Map<string, number>()
  readonly #field: string
  readonly #by: GroupedBy

  /** `field`: output path of the field whose values as they came part the records. */
  constructor(field: string, by: GroupedBy) {
    this.#field = field
    this.#by = by
  }

  get count(): number {
    return this.#codes.size + 1
  }

  /**
   * The group of a record whose field has this text.
   * @throws LetheError (usage) where there are more groups than an attribute of people has, or a name is too long
   */
  of(text: string | undefined): number {
    if (text === undefined) return NOTHING
    const name = this.#by === 'value' ? text : this.#by === 'script' ? scriptOf(text) : regionOf(text)
    const known = this.#codes.get(name)
    if (known !== undefined) return known
    if (this.#codes.size === MOST_GROUPS) throw this.#refused(`more than ${MOST_GROUPS} values`)
    if (name.length > LONGEST_NAME) throw this.#refused(`a value of more than ${LONGEST_NAME} characters`)
    const code = this.#codes.size + 1
    this.#codes.set(name, code)
    return code
  }

  /** By code: the name; null of records without a value. */
  names(): readonly (string | null)[] {
    return [null, ...this.#codes.keys()]
  }

  #refused(why: string): LetheError {
    return new LetheError(
      'bad-option',
      `--by ${this.#field}: the field has ${why}`,
      'name a field that parts people into few groups',
    )
  }
}

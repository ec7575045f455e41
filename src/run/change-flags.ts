/** What options say of change events. */
import { LetheError } from '../errors.ts'
import { type ChangeForm, DEBEZIUM } from '../record/wire-form.ts'

/** As they are given. */
export interface ChangeOptions {
  readonly change?: 'debezium'
  readonly deletes?: 'publish' | 'suppress'
  readonly beforeImage?: ChangeForm['before']
  readonly placeholder?: string
}

/**
 * The same options, with what they say of change events together.
 * @throws LetheError (usage) where they say how change events are read, and not that there are any
 */
export function withChange<T extends object>(
  options: T & ChangeOptions,
): Omit<T, keyof ChangeOptions> & { readonly change?: ChangeForm } {
  const { change, deletes, beforeImage, placeholder, ...others } = options
  if (change === undefined) {
    const given = { placeholder, deletes, 'before-image': beforeImage }
    const [alone] = Object.entries(given).find(([, value]) => value !== undefined) ?? []
    if (alone === undefined) return others
    throw new LetheError(
      'bad-option',
      `--${alone} is of change events`,
      'say --change debezium too, or leave it out',
    )
  }
  if (placeholder === '' || (placeholder ?? '').length > 200)
    throw new LetheError('bad-option', '--placeholder has 1 to 200 characters')
  const stated = {
    deletes: deletes === 'suppress' ? 'tombstone' : 'publish',
    before: beforeImage ?? DEBEZIUM.before,
    placeholder: placeholder ?? DEBEZIUM.placeholder,
  } as const
  return { ...others, change: stated }
}

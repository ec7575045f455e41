/** The options that say that records are change events. */
import { type Command, Option } from 'commander'
import { LetheError } from '../errors.ts'
import { type ChangeForm, DEBEZIUM } from '../record/wire-form.ts'

/** As they are given. */
export interface ChangeOptions {
  readonly change?: 'debezium'
  readonly deletes?: 'publish' | 'suppress'
  readonly placeholder?: string
}

export const addChangeOption = (command: Command): Command =>
  command.addOption(
    new Option(
      '--change <form>',
      'records are change events, of whose rows the policy speaks; $change.op names a member of the event',
    ).choices(['debezium']),
  )

/** Adds the option, and what stands in events for an unchanged value. */
export const addEventOptions = (command: Command): Command =>
  addChangeOption(command).option(
    '--placeholder <text>',
    `of change events: what stands for an unchanged value (default: ${DEBEZIUM.placeholder})`,
  )

/** The same, and what becomes of deletes. */
export const addChangeOptions = (command: Command): Command =>
  addEventOptions(command).addOption(
    new Option('--deletes <how>', 'of change events: whether deletes leave (default: publish)').choices([
      'publish',
      'suppress',
    ]),
  )

/**
 * The same options, with what they say of change events together.
 * @throws LetheError (usage) where they say how change events are read, and not that there are any
 */
export function withChange<T extends object>(
  options: T & ChangeOptions,
): Omit<T, keyof ChangeOptions> & { readonly change?: ChangeForm } {
  const { change, deletes, placeholder, ...others } = options
  if (change === undefined) {
    if (deletes === undefined && placeholder === undefined) return others
    throw new LetheError(
      'bad-option',
      `--${deletes === undefined ? 'placeholder' : 'deletes'} is of change events`,
      'say --change debezium too, or leave it out',
    )
  }
  if (placeholder === '' || (placeholder ?? '').length > 200)
    throw new LetheError('bad-option', '--placeholder has 1 to 200 characters')
  const stated = {
    deletes: deletes === 'suppress' ? 'tombstone' : 'publish',
    placeholder: placeholder ?? DEBEZIUM.placeholder,
  } as const
  return { ...others, change: stated }
}

/** The options that say that records are change events. */
import { type Command, Option } from 'commander'
import { DEBEZIUM } from '../record/wire-form.ts'

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

/** The same, and what becomes of the row before and of deletes. */
export const addChangeOptions = (command: Command): Command =>
  addEventOptions(command)
    .addOption(
      new Option(
        '--before-image <what>',
        'of change events: full, where the row before is logged whole; key, where it is not, so that it does not leave (default: key)',
      ).choices(['full', 'key']),
    )
    .addOption(
      new Option(
        '--deletes <how>',
        'of change events: whether deletes leave that hold the row (default: publish)',
      ).choices(['publish', 'suppress']),
    )

/** The options that say how bytes become cells. They exist for nothing else: what values are, the policy alone says. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { LetheError } from '../errors.ts'
import { ENCODINGS_HINT, encodingOf, type InputForm } from '../policy/input-form.ts'
import { parseDelimiter } from './arguments.ts'

export type InputFlags = Pick<InputForm, 'encoding' | 'delimiter'>

function parseEncoding(text: string): string {
  const encoding = encodingOf(text)
  if (encoding === undefined) throw new InvalidArgumentError(`It is ${ENCODINGS_HINT}.`)
  return encoding
}

/** Adds the options; `defaults` says what holds without them. */
export const addInputOptions = (command: Command, defaults: { readonly delimiter: string }): Command =>
  command
    .addOption(
      new Option(
        '--encoding <label>',
        'what the bytes are in (default: UTF-8, or UTF-16 by its byte order mark)',
      ).argParser(parseEncoding),
    )
    .addOption(
      new Option('--delimiter <char>', `of CSV (default: ${defaults.delimiter})`).argParser(parseDelimiter),
    )

const FLAGS: { readonly [K in keyof Required<InputFlags>]: string } = {
  encoding: '--encoding',
  delimiter: '--delimiter',
}

/** The options that were given, for the summary; undefined where none was. */
export function usedFlags(flags: InputFlags): InputFlags | undefined {
  const used = Object.keys(FLAGS).flatMap((name) => {
    const value = flags[name as keyof InputFlags]
    return value === undefined ? [] : [[name, value] as const]
  })
  return used.length === 0 ? undefined : Object.fromEntries(used)
}

/** What policy and options say together. Throws `LetheError` where an option says another thing than the policy. */
export function formOf(policy: InputForm, flags: InputFlags): InputForm {
  const used = usedFlags(flags) ?? {}
  for (const [name, flag] of Object.entries(FLAGS)) {
    const stated = policy[name as keyof InputFlags]
    const given = used[name as keyof InputFlags]
    if (stated !== undefined && given !== undefined && JSON.stringify(stated) !== JSON.stringify(given))
      throw new LetheError(
        'bad-option',
        `${flag} contradicts \`input.${name}\` of the policy`,
        'leave the option out, or correct the policy',
      )
  }
  return { ...policy, ...used }
}

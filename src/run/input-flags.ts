/** What options say of how bytes become cells, beside the policy. */
import { LetheError } from '../errors.ts'
import { contradictionIn, type InputForm } from '../policy/input-form.ts'
import type { ChangeForm } from '../record/wire-form.ts'

export interface InputFlags extends Omit<InputForm, 'nulls'> {
  /** Records are change events, of whose rows the policy speaks. Options alone say it: a policy speaks of rows. */
  readonly change?: ChangeForm | undefined
}

/** How the records of a run are to be read, by policy and options. */
export type ReadForm = InputForm & InputFlags

const CELLS: { readonly [K in Exclude<keyof Required<InputFlags>, 'change'>]: string } = {
  encoding: '--encoding',
  delimiter: '--delimiter',
  quote: '--quote',
  escape: '--escape',
  header: '--header',
  skipLines: '--skip-lines',
  comment: '--comment',
}

const FLAGS: { readonly [K in keyof Required<InputFlags>]: string } = { ...CELLS, change: '--change' }

/** The options that were given, for the summary; undefined where none was. */
export function usedFlags(flags: InputFlags): InputFlags | undefined {
  const used = Object.keys(FLAGS).flatMap((name) => {
    const value = flags[name as keyof InputFlags]
    return value === undefined ? [] : [[name, value] as const]
  })
  return used.length === 0 ? undefined : Object.fromEntries(used)
}

/**
 * The first option that was given and says of cells what the policy does not; undefined where there is none. Where rows stand in
 * change events is no word of policies: a route says it, or the command.
 */
export function unstatedFlag(policy: InputForm, flags: InputFlags): string | undefined {
  const used = usedFlags(flags) ?? {}
  return Object.entries(CELLS).find(
    ([name]) =>
      name in used &&
      JSON.stringify(used[name as keyof InputFlags]) !== JSON.stringify(policy[name as keyof typeof CELLS]),
  )?.[1]
}

/** What policy and options say together. Throws `LetheError` where an option says another thing than the policy. */
export function formOf(policy: InputForm, flags: InputFlags): ReadForm {
  const used = usedFlags(flags) ?? {}
  for (const [name, flag] of Object.entries(CELLS)) {
    const stated = policy[name as keyof typeof CELLS]
    const given = used[name as keyof InputFlags]
    if (stated !== undefined && given !== undefined && JSON.stringify(stated) !== JSON.stringify(given))
      throw new LetheError(
        'bad-option',
        `${flag} contradicts \`input.${name}\` of the policy`,
        'leave the option out, or correct the policy',
      )
  }
  const form = { ...policy, ...used }
  const contradiction = contradictionIn(form)
  if (contradiction !== undefined)
    throw new LetheError('bad-option', contradiction.message, `leave ${CELLS[contradiction.word]} out`)
  return form
}

/** What of a form says how files become records: all but the words that values are. */
export const cuttingOf = (form: InputForm): InputFlags => usedFlags(form) ?? {}

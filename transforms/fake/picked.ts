/** How all `fake.*` are defined: a surrogate for each value, or, with `persona`, a part of one person for each subject. */
import { z } from 'zod'
import { token } from '../reveals/revelation.ts'
import {
  type CompileContext,
  defineTransform,
  type Example,
  OptionError,
  type Transform,
} from '../transform.ts'
import { ofPersona, type PersonaDraw, personaOption } from './persona.ts'
import { type Numbers, surrogates } from './pick.ts'

/** The option `domain` of all of them. */
const pickDomain: z.ZodOptional<z.ZodString> = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
  .optional()
  .describe(
    'Fields with one domain give the same surrogate for the same value. Default: the path of the field, so that no two fields agree.',
  )

/** Makes the text of a surrogate. */
export interface Writer {
  /** Gives another text when the first number goes up by one. */
  readonly write: (numbers: Numbers) => string
  /** How the value and a surrogate are compared; default `foldText`. */
  readonly fold?: (text: string) => string
  /** As of `CompiledTransform`. */
  readonly plain?: boolean
}

/** The options of all of them. */
interface InAll {
  readonly domain?: string | undefined
  readonly persona?: string | undefined
}

/** What one of these transforms says of itself; the rest is the same for all. */
export interface PickedSpec<Options extends z.ZodRawShape> {
  readonly name: string
  readonly summary: string
  /** Its options but `domain` and `persona`. */
  readonly options: Options
  readonly formatKept: string
  readonly yields: string
  readonly doesNotStop: string
  readonly examples: readonly Example[]
  /** @throws OptionError where a list has too few entries */
  readonly writer: (options: z.output<z.ZodObject<Options>>, context: CompileContext) => Writer
  /** What it writes of a persona. @throws OptionError as `writer` */
  readonly inPersona: (
    options: z.output<z.ZodObject<Options>>,
    context: CompileContext,
  ) => (draw: PersonaDraw) => string
}

/** Defines a transform that picks a surrogate under a key: the same for the same value, and never the value itself. */
export function definePicked<Options extends z.ZodRawShape>(spec: PickedSpec<Options>): Transform {
  const { name, summary, formatKept, yields, doesNotStop, examples, writer, inPersona } = spec
  return defineTransform({
    name,
    summary,
    version: 1,
    options: z.strictObject({ ...spec.options, domain: pickDomain, persona: personaOption }),
    properties: {
      reversible: "by the key's holder, guessing",
      repeatable: 'yes',
      uniqueness: 'lossy',
      formatKept,
      accepts: 'any text',
      yields: `${yields}. With \`persona\` the value plays no part, and by chance it may be the result`,
      keyed: true,
      // Lossy, but near enough to one for each value, at all times, for records to be joined by it.
      stableToken: true,
      // A persona is drawn without a look at the value.
      mayReturnInput: true,
    },
    failures: { 'subject-missing': 'With `persona`, and the record names no data subject.' },
    needsOf: (options) => ((options as InAll).persona === undefined ? [] : ['subject']),
    doesNotStop,
    examples,
    reveals: (options) => {
      const { persona } = options as InAll
      // It tells whose value it is, and so do the other parts of the persona.
      return persona === undefined
        ? token(name, { ...(options as InAll) })
        : token('persona', { domain: persona })
    },
    compile: (options, context) => {
      const stated = options as z.output<z.ZodObject<Options>> & InAll
      const { persona } = options as InAll
      if (persona !== undefined) {
        if (stated.domain !== undefined)
          throw new OptionError(
            'domain and persona exclude each other',
            'domain',
            'leave out domain: a persona goes by the data subject',
          )
        return { yields: 'string', apply: ofPersona(persona, context, inPersona(stated, context)) }
      }
      const { write, fold, plain } = writer(stated, context)
      const apply = surrogates(context, stated.domain, write, fold)
      return { yields: 'string', apply, ...(plain === undefined ? {} : { plain }) }
    },
  })
}

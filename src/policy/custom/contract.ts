/** Whether what a module exports are transforms as `transforms/transform.ts` has them. */
import { z } from 'zod'
import { expire } from '../../../transforms/retention/expire.ts'
import {
  type CompileContext,
  FAILURE_CODES,
  Failure,
  OptionError,
  type Transform,
} from '../../../transforms/transform.ts'
import { quote } from '../problems.ts'
import { FIELD_WORDS, RULE_WORDS } from '../schema.ts'
import { guarded } from './guarded.ts'

const NAME = /^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)+$/
/** Names that are not to be had, beside those of registered transforms. */
const TAKEN: readonly string[] = [...Object.keys(FIELD_WORDS), expire.name]

const told = z.string().min(1)
const call = z.custom<() => unknown>((value) => typeof value === 'function', 'expected a function')

const definition = z.looseObject({
  name: z.string().regex(NAME, 'a name is a family and a name in a-z, 0-9 and hyphens, e.g. `acme.reverse`'),
  summary: told,
  version: z.int().min(1),
  options: z.custom<z.ZodObject>((value) => value instanceof z.ZodObject, 'expected `z.strictObject({ … })`'),
  properties: z.object({
    reversible: told,
    repeatable: z.enum(['yes', 'per subject']),
    uniqueness: z.enum(['preserved', 'collision-bounded', 'lossy']),
    formatKept: told,
    accepts: told,
    yields: told,
    keyed: z.boolean(),
    needs: z.array(z.enum(['subject', 'time'])).optional(),
    stableToken: z.boolean(),
    mayReturnInput: z.boolean(),
  }),
  failures: z.partialRecord(z.enum(Object.keys(FAILURE_CODES) as [string, ...string[]]), told),
  doesNotStop: told,
  examples: z.array(
    z.object({
      title: told,
      options: z.record(z.string(), z.unknown()),
      input: told,
      output: z.union([z.string(), z.object({ fails: z.string() })]),
      subject: z.string().optional(),
      eventTime: z.string().optional(),
    }),
  ),
  versionOf: call,
  needsOf: call,
  weaknesses: call,
  reveals: call,
  compile: call,
})

export interface Checked {
  /** Those that keep the contract, guarded, by name. */
  readonly transforms: readonly Transform[]
  /** What is wrong with the others, a sentence each. */
  readonly wrong: readonly string[]
}

/** @param given what the default export gave */
export function checkContract(given: unknown, registered: ReadonlyMap<string, unknown>): Checked {
  const wrong: string[] = []
  const transforms: Transform[] = []
  const all: readonly unknown[] = Array.isArray(given) ? given : [given]
  for (const [at, one] of all.entries()) {
    const faults = faultsOf(one, registered)
    const what = faults.name === undefined ? `transform ${at + 1}` : quote(faults.name)
    wrong.push(...faults.found.map((fault) => `${what}: ${fault}`))
    if (faults.found.length === 0) transforms.push(guarded(one as Transform))
  }
  if (all.length === 0) wrong.push('its default export gives no transform')
  return { transforms, wrong }
}

function faultsOf(
  one: unknown,
  registered: ReadonlyMap<string, unknown>,
): { name?: string; found: string[] } {
  if (typeof one !== 'object' || one === null) return { found: ['is none: use `defineTransform`'] }
  const { name } = one as { name?: unknown }
  const result = definition.safeParse(one)
  const known = typeof name === 'string' ? { name } : {}
  if (!result.success)
    return {
      ...known,
      found: result.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`),
    }
  const transform = one as Transform
  const found: string[] = []
  if (registered.has(transform.name) || TAKEN.includes(transform.name))
    found.push('the name is taken: nothing may stand for a transform that is known by it')
  for (const [option, schema] of Object.entries(transform.options.shape)) {
    if (RULE_WORDS.includes(option)) found.push(`the option ${quote(option)} is a word of every rule`)
    if ((schema as z.ZodType).description === undefined)
      found.push(`the option ${quote(option)} is not described`)
  }
  if (!isStrict(transform.options)) found.push('its options take unknown words: use `z.strictObject`')
  if (found.length === 0) found.push(...brokenExamples(transform))
  return { ...known, found }
}

const isStrict = (options: z.ZodObject): boolean =>
  options.safeParse({ [UNKNOWN]: 1 }).error?.issues.some(({ code }) => code === 'unrecognized_keys') === true
const UNKNOWN = 'no such option'

/** Examples run; those of keyed transforms need keys, and of those with files a file, and are left to tests. */
function brokenExamples(transform: Transform): string[] {
  if (transform.properties.keyed) return []
  return transform.examples.flatMap((example) => {
    const options = transform.options.safeParse(example.options)
    if (!options.success) return [`the options of the example ${quote(example.title)} are refused`]
    let result: unknown
    try {
      const { apply } = guarded(transform).compile(options.data, NO_FILES)
      const eventTime = example.eventTime === undefined ? undefined : Date.parse(example.eventTime)
      result = apply(example.input, { subject: example.subject, eventTime, now: Date.UTC(2026, 5, 1) })
    } catch (error) {
      if (error === NEEDS_FILE) return []
      return [`the example ${quote(example.title)} does not compile`]
    }
    const { output } = example
    const holds =
      typeof output === 'string'
        ? result === output
        : result instanceof Failure && result.code === output.fails
    return holds ? [] : [`the example ${quote(example.title)} does not give what it says`]
  })
}

const NEEDS_FILE = new OptionError('an example reads no file')
const refuse = (): never => {
  throw NEEDS_FILE
}
const NO_FILES: CompileContext = {
  path: 'example',
  key: refuse,
  readText: refuse,
  readTable: refuse,
  usesList: () => {},
  usesPlatform: () => {},
}

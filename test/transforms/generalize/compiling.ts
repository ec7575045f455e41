/** What the tests of this folder compile transforms in: the published test key, and files out of memory. */
import { hkdfSync } from 'node:crypto'
import {
  type CompileContext,
  type CompiledTransform,
  Failure,
  OptionError,
  type RecordContext,
  type Transform,
} from '../../../transforms/transform.ts'

export const TEST_KEY: Uint8Array = Uint8Array.from({ length: 32 }, (_, at) => at)

export const NO_RECORD: RecordContext = {
  subject: undefined,
  eventTime: undefined,
  now: Date.UTC(2026, 5, 1),
}

/** A context with these files (tables), which notes the lists that a transform says it uses. */
export function contextWith(
  tables: Readonly<Record<string, readonly (readonly string[])[]>> = {},
  lists: Map<string, string> = new Map(),
): CompileContext {
  return {
    path: 'customer.amount',
    key: (use, domain) => ({
      id: 'k1',
      bytes: new Uint8Array(hkdfSync('sha256', TEST_KEY, '', `lethe/v1/${use}/${domain}`, 32)),
    }),
    readText: (file) => {
      throw new OptionError(`${file} is not there`)
    },
    readTable: (file) => {
      const table = tables[file]
      if (table === undefined) throw new OptionError(`${file} is not there`)
      return table
    },
    usesList: (name, digest) => void lists.set(name, digest),
    usesPlatform: () => undefined,
  }
}

export function compiled(
  transform: Transform,
  options: Readonly<Record<string, unknown>>,
  context: CompileContext = contextWith(),
): CompiledTransform {
  return transform.compile(transform.options.parse(options), context)
}

/** Compiles, and gives a function from a value to its result; a failure becomes `!code`. */
export function running(
  transform: Transform,
  options: Readonly<Record<string, unknown>>,
  context: CompileContext = contextWith(),
  record: RecordContext = NO_RECORD,
): (text: string) => string {
  const { apply } = compiled(transform, options, context)
  return (text) => {
    const result = apply(text, record)
    return result instanceof Failure ? `!${result.code}` : result
  }
}

/** The `OptionError` that compiling throws. */
export function optionError(
  transform: Transform,
  options: Readonly<Record<string, unknown>>,
  context: CompileContext = contextWith(),
): OptionError {
  try {
    compiled(transform, options, context)
  } catch (error) {
    if (error instanceof OptionError) return error
    throw error
  }
  throw new Error('compiled, although it should not')
}

/** The options that a transform calls weak. */
export function weakOptions(transform: Transform, options: Readonly<Record<string, unknown>>): string[] {
  return transform.weaknesses(transform.options.parse(options)).map((weakness) => weakness.option ?? '')
}

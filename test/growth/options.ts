/** Sets of options of a transform: those of its examples, and each with one option changed as its schema allows. */
import { z } from 'zod'
import {
  type CompileContext,
  type CompiledTransform,
  OptionError,
  type Transform,
} from '../../transforms/transform.ts'

type Options = Readonly<Record<string, unknown>>

/** For transforms whose options name a file. */
const WITH_FILES: Readonly<Record<string, Options>> = {
  'generalize.hierarchy': { file: 'cities.csv', level: 1 },
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly type?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly pattern?: string
}

/** Values of one option: every one of a list, the least and the most of a range, the longest text. */
function valuesOf(schema: Schema): readonly unknown[] {
  if (schema.anyOf !== undefined) return schema.anyOf.flatMap(valuesOf)
  if (schema.enum !== undefined) return schema.enum.length > 12 ? schema.enum.slice(0, 2) : schema.enum
  if (schema.type === 'integer' || schema.type === 'number')
    return [schema.minimum, schema.maximum].filter((value) => value !== undefined)
  if (schema.type === 'boolean') return [true, false]
  if (schema.type === 'string' && schema.pattern === undefined && schema.maxLength !== undefined)
    return ['•', 'x'.repeat(schema.maxLength)]
  return []
}

/** Compiled, each once; what `compile` refuses is left out. */
export function compiledSets(
  transform: Transform,
  context: CompileContext,
): { readonly options: string; readonly compiled: CompiledTransform }[] {
  const shown: Options[] = transform.examples.map(({ options }) => options)
  const extra = WITH_FILES[transform.name]
  if (extra !== undefined) shown.push(extra)
  const { properties = {} } = z.toJSONSchema(transform.options, {
    io: 'input',
    unrepresentable: 'any',
  }) as Schema
  const base = shown[0] ?? {}
  if (shown.length === 0) shown.push(base)
  const varied = Object.entries(properties).flatMap(([name, schema]) =>
    valuesOf(schema).map((value) => ({ ...base, [name]: value })),
  )
  const sets = new Map([...shown, ...varied].map((set) => [JSON.stringify(set), set]))
  return [...sets].flatMap(([options, set]) => {
    const parsed = transform.options.safeParse(set)
    if (!parsed.success) return []
    try {
      return [{ options, compiled: transform.compile(parsed.data, context) }]
    } catch (error) {
      if (error instanceof OptionError) return []
      throw error
    }
  })
}

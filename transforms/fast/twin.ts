/**
 * A twin of a transform: the same function once more, over many values or over bytes, for speed alone. The transform is
 * the definition and knows nothing of it; `test/contracts/byte-kernels.contract.test.ts` holds the two equal.
 */
import type { CompileContext, CompiledTransform, Transform, WriteBatch } from '../transform.ts'
import type { WriteBytes } from './bytes.ts'

/**
 * Runs once per rule, after `compile`: takes the options as the transform parsed them, the context that it had, and what
 * it gave. Undefined where these options have no twin. Options that `compile` refuses never come here.
 */
export type Twin<Options> = (
  options: Options,
  context: CompileContext,
  compiled: CompiledTransform,
) => WriteBatch | undefined

/** A batch of one kernel that takes value by value; undefined where there is none. */
export function writing(kernel: WriteBytes | undefined): WriteBatch | undefined {
  return kernel === undefined ? undefined : { writeBytes: kernel }
}

/** The transform, whose compiled rules carry what `twin` makes for them. */
export function withTwin(transform: Transform, twin: Twin<never>): Transform {
  return {
    ...transform,
    compile: (options, context) => {
      const shared = readingOnce(context)
      const compiled = transform.compile(options, shared)
      return { ...compiled, ...twin(transform.options.parse(options) as never, shared, compiled) }
    },
  }
}

/** A table is read once for both: it is large, and its file may be replaced meanwhile. */
function readingOnce(context: CompileContext): CompileContext {
  const tables = new Map<string, ReturnType<CompileContext['readTable']>>()
  return {
    // Not copied: it throws where the policy has to state a domain.
    get path() {
      return context.path
    },
    key: context.key,
    readText: context.readText,
    usesList: context.usesList,
    usesPlatform: context.usesPlatform,
    readTable: (file, delimiter) => {
      // A delimiter is one character.
      const name = delimiter + file
      const table = tables.get(name) ?? context.readTable(file, delimiter)
      tables.set(name, table)
      return table
    },
  }
}

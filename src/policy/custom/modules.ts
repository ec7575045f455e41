/**
 * Modules of transforms, imported from the bytes that the run has read: never from a file that may be another by now. An
 * import takes a turn of the event loop and compiling does not, so `withTransforms` compiles, imports what that asked
 * for, and compiles again. A module is imported once in a thread, whatever asks for it.
 */
import { sha256 } from '../context.ts'

/** What importing gave: its default export, or why there is none. */
export type Imported =
  | { readonly exported: unknown }
  | { readonly broken: string; readonly suggestion?: string }

const importedHere = new Map<string, Imported>()

/** Thrown through a compilation that `withTransforms` runs. */
class Wanted extends Error {
  readonly modules: ReadonlyMap<string, Uint8Array>
  constructor(modules: ReadonlyMap<string, Uint8Array>) {
    super('modules of transforms are to be imported first')
    this.modules = modules
  }
}

/** How many compilations under way may import what they miss. */
let importing = 0

/** What was imported of these bytes in this thread, in their order; undefined where no code may run here. */
export function importedModules(all: readonly Uint8Array[]): readonly Imported[] | undefined {
  const digests = all.map((bytes) => sha256(bytes))
  const missing = new Map(
    digests.flatMap((digest, at) => (importedHere.has(digest) ? [] : [[digest, all[at]!]])),
  )
  if (missing.size === 0) return digests.map((digest) => importedHere.get(digest)!)
  if (importing > 0) throw new Wanted(missing)
  return undefined
}

/**
 * Runs `compile`, and the code of the modules of transforms that its policies name. `compile` may run several times; the
 * last one counts.
 */
export async function withTransforms<T>(compile: () => T | Promise<T>): Promise<T> {
  for (;;) {
    importing++
    try {
      return await compile()
    } catch (error) {
      if (!(error instanceof Wanted)) throw error
      for (const [digest, bytes] of error.modules) importedHere.set(digest, await importBytes(bytes))
    } finally {
      importing--
    }
  }
}

async function importBytes(bytes: Uint8Array): Promise<Imported> {
  const url = `data:text/javascript;base64,${Buffer.from(bytes).toString('base64')}`
  try {
    const module = (await import(/* @vite-ignore */ url)) as { readonly default?: unknown }
    return { exported: module.default }
  } catch (error) {
    return broken(error)
  }
}

/** Words of the module itself are not passed on: it may have read anything. */
function broken(error: unknown): Imported {
  if (error instanceof SyntaxError) return { broken: `is no ES module: ${error.message.split('\n', 1)[0]}` }
  const code = (error as { code?: unknown } | null)?.code
  if (typeof code === 'string' && IMPORT_CODES.has(code))
    return {
      broken: 'imports a package or another file, and only `node:` modules can be imported there',
      suggestion: 'take what it needs from the argument of its default export, or bundle it into one file',
    }
  const kind = error instanceof Error ? error.name : 'something that is no error'
  return { broken: `throws ${kind.slice(0, 60)} while it is imported` }
}

/** How Node.js says that a module of a `data:` URL cannot be resolved, from 20 to 24. */
const IMPORT_CODES: ReadonlySet<string> = new Set([
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNSUPPORTED_RESOLVE_REQUEST',
  'ERR_INVALID_URL',
  'ERR_INVALID_MODULE_SPECIFIER',
  'ERR_UNKNOWN_MODULE_FORMAT',
])

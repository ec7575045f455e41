/** What transforms may ask for while they compile; everything read through here is noted for the fingerprint. */
import { createHash } from 'node:crypto'
import { type CompileContext, OptionError } from '../../transforms/transform.ts'
import { LetheError } from '../errors.ts'
import type { KeySource } from './key-source.ts'
import type { Path } from './path.ts'
import type { PolicyFile } from './policy-file.ts'
import { readTable, TableError } from './table.ts'

/** Everything a policy's results depend on beside its own text. */
export interface Sources {
  /** SHA-256 (hex) by file name as the policy writes it. */
  readonly files: Map<string, string>
  /** SHA-256 (hex) by name of a list that a transform ships or borrows. */
  readonly lists: Map<string, string>
  readonly platform: Set<'unicode' | 'time-zones'>
  readonly keyIds: Set<string>
}

export function newSources(): Sources {
  return { files: new Map(), lists: new Map(), platform: new Set(), keyIds: new Set() }
}

/** A file could not be read or is not a table: the problem gets a code of its own. */
export class FileError extends OptionError {
  /** As the policy writes it. */
  readonly file: string
  constructor(file: string, message: string) {
    super(message)
    this.file = file
  }
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export interface RulePlace {
  /** The output path. */
  readonly path: Path
  /** The rule's `key:`. */
  readonly keyId: string | undefined
}

export function contextFor(
  place: RulePlace,
  source: PolicyFile,
  keys: KeySource,
  sources: Sources,
): CompileContext {
  const readText = (file: string): string => {
    let bytes: Uint8Array
    try {
      bytes = source.readFile(file)
    } catch (error) {
      // Only our own words are passed on: those of the system may quote more than the name.
      throw new FileError(
        file,
        error instanceof LetheError ? error.message : `the file ${file} cannot be read`,
      )
    }
    let text: string
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    } catch {
      throw new FileError(file, `the file ${file} is not valid UTF-8`)
    }
    sources.files.set(file, sha256(bytes))
    return text
  }
  return {
    get path() {
      // One domain for all that it matches has to outlive the pattern's text.
      if (place.path.isPattern || place.path.tag !== undefined)
        throw new OptionError(
          `under a ${place.path.isPattern ? 'pattern' : 'tag'}, the domain of values has to be stated`,
          undefined,
          'add `domain:`; fields of one domain agree',
        )
      return place.path.text
    },
    key: (use, domain) => {
      sources.keyIds.add(place.keyId ?? keys.primaryId)
      return keys.key(use, domain, place.keyId)
    },
    readText,
    readTable: (file, delimiter) => {
      try {
        return readTable(readText(file), delimiter)
      } catch (error) {
        if (!(error instanceof TableError)) throw error
        throw new FileError(file, `line ${error.line} of ${file}: ${error.message}`)
      }
    },
    usesList: (name, digest) => {
      sources.lists.set(name, digest)
    },
    usesPlatform: (part) => {
      sources.platform.add(part)
    },
  }
}

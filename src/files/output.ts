/**
 * The files that come out. Each is written under a temporary name beside its place and takes its own name only
 * when all of them are whole: until then nothing stands there that could be taken for a result.
 */
import { existsAlready, unwritable } from '../errors.ts'
import { Digester, type FileDigest } from './digest.ts'
import type { FileCompression } from './magic.ts'
import { type ObjectName, printObjectName } from './objects/object-name.ts'
import { ObjectOutput } from './objects/object-output.ts'
import { openStore } from './objects/open-store.ts'
import { PackedOutput } from './packed-output.ts'
import type { Output } from './sink.ts'
import { TemporaryFile } from './temporary-file.ts'

/**
 * A file that appears whole or not at all. `compression`: of its bytes, where `loadZstd` was awaited for zstd; `digest`:
 * compute its digest; `folder`: where it is written until it has its name, beside its place unless stated. Throws `LetheError`
 * where it cannot be opened.
 */
export function openOutput(
  name: string,
  compression: FileCompression,
  digest = false,
  folder?: string,
): Output {
  const raw = new TemporaryFile(name, digest ? new Digester() : undefined, undefined, undefined, folder)
  return compression === 'none' ? raw : new PackedOutput(raw, compression)
}

/**
 * An object that appears whole or not at all. `replaces`: whether it may take the place of what stands under its name now; `isAnySame`: whether
 * it is as good as published where another one publishes the same bytes meanwhile: `digest` is computed then.
 * @throws LetheError `output-exists` where it may not, and what the store throws
 */
export async function openObject(
  name: ObjectName,
  compression: FileCompression,
  digest: boolean,
  replaces: boolean,
  isAnySame = false,
): Promise<Output> {
  const store = await openStore()
  const standing = (await store.standing(name)) ?? 'nothing'
  if (standing !== 'nothing' && !replaces)
    throw existsAlready(printObjectName(name), 'name another object, or say --replace')
  const digester = digest || isAnySame ? new Digester() : undefined
  const raw = new ObjectOutput({ store, name, digester, standing, isAnySame })
  return compression === 'none' ? raw : new PackedOutput(raw, compression)
}

const STDOUT = 'standard output'

/** Standard output: it cannot be taken back, so a run that fails says so by its exit code. */
export function openStdout(digest = false): Output {
  const digester = digest ? new Digester() : undefined
  let made: FileDigest | undefined
  return {
    name: STDOUT,
    get digest() {
      return made
    },
    append: (bytes) =>
      new Promise((resolve, reject) => {
        digester?.add(bytes)
        process.stdout.write(bytes, (error) => {
          if (error) reject(unwritable(STDOUT, error))
          else resolve()
        })
      }),
    finish: async () => {
      made = digester?.end()
    },
    publish: () => {},
    discard: () => {},
    standing: () => 'part',
  }
}

/** For --dry-run: everything is done but the writing. */
export function openNothing(name: string): Output {
  return {
    name,
    append: async () => {},
    finish: async () => {},
    publish: () => {},
    discard: () => {},
    standing: () => 'nothing',
  }
}

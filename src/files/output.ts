/**
 * The files that come out. Each is written under a temporary name beside its place and takes its own name only
 * when all of them are whole: until then nothing stands there that could be taken for a result.
 */
import { unwritable } from '../errors.ts'
import { Digester, type FileDigest } from './digest.ts'
import type { FileCompression } from './magic.ts'
import { PackedOutput } from './packed-output.ts'
import type { Output } from './sink.ts'
import { TemporaryFile } from './temporary-file.ts'

/**
 * A file that appears whole or not at all. `compression`: of its bytes, where `loadZstd` was awaited for zstd; `digest`:
 * compute its digest. Throws `LetheError` where it cannot be opened.
 */
export function openOutput(name: string, compression: FileCompression, digest = false): Output {
  const raw = new TemporaryFile(name, digest ? new Digester() : undefined)
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

/** Parts of text files: what stands before the records of the file, and the records of the part. */
import { fileError, LetheError } from '../errors.ts'
import { bytesOfNamed, type NamedSource } from './by-name.ts'
import { Digester, type FileDigest } from './digest.ts'
import { byteOrderMark } from './magic.ts'

const LF = 0x0a

/** A part of a text file in UTF-8 that is not compressed: whole records, one behind the other. Offsets count the bytes of the file. */
export interface FilePart {
  /** Which of the parts of the file it is, from 1. */
  readonly slice: number
  readonly from: number
  readonly to: number
  /** Physical lines of the file before `from`. */
  readonly lines: number
  /** Whether it ends where the file does. */
  readonly isLast: boolean
  /** What stands before the records: a byte order mark; of CSV also what is above the table, and the first row. */
  readonly head: FileDigest
}

/** The first `length` bytes of a file or an object; fewer where it is shorter. @throws LetheError (io) */
export async function firstBytesOf(input: NamedSource, length: number): Promise<Buffer> {
  if (length === 0) return Buffer.alloc(0)
  const pieces: Buffer[] = []
  try {
    for await (const data of bytesOfNamed(input, () => {}, 0, length)) pieces.push(Buffer.from(data))
  } catch (error) {
    throw error instanceof LetheError ? error : fileError(input.name, error)
  }
  return Buffer.concat(pieces)
}

/** What stands before the records of the file of a part. @throws LetheError where it is another than it was */
export async function headBytes(input: NamedSource, { head }: FilePart): Promise<Buffer> {
  const bytes = await firstBytesOf(input, head.bytes)
  const digester = new Digester()
  digester.add(bytes)
  const found = digester.end()
  if (found.bytes === head.bytes && found.sha256 === head.sha256) return bytes
  throw new LetheError(
    'input-changed',
    `${input.name}: what stands before its records is not what the manifest says`,
    'make a new manifest, or bring back the file that it was made of',
  )
}

/** A head as a text, without its byte order mark. */
export async function* textOfHead(head: Buffer): AsyncGenerator<Uint8Array> {
  yield head.subarray(byteOrderMark(head)?.length ?? 0)
}

/**
 * The bytes of a part that does not begin its file. `onRead` sees each piece before it is given.
 * @throws LetheError where the byte before the part ends no line, or reading fails
 */
export async function* partText(
  input: NamedSource,
  { from, to }: FilePart,
  onRead: (data: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  const { name } = input
  // The byte before it is read with it, and is not of it.
  let skip = 1
  let before = LF
  const heard = (data: Uint8Array): void => {
    if (skip > 0) before = data[0]!
    onRead(data.subarray(skip))
    skip = 0
  }
  let isFirst = true
  try {
    for await (const data of bytesOfNamed(input, heard, from - 1, to)) {
      if (before !== LF)
        throw new LetheError(
          'cut-misplaced',
          `${name}: the manifest cuts it at byte ${from}, where no record begins`,
          'make a new manifest',
        )
      yield isFirst ? data.subarray(1) : data
      isFirst = false
    }
  } catch (error) {
    throw error instanceof LetheError ? error : fileError(name, error)
  }
}

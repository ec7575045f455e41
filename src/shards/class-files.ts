/**
 * What shards of a run counted of its classes, as files in its folder: of what would leave (`N.counted`), of what left (`N.published`),
 * and which classes of all shards may leave (`classes.open`). They hold keyed hashes of people and their values, so they are encrypted
 * (AES-256-GCM), and for their owner alone. Both keys are derived from the primary key of the keyset for this use and manifest.
 *
 *     {"lethe":"classes","v":1,"kind":…,"manifest":…,"shard":…,"key":…}\n   authenticated
 *     12 bytes of nonce, the encrypted text, 16 bytes of tag
 *
 * The text is a line of JSON with the terms and lengths, and the arrays behind it.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileError, LetheError } from '../errors.ts'
import { TemporaryFile } from '../files/temporary-file.ts'
import type { ClassPart, CrowdTerms } from '../groups/class-count.ts'
import type { Keyring } from '../keys/keyring.ts'
import type { PlanCrowd } from '../policy/plan.ts'

export type ClassFileKind = 'counted' | 'published' | 'open'

/** What all files of a run say alike. */
export interface ClassTerms extends CrowdTerms {
  /** Sensitive fields. */
  readonly fields: number
  /** Whether each record counts as a subject. */
  readonly ofRecords: boolean
  readonly onFail: PlanCrowd['onFail']
  readonly maxSuppressed: number
}

export interface ClassFile {
  readonly terms: ClassTerms
  readonly part: ClassPart
  /** Of `open`: SHA-256 of the counts that it was made of, by shard, and how many classes may not leave. */
  readonly counts?: readonly string[]
  readonly suppressed?: number
}

/** Encrypts, and tells classes, of one manifest. */
export class ClassFileKeys {
  /** For the hashes. */
  readonly hashes: Uint8Array<ArrayBuffer>
  readonly #file: Uint8Array
  readonly #head: { readonly manifest: string; readonly key: string }

  /** @throws LetheError (usage) where there are no keys */
  constructor(keys: Keyring | undefined, manifest: string) {
    if (keys === undefined)
      throw new LetheError(
        'keys-missing',
        'the policy states `crowd:`, and what shards count of people is kept under a key, and none is given; nothing was read',
        'say --keys FILE or set LETHE_KEYS_FILE (make one with `lethe keys create FILE`)',
      )
    this.hashes = new Uint8Array(keys.key('crowd', `${manifest} hashes`).bytes)
    this.#file = keys.key('crowd', `${manifest} files`).bytes
    this.#head = { manifest, key: keys.primaryId }
  }

  /** Writes the file, for its owner alone. */
  async write(
    name: string,
    folder: string,
    kind: ClassFileKind,
    shard: number | undefined,
    { part, ...said }: ClassFile,
  ): Promise<void> {
    const head = Buffer.from(`${JSON.stringify({ lethe: 'classes', v: 1, kind, ...this.#head, shard })}\n`)
    const arrays = PARTS.map((one) => bytesOf(part[one]))
    const lengths = arrays.map(({ length }) => length)
    const texts = [Buffer.from(`${JSON.stringify({ ...said, lengths })}\n`), ...arrays]
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#file, nonce).setAAD(head)
    const output = new TemporaryFile(name, undefined, name, 'owner', folder)
    try {
      await output.append(head)
      await output.append(nonce)
      for (const text of texts)
        for (let at = 0; at < text.length; at += STEP)
          await output.append(cipher.update(text.subarray(at, at + STEP)))
      cipher.final()
      await output.append(cipher.getAuthTag())
      await output.finish()
      await output.publish()
    } finally {
      await output.discard()
    }
  }

  /**
   * Reads a file of the run.
   * @returns undefined where none is there
   * @throws LetheError `shard-damaged` where it is of another kind, shard, run or key, or was changed
   */
  read(
    name: string,
    kind: ClassFileKind,
    shard: number | undefined,
  ): { readonly file: ClassFile; readonly sha256: string } | undefined {
    let bytes: Buffer
    try {
      bytes = readFileSync(name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw fileError(name, error)
    }
    const expected = Buffer.from(
      `${JSON.stringify({ lethe: 'classes', v: 1, kind, ...this.#head, shard })}\n`,
    )
    if (
      !bytes.subarray(0, expected.length).equals(expected) ||
      bytes.length < expected.length + NONCE_BYTES + TAG_BYTES
    )
      throw damaged(name)
    const nonce = bytes.subarray(expected.length, expected.length + NONCE_BYTES)
    const decipher = createDecipheriv('aes-256-gcm', this.#file, nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(expected).setAuthTag(bytes.subarray(-TAG_BYTES))
    let text: Buffer
    try {
      text = Buffer.concat([
        decipher.update(bytes.subarray(expected.length + NONCE_BYTES, -TAG_BYTES)),
        decipher.final(),
      ])
    } catch {
      throw damaged(name)
    }
    return { file: parsed(text), sha256: createHash('sha256').update(bytes).digest('hex') }
  }
}

const NONCE_BYTES = 12
const TAG_BYTES = 16
const STEP = 64 << 20
const LF = 0x0a

const PARTS = ['classes', 'records', 'sizes', 'subjects', 'values', 'counts', 'owners'] as const

const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array | Float64Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength)

/** What was written under the key is in the form. */
function parsed(text: Buffer): ClassFile {
  const end = text.indexOf(LF)
  const { lengths, ...said } = JSON.parse(text.toString('utf8', 0, end)) as Omit<ClassFile, 'part'> & {
    readonly lengths: readonly number[]
  }
  let at = end + 1
  const arrays = PARTS.map((one, index) => {
    const bytes = new Uint8Array(text.subarray(at, at + lengths[index]!))
    at += lengths[index]!
    return [one, FLOATS.has(one) ? new Float64Array(bytes.buffer) : new Int32Array(bytes.buffer)] as const
  })
  return { ...said, part: Object.fromEntries(arrays) as unknown as ClassPart }
}

const FLOATS: ReadonlySet<string> = new Set(['records', 'sizes', 'counts'])

const damaged = (name: string): LetheError =>
  new LetheError(
    'shard-damaged',
    `${basename(name)} in the folder of the run is not what a shard of it left there under the key that is given`,
    'give the keys of the run; or count the classes of its shard again, with --count-classes',
  )

/**
 * Appends to a ledger: one process at a time, each entry on the disk and its head anchored before the action that it tells of.
 * What cannot be written down is not done.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { LetheError } from '../errors.ts'
import { takeLock } from '../files/lock-file.ts'
import { syncFolder } from '../files/sync-folder.ts'
import type { SigningKey } from '../signing/private-key.ts'
import { type Anchor, headHoldsUnder, headLine } from './anchor.ts'
import {
  entryLine,
  holdsUnder,
  type LedgerFact,
  linesOf,
  MAX_ENTRY_BYTES,
  readEntry,
  type SignedEntry,
  sha256,
} from './entry.ts'
import { sealedName, sealedSegments } from './segments.ts'
import { readTail } from './tail.ts'

export interface LedgerSetting {
  readonly file: string
  readonly key: SigningKey
  readonly anchor?: Anchor | undefined
  /** As what: a role or the name of a pipeline. */
  readonly actor: string
  /** ms since 1970; the clock of the machine unless stated. */
  readonly now?: () => number
  /** A segment of so many bytes is sealed; 16 MiB unless stated. */
  readonly sealBytes?: number
}

/** What an outcome says; with a code it is a failure. */
export type LedgerOutcome = Pick<LedgerFact, 'names' | 'fingerprints' | 'counts' | 'code'>

const SEAL_BYTES = 16 << 20

/** Where the chain ends. */
interface ChainEnd {
  readonly chain: string
  readonly sequence: number
  readonly hash: string
}

export class Ledger {
  readonly #setting: LedgerSetting

  constructor(setting: LedgerSetting) {
    this.#setting = setting
  }

  /**
   * Appends one entry; resolves with its sequence once it is on the disk and its head is anchored.
   * @throws LetheError: `ledger-unwritable`, `ledger-damaged` where the ledger does not end as it has to, `file-busy`
   */
  append(fact: LedgerFact): Promise<number> {
    return this.#locked(() => this.#append(fact))
  }

  /**
   * Does `act` between two entries. `done` says what stands in the second one; a failure stands there with its code.
   * @throws what `act` throws, and LetheError where an entry cannot be written: where that is the first one, nothing was done
   */
  async record<T>(
    fact: Omit<LedgerFact, 'state' | 'begun' | 'code'>,
    act: () => Promise<T> | T,
    done: (result: T) => LedgerOutcome = () => ({}),
  ): Promise<T> {
    const begun = await this.append({ ...fact, state: 'begins' })
    let result: T
    try {
      result = await act()
    } catch (error) {
      const code = error instanceof LetheError ? error.code : 'defect'
      // The error of the action is the one to tell.
      await this.append({ action: fact.action, state: 'failed', begun, code }).catch(() => {})
      throw error
    }
    const { code, ...more } = done(result)
    const state = code === undefined ? 'done' : 'failed'
    try {
      await this.append({ action: fact.action, state, begun, code, ...more })
    } catch (error) {
      if (!(error instanceof LetheError)) throw error
      throw new LetheError(
        error.code,
        `what entry ${begun} of the ledger announces was done, but its outcome could not be written down: ${error.message}`,
        error.suggestion,
      )
    }
    return result
  }

  /** Seals the segment that is written to, where it holds an entry, and begins the next one. */
  seal(): Promise<string | undefined> {
    return this.#locked(async () => {
      const { file } = this.#setting
      const end = this.#end()
      if (end === undefined || (readTail(file, 1)?.size ?? 0) === 0) return undefined
      await this.#checkAnchor(end)
      const sealed = this.#rename()
      await this.#write(end, this.#segment())
      return sealed
    })
  }

  async #locked<T>(act: () => Promise<T>): Promise<T> {
    const { file } = this.#setting
    let release: () => void
    try {
      release = await takeLock(file)
    } catch (error) {
      if (error instanceof LetheError && error.code !== 'file-busy') throw unwritten(file, error)
      throw error
    }
    try {
      return await act()
    } finally {
      release()
    }
  }

  async #append(fact: LedgerFact): Promise<number> {
    const { file, sealBytes = SEAL_BYTES } = this.#setting
    const torn = this.#repair()
    const size = readTail(file, 1)?.size ?? 0
    let end = this.#end()
    if (end === undefined) end = await this.#write(undefined, { action: 'ledger.begin', state: 'done' })
    else {
      await this.#checkAnchor(end)
      if (size >= sealBytes) this.#rename()
      // A segment that was renamed and not yet begun is begun here.
      if (size === 0 || size >= sealBytes) end = await this.#write(end, this.#segment())
    }
    if (torn > 0)
      end = await this.#write(end, { action: 'ledger.repair', state: 'done', counts: { bytes: torn } })
    return (await this.#write(end, fact)).sequence
  }

  /** Takes an entry off that was cut short; gives its bytes. It was not whole, so what it tells of was not done. */
  #repair(): number {
    const { file } = this.#setting
    const tail = readTail(file, MAX_ENTRY_BYTES + 1)
    if (tail === undefined) return 0
    const torn = tail.bytes.length - (tail.bytes.lastIndexOf(0x0a) + 1)
    if (torn === 0) return 0
    if (torn > MAX_ENTRY_BYTES) throw damaged(file, 'its end is no entry')
    try {
      const descriptor = openSync(file, 'r+')
      try {
        ftruncateSync(descriptor, tail.size - torn)
        fsyncSync(descriptor)
      } finally {
        closeSync(descriptor)
      }
    } catch (error) {
      throw unwritten(file, error)
    }
    return torn
  }

  /** The end of the chain, in the open segment or in the last sealed one; undefined where there is no ledger yet. */
  #end(): ChainEnd | undefined {
    const { file, key } = this.#setting
    const last = lastEntry(file) ?? lastEntry(sealedSegments(file).at(-1)?.file)
    if (last === undefined) return undefined
    const { entry, hash } = last
    if (entry.key === key.publicKey.id && !holdsUnder(entry, key.publicKey))
      throw damaged(last.file, 'the signature of its last entry does not hold')
    return { chain: entry.chain, sequence: entry.sequence, hash }
  }

  /** The anchor must not know more of the chain than the ledger does. */
  async #checkAnchor(end: ChainEnd): Promise<void> {
    const { file, key, anchor } = this.#setting
    const head = await anchor?.last(end.chain)
    if (head === undefined) return
    if (head.key === key.publicKey.id && !headHoldsUnder(head, key.publicKey))
      throw damaged(anchor!.name, 'the signature of its last head does not hold')
    if (head.sequence > end.sequence || (head.sequence === end.sequence && head.hash !== end.hash))
      throw damaged(
        file,
        `it ends with entry ${end.sequence}, and the anchor ${anchor!.name} has ${
          head.sequence === end.sequence ? 'another one' : `entry ${head.sequence}`
        }: its end was cut off or changed`,
      )
  }

  #rename(): string {
    const { file } = this.#setting
    const sealed = sealedName(file, this.#next())
    try {
      renameSync(file, sealed)
      syncFolder(dirname(file))
    } catch (error) {
      throw unwritten(file, error)
    }
    return sealed
  }

  /** The first entry of a segment that carries the chain on. */
  #segment(): LedgerFact {
    return { action: 'ledger.segment', state: 'done', counts: { segment: this.#next() } }
  }

  /** The number that the next sealed segment gets, which is that of the open one. */
  #next(): number {
    return (sealedSegments(this.#setting.file).at(-1)?.number ?? 0) + 1
  }

  async #write(end: ChainEnd | undefined, fact: LedgerFact): Promise<ChainEnd> {
    const { file, key, anchor, actor, now = Date.now } = this.#setting
    const chain = end?.chain ?? randomBytes(16).toString('hex')
    const sequence = (end?.sequence ?? 0) + 1
    const time = new Date(now()).toISOString()
    const entry = {
      action: fact.action,
      actor,
      begun: fact.begun ?? null,
      chain,
      code: fact.code ?? null,
      counts: fact.counts ?? {},
      fingerprints: fact.fingerprints ?? {},
      key: key.publicKey.id,
      names: fact.names ?? {},
      previous: end?.hash ?? null,
      sequence,
      state: fact.state,
      time,
    }
    const line = entryLine(entry, key)
    const bytes = Buffer.from(line)
    // What could not be read again would end the ledger.
    if (readEntry(bytes) === undefined)
      throw new LetheError('ledger-unwritable', `what ${fact.action} states cannot stand in a ledger`)
    appendWhole(file, Buffer.concat([bytes, Buffer.from('\n')]))
    const hash = sha256(bytes)
    try {
      await anchor?.put(headLine({ chain, hash, key: key.publicKey.id, sequence, time }, key))
    } catch (error) {
      throw unwritten(`the anchor ${anchor!.name} of the ledger`, error)
    }
    return { chain, sequence, hash }
  }
}

function lastEntry(
  file: string | undefined,
): { readonly file: string; readonly entry: SignedEntry; readonly hash: string } | undefined {
  const tail = file === undefined ? undefined : readTail(file, 2 * MAX_ENTRY_BYTES + 2)
  if (tail === undefined || tail.size === 0) return undefined
  const line = [...linesOf(tail.bytes)].at(-1)!.bytes
  const entry = readEntry(line)
  if (entry === undefined) throw damaged(file!, 'its last line is no entry')
  return { file: file!, entry, hash: sha256(line) }
}

/** All of it, on the disk; or none of it, where the system lets it be taken back. */
function appendWhole(file: string, bytes: Uint8Array): void {
  try {
    const descriptor = openSync(file, 'a', 0o644)
    try {
      const { size } = fstatSync(descriptor)
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
        fsyncSync(descriptor)
      } catch (error) {
        ftruncateSync(descriptor, size)
        throw error
      }
      if (size === 0) syncFolder(dirname(file))
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    throw unwritten(file, error)
  }
}

function unwritten(name: string, error: unknown): LetheError {
  const why =
    error instanceof LetheError
      ? error.message
      : ((error as NodeJS.ErrnoException).code ?? 'the system says nothing more')
  return new LetheError(
    'ledger-unwritable',
    `${name} cannot be written (${why}), and nothing is done without its entry`,
    'make room or set the rights, and run the command again',
  )
}

const damaged = (file: string, why: string): LetheError =>
  new LetheError(
    'ledger-damaged',
    `${file}: ${why}; nothing was done`,
    'find out why with `lethe audit verify`; then begin another ledger, and keep this one',
  )

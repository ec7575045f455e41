/**
 * Everything that decides what a run publishes, as it was when the run began. The process that reads it hands it to the
 * others over a private pipe, and each process to its threads: nothing is compiled from anything else. What opens
 * connections is not part of it: certificates and passwords are read again for each client.
 */
import { resolve } from 'node:path'
import { LetheError } from '../errors.ts'
import { type GateData, NO_DATA } from '../gates/gate-data.ts'
import { checkValueOf } from '../keys/keyring.ts'
import type { Keyset } from '../keys/keyset.ts'
import { formatKeyset, parseKeyset } from '../keys/keyset-format.ts'
import { MatchKeys } from '../keys/match-keys.ts'
import type { ConsentMemory } from '../lists/consent-table.ts'
import type { LoadedConsent } from '../lists/load-consent.ts'
import type { LoadedList } from '../lists/load-list.ts'
import { sha256 } from '../policy/context.ts'
import { canonicalJson } from '../policy/fingerprint.ts'
import type { Plan } from '../policy/plan.ts'
import type { ReadWhole } from '../policy/policy-file.ts'

/** For threads as it is: its keys are `KeyObject`s, which no log, JSON or inspection shows. */
export interface RunConfiguration {
  /** Pipeline, policies, and the lists and hierarchies that they name, by absolute path. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>
  readonly keyset: Keyset | undefined
  /** Lists that the policies name, in shared memory. */
  readonly lists?: ReadonlyMap<string, LoadedList> | undefined
  /** Consent tables that the policies name, in shared memory. */
  readonly tables?: ReadonlyMap<string, LoadedConsent> | undefined
  /** The keys to match them with. */
  readonly matchKeyset?: Keyset | undefined
}

/** For another process. It holds secrets in the clear: it goes through a pipe, and is kept nowhere. */
export interface PostedConfiguration {
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly keyset: string | undefined
  /** Their memory as bytes: no two processes share it. */
  readonly lists: readonly PostedList[]
  readonly tables: readonly PostedTable[]
  readonly matchKeyset: string | undefined
}

type PostedList = Omit<LoadedList, 'memory'> & { readonly bytes: Uint8Array }
type PostedTable = Omit<LoadedConsent, 'memory'> & {
  readonly bytes: Readonly<Record<keyof ConsentMemory, Uint8Array>>
}

export function toPost({ files, keyset, lists, tables, matchKeyset }: RunConfiguration): PostedConfiguration {
  return {
    files,
    keyset: keyset && formatKeyset(keyset),
    lists: [...(lists?.values() ?? [])].map(({ memory, ...list }) => ({
      ...list,
      bytes: new Uint8Array(memory),
    })),
    tables: [...(tables?.values() ?? [])].map(({ memory, ...table }) => ({
      ...table,
      bytes: { table: new Uint8Array(memory.table), longer: new Uint8Array(memory.longer) },
    })),
    matchKeyset: matchKeyset && formatKeyset(matchKeyset),
  }
}

/** What gates know of a run. */
export const gateDataOf = ({ lists, tables, matchKeyset }: RunConfiguration): GateData => ({
  lists: lists ?? NO_DATA.lists,
  tables: tables ?? NO_DATA.tables,
  matchKeys: matchKeyset && new MatchKeys(matchKeyset),
})

export function fromPost({
  files,
  keyset,
  lists,
  tables,
  matchKeyset,
}: PostedConfiguration): RunConfiguration {
  return {
    // What came through a pipe may be pieces of one large buffer.
    files: new Map([...files].map(([path, bytes]) => [path, new Uint8Array(bytes)])),
    keyset: keyset === undefined ? undefined : parseKeyset(keyset, 'the keyset of the run'),
    lists: new Map(lists.map(({ bytes, ...list }) => [list.list, { ...list, memory: shared(bytes) }])),
    tables: new Map(
      tables.map(({ bytes, ...table }) => [
        table.table,
        { ...table, memory: { table: shared(bytes.table), longer: shared(bytes.longer) } },
      ]),
    ),
    matchKeyset:
      matchKeyset === undefined ? undefined : parseKeyset(matchKeyset, 'the match keys of the run'),
  }
}

function shared(bytes: Uint8Array): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(bytes.length)
  new Uint8Array(memory).set(bytes)
  return memory
}

/** Reads from `configuration`, and never from the disk. */
export function readFrom({ files }: Pick<RunConfiguration, 'files'>): ReadWhole {
  return (file, role) => {
    const bytes = files.get(resolve(file))
    if (bytes !== undefined) return bytes
    throw new LetheError(
      'config-changed',
      `${role} ${file} was not read when the run began`,
      'start the run again',
    )
  }
}

/** Keys and their states, by check value; no secret. */
export function keysetDigest({ primary, keys }: Keyset): string {
  const states = keys.map((key) => ({ id: key.id, status: key.status, check: checkValueOf(key) }))
  return sha256(canonicalJson({ primary, keys: states }))
}

/**
 * SHA-256 (hex) over a configuration and what a process made of it: its version of Lethe, and the plans that it compiled.
 * Where two processes have the same, the same record leaves both with the same bytes.
 */
export function configurationDigest(
  version: string,
  { files, keyset, lists, tables, matchKeyset }: RunConfiguration,
  plans: readonly Pick<Plan, 'fingerprint' | 'platform'>[],
): string {
  return sha256(
    canonicalJson({
      version,
      files: Object.fromEntries([...files].map(([path, bytes]) => [path, sha256(bytes)])),
      keyset: keyset && keysetDigest(keyset),
      lists: [...(lists?.values() ?? [])].map(({ list, sha256: digest, count }) => ({ list, digest, count })),
      // What a topic holds is read by each process, while it runs.
      tables: [...(tables?.values() ?? [])].map(({ table, sha256: digest, count, topic }) =>
        topic === undefined ? { table, digest, count } : { table, topic: topic.topic, maxLag: topic.maxLag },
      ),
      matchKeyset: matchKeyset && keysetDigest(matchKeyset),
      plans: plans.map(({ fingerprint, platform }) => ({ fingerprint, platform })),
    }),
  )
}

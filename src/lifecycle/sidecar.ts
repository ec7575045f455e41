/** What stands beside every output of a batch, FILE.lethe.json: what made it. Without it a stored file is not touched. */
import { z } from 'zod'
import type { Plan } from '../policy/plan.ts'
import { type StoredTime, storedTimeOf } from '../policy/published-time.ts'
import type { RecordFormat } from '../record/limits.ts'
import { GONE } from './storage/storage.ts'
import { storageOf } from './storage/storage-of.ts'
import { sidecarName } from './stored-names.ts'

const sidecarForm = z.strictObject({
  lethe: z.literal('sidecar'),
  v: z.literal(1),
  /** Of the file as it stands on the disk, compressed where it is. */
  file: z.strictObject({ bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  format: z.enum(['csv', 'ndjson', 'json', 'parquet']),
  /** Of CSV; absent: a comma, or a tab where the name says so. */
  delimiter: z.string().length(1).optional(),
  /** Its records are change events, whose rows stand in two images. */
  change: z.literal('debezium').optional(),
  policy: z.strictObject({
    name: z.string(),
    version: z.number(),
    fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  /** The instant that retention was judged at, RFC 3339. */
  asOf: z.iso.datetime(),
  /** Check values of the keys that its tokens are under, by id. */
  keyChecks: z.record(z.string(), z.string()),
  /** What the policy said of ages; absent where it said nothing. */
  retention: z.strictObject({ label: z.string(), steps: z.int().min(0) }).optional(),
  /** Where the event time stands; absent where no field tells it. */
  time: z
    .strictObject({ field: z.string(), form: z.enum(['interval', 'as-read']), utc: z.boolean() })
    .optional(),
  /** The hash of the work order that changed it last. */
  order: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
})

export interface Sidecar {
  readonly lethe: 'sidecar'
  readonly v: 1
  readonly file: { readonly bytes: number; readonly sha256: string }
  readonly format: RecordFormat
  readonly delimiter?: string | undefined
  readonly change?: 'debezium' | undefined
  readonly policy: { readonly name: string; readonly version: number; readonly fingerprint: string }
  readonly asOf: string
  readonly keyChecks: Readonly<Record<string, string>>
  readonly retention?: { readonly label: string; readonly steps: number } | undefined
  readonly time?: StoredTime | undefined
  readonly order?: string | undefined
}

/** Its members that are the same for all outputs of a run. */
export function sidecarOf(
  plan: Plan,
  run: Pick<Sidecar, 'file' | 'format' | 'delimiter' | 'change' | 'keyChecks'> & { readonly now: number },
): Sidecar {
  const { file, format, delimiter, change, keyChecks, now } = run
  const { name, version, fingerprint, retention } = plan
  const time = storedTimeOf(plan)
  return {
    lethe: 'sidecar',
    v: 1,
    file,
    format,
    ...(format === 'csv' && delimiter !== undefined ? { delimiter } : {}),
    ...(change === undefined ? {} : { change }),
    policy: { name, version, fingerprint },
    asOf: new Date(now).toISOString(),
    keyChecks,
    ...(retention === undefined ? {} : { retention: { label: retention.label, steps: stepsOf(plan) } }),
    ...(time === undefined ? {} : { time }),
  }
}

/** How many steps of retention change rules of fields: all but a last one that suppresses. */
export function stepsOf({ fields, retention }: Pick<Plan, 'fields' | 'retention'>): number {
  const steps = fields.reduce((most, { rulesByStep }) => Math.max(most, rulesByStep.length - 1), 0)
  return retention?.suppresses === true ? Math.max(0, steps - 1) : steps
}

export const sidecarText = (sidecar: Sidecar): string => `${JSON.stringify(sidecar, null, 2)}\n`

/** Longer is none. */
const MOST_BYTES = 1 << 20

/** The sidecar of a file; `missing` where there is none, `malformed` where it is not written so. @throws LetheError (io) */
export async function readSidecar(file: string): Promise<Sidecar | 'missing' | 'malformed'> {
  return (await sidecarAt(file)).sidecar
}

/** The sidecar of a file, and the state in which it was read. @throws LetheError (io) */
export async function sidecarAt(
  file: string,
): Promise<{ readonly sidecar: Sidecar | 'missing' | 'malformed'; readonly stamp: string }> {
  const name = sidecarName(file)
  const read = await storageOf(name).text(name, MOST_BYTES)
  if (read === undefined) return { sidecar: 'missing', stamp: GONE }
  if (read === 'too-large') return { sidecar: 'malformed', stamp: GONE }
  const { text, stamp } = read
  try {
    const parsed = sidecarForm.safeParse(JSON.parse(text))
    return { sidecar: parsed.success ? parsed.data : 'malformed', stamp }
  } catch {
    return { sidecar: 'malformed', stamp }
  }
}

/** The forms of summaries: what `--summary` writes, what reads it, and the JSON Schemas of it follow from these. */
import { z } from 'zod'
import type { CodePlaces, Unsettled } from '../kafka/unsettled.ts'
import type { CrowdView, Summary } from '../run/account/account-view.ts'
import type { GroupsView } from '../run/account/groups-view.ts'
import type { ReplaySummary } from '../run/account/replay-summary.ts'
import type { StreamSummary } from '../run/account/stream-summary.ts'
import type { InputFlags } from '../run/input-flags.ts'
import { count, counts, sha256 } from './form-parts.ts'

const fileDigest = z.object({
  bytes: count.describe('Bytes of the file, as it lies on the disk.'),
  sha256: sha256.describe('SHA-256 of these bytes, lower-case hex.'),
})

const share = z.object({
  share: z.number().min(0).max(1),
  error: z.number().min(0).describe('Standard deviation of the estimate; 0 where it is exact.'),
})

/** Which data subjects stand alone. */
export const groupsForm: z.ZodType<GroupsView> = z.object({
  quasiIdentifiers: z.array(z.string()).describe('The output paths that were looked at.'),
  counted: z.enum(['subjects', 'records']),
  estimated: z.boolean(),
  records: count,
  withoutSubject: count,
  subjects: z.number().min(0),
  combinations: z.number().min(0),
  alone: share,
  fewerThan5: share,
  fewerThan10: share,
})

const policyShape = {
  name: z.string(),
  version: z.int().min(1),
  purpose: z.string().describe('A data use of Fideslang.'),
  fingerprint: sha256.describe(
    'SHA-256 over the canonical policy and everything that its results depend on.',
  ),
  platform: z
    .string()
    .describe('Digest of the Unicode and time zone data that results depend on; empty where they do not.'),
} as const

/** Members of every account, of a batch or of a route. */
const accountShape = {
  policy: z.object(policyShape),
  records: z.object({
    in: count.describe('Records read.'),
    published: count,
    tombstones: count
      .exactOptional()
      .describe('Of topics: keys without a value, passed under their de-identified key.'),
    suppressed: counts.describe('Records by the rule that suppressed them.'),
    deadLettered: counts.describe('Records by the code they were dead-lettered for.'),
    blank: count.describe('Lines that held no record.'),
  }),
  unlisted: count.describe('Members or columns met that no rule names: dropped.'),
  kept: z
    .array(
      z.object({
        field: z.string().describe('Output path.'),
        from: z.string().exactOptional().describe('Input path, where it is another.'),
        use: z.enum(['keep', 'keep.subtree']),
        category: z.string().exactOptional(),
        role: z.string(),
        accepted: z.string().exactOptional().describe('Why the policy keeps it, where it has to say so.'),
      }),
    )
    .describe('The fields that leave as they are.'),
  rules: z
    .array(
      z.object({
        rule: z.string().describe('Output path and what is done.'),
        use: z.string().describe('The name of a transform, or keep, keep.subtree, drop.'),
        options: z
          .record(z.string(), z.unknown())
          .exactOptional()
          .describe('Of a transform, with defaults filled in.'),
        applied: count.describe('Values that it took.'),
        absent: count,
        null: count,
        failed: count.describe('Values that it could not take.'),
        failures: counts.exactOptional().describe('Of these, how many for which reason.'),
        met: count.exactOptional().describe('Values of records that another rule had failed.'),
        looked: count
          .exactOptional()
          .describe('Values that leave as they are, or nearly, and were looked at.'),
        suspects: counts
          .exactOptional()
          .describe('Of these, how many look like which kind of personal value.'),
        accepted: z.string().exactOptional().describe('Why the policy takes a weak choice here.'),
      }),
    )
    .describe('The rules, in the order of the policy.'),
  lists: z
    .array(
      z.object({
        list: z.string().describe('Its name in the policy.'),
        sha256: sha256.describe('Of its file; of a file and what was cancelled of it, of both digests.'),
        entries: count.describe('Subjects on it.'),
        suppressed: count.describe('Records that were suppressed by it.'),
      }),
    )
    .exactOptional()
    .describe('The lists of subjects that the run went by, where the policy names any.'),
  tables: z
    .array(
      z.object({
        table: z.string().describe('Its name in the policy.'),
        purpose: z.string(),
        sha256: sha256.exactOptional().describe('Of its file.'),
        topic: z.string().exactOptional().describe('Where it is kept, if not in a file.'),
        offsets: z
          .array(
            z.object({
              partition: count,
              from: count.describe('When the first batch was judged by it.'),
              to: count.describe('When the last one was.'),
            }),
          )
          .exactOptional()
          .describe(
            'Up to which offsets of its topic it was read, at least, when batches were judged by it; none where none was judged.',
          ),
        subjects: count.describe('Subjects with a history for the purpose.'),
      }),
    )
    .exactOptional()
    .describe('The consent tables that the run went by, where the policy names any.'),
  groups: groupsForm
    .exactOptional()
    .describe('Which data subjects stand alone, where the policy names quasi-identifiers.'),
  originals: z
    .object({
      sealed: count.describe('Dead letters that carry their original.'),
      unsealed: count.describe('Those that do not: more than 100 of a chunk, or nothing of them was kept.'),
    })
    .exactOptional()
    .describe('Of the dead letters, where originals are sealed.'),
  warnings: z.array(z.string()).describe('Sentences for people; they may change.'),
} as const

const keysShape = {
  keys: z.array(z.string()).describe('Ids of the keys that rules use.'),
  keyChecks: z
    .record(z.string(), z.string().regex(/^[0-9a-f]{8}$/))
    .describe('The check value of each of them.'),
} as const

const places: z.ZodType<CodePlaces> = z.object({
  count,
  first: z.array(z.object({ topic: z.string(), partition: count, offset: count })),
})

const unsettled: z.ZodType<Unsettled> = z.object({
  records: count.describe('Records of the batch that was not settled.'),
  deadLettered: z.record(z.string(), places),
}) as z.ZodType<Unsettled>

const input = {
  input: z.int().min(1),
  slice: z
    .int()
    .min(1)
    .exactOptional()
    .describe('Where a part of a file was read: which, from 1; what follows is of the part.'),
  format: z.string(),
  bytes: count.describe('Bytes read from it, as they lie on the disk.'),
  sha256: sha256.exactOptional().describe('Of these bytes; absent where they were not read to their end.'),
  records: count,
} as const

const output = {
  output: z.int().min(1),
  inputs: z.array(z.int().min(1)),
  records: count.exactOptional().describe('Of shards: records in it.'),
  bytes: count,
  sha256,
} as const

const head = {
  lethe: z.literal('summary'),
  v: z.literal(1).describe('Of this form.'),
  version: z.string().describe('Of Lethe.'),
  status: z.enum(['done', 'too-many-dead-letters', 'too-many-stand-alone']),
  dryRun: z.boolean().describe('Whether nothing was written.'),
} as const

export const inputOptions: z.ZodType<InputFlags> = z.object({
  encoding: z.string().exactOptional(),
  delimiter: z.string().exactOptional(),
  quote: z.literal('none').exactOptional(),
  escape: z.literal('backslash').exactOptional(),
  header: z.array(z.string()).exactOptional(),
  skipLines: count.exactOptional(),
  comment: z.string().exactOptional(),
  change: z
    .object({
      deletes: z
        .enum(['publish', 'tombstone'])
        .describe('`tombstone`: a delete does not leave, as a file has no tombstones.'),
      before: z.enum(['full', 'key']).describe('Whether the row before is logged whole, or its key alone.'),
      placeholder: z.string().describe('What stands for a value that is unchanged and was not logged.'),
    })
    .exactOptional()
    .describe('Where records are change events of Debezium.'),
})

const shardForm = z.object({
  manifest: sha256.describe('Of the manifest.'),
  shard: count.describe('Which, from 0.'),
  of: z.int().min(1).describe('How many there are.'),
})

/** What `crowd:` of a policy asked for, and held. */
export const crowdForm: z.ZodType<CrowdView> = z.object({
  k: z.int().min(2).describe('A class has so many data subjects.'),
  l: z.int().min(2).exactOptional().describe('And so many distinct values of each sensitive field.'),
  t: z.number().exactOptional().describe('And values no further than this from those of all.'),
  over: z.array(z.string()).describe('Output paths in which the records of a class are equal.'),
  sensitive: z.array(z.string()).exactOptional().describe('Output paths that `l` and `t` are about.'),
  counted: z
    .enum(['subjects', 'records'])
    .describe('A record counts as one where the policy names no subject.'),
  classes: z.object({
    published: count.describe('Classes that left.'),
    suppressed: count.describe('Classes whose records were suppressed; of a shard, of all shards.'),
  }),
})

export const summaryForm: z.ZodType<Summary> = z.object({
  ...head,
  ...accountShape,
  ...keysShape,
  approvals: z
    .array(z.object({ key: z.string(), role: z.string(), when: z.string() }))
    .exactOptional()
    .describe('The approvals of the policy that counted, where they are required.'),
  asOf: z.iso.datetime().describe('The instant that retention was judged at.'),
  shard: shardForm
    .exactOptional()
    .describe('Where the run was a shard of a manifest; inputs have the numbers of its files then.'),
  shards: z
    .object({ manifest: sha256.describe('Of the manifest.'), of: z.int().min(1) })
    .exactOptional()
    .describe('Where it is the sum of all shards of a manifest.'),
  crowd: crowdForm
    .exactOptional()
    .describe('What `crowd:` of the policy asked for, and holds of what was published.'),
  inputs: z.array(z.object(input)),
  inputOptions: inputOptions
    .exactOptional()
    .describe('The options of the command that say how inputs were read; absent where none was given.'),
  inputForm: inputOptions.describe(
    'How inputs were read, by policy and options together; `lethe replay` reads them so again.',
  ),
  outputs: z.array(z.object(output)).describe('The files that were published, in order.'),
  deadLetterFile: fileDigest.exactOptional().describe('The list of dead letters, where one was asked for.'),
})

/** What of a summary is compared with files and policies. Version 0.1.0 wrote `v` 1 too, without digests and `outputs`. */
export interface ReadSummary
  extends Pick<Summary, 'status' | 'dryRun' | 'deadLetterFile' | 'inputOptions'>,
    Partial<Pick<Summary, 'inputForm' | 'keyChecks'>> {
  readonly policy: Pick<Summary['policy'], 'name' | 'version' | 'fingerprint'>
  readonly inputs: readonly Pick<Summary['inputs'][number], 'input' | 'bytes' | 'sha256' | 'format'>[]
  readonly outputs?: readonly Pick<Summary['outputs'][number], 'output' | 'bytes' | 'sha256'>[]
}

export const readSummaryForm: z.ZodType<ReadSummary> = z.object({
  ...head,
  policy: z.object(policyShape).pick({ name: true, version: true, fingerprint: true }),
  inputs: z.array(z.object(input)),
  inputOptions: inputOptions.exactOptional(),
  inputForm: inputOptions.exactOptional(),
  keyChecks: keysShape.keyChecks.exactOptional(),
  outputs: z.array(z.object(output)).exactOptional(),
  deadLetterFile: fileDigest.exactOptional(),
})

const routeShape = {
  route: z.string(),
  ...keysShape,
  ...accountShape,
  balance: z
    .object({
      by: z.string().describe('Output path of the field whose values are the groups.'),
      groups: z.array(
        z.object({
          group: z
            .string()
            .describe('A value that the pipeline names; `other`: all others; `none`: no value.'),
          published: count,
          suppressed: count,
          deadLettered: count,
        }),
      ),
    })
    .exactOptional()
    .describe('What became of records by group, each count rounded down to whole tens.'),
  emitted: z
    .object({
      published: count,
      tombstones: count,
      deadLetters: count,
      sealed: count.describe('Of the dead letters, how many carry their original.'),
      unsealed: count.describe('Where originals are sealed, how many dead letters go without.'),
      pastRetention: count.describe('Of those published, how many their topic may delete at once.'),
      unkeyed: count.describe('Of those published, how many lost their key because no rule names it.'),
      wholeKeys: count.describe(
        'Of those published, how many have a JSON object for a key, of which the rule of `$key` takes the whole text.',
      ),
      droppedHeaders: count.describe('Headers of those published that stayed behind.'),
    })
    .describe('Records written.'),
  unsettled: unsettled
    .exactOptional()
    .describe('Where the route stopped for its dead letters: what it read then, which no count above holds.'),
} as const

export const streamSummaryForm: z.ZodType<StreamSummary> = z.object({
  lethe: z.literal('stream-summary'),
  v: z.literal(1).describe('Of this form.'),
  version: z.string().describe('Of Lethe.'),
  pipeline: z.string(),
  delivery: z.enum(['exactly-once', 'at-least-once']),
  driver: z.string(),
  status: z.enum(['done', 'too-many-dead-letters', 'failed']),
  complete: z.boolean().describe('Whether it is done, and every worker process gave its last account.'),
  routes: z.array(z.object(routeShape)),
})

export const replaySummaryForm: z.ZodType<ReplaySummary> = z.object({
  lethe: z.literal('replay-summary'),
  v: z.literal(1).describe('Of this form.'),
  version: z.string().describe('Of Lethe.'),
  pipeline: z.string(),
  status: z.enum(['done', 'stopped', 'too-many-dead-letters', 'failed']),
  complete: z
    .boolean()
    .describe('Whether each record that was to be read again was settled and counted here, or is gone.'),
  deadLetters: z
    .object({
      read: count.describe('Of the route.'),
      replayedBefore: count,
      leftOut: count.describe('They wait, and were not asked for.'),
      taken: count,
      unnamed: count.describe('Not counted as read: they name no route, as 0.1.0 wrote them.'),
      others: count.describe('Not counted as read: of other routes, or no dead letters.'),
    })
    .exactOptional()
    .describe('What stood in the dead-letter topic at the start; absent where it was not read.'),
  wanted: count.describe('Records that the dead letters taken are of.'),
  sourceExpired: count.describe('Of these, how many are gone from their topic.'),
  ...routeShape,
})

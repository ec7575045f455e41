/** The run that cards are made of: a summary of a batch, or a route of one of a stream. */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { fileError, LetheError } from '../errors.ts'
import type { Measurement } from '../forms/measurement.ts'
import { measurementForm } from '../forms/measurement.ts'
import { streamSummaryForm, summaryForm } from '../forms/summaries.ts'
import type { AccountView, Summary } from '../run/account/account-view.ts'
import type { RouteSummary } from '../run/account/stream-summary.ts'

/** How it ended; `failed` has the reason, as a code. */
export type RunEnd = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly code: string }

export interface ReadRun {
  readonly account: AccountView
  readonly end: RunEnd
  /** The version of Lethe that ran. */
  readonly version: string
  /** `POLICY`, or `PIPELINE.ROUTE`. */
  readonly name: string
  /** SHA-256 over the summary, and the route: the same run has the same. */
  readonly identity: string
  /** Undefined of a stream. */
  readonly batch: Summary | undefined
  /** The instant that the summary was written at, ms since 1970. */
  readonly writtenAt: number
}

const MOST_BYTES = 64 << 20

const refused = (message: string, suggestion: string): LetheError =>
  new LetheError('card-refused', message, suggestion)

interface ReadJson {
  readonly json: unknown
  readonly sha256: string
  readonly writtenAt: number
}

function readJson(name: string, what: string): ReadJson {
  let bytes: Buffer
  let writtenAt: number
  try {
    const stats = statSync(name)
    if (!stats.isFile()) throw new LetheError('not-a-file', `${name} is not a regular file`, `name ${what}`)
    if (stats.size > MOST_BYTES) throw new LetheError('file-too-large', `${name} is too large for ${what}`)
    bytes = readFileSync(name)
    writtenAt = Math.floor(stats.mtimeMs)
  } catch (error) {
    throw error instanceof LetheError ? error : fileError(name, error)
  }
  try {
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    return { json: JSON.parse(bytes.toString('utf8')), sha256, writtenAt }
  } catch {
    throw new LetheError('file-malformed', `${name} is not JSON`, `name ${what}`)
  }
}

/**
 * Reads a summary. `fingerprint` is that of the policy, which says which route of a stream is meant where `route` does not.
 * @throws LetheError: io where it cannot be read; usage where it is none, of another policy, or not of a whole run. No value of the
 *   file is quoted.
 */
export function readRun(name: string, fingerprint: string, route?: string): ReadRun {
  const read = readJson(name, 'what --summary wrote')
  const kind = Object(read.json).lethe
  if (kind === 'stream-summary') return ofStream(name, read, fingerprint, route)
  if (route !== undefined)
    throw new LetheError('bad-option', '--route is about a summary of a stream', 'leave it')
  const parsed = summaryForm.safeParse(read.json)
  if (!parsed.success)
    throw new LetheError(
      'file-malformed',
      kind === 'replay-summary'
        ? `${name} is the summary of a replay, which adds to what a stream wrote`
        : `${name} is not a summary that this version reads`,
      'name what `lethe batch --summary` or `lethe stream --summary` wrote',
    )
  const summary = parsed.data
  checkPolicy(name, summary, fingerprint)
  if (summary.dryRun)
    throw refused(`${name} is of a dry run, which published nothing`, 'run it without --dry-run')
  if (summary.shard !== undefined)
    throw refused(`${name} is of one shard`, 'name the summary of `lethe account merge`')
  const { status } = summary
  return {
    account: summary,
    end: status === 'done' ? { kind: 'done' } : { kind: 'failed', code: status },
    version: summary.version,
    name: summary.policy.name,
    identity: read.sha256,
    batch: summary,
    writtenAt: read.writtenAt,
  }
}

function ofStream(
  name: string,
  { json, sha256, writtenAt }: ReadJson,
  fingerprint: string,
  route?: string,
): ReadRun {
  const parsed = streamSummaryForm.safeParse(json)
  if (!parsed.success)
    throw new LetheError(
      'file-malformed',
      `${name} is not a summary that this version reads`,
      'name what `lethe stream --summary` wrote',
    )
  const { routes, status, complete, pipeline, version } = parsed.data
  const own = chosen(name, routes, fingerprint, route)
  checkPolicy(name, own, fingerprint)
  return {
    account: own,
    end:
      status !== 'done'
        ? { kind: 'failed', code: status }
        : complete
          ? { kind: 'done' }
          : { kind: 'failed', code: 'incomplete' },
    version,
    name: `${pipeline}.${own.route}`,
    identity: `${sha256} ${own.route}`,
    batch: undefined,
    writtenAt,
  }
}

function chosen(
  name: string,
  routes: readonly RouteSummary[],
  fingerprint: string,
  route: string | undefined,
): RouteSummary {
  const own = routes.filter((one) =>
    route === undefined ? one.policy.fingerprint === fingerprint : one.route === route,
  )
  if (own.length === 1) return own[0]!
  const names = routes.map((one) => one.route).join(', ')
  if (route !== undefined)
    throw new LetheError('unknown-name', `${name} has no such route`, `--route is one of: ${names}`)
  throw own.length === 0
    ? refused(`no route of ${name} ran under this policy`, 'name the policy as it was then')
    : new LetheError(
        'bad-option',
        `several routes of ${name} ran under this policy`,
        `--route is one of: ${names}`,
      )
}

function checkPolicy(name: string, { policy }: AccountView, fingerprint: string): void {
  if (policy.fingerprint !== fingerprint)
    throw refused(
      `${name} is of a run under another policy, ${policy.name}@${policy.version}#${policy.fingerprint.slice(0, 16)}…`,
      'name the policy as it was then',
    )
}

/** Reads a measure. @throws LetheError where it is none, or of other records than those of the run */
export function readMeasurement(name: string, { account }: ReadRun): Measurement {
  const parsed = measurementForm.safeParse(readJson(name, 'what `lethe measure --format json` printed').json)
  if (!parsed.success)
    throw new LetheError(
      'file-malformed',
      `${name} is not a measure that this version reads`,
      'name what `lethe batch --measure` wrote, or `lethe measure --format json` printed',
    )
  const measured = parsed.data
  const { policy, side, records } = measured
  const published = side === 'output' ? records.read + records.unread : records.published
  if (policy.fingerprint !== account.policy.fingerprint || published !== account.records.published)
    throw refused(
      `${name} measures other records than the run published`,
      'take the one that `lethe batch --measure` wrote with this summary',
    )
  return measured
}

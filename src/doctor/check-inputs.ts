/** A few records of a route's inputs: whether they can be read here, and whether pipeline and policy say what they are. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { LetheError } from '../errors.ts'
import { type Admin, DECOMPRESSED_CHANNEL } from '../kafka/admin.ts'
import type { Route } from '../kafka/pipeline-file/pipeline.ts'
import type { InputRecord } from '../kafka/record.ts'
import type { Policy } from '../policy/policy.ts'
import { type LocalDriver, wayToRead } from './check-client.ts'
import { plural, type Report } from './finding.ts'

/** So many of the last records of each partition are looked at, and no more than these altogether. */
const BACK = 50
const BOUNDS = { records: 500, bytes: 4 << 20, time: 1000 } as const

const FRAME = 0x00
const BRACE = 0x7b
const QUOTE = 0x22

export interface InputTopic {
  readonly name: string
  readonly partitions: number
}

/** Reads the end of each input, as any consumer may that has READ there. Nothing that a record holds is told. */
export async function checkInputs(
  report: Report,
  route: Route,
  policy: Policy,
  inputs: readonly InputTopic[],
  admin: Admin,
  driver: LocalDriver,
): Promise<void> {
  for (const input of inputs) {
    const codecs = new Set<string>()
    const note = (met: unknown): void => {
      codecs.add((met as { readonly compression: string | undefined }).compression ?? 'something unknown')
    }
    subscribe(DECOMPRESSED_CHANNEL, note)
    let records: readonly InputRecord[]
    try {
      records = await lastOf(admin, input)
    } catch (error) {
      // The admin client reads with packages of its own, whichever driver carries the pipeline.
      if (driver.name === 'kafkajs' || !(error instanceof LetheError))
        report.failed('records', error, route.name)
      else report.warn('records', [`${input.name}: ${error.message}`], route.name)
      continue
    } finally {
      unsubscribe(DECOMPRESSED_CHANNEL, note)
    }
    codecs.delete('none')
    checkCompression(report, route, input, codecs, driver)
    if (records.length === 0) continue
    report.ok(
      'records',
      `${input.name}: ${plural(records.length, 'record')} looked at${codecs.size > 0 ? `, compressed with ${[...codecs].sort().join(', ')}` : ''}`,
      route.name,
    )
    checkKeys(report, route, policy, input, records)
    checkValues(report, route, input, records)
  }
}

async function lastOf(admin: Admin, { name, partitions }: InputTopic): Promise<readonly InputRecord[]> {
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition }))
  const [starts, ends] = await Promise.all([admin.offsets(all, 'earliest'), admin.offsets(all, 'latest')])
  const from = ends.flatMap((end) => {
    const start = starts.find(({ partition }) => partition === end.partition)?.offset ?? 0
    return end.offset > start ? [{ ...end, offset: Math.max(start, end.offset - BACK) }] : []
  })
  if (from.length === 0) return []
  const reader = admin.read(from)
  try {
    return (await reader.take(BOUNDS)).records
  } finally {
    reader.close()
  }
}

function checkCompression(
  report: Report,
  { name: route }: Route,
  { name }: InputTopic,
  codecs: ReadonlySet<string>,
  driver: LocalDriver,
): void {
  for (const codec of codecs)
    if (driver.lacks.includes(codec))
      report.problem(
        'records',
        [
          `${name} holds records that are compressed with ${codec}, which the driver cannot read`,
          wayToRead(driver.name, codec),
        ],
        route,
      )
}

function checkKeys(
  report: Report,
  { name: route, to, from }: Route,
  policy: Policy,
  { name }: InputTopic,
  records: readonly InputRecord[],
): void {
  const keys = records.flatMap(({ key }) => (key === null ? [] : [key]))
  if (keys.length === 0) return
  const some = `${keys.length} of ${plural(records.length, 'record')} of ${name} have a key`
  const fields = policy.fields.filter(({ path }) => path.envelope === 'key')
  const [first] = fields
  if (first === undefined) {
    // Rows of a data set have no place for a key.
    if (to.dataset !== undefined) return
    const what = `${some}, and the policy has no rule for \`$key\`: outputs have none, ${to.partition === 'key' ? 'their partitions are chosen at random, ' : ''}and the order of a key is lost`
    report.warn('records', [what, 'write e.g. `$key: { use: hash.hmac, domain: … }` in the policy'], route)
    return
  }
  const framed = keys.filter((key) => key[0] === FRAME).length
  if (from.key.framing === 'none' && framed > 0) {
    const what = `${framed} of them begin with 0x00, as keys do that a serializer for a schema registry framed`
    report.warn(
      'records',
      [`${some}, and ${what}`, 'write `key: { framing: confluent }` under `from:`'],
      route,
    )
    return
  }
  if (from.key.framing !== 'none') return
  const objects = keys.filter((key) => key[0] === BRACE).length
  const takesText = first.path.segments.length === 0 && first.format === undefined
  if (takesText && objects > 0 && first.rules.some(({ transform }) => transform !== undefined))
    report.warn(
      'records',
      [
        `${some}, ${objects} of them a JSON object, and the rule for \`$key\` takes its whole text: what it makes joins with no field`,
        'write a rule for the member, `$key.NAME`, with the domain of the field that it equals',
      ],
      route,
    )
  if (first.path.segments.length > 0 && objects < keys.length)
    report.warn(
      'records',
      [
        `${some}, ${keys.length - objects} of them no JSON object, and the policy names members of it (\`${first.path.text}\`): these become dead letters`,
        objects === 0
          ? 'write `$key: { use: …, domain: … }`, which reads a key as text'
          : 'have what writes the others write objects; `$key: { use: …, domain: … }` reads every key as text',
      ],
      route,
    )
}

function checkValues(
  report: Report,
  { name: route, from: { value } }: Route,
  { name }: InputTopic,
  records: readonly InputRecord[],
): void {
  const values = records.flatMap((record) =>
    record.value === null || record.value.length === 0 ? [] : [record.value],
  )
  const count = (byte: number): number => values.filter((one) => one[0] === byte).length
  const framed = count(FRAME)
  const warn = (what: string, way: string): void =>
    report.warn('records', [`${what}: these become dead letters`, way], route)
  if (value.framing === 'none' && framed > 0)
    warn(
      `${framed} of ${values.length} values of ${name} begin with the frame of a schema registry (0x00)`,
      'write `value: { framing: confluent }` under `from:`, where JSON follows',
    )
  if (value.framing === 'confluent' && framed < values.length)
    warn(
      `${values.length - framed} of ${values.length} values of ${name} have no frame of a schema registry`,
      'remove `framing: confluent`, or give topics of one form a route of their own',
    )
  const texts = count(QUOTE)
  if (value.framing === 'none' && value.inner === 'none' && texts > 0)
    warn(
      `${texts} of ${values.length} values of ${name} are JSON strings`,
      'write `value: { inner: json-text }` under `from:`, where the text in them is the record',
    )
}

/** The events of the proof of change events once more, in files: `lethe batch` makes of them what the stream made. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Event } from './reader.ts'

/** What the proof gives its parts. */
export interface Proof {
  /** A file of its folder. */
  readonly at: (name: string) => string
  readonly lethe: (...args: readonly string[]) => { readonly status: number | null; readonly stderr: string }
  readonly check: (what: string, holds: boolean, more?: string) => void
}

/** An object as a text that does not depend on the order of its members. */
export const canonical = (row: unknown): string =>
  JSON.stringify(Object.entries(row as object).sort(([a], [b]) => (a < b ? -1 : 1)))

/** The same events in files: with and without their schema, and said to be whole where they are not. */
export function proveBatch(
  { at, lethe, check }: Proof,
  raws: Readonly<Partial<Record<string, readonly Event[]>>>,
  madeOf: ReadonlyMap<string, string>,
): void {
  const run = (name: string, policy: string, ...more: readonly string[]) =>
    lethe(
      ...['batch', name, '-p', policy, '--keys', 'keys.json', '--change', 'debezium', '-o', `clean-${name}`],
      ...['--summary', 'run.json', '--max-dead-letters', '100%', ...more],
    )
  const values = (table: string): unknown[] => raws[table]!.map(({ value }) => value)
  const lines = values('customers').map((value, n) =>
    JSON.stringify(n % 2 === 0 || value === null ? value : { schema: { type: 'struct' }, payload: value }),
  )
  writeFileSync(at('customers.ndjson'), lines.join('\n'))
  const whole = run('customers.ndjson', 'customers.yaml', '--before-image', 'full')
  const body = readFileSync(at('clean-customers.ndjson'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => canonical(pick(JSON.parse(line) as Event['value'])))
  const streamed = madeOf
    .get('customers')!
    .split('\n')
    .map((line) => Object.fromEntries(JSON.parse(line) as [string, unknown][]))
  const wanted = streamed
    .filter(({ op }) => op !== null)
    .map((one) => canonical(pick(one as unknown as Event['value'])))
  check(
    `a batch makes of ${lines.length} events what the stream makes`,
    whole.status === 0 && body.join('\n') === wanted.join('\n'),
    whole.stderr,
  )

  writeFileSync(at('orders.json'), JSON.stringify(values('orders')))
  const wrong = run('orders.json', 'orders.yaml', '--before-image', 'full')
  const { records } = JSON.parse(readFileSync(at('run.json'), 'utf8')) as {
    records: { deadLettered: Record<string, number> }
  }
  const updates = raws['orders']!.filter(({ value }) => value?.op === 'u').length
  check(
    `rows before that are said to be whole and are not are found at each update that could leave (${updates})`,
    wrong.status === 3 && (records.deadLettered['change-before'] ?? 0) > 0,
    wrong.stderr,
  )
}

const pick = (value: Event['value']): object => ({
  op: value?.op,
  before: value?.before,
  after: value?.after,
})

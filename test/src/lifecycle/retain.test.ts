/** Retention of stored files: nothing young goes, what goes is gone, and what a crash leaves is taken up again. */
import { copyFileSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { decompress } from '@cloudpss/zstd/napi'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deidentifyFiles } from '../../../src/batch/deidentify-files.ts'
import { takeLock } from '../../../src/files/lock-file.ts'
import type { Hold } from '../../../src/lifecycle/legal-hold.ts'
import { fileTarget } from '../../../src/lifecycle/may-delete.ts'
import { orderLines } from '../../../src/lifecycle/print-orders.ts'
import {
  applyOrder,
  type PlanOptions,
  planRetention,
  refuseTooMuch,
  verifyOrder,
} from '../../../src/lifecycle/retention-orders.ts'
import { targetsOf } from '../../../src/lifecycle/stored-folder.ts'
import { orderText, readOrder, sealOrder, type WorkOrder } from '../../../src/lifecycle/work-order.ts'
import { compilePolicyFile } from '../../../src/policy/compile-file.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { folder, warm } from '../cli/lethe.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const NOW = Date.parse('2026-03-10T12:34:56Z')
/** So long ago the files were written: rows of 5 to 105 days are in them. */
const WRITTEN = 5 * DAY

const POLICY = `policy: events
version: 1
purpose: train_ai_system
time: at
unlisted: drop
fields:
  at: { use: generalize.date, to: hour }
  postcode: { use: generalize.prefix, keep: 3 }
  birth: { use: generalize.date, to: month }
  plan: keep
  tags[].name: keep
retention:
  steps:
    - { after: 30d, fields: { postcode: { use: generalize.prefix, keep: 1 }, birth: { use: generalize.date, to: year } } }
    - { after: 100d, then: suppress }
`
const FLAT = POLICY.replace('  tags[].name: keep\n', '')

interface Row {
  readonly time: number
  readonly postcode: string
  readonly plan: string
}

const csvOf = (rows: readonly Row[]): string =>
  `at,postcode,birth,plan\n${rows
    .map(({ time, postcode, plan }) => `${new Date(time).toISOString()},${postcode},1985-03-12,"${plan}"\n`)
    .join('')}`
const ndjsonOf = (rows: readonly Row[]): string =>
  rows
    .map(({ time, postcode, plan }) => {
      const at = new Date(time).toISOString()
      return `${JSON.stringify({ at, postcode, birth: '1985-03-12', plan, tags: [{ name: 'a' }, { name: plan }] })}\n`
    })
    .join('')

/** A folder with files that a batch wrote at `writtenAt`. */
async function stored(
  inputs: Readonly<Record<string, string>>,
  policy: string = POLICY,
  writtenAt: number = NOW - WRITTEN,
): Promise<{ readonly at: string; readonly clean: string; readonly plan: Plan }> {
  const at = folder({ ...inputs, 'p.yaml': policy, 'clean/.keep': '' })
  const clean = join(at, 'clean')
  for (const name of Object.keys(inputs))
    await deidentifyFiles({
      inputs: [join(at, name)],
      output: join(clean, name),
      policy: join(at, 'p.yaml'),
      asOf: new Date(writtenAt),
      workers: 1,
    })
  const { plan } = await compilePolicyFile(join(at, 'p.yaml'))
  return { at, clean, plan: plan! }
}

const options = (more: Partial<PlanOptions> = {}): PlanOptions => ({
  asOf: NOW,
  now: NOW,
  marginMs: DAY,
  validMs: 7 * DAY,
  cannotStep: undefined,
  holds: [],
  ...more,
})

const setting = (plan: Plan, holds: readonly Hold[] = [], now: number = NOW) => ({ plan, holds, now })

async function retained(clean: string, plan: Plan, more: Partial<PlanOptions> = {}): Promise<WorkOrder> {
  const order = await planRetention(await targetsOf([clean]), plan, options(more))
  await applyOrder(order, setting(plan, more.holds, more.now))
  return order
}

const read = (file: string): string => {
  const bytes = readFileSync(file)
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
}

/** The text of a file, whatever it is packed in. */
function unpacked(file: string): string {
  const bytes = readFileSync(file)
  if (file.endsWith('.gz')) return gunzipSync(bytes).toString()
  return file.endsWith('.zst') ? Buffer.from(decompress(bytes)).toString() : bytes.toString()
}

/** Ages in hours on both sides of every period, and on its edge, of rows that a batch published `gap` hours ago. */
const agesOf = (gap: number) => {
  const edges = [30, 31, 100, 101]
    .flatMap((day) => [-2, -1, 0, 1, 2].map((hours) => day * 24 + hours))
    .filter((age) => age >= gap && age < gap + 99 * 24)
  const any = fc.integer({ min: gap, max: gap + 99 * 24 })
  return edges.length === 0 ? any : fc.oneof(any, fc.constantFrom(...edges))
}
const rowsOf = (gap: number) =>
  fc
    .array(fc.tuple(agesOf(gap), fc.nat(3599), fc.stringMatching(/^[a-z,]{1,6}$/)), {
      minLength: 1,
      maxLength: 12,
    })
    .map((many) =>
      many.map(([age, seconds, plan], n) => ({
        time: NOW - age * HOUR - seconds * 1000,
        postcode: `9${n % 10}10${n % 7}`,
        plan: `${n}${plan}`,
      })),
    )
const worlds = fc
  .constantFrom(0, 5, 29, 101, 130)
  .chain((days) => rowsOf(days * 24).map((rows) => ({ rows, gap: days * DAY })))

describe('lethe retain', () => {
  it('deletes nothing young, whatever the clock says within a day; what is old goes or is stepped', async () => {
    await fc.assert(
      fc.asyncProperty(
        worlds,
        fc.constantFrom('in.csv', 'in.ndjson'),
        fc.constantFrom(-DAY, -HOUR, 0, HOUR, DAY),
        async ({ rows, gap }, name, skew) => {
          const isCsv = name.includes('csv')
          const { clean, plan } = await stored(
            { [name]: isCsv ? csvOf(rows) : ndjsonOf(rows) },
            isCsv ? FLAT : POLICY,
            NOW - gap,
          )
          const made = join(clean, name)
          const published = read(made)
            .trimEnd()
            .split('\n')
            .slice(isCsv ? 1 : 0)
          const order = await retained(clean, plan, { asOf: NOW + skew, now: NOW + skew })
          const left = existsSync(made)
            ? read(made)
                .trimEnd()
                .split('\n')
                .slice(isCsv ? 1 : 0)
            : []
          const ordinal = (line: string): number =>
            Number(/(?:"plan":"|,"?)(\d+)[a-z,]+"?(?:,"tags|$)/.exec(line)![1])
          const kept = new Map(left.map((line) => [ordinal(line), line]))
          expect([...kept.keys()]).toEqual(published.map(ordinal).filter((n) => kept.has(n)))
          for (const line of published) {
            const { time } = rows[ordinal(line)]!
            const now = kept.get(ordinal(line))
            const age = NOW - time
            if (now === undefined) expect(age).toBeGreaterThanOrEqual(100 * DAY)
            else if (now !== line) {
              expect(age).toBeGreaterThanOrEqual(30 * DAY)
              expect(now.replace(/1985/, '1985-03')).toBe(line.replace(/(9)\d1/, '$1'))
            }
            if (age + skew >= 101 * DAY + HOUR) expect(now).toBeUndefined()
            else if (now !== undefined && age + skew >= 31 * DAY + HOUR) expect(now).toMatch(/1985(?!-)/)
          }
          const verified = await verifyOrder(order, setting(plan, [], NOW + skew))
          expect(verified.map(({ state }) => state)).toEqual(['verified absent'])
          expect(await applyOrder(order, setting(plan, [], NOW + skew))).toMatchObject({ applied: 0 })
        },
      ),
      { numRuns: 6 },
    )
  })

  it('keeps the compression of a file, and its rows to the byte', async () => {
    const rows = Array.from({ length: 3000 }, (_, n) => ({
      time: NOW - WRITTEN - (n % 100) * DAY,
      postcode: `${n % 9}4${n}0`,
      plan: `${n}, "x"`.replaceAll('"', n % 2 ? '""' : ''),
    }))
    const { at, plan } = await stored(
      { 'in.csv': csvOf(rows), 'all.ndjson': ndjsonOf(rows) },
      POLICY.replace('  tags[].name: keep\n', ''),
    )
    for (const [name, out] of [
      ['in.csv', 'o.csv.gz'],
      ['in.csv', 'o.csv.zst'],
      ['all.ndjson', 'o.json'],
    ] as const) {
      const output = join(at, out)
      await deidentifyFiles({
        inputs: [join(at, name)],
        output,
        policy: join(at, 'p.yaml'),
        asOf: new Date(NOW - WRITTEN),
        workers: 1,
      })
      const head = readFileSync(output).subarray(0, 4)
      const order = await retained(output, plan)
      expect(order.targets[0]).toMatchObject({ whole: false, undated: 0 })
      const [{ rows: all, kept, deleted, stepped }] = order.targets as [WorkOrder['targets'][number]]
      expect([all, deleted > 0, stepped > 0]).toEqual([3000, true, true])
      expect(kept + deleted + stepped).toBe(all)
      expect(readFileSync(output).subarray(0, out.endsWith('.json') ? 1 : 4)).toEqual(
        head.subarray(0, out.endsWith('.json') ? 1 : 4),
      )
      if (out.endsWith('.json')) expect(JSON.parse(read(output))).toHaveLength(kept + stepped)
    }
  })

  it('deletes a file whose rows have all expired, and its sidecar', async () => {
    const { clean, plan } = await stored(
      { 'in.csv': csvOf([{ time: NOW - 104 * DAY, postcode: '94103', plan: 'a' }]) },
      FLAT,
    )
    const order = await retained(clean, plan)
    expect(order.targets).toMatchObject([{ whole: true, deleted: 1 }])
    expect(existsSync(join(clean, 'in.csv'))).toBe(false)
    expect(existsSync(join(clean, 'in.csv.lethe.json'))).toBe(false)
    expect(await verifyOrder(order, setting(plan))).toMatchObject([{ state: 'verified absent' }])
  })

  it('deletes a file whose rows have all expired where only a time between them is held', async () => {
    const rows = [104.5, 102].map((age) => ({ time: NOW - age * DAY, postcode: '94103', plan: 'a' }))
    const { clean, plan } = await stored({ 'in.csv': csvOf(rows) }, FLAT)
    const between: Hold = {
      ...{ id: 'h00000001', target: null, from: NOW - 103.5 * DAY, until: NOW - 103 * DAY, owner: 'legal' },
      ...{
        reason: 'case 512, half a day',
        kept: null,
        added: NOW - DAY,
        expires: NOW + DAY,
        released: undefined,
      },
    }
    const order = await retained(clean, plan, { holds: [between] })
    expect(order.targets).toMatchObject([{ whole: true, deleted: 2 }])
    expect(existsSync(join(clean, 'in.csv'))).toBe(false)
  })

  it('says why it does not touch a file', async () => {
    const { clean, plan } = await stored(
      Object.fromEntries(
        ['a', 'b', 'c', 'd', 'e'].map((name) => [
          `${name}.csv`,
          csvOf([{ time: NOW - 104 * DAY, postcode: '94103', plan: 'a' }]),
        ]),
      ),
      FLAT,
    )
    const sidecar = (name: string): string => join(clean, `${name}.csv.lethe.json`)
    renameSync(sidecar('a'), join(clean, 'gone'))
    writeFileSync(sidecar('b'), '{}')
    writeFileSync(join(clean, 'c.csv'), `${read(join(clean, 'c.csv'))}2020-01-01T00:00:00Z,9,1985,a\n`)
    writeFileSync(sidecar('d'), read(sidecar('d')).replace('"events"', '"others"'))
    const e = `${read(join(clean, 'e.csv'))}"2020\n`
    writeFileSync(join(clean, 'e.csv'), e)
    const before = ['a', 'b', 'c', 'd', 'e'].map((name) => read(join(clean, `${name}.csv`)))
    const order = await retained(clean, plan)
    expect(order.untouched.map(({ code }) => code)).toEqual([
      'no-sidecar',
      'sidecar-malformed',
      'changed-since',
      'other-policy',
      'changed-since',
    ])
    expect(['a', 'b', 'c', 'd', 'e'].map((name) => read(join(clean, `${name}.csv`)))).toEqual(before)
  })

  it('tells of rows that are old enough for a step in a file of another version, and takes none', async () => {
    const times = [NOW - 104 * DAY, NOW - 33 * DAY, NOW - 6 * DAY]
    const rows = times.map((time) => ({ time, postcode: '94103', plan: 'a' }))
    const { at, clean } = await stored({ 'a.csv': csvOf(rows) }, FLAT)
    writeFileSync(join(at, 'p.yaml'), FLAT.replace('version: 1', 'version: 2'))
    const { plan } = await compilePolicyFile(join(at, 'p.yaml'))
    const order = await retained(clean, plan!)
    expect(order.targets).toMatchObject([{ rows: 3, kept: 2, deleted: 1, stepped: 0, unstepped: 1 }])
    expect(orderLines(order).join('\n')).toMatch(/ 1 rows are old enough for a step of this policy/)
    expect(read(join(clean, 'a.csv'))).toMatch(/941/)
    const young = await retained(clean, plan!, { asOf: NOW - 6 * DAY })
    expect(young.targets[0]).not.toHaveProperty('unstepped')
  })

  it('keeps what is held, by target and by time, and tells of a hold that has expired', async () => {
    const times = [NOW - 104 * DAY, NOW - 102.5 * DAY, NOW - 33 * DAY, NOW - 6 * DAY]
    const rows = times.map((time, n) => ({ time, postcode: `9${n}103`, plan: `${n}` }))
    const { clean, plan } = await stored({ 'in.csv': csvOf(rows) }, FLAT)
    const file = join(clean, 'in.csv')
    const before = read(file)
    const hold = (more: Partial<Hold>): Hold => ({
      ...{ id: 'h00000001', target: null, from: null, until: null, owner: 'legal', reason: 'case 512, all' },
      ...{ kept: null, added: NOW - DAY, expires: NOW + DAY, released: undefined, ...more },
    })
    const whole = await retained(clean, plan, { holds: [hold({ target: fileTarget(clean) })] })
    expect(whole.targets).toMatchObject([{ deleted: 0, stepped: 0, held: { fromDeletion: 2, fromStep: 1 } }])
    expect(read(file)).toBe(before)
    // A hold that comes between plan and apply.
    const order = await planRetention(await targetsOf([clean]), plan, options())
    await expect(applyOrder(order, setting(plan, [hold({})]))).rejects.toMatchObject({ code: 'target-held' })
    expect(read(file)).toBe(before)
    const span = [
      hold({ from: NOW - 105 * DAY, until: NOW - 103 * DAY }),
      hold({ expires: NOW - 1, id: 'h00000002' }),
    ]
    const part = await retained(clean, plan, { holds: span })
    expect(part.expiredHolds).toEqual(['h00000002'])
    expect(part.targets).toMatchObject([{ deleted: 1, stepped: 1, held: { fromDeletion: 1, fromStep: 0 } }])
    expect(read(file).trimEnd().split('\n')).toHaveLength(4)
    expect(await verifyOrder(part, setting(plan, span))).toMatchObject([
      {
        state: 'held',
        held: 1,
        message: expect.stringMatching(/^read again: 1 rows are there under legal hold/),
      },
    ])
    // Once it is released.
    expect(await verifyOrder(part, setting(plan))).toMatchObject([{ state: 'not absent', rows: 1 }])
  })

  it('comes to what a batch of the later day would have written, in every form of file', async () => {
    const steps = (keep: string): string => `
    - { after: 30d, fields: { postcode: { use: generalize.prefix, keep: 1 }, ip: { use: generalize.ip, v4: 8 }, age: { use: generalize.number, width: 10 } } }
    - { after: 60d, fields: { details.phone: { use: mask.characters, keepLast: 2 }, details.plan: { use: generalize.category, map: { a: some, b: some } }${keep} } }
    - { after: 100d, then: suppress }
`
    const policyFor = (isCsv: boolean): string => `policy: events
version: 1
purpose: train_ai_system
time: at
unlisted: drop
read: { details: [{ strip: { prefix: "v1:" } }, json] }
input: { nulls: ["N/A"] }
${isCsv ? '' : 'shape: { tags: either }\n'}fields:
  at: { use: generalize.date, to: hour }
  postcode: { use: generalize.prefix, keep: 3 }
  ip: { use: generalize.ip }
  age: { use: generalize.number, width: 5 }
  details.phone: { use: mask.characters, keepLast: 4 }
  details.plan: { use: generalize.category, map: { a: plan-a, b: plan-b } }
  places: { use: generalize.prefix, keep: 3, read: { split: '|' } }
${isCsv ? '' : '  tags[].name: { use: mask.email, keepFirst: 1 }\n  tags[].n: keep\n'}retention:
  steps:${steps(isCsv ? ', places: { use: generalize.prefix, keep: 2 }' : ', "tags[].name": { use: mask.email, domain: mask }, places: { use: mask.replace, with: gone }')}`
    const names = fc.constantFrom('anna@a.example', 'ben@b.example', 'claire@c.example')
    const row = fc.record({
      age: fc.integer({ min: 0, max: 99 }),
      days: fc.integer({ min: 5, max: 104 }),
      ip: fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant('N/A')),
      phone: fc.stringMatching(/^\+49 [0-9]{5,9}$/),
      plan: fc.constantFrom('a', 'b', 'c'),
      tags: fc.array(names, { maxLength: 3 }),
      places: fc.array(fc.constantFrom('94103', '10115', '', 'N/A'), { maxLength: 3 }),
    })
    const files = ['o.ndjson', 'o.json', 'o.csv', 'o.ndjson.gz', 'o.csv.zst', 'o.json.gz']
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(...files),
        fc.integer({ min: 1, max: 90 }),
        async (rows, output, later) => {
          const isCsv = output.includes('csv')
          const written = NOW - later * DAY
          // No event lies in an hour in which a step is reached.
          const at = (days: number): string => new Date(NOW - days * DAY - 5 * HOUR).toISOString()
          const details = ({ phone, plan }: (typeof rows)[number]) =>
            `v1:${JSON.stringify({ phone, plan, other: 1 })}`
          const text = isCsv
            ? `at,postcode,ip,age,details,places\n${rows
                .map(
                  (one) =>
                    `${at(one.days + later)},94103,${one.ip},${one.age},"${details(one).replaceAll('"', '""')}",${one.places.join('|')}\n`,
                )
                .join('')}`
            : rows
                .map((one) => {
                  const tags = one.tags.map((name, n) => ({ name, n }))
                  const { ip, age } = one
                  return `${JSON.stringify({ at: at(one.days + later), postcode: '94103', ip, age, details: details(one), places: one.places.join('|'), tags: tags.length === 1 ? tags[0] : tags })}\n`
                })
                .join('')
          const folderAt = folder({
            [isCsv ? 'in.csv' : 'in.ndjson']: text,
            'p.yaml': policyFor(isCsv),
            'then/.keep': '',
            'now/.keep': '',
          })
          const batch = (to: string, asOf: number) =>
            deidentifyFiles({
              inputs: [join(folderAt, isCsv ? 'in.csv' : 'in.ndjson')],
              output: join(folderAt, to, output),
              policy: join(folderAt, 'p.yaml'),
              asOf: new Date(asOf),
              workers: 1,
            })
          await batch('then', written)
          await batch('now', NOW)
          const { plan } = await compilePolicyFile(join(folderAt, 'p.yaml'))
          const stored = join(folderAt, 'then', output)
          const order = await planRetention(await targetsOf([stored]), plan!, options({ marginMs: 0 }))
          expect(order.untouched).toEqual([])
          expect(order.targets).toMatchObject([{ unsteppable: [], cannotStep: 0, undated: 0 }])
          await applyOrder(order, setting(plan!))
          const wanted = unpacked(join(folderAt, 'now', output))
          if (existsSync(stored)) expect(unpacked(stored)).toBe(wanted)
          else
            expect(
              wanted
                .trim()
                .split('\n')
                .filter((line) => /[0-9]/.test(line)),
            ).toEqual([])
        },
      ),
      { numRuns: 8 },
    )
  })

  it('says where a field cannot be stepped, and drops the row or the field on demand', async () => {
    const policy = FLAT.replace('keep: 3 }', 'keep: 3 }\n  email: { use: mask.email, domain: keep }').replace(
      'fields: { postcode',
      'fields: { email: { use: mask.characters, length: 4 }, postcode',
    )
    const text =
      'at,postcode,birth,email,plan\n2026-02-05T00:00:00Z,94103,1985-03-12,a@b.example,p\n2026-03-01T00:00:00Z,94103,1985-03-12,a@b.example,p\n'
    for (const [cannotStep, left] of [
      [undefined, undefined],
      ['drop-row', /^at,postcode,birth,email,plan\n2026-03-01T00:00:00Z,[^\n]*\n$/],
      ['drop-field', /\n2026-02-05T00:00:00Z,9,1985,,p\n/],
    ] as const) {
      const { clean, plan } = await stored({ 'in.csv': text }, policy)
      const file = join(clean, 'in.csv')
      const before = read(file)
      const order = await retained(clean, plan, { cannotStep })
      expect(order.targets[0]!.unsteppable).toMatchObject([{ step: 1, field: 'email' }])
      if (left === undefined) {
        expect(order.targets).toMatchObject([{ cannotStep: 1, stepped: 0, deleted: 0 }])
        expect(read(file)).toBe(before)
      } else expect(read(file)).toMatch(left)
    }
  })

  it('still knows what could not be stepped once other rows of the file are gone', async () => {
    const policy = FLAT.replace('keep: 3 }', 'keep: 3 }\n  email: { use: mask.email, domain: keep }').replace(
      'fields: { postcode',
      'fields: { email: { use: mask.characters, length: 4 }, postcode',
    )
    const rows = ['2025-11-27', '2026-02-05', '2026-03-01'].map(
      (day) => `${day}T00:00:00Z,94103,1985-03-12,a@b.example,p\n`,
    )
    const { clean, plan } = await stored(
      { 'in.csv': `at,postcode,birth,email,plan\n${rows.join('')}` },
      policy,
    )
    expect((await retained(clean, plan)).targets).toMatchObject([{ deleted: 1, cannotStep: 1 }])
    const order = await retained(clean, plan, { cannotStep: 'drop-row' })
    expect(order.targets).toMatchObject([{ rows: 2, deleted: 1 }])
  })

  it('refuses an order that was edited, is too old, is of another policy, or of a file that changed', async () => {
    const { at, clean, plan } = await stored(
      { 'in.csv': csvOf([{ time: NOW - 104 * DAY, postcode: '94103', plan: 'a' }]) },
      FLAT,
    )
    const order = await planRetention(await targetsOf([clean]), plan, options())
    const file = join(at, 'order.json')
    writeFileSync(file, orderText(order))
    expect(readOrder(file)).toEqual(order)
    writeFileSync(file, orderText(order).replace('"rows": 1', '"rows": 2'))
    expect(() => readOrder(file)).toThrow(expect.objectContaining({ code: 'order-invalid' }))
    await expect(applyOrder(order, setting(plan, [], NOW + 8 * DAY))).rejects.toMatchObject({
      code: 'order-expired',
    })
    await expect(applyOrder(order, setting({ ...plan, fingerprint: 'a'.repeat(64) }))).rejects.toMatchObject({
      code: 'order-invalid',
    })
    expect(() => refuseTooMuch(order, 0.99)).toThrow(expect.objectContaining({ code: 'too-much-to-delete' }))
    const data = join(clean, 'in.csv')
    writeFileSync(data, `${read(data)}2026-03-01T00:00:00Z,941,1985-03,b\n`)
    await expect(applyOrder(order, setting(plan))).rejects.toMatchObject({ code: 'target-changed' })
    expect(existsSync(data)).toBe(true)
  })

  it('refuses an order of a machine whose clock runs ahead, or that was edited to judge at a later instant', async () => {
    const { clean, plan } = await stored(
      { 'in.csv': csvOf([{ time: NOW - 80 * DAY, postcode: '94103', plan: 'a' }]) },
      FLAT,
    )
    const ahead = NOW + 40 * DAY
    const order = await planRetention(await targetsOf([clean]), plan, options({ now: ahead, asOf: ahead }))
    expect(order.targets).toMatchObject([{ deleted: 1 }])
    const { hash: _, ...members } = order
    const edited = sealOrder({ ...members, made: new Date(NOW).toISOString() })
    for (const one of [order, edited])
      await expect(applyOrder(one, setting(plan))).rejects.toMatchObject({ code: 'order-invalid' })
    expect(existsSync(join(clean, 'in.csv'))).toBe(true)
    expect(await applyOrder(order, setting(plan, [], ahead - 60_000))).toMatchObject({ applied: 1 })
  })

  it('does once what two commands are told at once, and says who is at it', async () => {
    const rows = [104, 33, 6].map((days, n) => ({
      time: NOW - days * DAY,
      postcode: `9${n}103`,
      plan: `${n}`,
    }))
    const { at, clean, plan } = await stored({ 'in.csv': csvOf(rows) }, FLAT)
    const file = join(clean, 'in.csv')
    const order = await planRetention(await targetsOf([clean]), plan, options())
    const orderFile = join(at, 'o.json')
    writeFileSync(orderFile, orderText(order))
    const before = read(file)
    const busy = { code: 4, stderr: expect.stringMatching(/another process works on o\.json/) }
    const unlockOrder = await takeLock(orderFile)
    const applying = ['retain', 'apply', 'o.json', '-p', 'p.yaml', '--no-holds']
    const refused = await warm(applying, { cwd: at })
    unlockOrder()
    expect(refused).toMatchObject(busy)
    const unlockFile = await takeLock(file)
    await expect(applyOrder(order, setting(plan))).rejects.toMatchObject({ code: 'file-busy' })
    unlockFile()
    expect(read(file)).toBe(before)
    const both = await Promise.allSettled([1, 2, 3].map(() => applyOrder(order, setting(plan))))
    const done = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    expect(done.filter(({ applied }) => applied === 1)).toHaveLength(1)
    for (const one of both)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'file-busy' })
    expect(read(file).trimEnd().split('\n')).toHaveLength(3)
    expect(await verifyOrder(order, setting(plan))).toMatchObject([{ state: 'verified absent' }])
  })

  it('goes on from wherever it was killed', async () => {
    const rows = [104, 33, 6].map((days, n) => ({
      time: NOW - days * DAY,
      postcode: `9${n}103`,
      plan: `${n}`,
    }))
    const { at, clean, plan } = await stored({ 'in.csv': csvOf(rows) }, FLAT)
    const file = join(clean, 'in.csv')
    const sidecar = `${file}.lethe.json`
    const [oldFile, oldSidecar] = [join(at, 'old'), join(at, 'old.json')]
    copyFileSync(file, oldFile)
    copyFileSync(sidecar, oldSidecar)
    const order = await retained(clean, plan)
    const [done, doneSidecar] = [read(file), read(sidecar)]
    const staged = join(dirname(file), `.${basename(file)}.${order.hash.slice(0, 12)}.retain`)
    const again = () => applyOrder(order, setting(plan))
    // Between the file and its sidecar.
    copyFileSync(oldSidecar, sidecar)
    writeFileSync(`${staged}.lethe.json`, doneSidecar)
    expect(await again()).toEqual({ applied: 1, wasApplied: 0 })
    expect([read(file), read(sidecar)]).toEqual([done, doneSidecar])
    // Before the file: what was staged, whole or half, is made again.
    copyFileSync(oldFile, file)
    copyFileSync(oldSidecar, sidecar)
    writeFileSync(staged, 'half')
    writeFileSync(`${staged}.lethe.json`, doneSidecar)
    writeFileSync(join(clean, `.${basename(staged)}.0123456789ab.part`), 'half of it')
    expect(await again()).toEqual({ applied: 1, wasApplied: 0 })
    expect([read(file), JSON.parse(read(sidecar))]).toEqual([done, JSON.parse(doneSidecar)])
    expect(existsSync(staged) || existsSync(join(clean, `.${basename(staged)}.0123456789ab.part`))).toBe(
      false,
    )
    expect(statSync(file).size).toBe(done.length)
  })
})

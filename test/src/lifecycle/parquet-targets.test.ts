/** Parquet as a target of retention and erasure: what stays is as it was, value by value, and the file is as a batch wrote it. */
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import { deidentifyFiles } from '../../../src/batch/deidentify-files.ts'
import { applyErasure, planErasure, verifyErasure } from '../../../src/erasure/erase.ts'
import { keyChecksOf, searchOf } from '../../../src/erasure/finders.ts'
import { locate } from '../../../src/erasure/locate-rows.ts'
import { openPoints } from '../../../src/erasure/receipt.ts'
import { subjectsOf } from '../../../src/erasure/subjects.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { MatchKeys } from '../../../src/keys/match-keys.ts'
import { applyOrder, planRetention, verifyOrder } from '../../../src/lifecycle/retention-orders.ts'
import { targetsOf } from '../../../src/lifecycle/stored-folder.ts'
import { addTokens } from '../../../src/lists/list-writer.ts'
import { compilePolicyFile } from '../../../src/policy/compile-file.ts'
import { folder, root } from '../cli/lethe.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const NOW = Date.parse('2026-03-10T12:34:56Z')

const bufferOf = (file: string): ArrayBuffer => new Uint8Array(readFileSync(file)).buffer
const readRows = (file: string) => parquetReadObjects({ file: bufferOf(file) })
/** What a footer says beside its rows. */
function formOf(file: string): unknown {
  const { schema, key_value_metadata, created_by, row_groups } = parquetMetadata(bufferOf(file))
  const columns = row_groups[0]?.columns.map(({ meta_data: meta }) => ({
    codec: meta!.codec,
    hasBounds: meta!.statistics?.min_value !== undefined,
  }))
  return { schema, key_value_metadata, created_by, columns }
}

const options = { asOf: NOW, now: NOW, marginMs: 0, validMs: DAY, cannotStep: undefined, holds: [] }

describe('Parquet', () => {
  const policy = `policy: events
version: 1
purpose: train_ai_system
time: at
read: { details: [json] }
fields:
  at: { use: generalize.date, to: hour }
  postcode: { use: generalize.prefix, keep: 3 }
  user.ip: { use: generalize.ip }
  user.age: { use: generalize.number, width: 5 }
  details.plan: { use: generalize.category, map: { a: plan-a, b: plan-b } }
  tags[].name: { use: mask.email, keepFirst: 1 }
  tags[].n: keep
  attrs.*: keep
  attrs.$names: { use: keep, accept: "the names are made up" }
  any: { use: keep.subtree, accept: "it is made up" }
retention:
  steps:
    - { after: 30d, fields: { postcode: { use: generalize.prefix, keep: 1 }, user.ip: { use: generalize.ip, v4: 8 }, user.age: { use: generalize.number, width: 10 } } }
    - { after: 60d, fields: { details.plan: { use: generalize.category, map: { a: some, b: some } }, "tags[].name": { use: mask.replace, with: gone } } }
    - { after: 100d, then: suppress }
`
  const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
  const row = fc.record(
    {
      days: fc.integer({ min: 5, max: 104 }),
      postcode: fc.option(fc.constantFrom('94103', '10115', '')),
      user: fc.option(fc.record({ ip: fc.ipV4(), age: fc.nat(99) }, { requiredKeys: [] })),
      details: fc.constantFrom('{"plan":"a","other":1}', '{"plan":"b"}', '{}'),
      tags: fc.array(
        fc.record({ name: fc.constantFrom('a@b.example', 'c@d.example'), n: fc.option(fc.nat()) }),
        {
          maxLength: 3,
        },
      ),
      attrs: fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.string(), { maxKeys: 3 }),
      any: fc.oneof(value, fc.array(value, { maxLength: 2 }), fc.record({ a: value })),
    },
    { requiredKeys: ['days'] },
  )

  it('comes to what a batch of the later day would have written', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 90 }),
        fc.constantFrom('snappy', 'none'),
        async (rows, later, parquetCompression) => {
          // No event lies in an hour in which a step is reached.
          const text = rows
            .map(({ days, ...one }) => {
              const at = new Date(NOW - (days + later) * DAY - 5 * HOUR).toISOString()
              return `${JSON.stringify({ at, ...one })}\n`
            })
            .join('')
          const at = folder({ 'in.ndjson': text, 'p.yaml': policy })
          const batch = (to: string, asOf: number) =>
            deidentifyFiles({
              inputs: [join(at, 'in.ndjson')],
              output: join(at, to),
              policy: join(at, 'p.yaml'),
              asOf: new Date(asOf),
              workers: 1,
              parquetCompression: parquetCompression as 'snappy' | 'none',
            })
          await batch('then.parquet', NOW - later * DAY)
          await batch('now.parquet', NOW)
          const [stored, wanted] = [join(at, 'then.parquet'), join(at, 'now.parquet')]
          const before = formOf(stored)
          const { plan } = await compilePolicyFile(join(at, 'p.yaml'))
          const order = await planRetention(await targetsOf([stored]), plan!, options)
          expect(order.untouched).toEqual([])
          expect(order.targets).toMatchObject([{ unsteppable: [], cannotStep: 0, undated: 0 }])
          await applyOrder(order, { plan: plan!, now: NOW, holds: [] })
          if (existsSync(stored)) {
            expect(await readRows(stored)).toEqual(await readRows(wanted))
            const [target] = order.targets
            if (target!.deleted + target!.stepped > 0) expect(formOf(stored)).toEqual(formOf(wanted))
            else expect(formOf(stored)).toEqual(before)
          } else expect(await readRows(wanted)).toEqual([])
          expect(await verifyOrder(order, { plan: plan!, now: NOW, holds: [] })).toMatchObject([
            { state: 'verified absent' },
          ])
          expect(readdirSync(at).filter((name) => name.startsWith('.'))).toEqual([])
        },
      ),
      { numRuns: 12 },
    )
  })

  const FIXTURES = join(root, 'test/fixtures/parquet')
  const COLUMNS = ['big', 's', 'b', 'f', 'f32', 'd', 'day', 'ts', 'local', 'raw', 'tags[]', 'items[].sku']
  const TYPED = `policy: typed
version: 1
purpose: train_ai_system
subject: id
fields:
  id: { use: hash.hmac, domain: customer }
${COLUMNS.map((name) => `  ${name}: keep\n`).join('')}  attrs.*: keep
  attrs.$names: { use: keep, accept: "the names are made up" }
suppression:
  - { list: erasures, by: id }
`

  it.each(['snappy', 'none-crc', 'zstd-plain', 'int96'])(
    'keeps every type of a column where rows of a subject are erased: %s',
    async (fixture) => {
      const keyset = createKeyset(new Date(NOW))
      const matchKeys = new MatchKeys(createKeyset(new Date(NOW), undefined, 'match'))
      const at = folder({ 'p.yaml': TYPED, 'clean/.keep': '' })
      copyFileSync(join(FIXTURES, `${fixture}.parquet`), join(at, 'in.parquet'))
      const suppression = join(at, 'erasures.ndjson')
      const header = { purpose: 'suppression', domain: 'erasures', normalize: 'trim' } as const
      await addTokens(suppression, header, {}, [], new Date(NOW))
      const clean = join(at, 'clean/out.parquet')
      await deidentifyFiles({
        inputs: [join(at, 'in.parquet')],
        output: clean,
        policy: join(at, 'p.yaml'),
        keys: Keyring.fromKeyset(keyset),
        lists: { erasures: suppression },
        matchKeys,
        workers: 1,
      })
      const rows = await readRows(clean)
      const raw = await parquetReadObjects({
        file: bufferOf(join(FIXTURES, 'snappy.parquet')),
        columns: ['id'],
      })
      const subject = String(raw[1]!['id'])
      const gone = rows[1]!['id']
      expect(rows.length).toBeGreaterThan(2)
      const form = formOf(clean)
      const searches = [await searchOf(join(at, 'p.yaml'), keyset)]
      const keyChecks = keyChecksOf(keyset)
      const [located] = await locate(await targetsOf([clean]), [subject], searches, keyChecks, NOW)
      expect(located).toMatchObject({ read: rows.length, found: 1, rows: [[2, 2]] })
      const setting = { matchKeys, holds: [], now: NOW, plans: searches.map(({ plan }) => plan) }
      const subjects = subjectsOf([subject], { searches, matchKeys, keyChecks, suppression })
      const order = await planErasure(await targetsOf([join(at, 'clean')]), subjects, {
        ...setting,
        validMs: DAY,
      })
      expect(order.untouched).toEqual([])
      await applyErasure(order, suppression, setting)
      expect(openPoints(await verifyErasure(order, suppression, setting))).toEqual([])
      const left = await readRows(clean)
      expect(left).toEqual(rows.filter(({ id }) => id !== gone))
      expect(left).toHaveLength(rows.length - 1)
      expect(formOf(clean)).toEqual(form)
      expect(readFileSync(clean).includes(String(gone))).toBe(false)
      expect(await applyErasure(order, suppression, setting)).toMatchObject({ applied: 0, wasApplied: 1 })
      // What something else wrote is not touched.
      writeFileSync(clean, readFileSync(join(FIXTURES, 'snappy.parquet')))
      const other = await planErasure(await targetsOf([clean]), subjects, { ...setting, validMs: DAY })
      expect(other.untouched).toMatchObject([{ code: 'changed-since' }])
    },
  )
})

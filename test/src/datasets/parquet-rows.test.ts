/** Files of Parquet in a data set: what another reader finds in them, and what their footers say. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { expect, it, onTestFinished } from 'vitest'
import { DatasetFolder } from '../../../src/datasets/dataset-folder.ts'
import { OutcomeBatch } from '../../../src/engine/outcome-batch.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { rowShaper } from '../../../src/run/shaped-rows.ts'

const AT = { topic: 'in', partition: 0 }
const PLAN = compilePolicy(
  policyFileOf(
    'p.yaml',
    'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  kind: keep\n  age: { use: generalize.number, width: 10 }\n  "items[].sku": keep\n',
  ),
).plan!

/** Texts that are published; undefined: one that is suppressed. */
function batchOf(texts: readonly (string | undefined)[]): OutcomeBatch {
  const outcomes = new OutcomeBatch(texts.length)
  outcomes.values = new Uint8Array(Buffer.from(texts.join('')))
  let at = 0
  for (const [index, text] of texts.entries()) {
    if (text === undefined) outcomes.suppress(index, 'x')
    else {
      outcomes.publish(index, at, at + Buffer.byteLength(text))
      at += Buffer.byteLength(text)
    }
  }
  return outcomes
}

it('holds the rows as columns, and says in its footer which offsets it covers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lethe-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const data = new DatasetFolder({ folder, format: 'parquet', owner: 'p/r' })
  await data.open()
  await data.begin([{ ...AT, offset: 0 }])
  const shaper = rowShaper('parquet', PLAN)
  const file = data.range({ ...AT, first: 0 }, shaper.columns)
  const misfits: number[] = []
  const shaped = (texts: readonly (string | undefined)[]): Uint8Array =>
    shaper.shape(batchOf(texts), (index) => misfits.push(index))
  await file.add(
    shaped([
      '{"kind":"a","age":"[20, 30)","items":[{"sku":"x"},{}]}',
      undefined,
      '{\n"kind":null\r\n}',
      '{"other":1}',
    ]),
  )
  // No record that the policy lets pass has such a member.
  expect(misfits).toEqual([3])
  await file.add(shaped(['{"items":[]}']))
  expect(shaped([undefined])).toHaveLength(0)
  const note = {
    v: 1,
    owner: 'p/r',
    ...AT,
    first: 0,
    next: 9,
    records: 5,
    rows: 3,
    suppressed: 1,
    tombstones: 0,
    deadLetters: 1,
    policy: 'p@1#ab',
  } as const
  expect(await file.publish(note)).toBe('published')
  expect(await new DatasetFolder(data.place).positions([AT])).toEqual([9])
  const [name] = readdirSync(folder).filter((one) => !one.startsWith('_'))
  expect(name).toBe('in+0+0000000000000000.parquet')
  const bytes = readFileSync(join(folder, name!))
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
  const rows = await parquetReadObjects({ file: buffer })
  expect(JSON.parse(JSON.stringify(rows))).toEqual([
    { kind: 'a', age: '[20, 30)', items: [{ sku: 'x' }, { sku: null }] },
    { kind: null, age: null, items: null },
    { kind: null, age: null, items: [] },
  ])
  const { key_value_metadata: metadata } = parquetMetadata(buffer)
  expect(metadata?.map(({ key }) => key)).toEqual(['lethe-policy', 'lethe-range'])
  expect(JSON.parse(metadata![1]!.value!)).toEqual(note)
  // Without rows it is a file, too.
  const empty = data.range({ ...AT, first: 9 }, shaper.columns)
  expect(await empty.publish({ ...note, first: 9, next: 10, records: 1, rows: 0, deadLetters: 0 })).toBe(
    'published',
  )
  expect(await new DatasetFolder(data.place).positions([AT])).toEqual([10])
  truncateSync(join(folder, name!), bytes.length - 5)
  await expect(new DatasetFolder(data.place).positions([AT])).rejects.toMatchObject({
    code: 'dataset-damaged',
  })
})

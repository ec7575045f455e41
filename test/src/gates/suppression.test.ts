/** `suppression:`: records of who is on a list do not leave, over JSON, CSV and messages, and are no dead letters. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { LetheError } from '../../../src/errors.ts'
import { loadGateData } from '../../../src/gates/gate-data.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { MatchKeys } from '../../../src/keys/match-keys.ts'
import { changeList, createList } from '../../../src/lists/list-writer.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { createDeidentifier } from '../../../src/run/deidentifier.ts'
import { createMessageDeidentifier } from '../../../src/run/message-deidentifier.ts'
import { flatOf } from '../engine/flat-outcome.ts'

const folder = mkdtempSync(join(tmpdir(), 'lethe-suppression-'))
afterAll(() => rmSync(folder, { recursive: true }))

const NOW = Date.UTC(2026, 0, 1)
const keys = new MatchKeys(createKeyset(new Date(NOW), randomBytes, 'match'))
let files = 0

function listed(text: string): string {
  const file = join(folder, `list-${files++}`)
  writeFileSync(file, text, { mode: 0o600 })
  return file
}

async function matchList(...identifiers: string[]): Promise<string> {
  const file = join(folder, `list-${files++}`)
  await createList(file, { purpose: 'suppression', domain: 'd', normalize: 'trim' })
  await changeList(file, 'add', identifiers, keys, new Date(NOW))
  return file
}

function sourceOf(suppression: string, more = '', fields = '  v: keep\n') {
  const text = `policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n${fields}suppression:\n${suppression}\n${more}`
  return { file: 'p.yaml', text, readFile: () => new Uint8Array() }
}

function planOf(...given: Parameters<typeof sourceOf>): Plan {
  const { plan, problems } = compilePolicy(sourceOf(...given))
  expect(problems).toEqual([])
  return plan!
}

function outcomes(plan: Plan, places: Record<string, string>, records: readonly unknown[]): string[] {
  const data = loadGateData(
    [plan],
    { lists: new Map(Object.entries(places).map(([name, file]) => [name, { file }])) },
    keys,
  )
  const deidentifier = createDeidentifier(plan, { format: 'json', now: NOW, data })
  return records.map((one) => {
    const outcome = deidentifier.deidentify(Buffer.from(typeof one === 'string' ? one : JSON.stringify(one)))
    return outcome.kind === 'publish'
      ? Buffer.from(outcome.value).toString().trim()
      : outcome.kind === 'suppress'
        ? outcome.reason
        : (outcome as { code: string }).code
  })
}

const passes = '{"v":1}'
const on = (list: string) => `suppression list ${list}`
const base64 = (text: string) => createHash('sha256').update(text).digest('base64')

describe('a suppression list', () => {
  const byId = '  - { list: erasures, by: customer.id }'

  it('holds back who is on it, whatever else is wrong with a record', async () => {
    const plan = planOf(byId, 'required: [v]\nconsent: { from: c, when: { is: true } }\nunlisted: reject')
    expect(
      outcomes(plan, { erasures: await matchList('C-1', '7') }, [
        { v: 1, c: true, customer: { id: 'C-2' } },
        { v: 1, c: true, customer: { id: ' C-1 ' } },
        { v: 1, c: true, customer: { id: 7 } },
        // Without consent, without what is required, with what no field names, with an object for a scalar, cut short.
        { v: 1, customer: { id: 'C-1' } },
        { c: true, customer: { id: 'C-1' } },
        { v: 1, c: true, x: 1, customer: { id: 'C-1' } },
        { v: {}, c: true, customer: { id: 'C-1' } },
        '{"customer":{"id":"C-1"},"v":',
        '{"v":1,"customer":{"id":"\\u0043-1"},"c":true}',
        // Those of others.
        { v: 1, customer: { id: 'C-2' } },
        { c: true, customer: { id: 'C-2' } },
        { v: 1, c: true },
        '{"customer":{"id":"C-2"},"v":',
        { v: 1, c: true, customer: { id: ['C-1'] } },
      ]),
    ).toEqual([
      passes,
      ...Array(8).fill(on('erasures')),
      'consent unknown from c',
      'required-missing',
      passes,
      'json-truncated',
      'container-for-scalar',
    ])
  })

  it('goes by any identifier: raw, hashed, in lists, and of several parts', () => {
    const plan = planOf(
      [
        '  - { list: raw, by: "people[].id", entries: raw, normalize: lower }',
        '  - { list: raw, by: other, entries: raw, normalize: lower }',
        '  - { list: phone, by: phone, entries: sha256-base64, normalize: last-10-digits }',
        '  - { list: person, by: [first, last, born, zip], entries: sha256-base64, normalize: [letters, letters, digits, zip5] }',
      ].join('\n'),
    )
    const ndz = base64(['jose', 'oneil', '19800131', '90210'].map(base64).join(''))
    const places = {
      raw: listed('anna\nBEN\n'),
      phone: listed('ID,Hash\nAAAAAAAAAAA1,vGM7y5n+hBXRSEAklhHDPCbysyNgYTmXdMcagGUOY8E=\n'),
      person: listed(`Hash\n${ndz}\n`),
    }
    const person = { first: 'José', last: "O'Neil", born: '1980-01-31', zip: '90210-1234' }
    expect(
      outcomes(plan, places, [
        { v: 1, people: [{ id: 'carl' }, { id: 'ANNA' }] },
        { v: 1, other: ' ben' },
        { v: 1, people: [{ id: 'carl' }], other: 'dora' },
        { v: 1, phone: '+1 (415) 555-9317' },
        { v: 1, phone: 'none' },
        { v: 1, ...person },
        { v: 1, ...person, zip: '90211' },
        { v: 1, ...person, zip: null },
        { v: 1, ...person, zip: 'SW1A' },
      ]),
    ).toEqual([on('raw'), on('raw'), passes, on('phone'), passes, on('person'), passes, passes, passes])
  })

  it('makes a dead letter of a record whose identifier it cannot read, unless another list has it', async () => {
    const plan = planOf(
      '  - { list: mails, by: mail, entries: raw, normalize: email }\n  - { list: erasures, by: id }',
    )
    const places = { mails: listed('a@b.example\n'), erasures: await matchList('C-1') }
    expect(
      outcomes(plan, places, [
        { v: 1, mail: 'mailto:A@b.example' },
        { v: 1, mail: 'Anna <a@b.example>' },
        { v: 1, mail: 'Anna <a@b.example>', id: 'C-1' },
        { v: 1, mail: '' },
      ]),
    ).toEqual([on('mails'), 'identifier-unparsable', on('erasures'), passes])
  })

  it('is not left out: without its file, its keys, or with others, no record is read', async () => {
    const plan = planOf(byId)
    const refusal = (work: () => unknown): string => {
      try {
        work()
      } catch (error) {
        if (error instanceof LetheError) return error.code
        throw error
      }
      return 'taken'
    }
    const file = await matchList('C-1')
    const load = (lists: readonly (readonly [string, string])[], given: MatchKeys | undefined = keys) =>
      refusal(() =>
        loadGateData([plan], { lists: new Map(lists.map(([name, one]) => [name, { file: one }])) }, given),
      )
    expect(refusal(() => createDeidentifier(plan, { format: 'json' }))).toBe('list-missing')
    expect(load([])).toBe('list-missing')
    expect(load([['erasures', file]])).toBe('taken')
    expect(
      load([
        ['erasures', file],
        ['erasure', file],
      ]),
    ).toBe('bad-option')
    expect(refusal(() => loadGateData([plan], { lists: new Map([['erasures', { file }]]) }, undefined))).toBe(
      'match-key-missing',
    )
    expect(load([['erasures', file]], new MatchKeys(createKeyset(new Date(), randomBytes, 'match')))).toBe(
      'match-key-missing',
    )
    expect(load([['erasures', listed('C-1\n')]])).toBe('list-invalid')
    const other = planOf('  - { list: erasures, by: id, entries: raw }')
    expect(
      refusal(() => loadGateData([plan, other], { lists: new Map([['erasures', { file }]]) }, keys)),
    ).toBe('list-invalid')
  })

  it('does not change the fingerprint of the policy as it grows', () => {
    expect(planOf(byId).fingerprint).toBe(planOf(byId).fingerprint)
    expect(planOf(byId).fingerprint).not.toBe(planOf('  - { list: erasures, by: id }').fingerprint)
  })

  it('hides what a compacted topic holds of a subject, and lets tombstones pass', async () => {
    const source = sourceOf(byId, '', '  v: keep\n  $key: { use: generalize.date, to: year }\n')
    const compiled = compilePolicy(source)
    const data = loadGateData(
      [compiled.plan!],
      { lists: new Map([['erasures', { file: await matchList('C-1') }]]) },
      keys,
    )
    const deidentifier = createMessageDeidentifier(source, compiled, { now: NOW, compacted: true, data })
    const message = (value: unknown) => ({
      key: Buffer.from('2020-01-01'),
      value: value === null ? null : Buffer.from(JSON.stringify(value)),
      headers: [],
      timestamp: 0,
    })
    const found = deidentifier
      .deidentify([
        message({ v: 1, customer: { id: 'C-2' } }),
        message({ v: 1, customer: { id: 'C-1' } }),
        message(null),
      ])
      .map(flatOf)
    expect(
      found.map(({ kind, tombstones }) => [kind, tombstones.map((key) => Buffer.from(key).toString())]),
    ).toEqual([
      ['publish', []],
      ['suppress', ['2020']],
      ['tombstone', ['2020']],
    ])
  })

  it('holds back exactly who is on it', () => {
    const plan = planOf(byId)
    const ids = ['a', 'b', 'c', 'd', 'é', '😀', 'x'.repeat(300)]
    fc.assert(
      fc.property(
        fc.subarray(ids),
        fc.array(fc.constantFrom(...ids), { maxLength: 20 }),
        (listedIds, records) => {
          const file = listed(`${listedIds.join('\n')}\n`)
          const raw = {
            ...plan,
            suppression: plan.suppression.map((one) => ({ ...one, entries: 'raw' as const })),
          }
          expect(
            outcomes(
              raw,
              { erasures: file },
              records.map((id) => ({ v: 1, customer: { id } })),
            ),
          ).toEqual(records.map((id) => (listedIds.includes(id) ? on('erasures') : passes)))
        },
      ),
      { numRuns: 40 },
    )
  })
})

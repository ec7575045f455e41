/** Erasure of stored rows: what is asked for is gone from every file, under every key, and nothing else is. */
import { createPublicKey, verify } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { compress, decompress } from '@cloudpss/zstd/napi'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deidentifyFiles } from '../../../src/batch/deidentify-files.ts'
import { applyErasure, planErasure, verifyErasure } from '../../../src/erasure/erase.ts'
import { appendFeed } from '../../../src/erasure/feed.ts'
import { keyChecksOf, searchOf } from '../../../src/erasure/finders.ts'
import { locate } from '../../../src/erasure/locate-rows.ts'
import { openPoints } from '../../../src/erasure/receipt.ts'
import { mergeSubjects, subjectsOf } from '../../../src/erasure/subjects.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import {
  addKey,
  compromiseKey,
  createKeyset,
  disableKey,
  type Keyset,
  promoteKey,
} from '../../../src/keys/keyset.ts'
import { MatchKeys } from '../../../src/keys/match-keys.ts'
import type { Hold } from '../../../src/lifecycle/legal-hold.ts'
import { targetsOf } from '../../../src/lifecycle/stored-folder.ts'
import { addTokens } from '../../../src/lists/list-writer.ts'
import { folder, lethe, root, warm } from '../cli/lethe.ts'

const NOW = Date.parse('2026-03-10T12:34:56Z')
const WEEK = 7 * 86_400_000
const LIST = 'suppression:\n  - { list: erasures, by: customer.id }\n'
const head = (fields: string, list = LIST, version = 1): string => `policy: events
version: ${version}
purpose: train_ai_system
subject: customer.id
unlisted: drop
fields:
${fields}
  n: keep
${list}`
const TOKEN = '  customer.id: { use: hash.hmac, domain: customer }'
const POLICY = head(TOKEN)

// Three keys, each of which was the primary one for a while.
const first = createKeyset(new Date(NOW))
const second = promoteKey(addKey(first, new Date(NOW)), 'k2')
const third = promoteKey(addKey(second, new Date(NOW)), 'k3')
const rotated: Keyset = compromiseKey(disableKey(third, 'k1'), 'k2')
const matchKeys = new MatchKeys(createKeyset(new Date(NOW), undefined, 'match'))

interface World {
  readonly at: string
  readonly clean: string
  readonly policy: string
  readonly suppression: string
}

/** De-identifies the inputs, each under the keyset that is named for it, with an empty list. */
async function stored(
  inputs: Readonly<Record<string, string | Uint8Array>>,
  policy: string = POLICY,
  keysets: Readonly<Record<string, Keyset>> = {},
): Promise<World> {
  const at = folder({ ...inputs, 'p.yaml': policy, 'clean/.keep': '' })
  const world = {
    at,
    clean: join(at, 'clean'),
    policy: join(at, 'p.yaml'),
    suppression: join(at, 'erasures.ndjson'),
  }
  await addTokens(
    join(at, 'empty.ndjson'),
    { purpose: 'suppression', domain: 'erasures', normalize: 'trim' },
    {},
    [],
    new Date(NOW),
  )
  for (const name of Object.keys(inputs))
    await deidentifyFiles({
      inputs: [join(at, name)],
      output: join(world.clean, name),
      policy: world.policy,
      keys: Keyring.fromKeyset(keysets[name] ?? first),
      workers: 1,
      matchKeys,
      ...(policy.includes('suppression:') ? { lists: { erasures: join(at, 'empty.ndjson') } } : {}),
    })
  return world
}

const options = (more: { holds?: readonly Hold[]; now?: number } = {}) => ({
  matchKeys,
  holds: [],
  now: NOW,
  validMs: WEEK,
  ...more,
})

async function planned(
  world: World,
  subjects: readonly string[],
  {
    keyset = rotated,
    policies = [world.policy],
    ...more
  }: {
    keyset?: Keyset
    policies?: readonly string[]
    holds?: readonly Hold[]
    now?: number
  } = {},
) {
  const searches = await Promise.all(policies.map((policy) => searchOf(policy, keyset)))
  const { suppression } = world
  const wanted = subjectsOf(subjects, { searches, matchKeys, keyChecks: keyChecksOf(keyset), suppression })
  const setting = { ...options(more), plans: searches.map(({ plan }) => plan) }
  return { searches, setting, order: await planErasure(await targetsOf([world.clean]), wanted, setting) }
}

async function erased(world: World, subjects: readonly string[], more: Parameters<typeof planned>[2] = {}) {
  const { order, setting, searches } = await planned(world, subjects, more)
  await applyErasure(order, world.suppression, setting)
  const found = await verifyErasure(order, world.suppression, setting)
  return { order, setting, searches, found, open: openPoints(found) }
}

const unpack = (file: string): Buffer => {
  const bytes = readFileSync(file)
  return file.endsWith('.gz')
    ? gunzipSync(bytes)
    : file.endsWith('.zst')
      ? Buffer.from(decompress(bytes))
      : bytes
}
const linesOf = (file: string): readonly string[] =>
  existsSync(file) ? unpack(file).toString().split('\n').slice(0, -1) : []

const packed = (name: string, text: string): string | Uint8Array =>
  name.endsWith('.gz') ? gzipSync(text) : name.endsWith('.zst') ? compress(Buffer.from(text)) : text
const NAMES = ['a.csv', 'b.ndjson', 'c.csv.gz', 'd.ndjson.zst'] as const

const rowOf = (name: string, subject: number, n: string): string =>
  name.includes('csv')
    ? `C-${subject},"${n.replaceAll('"', '""')}"\n`
    : `${JSON.stringify({ customer: { id: `C-${subject}` }, n })}\n`
const worlds = fc.record({
  files: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom(...NAMES),
      keyset: fc.constantFrom(first, second, third),
      rows: fc.array(
        fc.tuple(
          fc.nat(5),
          fc.oneof(fc.stringMatching(/^[a-z",;]{0,5}$/), fc.constantFrom('\u00e9', 'k1.x')),
        ),
        { maxLength: 9 },
      ),
    }),
    { minLength: 1, maxLength: 3, selector: ({ name }) => name },
  ),
  forgotten: fc.uniqueArray(fc.nat(5), { minLength: 1, maxLength: 3 }),
})

describe('lethe forget', () => {
  it('leaves no token of a subject in any file, and every other row as it was, in order', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async ({ files, forgotten }) => {
        const inputs: Record<string, string | Uint8Array> = {}
        for (const { name, rows } of files) {
          const text = rows.map(([subject, n]) => rowOf(name, subject, n)).join('')
          inputs[name] = packed(name, name.includes('csv') ? `customer.id,n\n${text}` : text)
        }
        const world = await stored(
          inputs,
          POLICY,
          Object.fromEntries(files.map(({ name, keyset }) => [name, keyset])),
        )
        const before = new Map(files.map(({ name }) => [name, linesOf(join(world.clean, name))]))
        const { order, open, found } = await erased(
          world,
          forgotten.map((subject) => `C-${subject}`),
        )
        expect(open).toEqual([])
        expect(found.unlisted).toBe(0)
        const tokens = order.subjects.flatMap((subject) => subject.tokens)
        expect(tokens).toHaveLength(3 * forgotten.length)
        for (const { name, rows } of files) {
          const file = join(world.clean, name)
          const lines = before.get(name)!
          const header = name.includes('csv') ? lines.slice(0, 1) : []
          const kept = lines.slice(header.length).filter((_, at) => !forgotten.includes(rows[at]![0]))
          const isWhole = rows.length > 0 && kept.length === 0
          expect(linesOf(file)).toEqual(isWhole ? [] : [...header, ...kept])
          for (const token of tokens) expect(existsSync(file) && unpack(file).includes(token)).toBe(false)
        }
        expect(readdirSync(world.clean).filter((name) => /^\.[a-d](?!.*\.erased$)/.test(name))).toEqual([])
      }),
      { numRuns: 4 },
    )
  })

  it('keeps a subject out of later runs, whatever became of the keys', async () => {
    const world = await stored({ 'a.ndjson': rowOf('a', 1, 'x') + rowOf('a', 2, 'y') })
    await erased(world, ['C-1'])
    const again = join(world.at, 'again.ndjson')
    await deidentifyFiles({
      inputs: [join(world.at, 'a.ndjson')],
      output: again,
      policy: world.policy,
      keys: Keyring.fromKeyset(rotated),
      lists: { erasures: world.suppression },
      matchKeys,
    })
    expect(linesOf(again)).toEqual([expect.stringContaining('"y"')])
  })

  it('finds subjects by every kind of token, in lists, and by identifiers that were kept', async () => {
    const cases: readonly (readonly [string, string, string])[] = [
      ['  customer.id: { use: hash.uuid, domain: c }', '"C-1"', '"C-2"'],
      [
        '  customer.id: { use: hash.integer, domain: c, max: 9007199254740991, accept: joins on a number }',
        '"C-1"',
        '"C-2"',
      ],
      ['  customer.id: { use: hash.email, domain: c }', '"a@example.org"', '"b@example.org"'],
      ['  customer.id: { use: hash.sha256, accept: partners need it so }', '"C-1"', '"C-2"'],
      ['  customer.id: { use: keep, accept: not a person }', '" C-1"', '"C-2"'],
      [
        `${TOKEN}\n  friends: { use: hash.hmac, domain: customer, read: { split: ";" } }`,
        '"C-8"},"friends":"C-5;C-1","x":{',
        '"C-8"},"friends":"C-5;C-2","x":{',
      ],
      [
        '  who: { from: customer.id, use: hash.hmac, domain: c, read: { strip: { prefix: "u:" } } }',
        '"u:C-1"',
        '"u:C-2"',
      ],
      [
        '  customer.id:\n    - { when: { t: [a] }, use: hash.hmac, domain: c }\n    - { use: hash.uuid, domain: d }\n  t: keep',
        '"C-1"},"t":"a","x":{',
        '"C-2"},"t":"a","x":{',
      ],
    ]
    for (const [fields, one, other] of cases) {
      const world = await stored(
        { 'a.ndjson': `{"customer":{"id":${one}},"n":1}\n{"customer":{"id":${other}},"n":2}\n` },
        head(fields),
      )
      const kept = linesOf(join(world.clean, 'a.ndjson'))[1]
      const subject: string = one.includes('friends') ? 'C-1' : JSON.parse(/^"[^"]*"/.exec(one)![0])
      const { open, order, searches } = await erased(world, [subject], { keyset: first })
      expect([fields, open, linesOf(join(world.clean, 'a.ndjson'))]).toEqual([fields, [], [kept]])
      expect(JSON.stringify(order)).not.toContain(subject.trim().replace('u:', ''))
      const located = await locate(await targetsOf([world.clean]), ['C-9'], searches, order.keys, NOW)
      expect(located).toEqual([expect.objectContaining({ found: 0, read: 1 })])
    }
  })

  it('says what it cannot find, and keeps the receipt open for it', async () => {
    const cases: readonly (readonly [string, string, boolean])[] = [
      ['  customer.*d: { use: hash.hmac, domain: c }', 'customer.*d may hold tokens', true],
      ['  other: keep', 'customer.id is not published', false],
      [
        '  customer.id: { use: mask.characters, keepLast: 1 }',
        'mask.characters of customer.id gives no token',
        false,
      ],
      [
        '  customer.id: { use: hash.hmac, domain: c, bits: 32, accept: few subjects }',
        'hash.hmac of customer.id',
        false,
      ],
      [
        '  customer.id:\n    - { when: { n: ["1"] }, use: hash.hmac, domain: c }\n    - drop',
        'drop of customer.id gives no token',
        true,
      ],
      [
        `${TOKEN}\n  known.$names: { use: hash.hmac, domain: customer }\n  known.*: keep`,
        'known.$names may hold tokens',
        true,
      ],
    ]
    for (const [fields, message, isFound] of cases) {
      const world = await stored(
        {
          'a.ndjson':
            '{"customer":{"id":"C-1"},"n":"1"}\n{"customer":{"id":"C-1"},"n":"2"}\n{"customer":{"id":"C-2"},"n":"1"}\n',
        },
        head(fields),
      )
      const { open, order } = await erased(world, ['C-1'], { keyset: first })
      expect([fields, open.map((point) => point.message)]).toEqual([
        fields,
        [expect.stringContaining(message)],
      ])
      expect(order.targets.some(({ deleted }) => deleted > 0)).toBe(isFound)
    }
    // Tokens of the domain in a field that no list goes by.
    const notes = (
      await searchOf(
        (
          await stored({}, head(`${TOKEN}\n  friend: { use: hash.hmac, domain: customer }`))
        ).policy,
        first,
      )
    ).notes
    expect(notes).toEqual([expect.stringContaining('friend has tokens of subjects, and no list')])
  })

  it('passes over no file of a folder that a batch wrote, whatever it is called', async () => {
    const inputs = { 'a.ndjson': rowOf('a', 1, 'x') + rowOf('a', 2, 'y') }
    const world = await stored(inputs)
    const beside = (from: string, to: string) => {
      for (const end of ['', '.lethe.json']) copyFileSync(join(world.clean, from + end), to + end)
    }
    for (const name of ['events', 'events.txt', '.hidden.ndjson', 'a.ndjson.bak', 'b.lethe.json'])
      beside('a.ndjson', join(world.clean, name))
    const { order, open } = await erased(world, ['C-1'])
    expect(order.targets).toHaveLength(6)
    expect(open).toEqual([])
    for (const name of readdirSync(world.clean).filter((one) => !one.includes('.lethe.json')))
      expect(readFileSync(join(world.clean, name), 'utf8'), name).not.toMatch(/"n":"x"/)
  })

  it('closes no receipt over links out of the folder, and what a command left half-made', async () => {
    const world = await stored({ 'a.ndjson': rowOf('a', 1, 'x') + rowOf('a', 2, 'y') })
    const elsewhere = join(world.at, 'elsewhere')
    mkdirSync(elsewhere)
    for (const end of ['', '.lethe.json'])
      copyFileSync(join(world.clean, `a.ndjson${end}`), join(elsewhere, `b.ndjson${end}`))
    const half = join(world.clean, '.a.ndjson.0123456789ab.part')
    const staged = join(world.clean, '.a.ndjson.ba9876543210.retain')
    for (const file of [half, staged]) copyFileSync(join(world.clean, 'a.ndjson'), file)
    symlinkSync(join(elsewhere, 'b.ndjson'), join(world.clean, 'link.ndjson'))
    symlinkSync(elsewhere, join(world.clean, 'folder'))
    symlinkSync(world.clean, join(world.clean, 'round'))
    symlinkSync('a.ndjson', join(world.clean, 'latest.ndjson'))
    symlinkSync('nothing', join(world.clean, 'broken.ndjson'))
    const { order, setting, found } = await erased(world, ['C-1'])
    expect(order.untouched.map(({ target, code }) => [basename(target), code])).toEqual([
      ['.a.ndjson.0123456789ab.part', 'left-over'],
      ['.a.ndjson.ba9876543210.retain', 'left-over'],
      ['folder', 'link'],
      ['link.ndjson', 'link'],
    ])
    expect(openPoints(found)).toHaveLength(4)
    for (const file of [half, staged]) rmSync(file)
    const again = openPoints(await verifyErasure(order, world.suppression, setting))
    expect(again.map(({ target }) => basename(target!))).toEqual(['folder', 'link.ndjson'])
    // Read through the link, and not taken for gone.
    expect(again.find(({ target }) => target?.endsWith('link.ndjson'))?.code).toBe('not absent')
  })

  it('searches what was being written when the order was made, under the name that it took', async () => {
    const world = await stored({ 'a.ndjson': rowOf('a', 1, 'x') + rowOf('a', 2, 'y') })
    // A batch is at it: its rows are of records from before the subjects were listed.
    const [half, took] = [join(world.clean, '.b.ndjson.0123456789ab.part'), join(world.clean, 'b.ndjson')]
    copyFileSync(join(world.clean, 'a.ndjson'), half)
    const sidecar = readFileSync(join(world.clean, 'a.ndjson.lethe.json'))
    const { order, setting } = await erased(world, ['C-1'])
    renameSync(half, took)
    writeFileSync(`${took}.lethe.json`, sidecar)
    const open = openPoints(await verifyErasure(order, world.suppression, setting))
    expect(open.map(({ target, code }) => [basename(target!), code])).toEqual([['b.ndjson', 'not absent']])
  })

  it('does not take a file for erased that was moved away', async () => {
    const world = await stored({ 'a.ndjson': rowOf('a', 1, 'x'), 'b.ndjson': rowOf('b', 1, 'y') })
    const { order, setting } = await planned(world, ['C-1'])
    for (const end of ['', '.lethe.json'])
      renameSync(join(world.clean, `b.ndjson${end}`), join(world.at, `moved.ndjson${end}`))
    await expect(applyErasure(order, world.suppression, setting)).rejects.toMatchObject({
      code: 'target-changed',
    })
    const open = async () => openPoints(await verifyErasure(order, world.suppression, setting))
    expect((await open()).map(({ target, code }) => [basename(target!), code])).toEqual([
      ['b.ndjson', 'not searched'],
    ])
    for (const end of ['', '.lethe.json'])
      renameSync(join(world.at, `moved.ndjson${end}`), join(world.clean, `b.ndjson${end}`))
    expect(await applyErasure(order, world.suppression, setting)).toMatchObject({ applied: 1, wasApplied: 1 })
    expect(await open()).toEqual([])
    expect(await applyErasure(order, world.suppression, setting)).toMatchObject({ wasApplied: 2 })
  })

  it('touches no file that it does not know, and nothing under hold', async () => {
    const inputs = { 'a.ndjson': rowOf('a', 1, 'x') + rowOf('a', 2, 'y') }
    const world = await stored(inputs)
    writeFileSync(join(world.clean, 'b.ndjson'), rowOf('b', 1, 'x'))
    const older = join(world.at, 'older.yaml')
    renameSync(world.policy, older)
    writeFileSync(world.policy, head(TOKEN, LIST, 2))
    const codes = async (more: Parameters<typeof planned>[2]) =>
      (await planned(world, ['C-1'], more)).order.untouched.map(({ code }) => code)
    expect(await codes({})).toEqual(['other-version', 'no-sidecar'])
    expect(await codes({ policies: [world.policy, older] })).toEqual(['no-sidecar'])
    const strange = createKeyset(new Date(NOW))
    expect(await codes({ policies: [world.policy, older], keyset: strange })).toEqual([
      'keys-missing',
      'no-sidecar',
    ])
    const hold: Hold = {
      ...{ id: 'h00000001', target: null, from: null, until: null, owner: 'legal' },
      ...{ reason: 'case 512, all of it', kept: null, added: NOW - 1, expires: NOW + WEEK },
      released: undefined,
    }
    const before = readFileSync(join(world.clean, 'a.ndjson'))
    const { open } = await erased(world, ['C-1'], { policies: [world.policy, older], holds: [hold] })
    expect(readFileSync(join(world.clean, 'a.ndjson'))).toEqual(before)
    expect(open.map(({ code }) => code)).toEqual(['held', 'not searched'])
    // A hold that was added since the order was made, and a file that changed since.
    const { order, setting } = await planned(world, ['C-1'], { policies: [world.policy, older] })
    await expect(applyErasure(order, world.suppression, { ...setting, holds: [hold] })).rejects.toMatchObject(
      { code: 'target-held' },
    )
    writeFileSync(join(world.clean, 'a.ndjson'), `${before}\n`)
    await expect(applyErasure(order, world.suppression, setting)).rejects.toMatchObject({
      code: 'target-changed',
    })
    await expect(
      applyErasure(order, world.suppression, { ...setting, now: NOW + 2 * WEEK }),
    ).rejects.toMatchObject({ code: 'order-expired' })
    expect(readFileSync(join(world.clean, 'a.ndjson'), 'utf8')).toBe(`${before}\n`)
  })

  it('keeps what was done where a later target is refused, and goes on with the same order', async () => {
    const world = await stored({
      'a.ndjson': rowOf('a', 1, 'x') + rowOf('a', 2, 'y'),
      'b.ndjson': rowOf('b', 1, 'x') + rowOf('b', 2, 'y'),
    })
    const [a, b] = [join(world.clean, 'a.ndjson'), join(world.clean, 'b.ndjson')]
    const { order, setting } = await planned(world, ['C-1'])
    const before = readFileSync(b, 'utf8')
    const changed = `${before}${before}`
    writeFileSync(b, changed)
    const apply = () => applyErasure(order, world.suppression, setting)
    const verified = async () => openPoints(await verifyErasure(order, world.suppression, setting))
    await expect(apply()).rejects.toMatchObject({ code: 'target-changed' })
    // The first one is erased, and the list has the subject; the second one is as it was.
    const left = readFileSync(a, 'utf8')
    expect(left.split('\n')).toHaveLength(2)
    expect(readFileSync(b, 'utf8')).toBe(changed)
    expect(await verified()).toMatchObject([{ code: 'not searched', target: `file:${b}` }])
    writeFileSync(b, before)
    expect((await verified()).map(({ code }) => code)).toEqual(['not absent'])
    expect(await apply()).toMatchObject({ applied: 1, wasApplied: 1 })
    expect(readFileSync(a, 'utf8')).toBe(left)
    expect(await verified()).toEqual([])
  })

  it('does not call a file erased that it did not delete and that is elsewhere now', async () => {
    const world = await stored({ 'a.ndjson': rowOf('a', 1, 'x') + rowOf('a', 2, 'y') })
    const { order, setting } = await planned(world, ['C-1'])
    for (const name of ['a.ndjson', 'a.ndjson.lethe.json'])
      renameSync(join(world.clean, name), join(world.at, `moved-${name}`))
    await applyErasure({ ...order, targets: [] }, world.suppression, setting)
    const { targets } = await verifyErasure(order, world.suppression, setting)
    expect(targets).toEqual([expect.objectContaining({ state: 'not searched' })])
  })

  it('locates rows by their numbers, over chunks and blocks', async () => {
    const where = [1, 2, 3, 20_000, 39_999, 40_000]
    const rows = Array.from({ length: 40_000 }, (_, at) =>
      rowOf('a.csv', where.includes(at + 1) ? 1 : 2, 'some words to fill chunks with'),
    )
    const world = await stored({ 'a.csv': `customer.id,n\n${rows.join('')}` })
    const located = await locate(
      await targetsOf([world.clean]),
      ['C-1'],
      [await searchOf(world.policy, rotated)],
      keyChecksOf(rotated),
      NOW,
    )
    expect(located).toMatchObject([
      {
        read: 40_000,
        found: 6,
        rows: [
          [1, 3],
          [20_000, 20_000],
          [39_999, 40_000],
        ],
        unsearched: [],
      },
    ])
  })

  it('erases again what a backup brought back, by the orders of before, and feeds each token once', async () => {
    const world = await stored({ 'a.ndjson': rowOf('a', 1, 'x') + rowOf('a', 2, 'y') + rowOf('a', 3, 'z') })
    const names = ['a.ndjson', 'a.ndjson.lethe.json'].map((name) => join(world.clean, name))
    const backup = names.map((name) => readFileSync(name))
    const one = await erased(world, ['C-1'])
    const two = await erased(world, ['C-2', 'C-1'])
    expect(linesOf(names[0]!)).toHaveLength(1)
    for (const [at, name] of names.entries()) writeFileSync(name, backup[at]!)
    const still = await verifyErasure(one.order, world.suppression, one.setting)
    expect(openPoints(still).map(({ code }) => code)).toEqual(['not absent'])
    const order = await planErasure(
      await targetsOf([world.clean]),
      mergeSubjects([one.order, two.order]),
      two.setting,
    )
    expect(order.subjects).toHaveLength(2)
    await applyErasure(order, world.suppression, two.setting)
    expect(linesOf(names[0]!)).toHaveLength(1)
    const feed = join(world.at, 'feed.ndjson')
    const written = [one.order, two.order, order].map((each) => () => appendFeed(feed, each, NOW))
    const counts: number[] = []
    for (const write of written) counts.push((await write()).written)
    expect(counts).toEqual([3, 3, 0])
    await expect(appendFeed(world.policy, order, NOW)).rejects.toMatchObject({ code: 'file-malformed' })
    expect(linesOf(feed).map((line) => JSON.parse(line).token)).toEqual(
      [...one.order.subjects, ...two.order.subjects.slice(0, 1)].flatMap(({ tokens }) => tokens),
    )
  })
})

const CANARY = '77canary77'

describe('lethe forget as a command', () => {
  it('plans, applies, verifies and replays; the ledger says so, and nothing holds an identifier', async () => {
    const cwd = folder({
      'p.yaml': head(`${TOKEN}\n  raw: { from: customer.id, use: keep, accept: for this test }`),
      'in.ndjson': `${JSON.stringify({ customer: { id: CANARY }, n: 1 })}\n${rowOf('a', 2, 'y')}`,
      'clean/.keep': '',
    })
    writeFileSync(join(cwd, 'asked.txt'), `${CANARY}\n`, { mode: 0o600 })
    const said: string[] = []
    const run = async (code: number, ...args: string[]) => {
      const ended = await warm(args, { cwd })
      expect([args.join(' '), ended.stderr, ended.code]).toEqual([args.join(' '), ended.stderr, code])
      said.push(ended.stdout, ended.stderr)
      return ended
    }
    await run(0, 'keys', 'create', 'keys.json')
    await run(0, 'keys', 'create', '--match', 'match.json')
    await run(0, 'signing-key', 'create', 'host.pem')
    const policy = ['-p', 'p.yaml']
    await run(0, 'forget', 'begin', ...policy, '--suppression', 'empty.ndjson')
    await run(2, 'forget', 'begin', ...policy, '--suppression', 'empty.ndjson')
    const keys = ['--keys', 'keys.json']
    const match = ['--match-keys', 'match.json']
    const list = ['--suppression', 'erasures.ndjson', ...match, '--no-holds']
    const ledger = ['--ledger', 'l.ndjson', '--signing-key', 'host.pem']
    await run(
      0,
      'batch',
      'in.ndjson',
      ...policy,
      ...keys,
      ...match,
      '--list',
      'erasures=empty.ndjson',
      '-o',
      'clean/',
      '-q',
    )
    const backup = ['clean/in.ndjson', 'clean/in.ndjson.lethe.json'].map(
      (name) => [join(cwd, name), readFileSync(join(cwd, name))] as const,
    )
    const located = await run(0, 'locate', 'clean', '--list', 'asked.txt', ...policy, ...keys)
    expect(located.stdout).toMatch(/in\.ndjson: 1 of 2 rows: 1\n$/)
    const plan = ['forget', 'plan', 'clean', '--list', 'asked.txt', ...policy, ...keys, '-o', 'o.json']
    expect((await run(2, ...plan, ...list.slice(0, 4))).stderr).toContain('--no-holds')
    const emitted = await run(0, ...plan, ...list, ...ledger, '--emit', 'sql', '--table', 'delta:main.events')
    expect(emitted.stdout).toMatch(/DELETE FROM `main`\.`events` WHERE .*\n-- .*\nREORG/)
    expect(emitted.stdout).toContain('hold identifiers')
    const feed = ['--feed', 'feed.ndjson']
    // Nothing that is read is written over, and no order is there that is not in the ledger.
    const unrecorded = await run(2, ...plan.slice(0, -1), 'l.ndjson', ...list, ...ledger)
    expect(unrecorded.stderr).toContain('would be overwritten')
    await run(4, ...plan.slice(0, -1), 'p.json', ...list, '--ledger', 'none/l.ndjson', ...ledger.slice(2))
    expect(existsSync(join(cwd, 'p.json'))).toBe(false)
    for (const args of [
      ['apply', 'o.json', '--feed', 'p.yaml'],
      ['apply', 'o.json', '--feed', 'clean/in.ndjson'],
      ['verify', 'o.json', '--receipt', 'o.json', '--signing-key', 'host.pem'],
      ['replay', 'o.json', '-o', 'o.json'],
      ['replay', 'o.json', '-o', 'x.json', '--receipt', 'match.json', '--signing-key', 'host.pem'],
    ])
      expect((await run(2, 'forget', ...args, ...policy, ...list)).stderr).toContain('would be overwritten')
    await run(0, 'forget', 'apply', 'o.json', ...policy, ...list, ...ledger, ...feed)
    await run(0, 'forget', 'apply', 'o.json', ...policy, ...list, ...ledger, ...feed)
    const receipt = ['--receipt', 'r.json', '--signing-key', 'host.pem']
    const verified = await run(
      0,
      'forget',
      'verify',
      'o.json',
      ...policy,
      ...list,
      ...receipt,
      '--ledger',
      'l.ndjson',
    )
    expect(verified.stdout).toContain('verified absent')
    for (const [name, bytes] of backup) writeFileSync(name, bytes)
    await run(0, 'forget', 'replay', 'o.json', ...policy, ...list, ...ledger, ...feed, '-o', 'again.json')
    expect(linesOf(join(cwd, 'clean/in.ndjson'))).toHaveLength(1)
    const log = readFileSync(join(cwd, 'l.ndjson'), 'utf8')
    expect(
      [...log.matchAll(/"action":"(forget\.\w+)".*?"state":"(\w+)"/g)].map(([, a, s]) => `${a} ${s}`),
    ).toEqual([
      'forget.plan done',
      ...['forget.apply begins', 'forget.apply done', 'forget.apply begins', 'forget.apply done'],
      ...['forget.verify done', 'forget.replay begins', 'forget.replay done', 'forget.verify done'],
    ])
    for (const name of [
      'o.json',
      'again.json',
      'r.json',
      'feed.ndjson',
      'l.ndjson',
      'erasures.ndjson',
      'clean/in.ndjson',
      'clean/in.ndjson.lethe.json',
    ])
      expect(`${name} ${readFileSync(join(cwd, name), 'utf8')}`).not.toContain('canary')
    expect(said.join('')).not.toContain('canary')
  })

  it('goes on after kill -9', async () => {
    const rows = Array.from({ length: 60_000 }, (_, at) => rowOf('a.csv', at % 7, 'some words'))
    const world = await stored({ 'a.csv': `customer.id,n\n${rows.join('')}` })
    const file = join(world.clean, 'a.csv')
    const { order } = await planned(world, ['C-3'], { keyset: first, now: Date.now() })
    const token = order.subjects[0]!.tokens[0]!
    const kept = linesOf(file).filter((line) => !line.startsWith(token))
    writeFileSync(join(world.at, 'o.json'), `${JSON.stringify({ ...order })}\n`)
    const apply = [
      'forget',
      'apply',
      'o.json',
      '-p',
      'p.yaml',
      '--suppression',
      'erasures.ndjson',
      '--no-holds',
    ]
    for (const killAfter of [350, 450]) await lethe(apply, { cwd: world.at, killAfter })
    expect(await warm(apply, { cwd: world.at })).toMatchObject({ code: 0 })
    expect(linesOf(file)).toEqual(kept)
    expect(readdirSync(world.clean).filter((name) => name.startsWith('.a'))).toEqual([])
  })
})

describe('docs/erasure.md', () => {
  it('shows a receipt that node:crypto alone verifies, as it says', () => {
    const text = readFileSync(join(root, 'docs/erasure.md'), 'utf8')
    const [example] = /^ {4}\{"closed".*$/m.exec(text)!
    const pem = /-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/.exec(text)![0].replace(/^ +/gm, '')
    const { signature, ...members } = JSON.parse(example) as Record<string, string>
    const signed = Buffer.from(`lethe-receipt-v1\n${JSON.stringify(members)}`)
    expect(verify(null, signed, createPublicKey(pem), Buffer.from(signature!, 'base64'))).toBe(true)
  })
})

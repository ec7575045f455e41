/** Legal holds on subjects: no row of theirs is deleted, by whatever path, and no other row stays for their sake where it can be told. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deidentifyFiles } from '../../../src/batch/deidentify-files.ts'
import { applyErasure, planErasure, verifyErasure } from '../../../src/erasure/erase.ts'
import { keyChecksOf, searchOf } from '../../../src/erasure/finders.ts'
import { openPoints } from '../../../src/erasure/receipt.ts'
import { subjectsOf } from '../../../src/erasure/subjects.ts'
import { heldSubjectsOf, tellingHolds } from '../../../src/erasure/telling-holds.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { addKey, createKeyset, disableKey, type Keyset, promoteKey } from '../../../src/keys/keyset.ts'
import { MatchKeys } from '../../../src/keys/match-keys.ts'
import { addLine, type Hold, parseHolds } from '../../../src/lifecycle/legal-hold.ts'
import { applyOrder, planRetention, verifyOrder } from '../../../src/lifecycle/retention-orders.ts'
import { targetsOf } from '../../../src/lifecycle/stored-folder.ts'
import { createList } from '../../../src/lists/list-writer.ts'
import { compilePolicyFile } from '../../../src/policy/compile-file.ts'
import { folder, warm } from '../cli/lethe.ts'

const NOW = Date.parse('2026-03-10T12:34:56Z')
const DAY = 86_400_000

const policyOf = (rule: string, version = 1, step = ''): string => `policy: events
version: ${version}
purpose: train_ai_system
subject: customer.id
time: at
unlisted: drop
fields:
  at: { use: generalize.date, to: hour }
  customer.id: ${rule}
  n: keep
suppression:
  - { list: erasures, by: customer.id }
retention:
  steps:
${step}    - { after: 100d, then: suppress }
`
const TOKEN = '{ use: hash.hmac, domain: customer }'
const RULES: Readonly<Record<string, string>> = {
  token: TOKEN,
  kept: '{ use: keep, accept: for this test }',
  'token, or nothing': '{ use: hash.hmac, domain: customer, normalize: phone, else: drop }',
}

const first = createKeyset(new Date(NOW))
const rotated: Keyset = disableKey(promoteKey(addKey(first, new Date(NOW)), 'k2'), 'k1')
const matchKeys = new MatchKeys(createKeyset(new Date(NOW), undefined, 'match'))

const row = (id: string | undefined, n: number, days: number): string =>
  `${JSON.stringify({ at: new Date(NOW - days * DAY).toISOString(), ...(id === undefined ? {} : { customer: { id } }), n })}\n`

/** A file that a batch wrote 90 days ago. */
async function stored(text: string, policy: string, keyset: Keyset = first) {
  const at = folder({ 'in.ndjson': text, 'p.yaml': policy, 'clean/.keep': '' })
  const list = join(at, 'erasures.ndjson')
  await createList(list, { purpose: 'suppression', domain: 'erasures', normalize: 'trim' })
  await deidentifyFiles({
    inputs: [join(at, 'in.ndjson')],
    output: join(at, 'clean/in.ndjson'),
    policy: join(at, 'p.yaml'),
    keys: Keyring.fromKeyset(keyset),
    asOf: new Date(NOW - 90 * DAY),
    workers: 1,
    matchKeys,
    lists: { erasures: list },
  })
  return { at, list, file: join(at, 'clean/in.ndjson'), policy: join(at, 'p.yaml') }
}

async function holdOn(
  identifiers: readonly string[],
  policies: readonly string[],
  keyset: Keyset = rotated,
  more: Partial<Hold> = {},
): Promise<Hold> {
  const searches = await Promise.all(policies.map((policy) => searchOf(policy, keyset)))
  const subjects = heldSubjectsOf(identifiers, { searches, matchKeys, keyChecks: keyChecksOf(keyset) })
  const line = addLine({
    ...{ id: 'h00000001', target: null, from: null, until: null, owner: 'legal', kept: null },
    ...{ reason: 'case 512, all of it', subjects, added: NOW - DAY, expires: NOW + DAY, ...more },
  })
  // As it is read back from the file.
  const read = parseHolds(`${line}\n`)
  if (typeof read === 'number') throw new Error('no hold')
  return read[0]!
}

const telling = (...holds: Hold[]) => tellingHolds(holds, matchKeys, NOW)
const linesOf = (file: string): readonly string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').filter(Boolean) : []

async function retained(file: string, policy: string, holds: readonly Hold[]) {
  const { plan } = await compilePolicyFile(policy, { keys: Keyring.fromKeyset(first) })
  const options = { asOf: NOW, now: NOW, marginMs: DAY, validMs: DAY, cannotStep: undefined, holds }
  const order = await planRetention(await targetsOf([file]), plan!, options)
  const setting = { plan: plan!, holds, now: NOW }
  await applyOrder(order, setting)
  return { order, setting, plan: plan! }
}

describe('a legal hold on subjects', () => {
  const ids = ['+49 30 11111111', '+49 30 22222222', ' +49 30 33333333 ', 'nothing']
  const worlds = fc.record({
    rule: fc.constantFrom(...Object.keys(RULES)),
    rows: fc.array(fc.tuple(fc.constantFrom(...ids, undefined), fc.constantFrom(95, 105, 120)), {
      minLength: 1,
      maxLength: 10,
    }),
    held: fc.subarray(ids, { minLength: 1 }),
    span: fc.boolean(),
  })

  it('keeps every row of theirs from retention and erasure, and lets the rows of others go', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async ({ rule, rows, held, span }) => {
        const text = rows.map(([id, days], n) => row(id, n, days)).join('')
        const world = await stored(text, policyOf(RULES[rule]!))
        const before = linesOf(world.file)
        const more = span ? { from: NOW - 110 * DAY } : {}
        const hold = telling(await holdOn(held, [world.policy], rotated, more))
        const { order } = await retained(world.file, world.policy, hold)
        const inSpan = (days: number): boolean => !span || days < 110
        /** Whose a row is cannot be told where no identifier is stored. */
        const mayBeHeld = (id: string | undefined): boolean =>
          id === undefined || (rule === 'token, or nothing' && id === 'nothing') || held.includes(id)
        const isOld = (days: number): boolean => days > 101
        const published = before.map((line) => Number(/"n":(\d+)/.exec(line)![1]))
        const stays = (n: number): boolean => {
          const [id, days] = rows[n]!
          return !isOld(days) || (inSpan(days) && mayBeHeld(id))
        }
        expect(linesOf(world.file)).toEqual(before.filter((_, at) => stays(published[at]!)))
        const kept = published.filter((n) => isOld(rows[n]![1]) && stays(n)).length
        expect(order.targets[0]!.held).toEqual({
          ...{ fromDeletion: kept, fromStep: 0 },
          ...(kept === 0 ? {} : { by: { h00000001: kept } }),
        })
        if (!existsSync(world.file)) return
        // The erasure of everyone leaves what is held, and says by which hold.
        const searches = [await searchOf(world.policy, rotated)]
        const keyChecks = keyChecksOf(rotated)
        const wanted = subjectsOf(ids, { searches, matchKeys, keyChecks, suppression: world.list })
        const setting = { plans: searches.map(({ plan }) => plan), matchKeys, holds: hold, now: NOW }
        const erasure = await planErasure(await targetsOf([world.file]), wanted, { ...setting, validMs: DAY })
        const left = linesOf(world.file)
        await applyErasure(erasure, world.list, setting)
        const theirs = (line: string): boolean => {
          const [id, days] = rows[Number(/"n":(\d+)/.exec(line)![1])]!
          return inSpan(days) && id !== undefined && mayBeHeld(id)
        }
        const unnamed = (line: string): boolean => !line.includes('"customer":{"id":')
        expect(linesOf(world.file)).toEqual(left.filter((line) => unnamed(line) || theirs(line)))
        const open = openPoints(await verifyErasure(erasure, world.list, setting))
        const isHeld = left.some((line) => !unnamed(line) && theirs(line))
        expect(open.filter(({ code }) => code === 'held').map(({ message }) => message)).toEqual(
          isHeld ? [expect.stringMatching(/under legal hold h00000001$/)] : [],
        )
      }),
      { numRuns: 5 },
    )
  })

  it('holds every row of a file in which it cannot tell them, and says why', async () => {
    const text = row('C-1', 1, 120) + row('C-2', 2, 120)
    const token = policyOf(TOKEN)
    const cases: readonly [string, string, Keyset, readonly string[] | undefined, RegExp][] = [
      ['another version', policyOf(TOKEN, 2), first, [policyOf(TOKEN, 1)], /another version/],
      ['a key since', token, promoteKey(addKey(rotated, new Date(NOW)), 'k3'), undefined, /under the key k3/],
      [
        'no token',
        policyOf('{ use: mask.characters, keepLast: 2 }'),
        first,
        undefined,
        /no field holds a token/,
      ],
      [
        'a constant',
        policyOf('{ use: hash.hmac, domain: customer, normalize: phone, else: { constant: nobody } }'),
        first,
        undefined,
        /no field holds a token/,
      ],
    ]
    for (const [title, policy, keyset, others, why] of cases) {
      const world = await stored(text, policy, keyset)
      const named = others?.map((other, n) => {
        writeFileSync(join(world.at, `${n}.yaml`), other)
        return join(world.at, `${n}.yaml`)
      }) ?? [world.policy]
      const hold = telling(await holdOn(['C-9'], named))
      const { order, setting } = await retained(world.file, world.policy, hold)
      expect([title, linesOf(world.file).length, order.targets[0]?.held]).toEqual([
        title,
        2,
        {
          ...{ fromDeletion: 2, fromStep: 0, by: { h00000001: 2 } },
          whole: [{ hold: 'h00000001', why: expect.stringMatching(why) }],
        },
      ])
      expect(await verifyOrder(order, setting)).toMatchObject([{ state: 'held', held: 2 }])
    }
    // And where they were not looked for.
    const world = await stored(text, token)
    await retained(world.file, world.policy, [await holdOn(['C-9'], [world.policy])])
    expect(linesOf(world.file)).toHaveLength(2)
    expect(() => tellingHolds([{ ...telling()[0]!, ...hold0 }], undefined, NOW)).toThrow(
      expect.objectContaining({ code: 'keys-missing' }),
    )
  })

  it('holds a row that names another subject beside one that is not stored', async () => {
    const referred = (id: string | undefined, by: string, n: number): string =>
      row(id, n, 120).replace('}\n', `,"by":"${by}"}\n`)
    const world = await stored(
      referred('C-2', 'C-3', 1) + referred(undefined, 'C-3', 2) + referred('C-2', 'C-1', 3),
      policyOf(TOKEN).replace('  n: keep', `  by: ${TOKEN}\n  n: keep`),
    )
    const { order } = await retained(world.file, world.policy, telling(await holdOn(['C-1'], [world.policy])))
    expect(order.targets).toMatchObject([{ deleted: 1, held: { by: { h00000001: 2 } } }])
    expect(linesOf(world.file).map((line) => /"n":(\d)/.exec(line)![1])).toEqual(['2', '3'])
  })

  it('keeps rows from a later step', async () => {
    const step = '    - { after: 95d, fields: { at: { use: generalize.date, to: year } } }\n'
    const world = await stored(row('C-1', 1, 99) + row('C-2', 2, 99), policyOf(TOKEN, 1, step))
    const before = linesOf(world.file)
    const { order } = await retained(world.file, world.policy, telling(await holdOn(['C-1'], [world.policy])))
    expect(order.targets).toMatchObject([{ stepped: 1, held: { fromStep: 1, by: { h00000001: 1 } } }])
    expect(linesOf(world.file)[0]).toBe(before[0])
    expect(linesOf(world.file)[1]).toContain('"at":"2025"')
  })

  it('is looked at again right before something goes', async () => {
    const plain: Hold = {
      ...{ id: 'h00000002', target: null, from: null, until: null, owner: 'legal', kept: null },
      ...{ reason: 'case 513, of today', added: NOW, expires: NOW + DAY, released: undefined },
    }
    for (const text of [row('C-1', 1, 120), row('C-1', 1, 120) + row('C-2', 2, 91)]) {
      const world = await stored(text, policyOf(TOKEN))
      const before = linesOf(world.file)
      const sidecar = readFileSync(`${world.file}.lethe.json`, 'utf8')
      const keys = Keyring.fromKeyset(first)
      const { plan } = await compilePolicyFile(world.policy, { keys })
      const options = { asOf: NOW, now: NOW, marginMs: DAY, validMs: DAY, cannotStep: undefined, holds: [] }
      const order = await planRetention(await targetsOf([world.file]), plan!, options)
      let looks = 0
      const lookAgain = () => {
        looks++
        // It is asked once the new file stands beside the old one.
        return [plain]
      }
      const setting = { plan: plan!, holds: [], now: NOW, lookAgain }
      await expect(applyOrder(order, setting)).rejects.toMatchObject({ code: 'target-held' })
      expect(looks).toBe(1)
      expect([linesOf(world.file), readFileSync(`${world.file}.lethe.json`, 'utf8')]).toEqual([
        before,
        sidecar,
      ])
      const searches = [await searchOf(world.policy, first)]
      const wanted = subjectsOf(['C-1'], {
        ...{ searches, matchKeys, keyChecks: keyChecksOf(first), suppression: world.list },
      })
      const erasing = { plans: [searches[0]!.plan], matchKeys, holds: [], now: NOW, lookAgain }
      const erasure = await planErasure(await targetsOf([world.file]), wanted, { ...erasing, validMs: DAY })
      await expect(applyErasure(erasure, world.list, erasing)).rejects.toMatchObject({ code: 'target-held' })
      expect(linesOf(world.file)).toEqual(before)
      // One that is on something else is none; then it goes.
      const elsewhere = () => [{ ...plain, target: 'file:/elsewhere' as const }]
      expect(await applyOrder(order, { ...setting, lookAgain: elsewhere })).toMatchObject({ applied: 1 })
    }
  })
})

describe('a batch', () => {
  it('that puts another file in the place of one while it is rewritten or deleted, keeps it', async () => {
    for (const text of [row('C-1', 1, 120), row('C-1', 1, 120) + row('C-2', 2, 91)]) {
      const world = await stored(text, policyOf(TOKEN))
      const { plan } = await compilePolicyFile(world.policy, { keys: Keyring.fromKeyset(first) })
      const options = { asOf: NOW, now: NOW, marginMs: DAY, validMs: DAY, cannotStep: undefined, holds: [] }
      const order = await planRetention(await targetsOf([world.file]), plan!, options)
      // Holds are looked at last of all.
      const lookAgain = () => {
        writeFileSync(`${world.file}.new`, 'newer\n')
        renameSync(`${world.file}.new`, world.file)
        return []
      }
      const setting = { plan: plan!, holds: [], now: NOW, lookAgain }
      await expect(applyOrder(order, setting)).rejects.toMatchObject({ code: 'target-changed' })
      expect(readFileSync(world.file, 'utf8')).toBe('newer\n')
    }
  })
})

describe('what a hold on subjects is refused for', () => {
  it('names no value: a subject without a normal form, too many of them, match keys that are others', async () => {
    const world = await stored(row('C-1', 1, 120), policyOf(TOKEN))
    const searches = [await searchOf(world.policy, first)]
    const setting = { searches, matchKeys, keyChecks: keyChecksOf(first) }
    expect(() => heldSubjectsOf(['C-1', '  '], setting)).toThrow('subject 2 has no normal form (trim)')
    const many = Array.from({ length: 10_001 }, (_, n) => `C-${n}`)
    expect(() => heldSubjectsOf(many, setting)).toThrow('10000 subjects at most, and 10001 are named')
    const hold = await holdOn(['C-1'], [world.policy])
    const others = new MatchKeys(createKeyset(new Date(NOW), undefined, 'match'))
    expect(() => tellingHolds([hold], others, NOW)).toThrow(
      expect.objectContaining({ code: 'match-key-missing' }),
    )
    // One that is over asks for no keys.
    expect(tellingHolds([{ ...hold, expires: NOW }], undefined, NOW)).toHaveLength(1)
  })
})

const hold0: Hold = {
  ...{ id: 'h00000003', target: null, from: null, until: null, owner: 'legal', kept: null },
  ...{ reason: 'case 514, of one person', added: NOW, expires: NOW + DAY, released: undefined },
  subjects: { normalize: 'trim', matchKeys: {}, keys: {}, searches: [], subjects: [] },
}

const CANARY = '77canary77'

describe('lethe hold add --subject', () => {
  it('writes down tokens under match keys alone; retain and forget go by it', async () => {
    const ago = (days: number): string => new Date(Date.now() - days * DAY).toISOString()
    const line = (id: string, n: number): string =>
      `${JSON.stringify({ at: ago(120), customer: { id }, n })}\n`
    const cwd = folder({
      'p.yaml': policyOf(TOKEN).replace(
        '  n: keep',
        '  raw: { from: customer.id, use: keep, accept: for this test }\n  n: keep',
      ),
      'in.ndjson': line(CANARY, 1) + line('other', 2),
      'clean/.keep': '',
    })
    const said: string[] = []
    const run = async (code: number, ...args: string[]) => {
      const ended = await warm(args, { cwd })
      expect([args.join(' '), ended.stderr, ended.code]).toEqual([args.join(' '), ended.stderr, code])
      said.push(ended.stdout, ended.stderr)
      return ended
    }
    await run(0, 'keys', 'create', 'keys.json')
    await run(0, 'keys', 'create', '--match', 'match.json')
    writeFileSync(join(cwd, 'named.txt'), `${CANARY}\n`, { mode: 0o600 })
    const [policy, keys, match] = [
      ['-p', 'p.yaml'],
      ['--keys', 'keys.json'],
      ['--match-keys', 'match.json'],
    ]
    await run(0, 'forget', 'begin', ...policy, '--suppression', 'e.ndjson')
    const to = ['-o', 'clean/', '--as-of', ago(100)]
    await run(0, 'batch', 'in.ndjson', ...policy, ...keys, ...match, '--list', 'erasures=e.ndjson', ...to)
    const before = readFileSync(join(cwd, 'clean/in.ndjson'), 'utf8')
    const why = ['--owner', 'legal', '--reason', 'case 512, one person', '--expires', '2999-01-01']
    const add = ['hold', 'add', '--holds', 'h.ndjson', ...why]
    const named = ['--list', 'named.txt']
    expect((await run(2, ...add, ...named, ...keys, ...match)).stderr).toContain('-p POLICY')
    expect((await run(2, ...add, ...named, ...policy, ...keys)).stderr).toContain('--match-keys')
    expect((await run(2, ...add, ...policy)).stderr).toContain('--subject')
    const topic = [...named, ...policy, ...keys, ...match, '--target', 'topic:clean']
    expect((await run(2, ...add, ...topic)).stderr).toContain('a broker deletes')
    expect(existsSync(join(cwd, 'h.ndjson'))).toBe(false)
    await run(0, ...add, ...named, ...policy, ...keys, ...match)
    const holds = readFileSync(join(cwd, 'h.ndjson'), 'utf8')
    // Not the identifier, and nothing of what outputs hold of it.
    expect(holds).not.toContain(CANARY)
    const [token] = /(?<="id":")[^"]+/.exec(before)!
    expect(holds).not.toContain(token.slice(3))
    expect((await run(0, 'hold', 'list', '--holds', 'h.ndjson')).stdout).toMatch(/all events +1 +legal/)
    const retain = ['-p', 'p.yaml', '--holds', 'h.ndjson']
    expect((await run(2, 'retain', 'plan', 'clean', ...retain, '-o', 'o.json')).stderr).toContain(
      '--match-keys',
    )
    const planned = await run(0, 'retain', 'plan', 'clean', ...retain, ...match, '-o', 'o.json')
    expect(planned.stderr).toMatch(/ {2}1 rows stay as they are, under legal hold h[0-9a-f]{8}\n/)
    await run(0, 'retain', 'apply', 'o.json', ...retain, ...match)
    expect(readFileSync(join(cwd, 'clean/in.ndjson'), 'utf8')).toBe(`${before.split('\n')[0]}\n`)
    const list = ['--suppression', 'e.ndjson', '--holds', 'h.ndjson', ...match]
    await run(0, 'forget', 'plan', 'clean', ...named, ...policy, ...keys, ...list, '-o', 'f.json')
    await run(0, 'forget', 'apply', 'f.json', ...policy, ...list)
    const verified = await run(1, 'forget', 'verify', 'f.json', ...policy, ...list)
    expect(verified.stdout).toMatch(/held: 1 rows are there under legal hold h[0-9a-f]{8}\nopen: 1 points/)
    expect(readFileSync(join(cwd, 'clean/in.ndjson'), 'utf8')).toContain(CANARY)
    // A line that someone has changed deletes nothing.
    writeFileSync(join(cwd, 'h.ndjson'), holds.replace('"tells":true', '"tells":1'))
    expect((await run(2, 'retain', 'apply', 'o.json', ...retain, ...match)).stderr).toContain('h.ndjson:1')
    // Its key is in use until it is released.
    writeFileSync(join(cwd, 'h.ndjson'), holds)
    await run(0, 'keys', 'add', 'match.json')
    await run(0, 'keys', 'promote', 'match.json', 'k2')
    const disable = ['keys', 'disable', 'match.json', 'k1', '--unused', '--holds', 'h.ndjson']
    expect((await run(2, ...disable)).stderr).toMatch(/legal holds on subjects .* by k1: h[0-9a-f]{8};/)
    const ofTokens = await run(2, 'keys', 'disable', 'keys.json', 'k1', '--holds', 'h.ndjson')
    expect(ofTokens.stderr).toContain('these are keys of tokens')
    const [id] = /h[0-9a-f]{8}/.exec(holds)!
    await run(0, 'hold', 'release', id, '--holds', 'h.ndjson', ...why.slice(0, 4))
    await run(0, ...disable)
    expect(said.join('')).not.toContain(CANARY)
  })
})

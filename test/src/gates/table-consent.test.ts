/** `consent: { table }`: a record leaves where its subject had agreed at the event time, and has not withdrawn since. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { LetheError } from '../../../src/errors.ts'
import { loadGateData } from '../../../src/gates/gate-data.ts'
import { addKey, createKeyset, promoteKey } from '../../../src/keys/keyset.ts'
import { MatchKeys } from '../../../src/keys/match-keys.ts'
import type { ConsentStatement } from '../../../src/lists/consent-history.ts'
import { ConsentTable } from '../../../src/lists/consent-table.ts'
import { addStatements, createConsentTable, historiesOf } from '../../../src/lists/consent-writer.ts'
import { loadConsent } from '../../../src/lists/load-consent.ts'
import { readStatements } from '../../../src/lists/read-statements.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { createDeidentifier } from '../../../src/run/deidentifier.ts'

const folder = mkdtempSync(join(tmpdir(), 'lethe-consent-'))
afterAll(() => rmSync(folder, { recursive: true }))

const NOW = Date.parse('2026-03-01T00:00:00Z')
const PURPOSE = 'train_ai_system'
const FORM = { table: 't', purpose: PURPOSE, normalize: 'trim' } as const
const keyset = createKeyset(new Date(NOW), randomBytes, 'match')
const keys = new MatchKeys(keyset)
let files = 0

const at = (day: number): number => Date.UTC(2026, 0, day)
const granted = (day: number, until?: number): ConsentStatement => ({
  state: 'granted',
  from: at(day),
  ...(until === undefined ? {} : { until: at(until) }),
})
const withdrawn = (day: number): ConsentStatement => ({ state: 'withdrawn', from: at(day) })

async function tableOf(
  histories: Readonly<Record<string, readonly ConsentStatement[]>>,
  { purpose = PURPOSE, under = keys } = {},
): Promise<string> {
  const file = join(folder, `table-${files++}`)
  await createConsentTable(file, { domain: 'consent', normalize: 'trim' })
  for (const [subject, statements] of Object.entries(histories))
    await addStatements(
      file,
      statements.map((statement) => ({ subject, purpose, statement, where: 'test' })),
      under,
      NOW,
    )
  return file
}

function planOf(words = ''): Plan {
  const text = `policy: p\nversion: 1\npurpose: ${PURPOSE}\ntime: t\nfields: { v: keep, t: drop }\nconsent: { table: training, by: id${words} }\n`
  const { plan, problems } = compilePolicy({ file: 'p.yaml', text, readFile: () => new Uint8Array() })
  expect(problems).toEqual([])
  return plan!
}

const denied = 'consent denied by table training'
const unknown = 'consent unknown to table training'

function outcomes(plan: Plan, file: string, records: readonly unknown[], under = keys): string[] {
  const data = loadGateData([plan], { tables: new Map([['training', file]]) }, under)
  const deidentifier = createDeidentifier(plan, { format: 'json', now: NOW, data })
  return records.map((one) => {
    const outcome = deidentifier.deidentify(Buffer.from(typeof one === 'string' ? one : JSON.stringify(one)))
    return outcome.kind === 'publish'
      ? 'passes'
      : outcome.kind === 'suppress'
        ? outcome.reason
        : (outcome as { code: string }).code
  })
}

const event = (id: unknown, day: number) => ({ v: 1, id, t: new Date(at(day)).toISOString() })

describe('a consent table', () => {
  it('asks two instants: consent at the event time, and no withdrawal since', async () => {
    const file = await tableOf({
      open: [granted(10)],
      ended: [granted(10, 20)],
      gone: [granted(10), withdrawn(20)],
      back: [granted(5), withdrawn(10), granted(20)],
      never: [withdrawn(1)],
    })
    const of = (id: string) =>
      outcomes(planOf(), file, [event(id, 1), event(id, 7), event(id, 15), event(id, 25)])
    expect(of('open')).toEqual([unknown, unknown, 'passes', 'passes'])
    expect(of('ended')).toEqual([unknown, unknown, 'passes', unknown])
    expect(of('gone')).toEqual(Array(4).fill(denied))
    expect(of('back')).toEqual([unknown, 'passes', denied, 'passes'])
    expect(of('never')).toEqual(Array(4).fill(denied))
    expect(of('stranger')).toEqual(Array(4).fill(unknown))
  })

  it('denies what it cannot tell, and a denied record is no dead letter', async () => {
    const plan = planOf()
    const file = await tableOf({ a: [granted(1)], b: [withdrawn(1)] })
    expect(
      outcomes(plan, file, [
        { v: 1, id: 'a' },
        { v: 1, id: 'a', t: 'no time' },
        { v: 1, t: '2026-01-05T00:00:00Z' },
        { v: 1, id: ['a'], t: '2026-01-05T00:00:00Z' },
        { ...event('b', 5), v: {} },
        '{"id":"b","t":"2026-01-05T00:00:00Z","v":',
        '{"id":"a","t":"2026-01-05T00:00:00Z","v":',
        { ...event('a', 5), v: {} },
        event(' a ', 5),
      ]),
    ).toEqual([
      unknown,
      unknown,
      unknown,
      unknown,
      denied,
      denied,
      'json-truncated',
      'container-for-scalar',
      'passes',
    ])
  })

  it('is a list of objections where silence is accepted', async () => {
    const plan = planOf(', default: allow, accept: legitimate interest with a right to object')
    const file = await tableOf({ a: [withdrawn(10)], b: [withdrawn(10), granted(20)], c: [granted(5)] })
    expect(
      outcomes(plan, file, [
        event('x', 1),
        event('a', 1),
        event('a', 15),
        event('b', 1),
        event('b', 15),
        event('b', 25),
        event('c', 1),
        { v: 1, id: 'x' },
        { v: 1, id: 'b' },
      ]),
    ).toEqual(['passes', denied, denied, 'passes', denied, 'passes', 'passes', 'passes', unknown])
  })

  it('answers for its purpose alone, and under its own keys over their rotation', async () => {
    const other = await tableOf({ a: [granted(1)] }, { purpose: 'analytics' })
    expect(outcomes(planOf(), other, [event('a', 5)])).toEqual([unknown])
    const file = await tableOf({ a: [granted(1)] })
    const rotated = new MatchKeys(promoteKey(addKey(keyset, new Date(NOW)), 'k2'))
    await addStatements(
      file,
      [{ subject: 'b', purpose: PURPOSE, statement: granted(1), where: 't' }],
      rotated,
      NOW,
    )
    await addStatements(
      file,
      [{ subject: 'a', purpose: PURPOSE, statement: withdrawn(3), where: 't' }],
      rotated,
      NOW,
    )
    expect(outcomes(planOf(), file, [event('a', 2), event('b', 2)], rotated)).toEqual([denied, 'passes'])
    expect(() => outcomes(planOf(), file, [], keys)).toThrow(LetheError)
    expect(() => createDeidentifier(planOf(), { format: 'json' })).toThrow(/consent table training/)
  })

  it('says of any history what a list of statements says', () => {
    const statement = fc.record({
      state: fc.constantFrom('granted' as const, 'withdrawn' as const),
      gap: fc.integer({ min: 1, max: 5 }),
      ends: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
    })
    const history = fc.array(statement, { minLength: 1, maxLength: 6 }).map((parts) => {
      let day = 0
      return parts.map(({ state, gap, ends }): ConsentStatement => {
        day += gap
        return {
          state,
          from: at(day),
          ...(state === 'granted' && ends !== undefined ? { until: at(day + ends) } : {}),
        }
      })
    })
    fc.assert(
      fc.property(
        fc.array(history, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 0, max: 40 }),
        (histories, day) => {
          const table = ConsentTable.create(4)
          const tokens = histories.map(() => randomBytes(16))
          histories.forEach((one, index) => {
            // Whatever was said before is replaced as a whole.
            table.set(tokens[index]!, histories[(index + 1) % histories.length]!)
            table.set(tokens[index]!, one)
          })
          const shared = ConsentTable.of(table.memory)
          for (const [index, one] of histories.entries()) {
            const last = one.at(-1)!
            const then = one.findLast(({ from }) => from <= at(day))
            const expected =
              last.state === 'withdrawn'
                ? 'withdrawn'
                : then === undefined || (then.until !== undefined && then.until <= at(day))
                  ? 'unknown'
                  : then.state
            expect(shared.stateOf(tokens[index]!, at(day))).toBe(expected)
          }
          expect(shared.stateOf(randomBytes(16), at(day))).toBeUndefined()
          expect(shared.count).toBe(histories.length)
        },
      ),
    )
  })
})

describe('the file of a consent table', () => {
  const said = async (work: () => unknown): Promise<string> => {
    try {
      await work()
    } catch (error) {
      if (error instanceof LetheError) return `${error.code}: ${error.message}`
      throw error
    }
    return 'taken'
  }

  it('holds tokens, whole histories, and no subject', async () => {
    const file = await tableOf({ 'C-1001': [{ ...granted(1), source: 'web', notice: 'v3' }, withdrawn(9)] })
    const text = readFileSync(file, 'utf8')
    expect(text).not.toContain('C-1001')
    expect(text.trim().split('\n').at(-1)).toMatch(
      /^\{"t":"k1\.[\w-]{22}","purpose":"train_ai_system","history":\[\{"state":"granted","from":"2026-01-01T00:00:00Z","source":"web","notice":"v3"\},\{"state":"withdrawn","from":"2026-01-09T00:00:00Z"\}\]\}$/,
    )
    expect([...historiesOf(file, ' C-1001', keys, NOW).keys()]).toEqual([PURPOSE])
    expect(historiesOf(file, 'C-1002', keys, NOW).size).toBe(0)
    // The same again changes nothing.
    expect(
      await addStatements(
        file,
        [{ subject: 'C-1001', purpose: PURPOSE, statement: withdrawn(9), where: 't' }],
        keys,
        NOW,
      ),
    ).toBe(0)
  })

  it('writes no history that cannot be read again, and takes a withdrawal whatever its length', async () => {
    const text = 'x'.repeat(100)
    const file = await tableOf({ other: [granted(1)] })
    const add = (subject: string, statement: ConsentStatement) =>
      addStatements(file, [{ subject, purpose: PURPOSE, statement, where: 't' }], keys, NOW)
    const many = Array.from({ length: 400 }, (_, at) => ({
      subject: 'a',
      purpose: PURPOSE,
      statement: { ...granted(1), from: granted(1).from + at * 1000, source: text, notice: text },
      where: `f:${at + 2}`,
    }))
    // All or none: more than 64 KiB of them is none.
    expect(await said(() => addStatements(file, many, keys, NOW))).toMatch(
      /^consent-invalid: f:\d+: the history of the subject would take more than 64 KiB; nothing was written$/,
    )
    for (let taken = 0; ; taken++)
      try {
        await addStatements(file, many.slice(taken * 50, taken * 50 + 50), keys, NOW)
      } catch {
        break
      }
    for (const { statement } of many.slice(200))
      if ((await said(() => add('a', statement))) !== 'taken') break
    expect(await said(() => add('a', many.at(-1)!.statement))).toMatch(/^consent-invalid: /)
    await add('a', { ...withdrawn(2), source: text, notice: text })
    expect(historiesOf(file, 'a', keys, NOW).get(PURPOSE)!.at(-1)!.state).toBe('withdrawn')
    expect(await said(() => add('a', granted(3)))).toMatch(/^consent-invalid: /)
    await add('other', withdrawn(2))
    expect(loadConsent(FORM, file, NOW).count).toBe(2)
    // Of a line it does not matter where in the file it stands.
    const long = join(folder, 'long.ndjson')
    const lines = readFileSync(file, 'utf8').split('\n')
    for (const before of [1, 9000, 60_000])
      for (const [length, code] of [
        [1 << 20, /no record of a consent table/],
        [(1 << 20) + 1, /longer than 1 MiB/],
      ] as const) {
        const blank = Array<string>(before).fill(lines[1]!)
        writeFileSync(long, [lines[0], ...blank, 'x'.repeat(length), ''].join('\n'))
        expect(await said(() => loadConsent(FORM, long, NOW))).toMatch(code)
      }
  })

  it('loses the line that a crash cut short, and no other: the next statement takes it off', async () => {
    const file = await tableOf({ a: [granted(1)] })
    const whole = readFileSync(file, 'utf8')
    const say = (statement: ConsentStatement, onCut?: () => void) =>
      addStatements(file, [{ subject: 'a', purpose: PURPOSE, statement, where: 't' }], keys, NOW, onCut)
    await say(withdrawn(9))
    const size = readFileSync(file).length
    for (const cut of [1, 9, size - whole.length - 1]) {
      truncateSync(file, size - cut)
      expect(await said(() => historiesOf(file, 'a', keys, NOW))).toMatch(
        /:4: the last line is cut short.*nothing was read/,
      )
      let cuts = 0
      expect(await say(withdrawn(9), () => cuts++)).toBe(1)
      expect([cuts, readFileSync(file).length]).toEqual([1, size])
      expect(historiesOf(file, 'a', keys, NOW).get(PURPOSE)).toEqual([granted(1), withdrawn(9)])
    }
  })

  it('refuses conflicts, the future, unknown purposes, and whatever was edited, at its line', async () => {
    const file = await tableOf({ a: [granted(1)] })
    const before = readFileSync(file, 'utf8')
    const add = (...statements: ConsentStatement[]) =>
      said(() =>
        addStatements(
          file,
          statements.map((statement, line) => ({
            subject: 'a',
            purpose: PURPOSE,
            statement,
            where: `f:${line + 2}`,
          })),
          keys,
          NOW,
        ),
      )
    expect(await add(withdrawn(2), withdrawn(1))).toMatch(
      /^consent-invalid: f:3: .*two things of one instant; nothing was written/,
    )
    expect(await add(granted(70))).toMatch(/^consent-invalid: f:2: .*lies in the future/)
    expect(await add(granted(5, 4))).toMatch(/ends before it begins/)
    expect(readFileSync(file, 'utf8')).toBe(before)
    const edited = (from: string | RegExp, to: string) => {
      const name = join(folder, `edited-${files++}`)
      writeFileSync(name, before.replace(from, to))
      return said(() => loadConsent({ table: 't', purpose: PURPOSE, normalize: 'trim' }, name, NOW)).then(
        (text) => text.replace(name, 'FILE'),
      )
    }
    expect(await edited('"lethe":"consent"', '"lethe":"list"')).toMatch(/^list-invalid: FILE:1: /)
    expect(await edited('"trim"', '"email"')).toMatch(/^list-invalid: FILE:1: .*normal form email/)
    expect(await edited(PURPOSE, 'train_ai_sistem')).toMatch(
      /^list-invalid: FILE:3: its purpose is not a data use/,
    )
    expect(await edited('2026-01-01', '2026-02-30')).toMatch(
      /^list-invalid: FILE:3: a statement of it cannot be read/,
    )
    expect(await edited('2026-01-01', '2027-01-01')).toMatch(
      /^list-invalid: FILE:3: statement 1 lies in the future/,
    )
    expect(await edited(/\{"key".*\n/, '')).toMatch(/^list-invalid: FILE:2: no line before it/)
    expect(await edited(/\n$/, '')).toMatch(/^list-invalid: FILE:3: the last line is cut short/)
    expect(await edited(/^.*\n.*\n/, '')).toMatch(/^list-invalid: FILE:1: /)
  })

  it('takes statements from CSV, all or none, and quotes no cell', async () => {
    const csv = (text: string) => {
      const name = join(folder, `csv-${files++}`)
      writeFileSync(name, text, { mode: 0o600 })
      return name
    }
    const header = 'subject,purpose,state,from,until,source,notice\n'
    const good = readStatements(
      csv(
        `${header}C-1,${PURPOSE},granted,2026-01-01T00:00:00Z,,"web, app",v3\n\nC-2,${PURPOSE},withdrawn,2026-01-02T00:00:00Z,,,\n`,
      ),
    )
    expect(
      good.map(({ subject, statement, where }) => [
        subject,
        statement.state,
        statement.source,
        where.split(':').at(-1),
      ]),
    ).toEqual([
      ['C-1', 'granted', 'web, app', '2'],
      ['C-2', 'withdrawn', undefined, '4'],
    ])
    const bad = (text: string) =>
      said(() => readStatements(csv(text))).then((message) => {
        expect(message).not.toContain('C-1')
        return message
      })
    expect(await bad('subject,state\nC-1,granted\n')).toMatch(/:1: the column purpose is missing/)
    expect(await bad(`${header}C-1,${PURPOSE},yes,2026-01-01T00:00:00Z,,,\n`)).toMatch(
      /:2: its column state is neither/,
    )
    expect(await bad(`${header}C-1,train,granted,2026-01-01T00:00:00Z,,,\n`)).toMatch(
      /:2: its column purpose/,
    )
    expect(await bad(`${header}C-1,${PURPOSE},granted,2026-01-01,,,\n`)).toMatch(
      /:2: its column from is no time in UTC/,
    )
    expect(await bad(`${header}"C-1\n`)).toMatch(/:2: a quoted field never closes/)
  })
})

/** Snapshots of consent tables in topics: with the tail they are what the whole topic is, or they are not used. */
import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addKey, createKeyset, disableKey, promoteKey } from '../../../src/keys/keyset.ts'
import { MatchKeys } from '../../../src/keys/match-keys.ts'
import { consentHeaderLine, consentLine } from '../../../src/lists/consent-file.ts'
import type { ConsentStatement } from '../../../src/lists/consent-history.ts'
import { ConsentTable } from '../../../src/lists/consent-table.ts'
import { keyLine } from '../../../src/lists/match-list.ts'
import { type TableLog, TopicSnapshots } from '../../../src/lists/topic-snapshots.ts'
import { FollowedTable } from '../../../src/run/stream/followed-table.ts'
import type { LogEvent } from '../../../src/telemetry/events.ts'
import { TableTopic } from './table-topic.ts'

const PURPOSE = 'train_ai_system'
const DAY = 86_400_000
const keyset = createKeyset(new Date(), randomBytes, 'match')
const keys = new MatchKeys(keyset)
const { id, check } = keys.primary
const match = keys.matcher(id, check, 'consent', 'test')
const LOG: TableLog = { cluster: 'c', topic: 't', topicId: 'a1', tombstonesFor: DAY }
const FORM = { table: 'training', purpose: PURPOSE, normalize: 'trim' } as const

let folder: string
let files = 0
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lethe-snapshots-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const newFile = (): string => join(folder, `snapshot-${files++}`)

const keyOf = (subject: string): string => `${id}.${match(subject).toString('base64url')} ${PURPOSE}`
const said = (...states: readonly ConsentStatement['state'][]): readonly ConsentStatement[] =>
  states.map((state, at) => ({ state, from: (at + 1) * DAY }))
const say = (topic: TableTopic, subject: string, history: readonly ConsentStatement[]): void =>
  topic.write(keyOf(subject), consentLine({ key: id, token: match(subject), purpose: PURPOSE, history }))

function newTopic(): TableTopic {
  const topic = new TableTopic()
  topic.write(id, keyLine(id, check))
  topic.write('lethe', consentHeaderLine({ domain: 'consent', normalize: 'trim' }))
  return topic
}

interface Running {
  readonly table: FollowedTable
  readonly events: readonly LogEvent[]
  stateOf(subject: string, day: number): string | undefined
  caughtUp(): Promise<void>
}

interface Setting {
  readonly file?: string | undefined
  readonly log?: Partial<TableLog>
  readonly matchKeys?: MatchKeys
  readonly form?: Partial<ConstructorParameters<typeof FollowedTable>[0]['form']>
  readonly version?: string
  readonly writes?: boolean
  readonly now?: () => number
}

/** Reads the topic, from the snapshot where there is one, and follows it. */
async function start(topic: TableTopic, setting: Setting = {}): Promise<Running> {
  const { file, log, matchKeys = keys, version = '1', writes = true, now = Date.now } = setting
  const events: LogEvent[] = []
  const form = { ...FORM, ...setting.form }
  const table = new FollowedTable({
    form,
    place: { topic: 't', maxLag: 60_000 },
    matchKeys,
    open: topic.open,
    identity: { isSame: () => Promise.resolve(true), close: () => {} },
    log: { event: (event: LogEvent) => void events.push(event), flush: () => {}, close: () => {} },
    tell: () => {},
    stop: new AbortController().signal,
    snapshots:
      file === undefined
        ? undefined
        : new TopicSnapshots({ file, form, matchKeys, log: { ...LOG, ...log }, version, writes, now }),
  })
  await table.readToEnd()
  return {
    table,
    events,
    stateOf: (subject, day) => ConsentTable.of(table.loaded.memory).stateOf(match(subject), day * DAY),
    caughtUp: async () => {
      while (table.offset.offset < topic.end) await sleep(1)
    },
  }
}

const kindsOf = ({ events }: Running): readonly string[] =>
  events.map((event) => ('code' in event ? `${event.kind} ${event.code}` : event.kind))

const SUBJECTS = ['a', 'b', 'c', 'd', 'e', 'f']
const HISTORIES = [
  said('granted'),
  said('granted', 'withdrawn'),
  said('granted', 'withdrawn', 'granted'),
  said('granted', 'granted'),
]

describe('a snapshot with the tail', () => {
  it('is what the whole topic is, over any histories, compactions, restarts and crashes', async () => {
    const step = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          kind: fc.constant('say' as const),
          subject: fc.constantFrom(...SUBJECTS),
          history: fc.constantFrom(...HISTORIES),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constantFrom('tombstone' as const, 'unreadable' as const),
          subject: fc.constantFrom(...SUBJECTS),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('restart' as const, 'crash' as const) }) },
    )
    let used = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30, size: 'max' }), async (steps) => {
        const topic = newTopic()
        const file = newFile()
        let running = await start(topic, { file })
        const compare = async (): Promise<void> => {
          const cold = await start(topic)
          for (const subject of SUBJECTS)
            for (const day of [0, 1.5, 2.5, 3.5])
              expect(running.stateOf(subject, day)).toBe(cold.stateOf(subject, day))
          expect(running.table.offset).toEqual(cold.table.offset)
          await cold.table.close()
        }
        for (const one of steps)
          if (one.kind === 'say') say(topic, one.subject, one.history)
          else if (one.kind === 'tombstone') topic.write(keyOf(one.subject), null)
          else if (one.kind === 'unreadable') topic.write(keyOf(one.subject), '{}')
          else if (one.kind === 'compact') topic.compact()
          else {
            await running.caughtUp()
            const before = existsSync(file) ? readFileSync(file) : undefined
            await running.table.close()
            if (one.kind === 'crash') {
              // The last one was not written.
              if (before === undefined) rmSync(file, { force: true })
              else writeFileSync(file, before)
            }
            running = await start(topic, { file })
            if (kindsOf(running)[0] === 'snapshot-read') used++
            await compare()
          }
        await running.caughtUp()
        await compare()
        await running.table.close()
      }),
      { numRuns: 13 },
    )
    expect(used).toBeGreaterThan(1)
  })

  it('reads the tail alone, and forgets no withdrawal of it', async () => {
    const topic = newTopic()
    const file = newFile()
    for (const subject of SUBJECTS) say(topic, subject, said('granted'))
    await (await start(topic, { file })).table.close()
    expect(statSync(file).mode & 0o777).toBe(0o600)
    say(topic, 'a', said('granted', 'withdrawn'))
    topic.write(keyOf('b'), null)
    topic.compact()
    const again = await start(topic, { file })
    expect(topic.openedAt).toEqual([0, 8])
    expect(kindsOf(again)).toContain('snapshot-read')
    expect(SUBJECTS.map((subject) => again.stateOf(subject, 2.5))).toEqual([
      'withdrawn',
      'withdrawn',
      ...Array(4).fill('granted'),
    ])
    await again.table.close()
    expect(readdirSync(folder).filter((name) => /lock|part/.test(name))).toEqual([])
  })

  it('is whole while histories come that move the table', async () => {
    const topic = newTopic()
    const file = newFile()
    const running = await start(topic, { file })
    const names = Array.from({ length: 3_000 }, (_, at) => `s${at}`)
    for (const [at, name] of names.entries()) say(topic, name, HISTORIES[at % 4]!)
    await running.caughtUp()
    await running.table.close()
    const again = await start(topic, { file, writes: false })
    expect(topic.openedAt.at(-1)).toBe(topic.end)
    for (const [at, name] of names.entries())
      expect(again.stateOf(name, 3.5)).toBe(at % 4 === 1 ? 'withdrawn' : 'granted')
    await again.table.close()
  })
})

describe('a snapshot is not used', () => {
  const prepared = async (
    subjects: readonly string[] = SUBJECTS,
  ): Promise<{ readonly topic: TableTopic; readonly file: string }> => {
    const topic = newTopic()
    const file = newFile()
    for (const subject of subjects) say(topic, subject, HISTORIES[2]!)
    await (await start(topic, { file })).table.close()
    return { topic, file }
  }
  const unused = async (topic: TableTopic, setting: Setting): Promise<string | undefined> => {
    const running = await start(topic, { writes: false, ...setting })
    const isCold = topic.openedAt.at(-1) !== topic.end
    await running.table.close()
    return isCold ? kindsOf(running).find((kind) => kind.startsWith('snapshot-unused')) : 'used'
  }

  it('with any byte changed, cut short anywhere, or longer', { timeout: 30_000 }, async () => {
    const { topic, file } = await prepared(['a'])
    const whole = readFileSync(file)
    expect(await unused(topic, { file })).toBe('used')
    const read = async (): Promise<string> => {
      const snapshots = new TopicSnapshots({
        file,
        form: FORM,
        matchKeys: keys,
        log: LOG,
        version: '1',
        writes: false,
        now: Date.now,
      })
      return await snapshots.read().then(
        () => 'used',
        ({ fault }) => String(fault),
      )
    }
    const faults = new Set<string>()
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole)
      changed[at]! ^= 1 << (at % 8)
      writeFileSync(file, changed)
      faults.add(await read())
      if (at % 5 !== 0) continue
      writeFileSync(file, whole.subarray(0, at))
      faults.add(await read())
    }
    expect(faults).not.toContain('used')
    expect([...faults].sort()).toEqual([
      'changed',
      'cut-short',
      'no-snapshot',
      'other-key',
      'other-table',
      'other-topic',
      'other-version',
      'too-old',
    ])
    writeFileSync(file, Buffer.concat([whole, Buffer.alloc(1)]))
    expect(await unused(topic, { file })).toBe('snapshot-unused changed')
    writeFileSync(file, whole.subarray(0, whole.length - 1))
    expect(await unused(topic, { file })).toBe('snapshot-unused cut-short')
  })

  it('where it is of another table, topic, key, version or time', async () => {
    const { topic, file } = await prepared()
    const rotated = promoteKey(addKey(keyset, new Date()), 'k2')
    const other = new MatchKeys(createKeyset(new Date(), randomBytes, 'match'))
    const cases: readonly (readonly [Setting, string])[] = [
      [{ form: { table: 'other' } }, 'snapshot-unused other-table'],
      [{ form: { purpose: 'essential.service' } }, 'snapshot-unused other-table'],
      [{ log: { topicId: 'a2' } }, 'snapshot-unused other-topic'],
      [{ log: { topic: 'u' } }, 'snapshot-unused other-topic'],
      [{ log: { cluster: 'd' } }, 'snapshot-unused other-topic'],
      [{ version: '2' }, 'snapshot-unused other-version'],
      [{ now: () => Date.now() + 0.91 * DAY }, 'snapshot-unused too-old'],
      [{ now: () => Date.now() - DAY }, 'snapshot-unused too-old'],
      [{ matchKeys: new MatchKeys(rotated) }, 'used'],
      [{}, 'used'],
    ]
    for (const [setting, expected] of cases)
      expect(await unused(topic, { file, ...setting }), expected).toBe(expected)
    // Under other keys the topic cannot be read either.
    for (const matchKeys of [other, new MatchKeys(disableKey(rotated, 'k1'))])
      await expect(start(topic, { file, matchKeys, writes: false })).rejects.toMatchObject({
        code: 'match-key-missing',
      })
  })

  it('where the log does not hold what follows it', async () => {
    const { topic, file } = await prepared()
    topic.cutStart(3)
    for (const [key, line] of [
      ['lethe', consentHeaderLine({ domain: 'consent', normalize: 'trim' })],
      [id, keyLine(id, check)],
    ] as const)
      topic.write(key, line)
    expect(await unused(topic, { file })).toBe('snapshot-unused outside-log')
    const shorter = await prepared()
    shorter.topic.cutEnd(5)
    const running = await start(shorter.topic, { file: shorter.file })
    expect(kindsOf(running)).toContain('snapshot-unused outside-log')
    expect(running.stateOf('f', 1.5)).toBeUndefined()
    await running.table.close()
    // The next one goes on from what was read then.
    expect(await unused(shorter.topic, { file: shorter.file })).toBe('used')
  })

  it('once tombstones behind it may be gone: nobody comes back whom one took away', async () => {
    const { topic, file } = await prepared()
    topic.write(keyOf('a'), null)
    topic.compact(true)
    const later = await start(topic, { file, now: () => Date.now() + DAY })
    expect(kindsOf(later)).toContain('snapshot-unused too-old')
    expect(later.stateOf('a', 1.5)).toBeUndefined()
    expect(later.stateOf('b', 1.5)).toBe('granted')
    await later.table.close()
  })
})

describe('a snapshot that cannot be written', () => {
  it('stops nothing, and says why', async () => {
    const topic = newTopic()
    const inside = join(folder, 'closed')
    mkdirSync(inside)
    const other = newFile()
    writeFileSync(other, 'version: 1\n')
    const locked = newFile()
    writeFileSync(`${locked}.lock`, 'another host\n')
    for (const [file, code] of [
      [join(folder, 'missing', 'file'), /^folder-missing$/],
      [other, /^no-snapshot$/],
      [locked, /^file-busy$/],
      [inside, /^(?:eisdir|no-snapshot)$/],
    ] as const) {
      const running = await start(topic, { file })
      say(topic, 'a', said('granted'))
      await running.caughtUp()
      expect(running.stateOf('a', 1.5)).toBe('granted')
      await running.table.close()
      const told = running.events.filter(({ kind }) => kind === 'snapshot-unwritten')
      expect(told.length, file).toBeGreaterThan(0)
      for (const event of told) expect(event).toMatchObject({ code: expect.stringMatching(code) })
    }
    expect(readFileSync(other, 'utf8')).toBe('version: 1\n')
  })

  it('is left to the first of several processes; what a killed one left goes', async () => {
    const topic = newTopic()
    const file = newFile()
    writeFileSync(`${join(folder, `.${file.slice(folder.length + 1)}`)}.0123456789ab.part`, 'half')
    const second = await start(topic, { file, writes: false })
    await second.table.close()
    expect(existsSync(file)).toBe(false)
    const first = await start(topic, { file })
    await first.table.close()
    expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([])
    expect(existsSync(file)).toBe(true)
  })
})

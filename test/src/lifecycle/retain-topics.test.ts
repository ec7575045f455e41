/** Which records of a topic may go: by the end of what their timestamps stand for, and from the start of a log only. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TopicSettings } from '../../../src/kafka/admin.ts'
import { brokerWords } from '../../../src/lifecycle/broker-words.ts'
import { OffsetChoice, type RecordVerdict } from '../../../src/lifecycle/offset-choice.ts'
import { eventEnd, timestampSpan, writtenSpan } from '../../../src/lifecycle/timestamp-span.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { intervalStart } from '../../../transforms/calendar/interval.ts'

const DAY = 86_400_000

describe('the offset up to which a partition is deleted', () => {
  const verdicts: readonly RecordVerdict[] = [
    'too old',
    'young',
    'held',
    'undated',
    'foreign',
    'otherVersion',
  ]

  it('lies before every record that stays, and behind every one that can go', () => {
    const log = fc.record({
      start: fc.nat(1000),
      // Markers of transactions leave gaps.
      records: fc.array(
        fc.record({ gap: fc.nat(3), verdict: fc.constantFrom(...verdicts, 'too old', 'too old') }),
      ),
      tail: fc.nat(3),
    })
    fc.assert(
      fc.property(log, ({ start, records, tail }) => {
        let offset = start
        const all = records.map(({ gap, verdict }) => {
          offset += gap + 1
          return { offset: offset - 1, verdict: verdict as RecordVerdict }
        })
        const end = offset + tail
        const choice = new OffsetChoice(0, start, end)
        for (const one of all) choice.add(one.offset, one.verdict)
        const { before, deleted } = choice.survey()
        const gone = all.filter((one) => one.offset < before)
        expect(gone.every(({ verdict }) => verdict === 'too old')).toBe(true)
        expect(gone.length).toBe(deleted)
        const tooOld = all.filter(({ verdict }) => verdict === 'too old').length
        expect(choice.behind).toBe(tooOld - deleted)
        // Nothing more could go: what lies at the offset stays, or is the end.
        const firstKept = all.find(({ verdict }) => verdict !== 'too old')
        if (deleted > 0) expect(before).toBe(firstKept?.offset ?? end)
        else expect(before).toBe(start)
        expect(before).toBeLessThanOrEqual(end)
      }),
    )
  })
})

const planOf = (rule: string, more = ''): Plan => {
  const text = `policy: p
version: 1
purpose: train_ai_system
time: at
fields:
  ${more === '' ? `at: ${rule}` : more}
retention: { steps: [{ after: 100d, then: suppress }] }
`
  const { plan, problems } = compilePolicy({ file: 'p.yaml', text, readFile: () => Buffer.alloc(0) })
  if (plan === undefined) throw new Error(problems.map(({ message }) => message).join('\n'))
  return plan
}

describe('what a timestamp stands for', () => {
  it('never ends before its event, whatever the unit and the zone', () => {
    const cases = ['hour', 'day', 'week', 'month', 'quarter', 'year'].flatMap((to) =>
      ['UTC', 'Pacific/Auckland', 'Asia/Kolkata', 'America/Los_Angeles'].map((zone) => {
        const plan = planOf(`{ use: generalize.date, to: ${to}, zone: ${zone} }`)
        const { action } = plan.fields[0]!.rulesByStep[0]![0]!
        if (action.kind !== 'transform') throw new Error('no transform')
        return { name: `${to} ${zone}`, action, span: timestampSpan(plan)! }
      }),
    )
    const time = fc.integer({ min: Date.parse('1971-01-01'), max: Date.parse('2090-01-01') })
    fc.assert(
      fc.property(time, fc.constantFrom(...cases), (event, { name, action, span }) => {
        const label = action.transform.apply(new Date(event).toISOString(), {} as never)
        const timestamp = intervalStart(String(label))!
        expect(Number.isFinite(timestamp), name).toBe(true)
        expect(eventEnd(timestamp, span), name).toBeGreaterThan(event)
        expect(timestamp - span.earlier, name).toBeLessThanOrEqual(event)
      }),
      { numRuns: 400 },
    )
  })

  it('takes a kept time that may be a date for the whole day, in any zone', () => {
    const span = timestampSpan(planOf('keep'))!
    const midnightInIndia = Date.parse('2026-01-31T18:30:00Z')
    expect(eventEnd(midnightInIndia, span)).toBeGreaterThanOrEqual(midnightInIndia + DAY)
    expect(eventEnd(midnightInIndia + 1, span)).toBe(midnightInIndia + 1001)
  })

  it('knows a time of writing, and says where it knows nothing', () => {
    const plan = planOf('drop')
    expect(timestampSpan(plan)).toMatchObject({ earlier: Number.POSITIVE_INFINITY })
    expect(writtenSpan(plan).later).toBe(plan.retention!.toleranceMs)
    expect(
      timestampSpan(planOf('{ use: generalize.date, to: day, else: { constant: "2001-01-01" } }')),
    ).toBeUndefined()
    const beside = planOf(
      '',
      'at: { use: generalize.date, to: day }\n  $timestamp: { use: generalize.date, to: day }',
    )
    expect(timestampSpan(beside)).toBeUndefined()
  })
})

describe('what a broker deletes by itself', () => {
  const settings = (values: Readonly<Record<string, string>>): TopicSettings => ({
    presence: 'there',
    values: new Map(Object.entries(values)),
  })
  const words = (values: Readonly<Record<string, string>>) =>
    brokerWords(settings(values), 100 * DAY).join('\n')

  it('is said in words, and what it never deletes too', () => {
    const both = { 'cleanup.policy': 'delete', 'segment.ms': String(7 * DAY) }
    expect(words({ ...both, 'retention.ms': String(200 * DAY) })).toMatch(
      /eligible 200 d after.*policy says 100 d: the broker keeps records longer\nsegment\.ms=604800000: the active segment is not eligible/,
    )
    expect(words({ ...both, 'retention.ms': '-1' })).toContain('never deletes a record for its age')
    expect(
      words({
        'cleanup.policy': 'compact',
        'max.compaction.lag.ms': '9223372036854775807',
        'delete.retention.ms': String(DAY),
      }),
    ).toMatch(
      /never deletes the last record of a key.*\n.*may stay for any time\n.*tombstone is eligible 1 d after.*\n.*erases nothing of the subject/,
    )
    expect(
      words({ ...both, 'retention.ms': '1000', 'remote.storage.enable': 'true', 'local.retention.ms': '-2' }),
    ).toMatch(/remote segments go some time after.*local copies go by the same periods/)
  })
})

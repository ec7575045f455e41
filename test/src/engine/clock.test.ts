/** What is not given an instant judges by the clock: an event that expires meanwhile is not published later. */
import { afterEach, expect, it, vi } from 'vitest'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { createDeidentifier } from '../../../src/run/deidentifier.ts'
import { createMessageDeidentifier } from '../../../src/run/message-deidentifier.ts'

const DAY = 86_400_000
const BEGAN = Date.UTC(2026, 0, 1)

const source = {
  file: 'p.yaml',
  text: `policy: p
version: 1
purpose: train_ai_system
time: t
fields:
  kind: keep
  t: { use: generalize.date, to: month }
retention: { steps: [ { after: 30d, then: suppress } ] }
`,
  readFile: () => {
    throw new Error('no file')
  },
}
const compiled = compilePolicy(source)
const event = Buffer.from(JSON.stringify({ kind: 'a', t: new Date(BEGAN - 29 * DAY).toISOString() }))
const message = { key: null, value: event, headers: [], timestamp: BEGAN }

afterEach(() => {
  vi.useRealTimers()
})

function kinds(now?: number | (() => number)): string[] {
  const one = createDeidentifier(compiled.plan!, { format: 'json', now })
  const many = createMessageDeidentifier(source, compiled, { now })
  const made: string[] = []
  for (const time of [BEGAN, BEGAN + 2 * DAY]) {
    vi.useFakeTimers({ now: time, toFake: ['Date'] })
    made.push(one.deidentify(event).kind, many.deidentify([message])[0]!.kind)
  }
  return made
}

it('suppresses what has expired since it was made', () => {
  expect(kinds()).toEqual(['publish', 'publish', 'suppress', 'suppress'])
  expect(kinds(() => Date.now())).toEqual(['publish', 'publish', 'suppress', 'suppress'])
})

it('keeps to an instant that is stated', () => {
  expect(kinds(BEGAN)).toEqual(['publish', 'publish', 'publish', 'publish'])
})

/** A batch over change events makes of each what the library makes of it as a message. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deidentifyFiles } from '../../../src/batch/deidentify-files.ts'
import type { Message } from '../../../src/engine/message.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { type ChangeForm, DEFAULT_PLACEHOLDER } from '../../../src/record/wire-form.ts'
import { createMessageDeidentifier } from '../../../src/run/message-deidentifier.ts'
import { folder } from '../cli/lethe.ts'
import { anyEvent, canary, POLICY_TEXTS } from '../engine/change-events.ts'

// Published keys are refused.
const keys = Keyring.fromKeyset(createKeyset(new Date()))
const NOW = Date.UTC(2026, 5, 1)

const anyOther = fc
  .constant(0)
  .chain(() =>
    fc.constantFrom<unknown>(
      null,
      { op: 't', before: null, after: null, source: { table: 'a', db: canary() } },
      { op: 'm', message: { content: canary() } },
      { source: {}, databaseName: 'shop', ddl: `ALTER TABLE ${canary()}` },
      { status: 'END', id: canary(), event_count: 2 },
      { ts_ms: 1 },
      { op: 'x', after: { id: canary() } },
      [canary()],
      7,
      { op: 'u', before: null, after: { id: DEFAULT_PLACEHOLDER, email: DEFAULT_PLACEHOLDER, agreed: true } },
      { op: 'd', before: { id: canary(), agreed: DEFAULT_PLACEHOLDER, email: null }, after: null },
      { schema: canary(), payload: null },
      { payload: { op: 'c', after: {} }, schema: {}, more: canary() },
    ),
  )

interface Given {
  readonly event: unknown
  /** Whether its schema stands beside it, in the file. */
  readonly isWrapped: boolean
}
const anyGiven: fc.Arbitrary<Given> = fc.record({
  event: fc.oneof({ weight: 4, arbitrary: anyEvent }, anyOther),
  isWrapped: fc.boolean(),
})

const SCHEMA = { type: 'struct', fields: [{ field: 'email', type: 'string', default: 'CANARY000' }] }
const lineOf = ({ event, isWrapped }: Given): string =>
  JSON.stringify(isWrapped && event !== null ? { schema: SCHEMA, payload: event } : event)

const message = (event: unknown): Message => ({
  key: Buffer.from('{"id":"C"}'),
  value: event === null ? null : Buffer.from(JSON.stringify(event)),
  headers: undefined,
  timestamp: NOW,
})

describe('123. change events of a file', () => {
  it.each(POLICY_TEXTS.filter(([name]) => name.includes('gates')))(
    'become what they become as messages: %s',
    async (_, text) => {
      const source = policyFileOf('p.yaml', text)
      const compiled = compilePolicy(source, { keys })
      const cwd = folder({ 'policy.yaml': text })
      const at = (name: string): string => join(cwd, name)
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyGiven, { minLength: 1, maxLength: 12 }),
          fc.record({
            deletes: fc.constantFrom<ChangeForm['deletes']>('publish', 'tombstone'),
            before: fc.constantFrom<ChangeForm['before']>('full', 'key'),
          }),
          fc.boolean(),
          async (given, stated, isArray) => {
            const change: ChangeForm = { ...stated, placeholder: DEFAULT_PLACEHOLDER }
            const stream = createMessageDeidentifier(source, compiled, { keys, now: NOW, form: { change } })
            const expected = { published: [] as unknown[], dead: [] as unknown[], suppressed: 0 }
            const outcomes = stream.deidentify(given.map(({ event }) => message(event)))
            for (const [index, outcome] of outcomes.entries()) {
              if (outcome.kind === 'publish')
                expected.published.push(JSON.parse(Buffer.from(outcome.value).toString()))
              else if (outcome.kind === 'dead-letter') expected.dead.push([index + 1, outcome.code])
              else expected.suppressed++
            }
            const lines = given.map(lineOf)
            const name = isArray ? 'in.json' : 'in.ndjson'
            writeFileSync(at(name), isArray ? `[${lines.join(',\n')}]` : lines.join('\n'))
            const summary = await deidentifyFiles({
              ...{ inputs: [at(name)], output: at(`out-${name}`), policy: at('policy.yaml'), keys },
              ...{ deadLetters: at('dead.ndjson'), maxDeadLetters: '100%', change },
              ...{ asOf: new Date(NOW), workers: 1 },
            })
            const out = readFileSync(at(`out-${name}`), 'utf8')
            const made = isArray
              ? (JSON.parse(out) as unknown[])
              : out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown]))
            expect(made).toEqual(expected.published)
            expect(out).not.toMatch(/CANARY[0-9a-z]{3}/)
            const dead = readFileSync(at('dead.ndjson'), 'utf8').split('\n').slice(0, -1)
            expect(
              dead.map((line) => {
                const {
                  line: of,
                  record = of,
                  code,
                } = JSON.parse(line) as Record<'line' | 'record' | 'code', number>
                return [record, code]
              }),
            ).toEqual(expected.dead)
            const { records } = summary
            expect(records.in).toBe(given.length)
            expect(Object.values(records.suppressed).reduce((sum, count) => sum + count, 0)).toBe(
              expected.suppressed,
            )
          },
        ),
        { numRuns: 12 },
      )
    },
  )
})

import { expect, it } from 'vitest'
import type { ChangedFile } from '../../../src/run/run-files.ts'
import { ConfigurationWatch } from '../../../src/run/stream/configuration-watch.ts'
import type { LogEvent } from '../../../src/telemetry/events.ts'

it('tells each change of a file once, and all of them where a worker starts again', () => {
  let changes: readonly ChangedFile[] = []
  const told: string[] = []
  const event = (one: LogEvent): void => {
    if (one.kind === 'configuration-changed') told.push(`${one.what} ${one.file}`)
  }
  const log = { event, flush: () => {}, close: () => {} }
  const watch = new ConfigurationWatch({ changed: () => changes }, log, 60_000)
  const look = (...now: readonly ChangedFile[]): readonly string[] => {
    changes = now
    watch.look()
    return told.splice(0)
  }
  const policy: ChangedFile = { kind: 'policy', file: 'p.yaml', stamp: '1' }
  const keyset: ChangedFile = { kind: 'keyset', file: 'k.json', stamp: '1' }
  expect(look()).toEqual([])
  expect(look(policy)).toEqual(['policy p.yaml'])
  expect(look(policy)).toEqual([])
  expect(look(policy, keyset)).toEqual(['keyset k.json'])
  watch.remind()
  expect(told.splice(0)).toEqual(['policy p.yaml', 'keyset k.json'])
  expect(look({ ...policy, stamp: '2' }, keyset)).toEqual(['policy p.yaml'])
  expect(look()).toEqual([])
  expect(look(policy)).toEqual(['policy p.yaml'])
  watch.close()
})

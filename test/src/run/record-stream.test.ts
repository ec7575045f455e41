/** What a pipeline with `ledger:` writes down at its start and end. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { LetheError } from '../../../src/errors.ts'
import type { Pipeline } from '../../../src/kafka/pipeline-file/pipeline.ts'
import type { PreparedRoute } from '../../../src/run/stream/prepare.ts'
import { recordRoutes } from '../../../src/run/stream/record-stream.ts'
import { createSigningKeyFiles } from '../../../src/signing/private-key.ts'
import { folder } from '../cli/lethe.ts'

const route = (name: string, fingerprint: string): PreparedRoute =>
  ({
    route: { name },
    plan: { name: 'people', version: 1, fingerprint: fingerprint.repeat(64), keyIds: ['k1', 'k2'] },
  }) as unknown as PreparedRoute

const connect = () => {
  throw new Error('no broker is asked')
}

it('writes down each route before it runs, how it ended, and a policy that changed', async () => {
  const at = folder()
  mkdirSync(join(at, 'other'))
  createSigningKeyFiles(join(at, 'host.pem'))
  const file = join(at, 'l.ndjson')
  const ledger = {
    file,
    signingKey: join(at, 'host.pem'),
    anchor: join(at, 'other/heads.ndjson'),
    at: { line: 1, column: 1 },
  }
  const pipeline = { name: 'clicks', ledger } as Pipeline
  const entries = (): unknown[] =>
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .map(({ action, state, names, code, counts }) => [action, state, names.route ?? code, counts])
  const counts = async () => (name: string) => ({ in: name.length })
  const run = (second: string, act = counts) =>
    recordRoutes('stream', { pipeline, routes: [route('a', 'a'), route('bb', second)], connect }, act)
  await run('b', () => {
    expect(entries().slice(1)).toEqual([
      ['stream', 'begins', 'a', {}],
      ['stream', 'begins', 'bb', {}],
    ])
    return counts()
  })
  await expect(run('c', () => Promise.reject(new LetheError('fenced', 'x')))).rejects.toMatchObject({
    code: 'fenced',
  })
  expect(entries().slice(3)).toEqual([
    ['stream', 'done', 'bb', { in: 2 }],
    ['stream', 'done', 'a', { in: 1 }],
    ['policy.change', 'done', 'bb', {}],
    ['stream', 'begins', 'a', {}],
    ['stream', 'begins', 'bb', {}],
    ['stream', 'failed', 'fenced', {}],
    ['stream', 'failed', 'fenced', {}],
  ])
  const gone = { ...pipeline, ledger: { ...ledger, file: join(at, 'no/l.ndjson') } }
  const never = recordRoutes('stream', { pipeline: gone, routes: [route('a', 'a')], connect }, () => {
    throw new Error('it ran')
  })
  await expect(never).rejects.toMatchObject({ code: 'ledger-unwritable' })
})

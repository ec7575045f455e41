/** The thread that rewrites batches, as it is built: what it gives, and what is heard of it when it breaks. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { newGroupsKey, SubjectGroups } from '../../../src/groups/subject-groups.ts'
import { PackedRecords } from '../../../src/kafka/packed-records.ts'
import type { InputRecord } from '../../../src/kafka/record.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { PLAIN_FORM } from '../../../src/record/wire-form.ts'
import type { RouteSetup } from '../../../src/run/batch-job.ts'
import { root } from '../cli/lethe.ts'

type Module = typeof import('../../../src/run/batch-rewriter.ts')
const built = pathToFileURL(join(root, 'dist/src/run/batch-rewriter.js'))
const { RewritingThread } = (await import(built.href)) as Module

const policyFile = '/nowhere/policy.yaml'
const policyText =
  'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  n: { use: generalize.number, width: 10 }\n'
const { fingerprint } = compilePolicy(policyFileOf(policyFile, policyText)).plan!
const SETUP: RouteSetup = {
  policyFile,
  fingerprint,
  configuration: {
    files: new Map([[policyFile, Uint8Array.from(Buffer.from(policyText))]]),
    keyset: undefined,
  },
  maxRecordBytes: 1 << 20,
  compacted: false,
  seals: false,
  form: PLAIN_FORM,
}

function threadOf(setup: RouteSetup): InstanceType<Module['RewritingThread']> {
  const thread = new RewritingThread([setup])
  onTestFinished(async () => await thread.close())
  return thread
}

const recordsOf = (...values: readonly string[]): PackedRecords =>
  PackedRecords.of(
    values.map(
      (value, offset): InputRecord => ({
        topic: 't',
        partition: 0,
        offset,
        key: null,
        value: Buffer.from(value),
        headers: undefined,
        timestamp: 0,
      }),
    ),
  )

describe('the rewriting thread', () => {
  it('gives the outcomes of batch after batch, in memory that is used again', async () => {
    const rewriter = threadOf(SETUP).route(0)
    for (let n = 0; n < 5; n++) {
      const records = recordsOf(`{"n":${n * 10 + 3}}`, '{"n":', '{"n":7,"m":1}')
      const { outcomes, account } = await rewriter.rewrite(records, 0)
      expect([0, 1, 2].map((index) => outcomes.kind(index))).toEqual(['publish', 'dead-letter', 'publish'])
      expect(account).toMatchObject({ records: 3, published: 2, deadLettered: { 'json-truncated': 1 } })
      expect(Buffer.from(records.at(2)!.value!).toString()).toBe('{"n":7,"m":1}')
      rewriter.release(records, outcomes)
    }
  })

  it('counts the data subjects of each batch by itself, so that what is not settled is not counted', async () => {
    const text = `policy: p
version: 1
purpose: train_ai_system
subject: id
fields:
  n: { use: generalize.number, width: 10, role: quasi-identifier }
  $key: { use: mask.characters, keepFirst: 1, role: quasi-identifier }
`
    const { fingerprint } = compilePolicy(policyFileOf(policyFile, text)).plan!
    const configuration = {
      files: new Map([[policyFile, Uint8Array.from(Buffer.from(text))]]),
      keyset: undefined,
    }
    const groups = new SubjectGroups()
    const setup = { ...SETUP, fingerprint, configuration, groupsKey: newGroupsKey() }
    const rewriter = threadOf(setup).route(0, () => groups.limits)
    const batch = recordsOf('{"id":1,"n":5}', '{"id":2,"n":6}', '{"id":3,"n":15}', '{"id":', '{"n":25}')
    const first = await rewriter.rewrite(batch, 0)
    const again = await rewriter.rewrite(batch, 0)
    expect(again.groups).toEqual(first.groups)
    groups.merge(again.groups!)
    expect(groups.figures(false)).toMatchObject({
      records: 4,
      withoutSubject: 1,
      subjects: 4,
      combinations: 3,
      alone: { share: 0.5, error: 0 },
      fewerThan5: { share: 1, error: 0 },
    })
  })

  it('hands memory over once: a batch that is never settled does not give it back', async () => {
    const rewriter = threadOf(SETUP).route(0)
    const first = recordsOf('{"n":1}')
    rewriter.release(first, (await rewriter.rewrite(first, 0)).outcomes)
    const values: string[] = []
    for (let n = 1; n <= 3; n++) {
      const { outcomes } = await rewriter.rewrite(recordsOf(`{"n":${n}5}`), 0)
      values.push(Buffer.from(outcomes.value(0)!).toString())
    }
    expect(values).toEqual(['{"n":"[10,20)"}', '{"n":"[20,30)"}', '{"n":"[30,40)"}'])
  })

  it.each([
    [
      'a plan that is not its parent’s',
      { ...SETUP, fingerprint: 'another' },
      0,
      /^a thread compiled another plan of the policy/,
    ],
    ['a defect', SETUP, 1, /^a worker broke$/],
  ])('fails what waits and what comes after %s, and quotes nothing', async (_, setup, route, message) => {
    const rewriter = threadOf(setup).route(route)
    const answers = await Promise.allSettled([
      rewriter.rewrite(recordsOf('{"n":"canary"}'), 0),
      rewriter.rewrite(recordsOf('{"n":"canary"}'), 0),
    ])
    answers.push(...(await Promise.allSettled([rewriter.rewrite(recordsOf('{"n":"canary"}'), 0)])))
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 'rejected',
        reason: { message: expect.stringMatching(message) },
      })
      expect(String((answer as PromiseRejectedResult).reason.stack)).not.toContain('canary')
    }
  })
})

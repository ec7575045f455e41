/** A batch without the command: what `lethe batch` parses and prints is nothing that a run needs. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { reconciles } from '../../../src/engine/account.ts'
import { inspectInput } from '../../../src/files/input.ts'
import { openOutput } from '../../../src/files/output.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { readPolicyFile } from '../../../src/policy/policy-file.ts'
import { runBatch } from '../../../src/run/batch-run.ts'
import { preparePool } from '../../../src/run/chunk-pool.ts'
import { RunFiles } from '../../../src/run/run-files.ts'
import { folder } from '../cli/lethe.ts'

const RECORDS = 5000

it('runs a batch over CSV and NDJSON without the command', async () => {
  const numbers = Array.from({ length: RECORDS }, (_, n) => n)
  const cwd = folder({
    'policy.yaml': `policy: p
version: 1
purpose: train_ai_system
fields:
  name: { use: mask.characters, keepFirst: 1 }
  n: keep
`,
    'a.csv': `n,name\n${numbers.map((n) => `${n},alice\n`).join('')}`,
    'b.ndjson': `${numbers.map((n) => `{"n":${n},"name":"robert"}\n`).join('')}{"n":\n`,
  })
  const files = new RunFiles()
  const source = readPolicyFile(join(cwd, 'policy.yaml'), 'the policy', files.read)
  const { plan, problems } = compilePolicy(source)
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
  const inputs = ['a.csv', 'b.ndjson'].map((name) => inspectInput(join(cwd, name), undefined))
  const outputs = ['a.out', 'b.out'].map((name) => openOutput(join(cwd, name), 'none'))
  const deadLetterFile = openOutput(join(cwd, 'dead'), 'none')
  const prepared = preparePool(inputs, 2)
  const progress: number[] = []
  try {
    const result = await runBatch({
      plan: plan!,
      pool: await prepared.open(plan!, {
        kind: 'chunks',
        policyFile: source.file,
        fingerprint: plan!.fingerprint,
        configuration: { files: files.bytes, keyset: undefined },
        options: { now: 0 },
      }),
      inputs,
      outputs,
      deadLetterFile,
      limit: { kind: 'count', most: 1 },
      countsGroups: false,
      chunkBytes: 4096,
      maxRecordBytes: 1 << 20,
      form: {},
      escapeFormulas: false,
      digests: false,
      onProgress: ({ records }) => progress.push(records),
    })
    expect(result.tooManyDeadLetters).toBe(false)
    expect(reconciles(result.account)).toBe(true)
    expect(result.account).toMatchObject({ records: 2 * RECORDS + 1, published: 2 * RECORDS })
    expect(result.inputs.map(({ records }) => records)).toEqual([RECORDS, RECORDS + 1])
    expect(progress.at(-1)).toBe(2 * RECORDS + 1)
  } finally {
    await prepared.close()
  }
  for (const output of [...outputs, deadLetterFile]) output.publish()
  const text = (name: string): string => readFileSync(join(cwd, name), 'utf8')
  expect(text('a.out')).toBe(`n,name\n${numbers.map((n) => `${n},a****\n`).join('')}`)
  expect(text('b.out')).toBe(numbers.map((n) => `{"n":${n},"name":"r*****"}\n`).join(''))
  expect(JSON.parse(text('dead'))).toMatchObject({ input: 2, line: RECORDS + 1, code: 'json-truncated' })
})

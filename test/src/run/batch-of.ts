/** A batch over one input, in this process: what comes out, or the error that ends it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Account } from '../../../src/engine/account.ts'
import { reconciles } from '../../../src/engine/account.ts'
import { LetheError } from '../../../src/errors.ts'
import type { FilePart } from '../../../src/files/file-part.ts'
import { inspectInput } from '../../../src/files/input.ts'
import { openOutput } from '../../../src/files/output.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import type { InputForm } from '../../../src/policy/input-form.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { runBatch } from '../../../src/run/batch-run.ts'
import { preparePool } from '../../../src/run/chunk-pool.ts'
import type { Picked } from '../../../src/run/input-batch.ts'
import { folder } from '../cli/lethe.ts'

export interface Ran {
  readonly out: string
  readonly account: Account
  readonly dead: readonly { readonly line: number; readonly record?: number; readonly code: string }[]
}

export interface BatchSetting {
  readonly form?: InputForm
  readonly chunkBytes?: number
  readonly name?: string
  /** Only these records. */
  readonly only?: Picked
  readonly maxRecordBytes?: number
  /** Only this part of it. */
  readonly part?: FilePart
}

/** `policy`: its text without the head. Rejects with the run's `LetheError`. */
export async function batchOf(
  policy: string,
  input: string | Uint8Array,
  {
    form = {},
    chunkBytes = 1 << 20,
    name = 'in.csv',
    only,
    maxRecordBytes = 1 << 20,
    part,
  }: BatchSetting = {},
): Promise<Ran> {
  const cwd = folder({ [name]: input })
  const source = policyFileOf('p.yaml', `policy: p\nversion: 1\npurpose: train_ai_system\n${policy}`)
  const { plan, problems } = compilePolicy(source)
  if (plan === undefined) throw new Error(JSON.stringify(problems))
  const whole = inspectInput(join(cwd, name), undefined)
  const inputs = [part === undefined ? whole : { ...whole, size: part.to - part.from, part }]
  const out = openOutput(join(cwd, 'out'), 'none')
  const deadLetterFile = openOutput(join(cwd, 'dead'), 'none')
  const prepared = preparePool(inputs, 1)
  try {
    const configuration = { files: new Map(), keyset: undefined }
    const { fingerprint } = plan
    const options = { now: 0, maxRecordBytes }
    const result = await runBatch({
      plan,
      pool: await prepared.open(plan, {
        kind: 'chunks',
        policyFile: '',
        fingerprint,
        configuration,
        options,
      }),
      inputs,
      outputs: [out],
      deadLetterFile,
      limit: { kind: 'count', most: 1000 },
      countsGroups: false,
      chunkBytes,
      maxRecordBytes,
      form: { ...plan.input, ...form },
      escapeFormulas: false,
      digests: false,
      only: only && [only],
      onProgress: () => {},
    })
    if (!reconciles(result.account)) throw new Error('the account does not add up')
    out.publish()
    deadLetterFile.publish()
    const lines = readFileSync(join(cwd, 'dead'), 'utf8').trim().split('\n')
    return {
      out: readFileSync(join(cwd, 'out'), 'utf8'),
      account: result.account,
      dead: lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Ran['dead'][number]),
    }
  } finally {
    out.discard()
    deadLetterFile.discard()
    await prepared.close()
  }
}

/** Why a batch is refused. */
export async function refusal(...args: Parameters<typeof batchOf>): Promise<string> {
  try {
    await batchOf(...args)
  } catch (error) {
    if (error instanceof LetheError) return `${error.code}: ${error.message} -> ${error.suggestion}`
    throw error
  }
  return 'it was not refused'
}

/** Runs one rule over values, or the library over one file. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  compilePolicy,
  createDeidentifier,
  deidentifyFiles,
  Keyring,
  LetheError,
  type Summary,
} from '../src/index.ts'
import { testKeyset } from '../src/keys/test-keyset.ts'
import { policyFileOf } from '../src/policy/policy-file.ts'
import { folder } from './src/cli/lethe.ts'

export const HEAD: string = 'policy: p\nversion: 1\npurpose: train_ai_system\n'
/** The published keys, which are for tests. */
export const published: Keyring = Keyring.fromKeyset(testKeyset())

/** What a rule makes of values of the member `v`: the result, or the code of the dead letter. */
export function resultsOf(rule: string, values: readonly unknown[]): unknown[] {
  const { plan, problems } = compilePolicy(policyFileOf('p.yaml', `${HEAD}fields:\n  v: ${rule}\n`), {
    keys: published,
  })
  if (plan === undefined) throw new Error(JSON.stringify(problems))
  const deidentifier = createDeidentifier(plan, { format: 'json' })
  return values.map((v) => {
    const outcome = deidentifier.deidentify(Buffer.from(JSON.stringify({ v })))
    if (outcome.kind === 'publish')
      return (JSON.parse(Buffer.from(outcome.value).toString()) as { v: unknown }).v
    return outcome.kind === 'dead-letter' ? outcome.code : outcome.kind
  })
}

export interface Came {
  readonly summary: Summary | undefined
  readonly refused: string | undefined
  readonly out: string | undefined
  readonly dead: readonly (readonly [line: number, code: string])[]
  readonly cwd: string
}

/** A batch over a file; `more`: other options of the library's. */
export async function run(
  name: string,
  bytes: string | Uint8Array,
  policy: string,
  more: Partial<Parameters<typeof deidentifyFiles>[0]> = {},
  files: Readonly<Record<string, string>> = {},
): Promise<Came> {
  const cwd = folder({ ...files, [name]: bytes, 'p.yaml': HEAD + policy })
  return await again(cwd, name, more)
}

/** The same in a folder that has the files. */
export async function again(
  cwd: string,
  name: string,
  more: Partial<Parameters<typeof deidentifyFiles>[0]>,
): Promise<Came> {
  const [output, deadLetters] = [join(cwd, 'out'), join(cwd, 'dead')]
  let summary: Summary | undefined
  let refused: string | undefined
  try {
    summary = await deidentifyFiles({
      inputs: [join(cwd, name)],
      output,
      policy: join(cwd, 'p.yaml'),
      deadLetters,
      maxDeadLetters: '100',
      workers: 1,
      ...more,
    })
  } catch (error) {
    if (!(error instanceof LetheError)) throw error
    refused = `${error.code}: ${error.message} -> ${error.suggestion}`
  }
  const read = (path: string): string | undefined =>
    existsSync(path) ? readFileSync(path, 'utf8') : undefined
  const dead = (read(deadLetters) ?? '').split('\n').flatMap((line) => {
    if (line === '') return []
    const { line: at, code } = JSON.parse(line) as { line: number; code: string }
    return [[at, code] as const]
  })
  return { summary, refused, out: read(output), dead, cwd }
}

/** A keyset that a command prints. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { compilePipeline } from '../../../src/kafka/pipeline-file/compile-pipeline.ts'
import { keysetOfCommand } from '../../../src/keys/command-keys.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { formatKeyset } from '../../../src/keys/keyset-format.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { folder } from '../cli/lethe.ts'

const TEXT = formatKeyset(createKeyset(new Date()))
const printing = (code: string): readonly string[] => [process.execPath, '-e', code]

function failure(command: readonly string[], timeout = 30_000): { code: string; message: string } {
  try {
    keysetOfCommand({ command, timeout })
  } catch (error) {
    return error as { code: string; message: string }
  }
  throw new Error('it gave a keyset')
}

describe('keys: { command }', () => {
  it('is the keyset on standard output, with the environment and no shell', () => {
    process.env['TEST_KEYSET'] = TEXT
    const keyset = keysetOfCommand({
      command: printing('process.stdout.write(process.env.TEST_KEYSET)'),
      timeout: 30_000,
    })
    delete process.env['TEST_KEYSET']
    expect(formatKeyset(keyset)).toBe(TEXT)
    const quoted = printing(`process.exit(process.argv[1] === '$HOME; exit 0' ? 7 : 8)`)
    expect(failure([...quoted, '$HOME; exit 0']).message).toMatch(/ended with 7$/)
  })

  it.each([
    [
      'fails',
      printing("console.log('SECRET'); console.error('SECRET'); process.exit(3)"),
      'keys-command-failed',
      /ended with 3$/,
    ],
    [
      'is killed',
      printing("process.kill(process.pid, 'SIGTERM')"),
      'keys-command-failed',
      /was ended by SIGTERM$/,
    ],
    ['is not there', ['no-such-program-of-lethe'], 'keys-command-failed', /is not there$/],
    [
      'prints too much',
      printing("process.stdout.write('SECRET'.repeat(1e6)); setTimeout(() => {}, 60_000)"),
      'keys-command-failed',
      /more than 1 MiB/,
    ],
    ['prints something else', printing("process.stdout.write('SECRET')"), 'keyset-invalid', /is not JSON/],
  ])('says why where the command %s, and nothing of what it printed', (_, command, code, message) => {
    const error = failure(command)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(JSON.stringify(error) + error.message).not.toContain('SECRET')
  })

  it.skipIf(process.platform === 'win32')(
    'is killed at its time limit with what it started',
    async () => {
      const cwd = folder()
      const child = `setTimeout(() => require('node:fs').writeFileSync(${JSON.stringify(join(cwd, 'late'))}, ''), 4000)`
      const parent = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' });
      require('node:fs').writeFileSync(${JSON.stringify(join(cwd, 'begun'))}, ''); setTimeout(() => {}, 60_000)`
      expect(failure(printing(parent), 2000).message).toMatch(/did not end within 2 s and was killed$/)
      await sleep(4000)
      expect([existsSync(join(cwd, 'begun')), existsSync(join(cwd, 'late'))]).toEqual([true, false])
    },
    60_000,
  )
})

describe('keys of a pipeline', () => {
  const problems = (keys: string) =>
    compilePipeline(
      policyFileOf(
        'p/pipeline.yaml',
        `pipeline: shop\nbrokers: [127.0.0.1:1]\nkeys: ${keys}\nroutes:
  - { name: r, from: { topics: [in], group: g }, to: { topic: out }, deadLetterTopic: dead, policy: policy.yaml }\n`,
      ),
      {
        readPolicy: (file) =>
          policyFileOf(file, 'policy: p\nversion: 1\npurpose: train_ai_system\nfields: { a: keep }\n'),
      },
    )

  it.each([
    ['{ command: [vault, kv, get] }', ['vault', 'kv', 'get'], 10_000],
    ['{ command: [./keys.sh, 1], timeout: 500ms }', ['p/keys.sh', '1'], 500],
    ['{ command: [/bin/keys], timeout: 20s }', ['/bin/keys'], 20_000],
  ])('may be %s', (keys, command, timeout) => {
    const { pipeline, problems: found } = problems(keys)
    expect(found).toEqual([])
    expect(pipeline!.keys).toEqual({ command, timeout })
  })

  it.each([
    '{ command: vault kv get }',
    '{ command: [] }',
    '{ command: [null] }',
    '{ command: [""] }',
    '{ command: [a], timeout: soon }',
    '{ command: [a], timeout: 10ms }',
    '{ command: [a], timeout: 400s }',
    '{ command: [a], file: b }',
    '{ timeout: 10s }',
  ])('may not be %s', (keys) => {
    const { problems: found } = problems(keys)
    expect(found.map(({ code, line }) => [code, line])).toEqual([['bad-secret', 3]])
  })

  it('reads as the schema of editors says', () => {
    const schema = JSON.parse(
      readFileSync(new URL('../../../config/schema/pipeline.schema.json', import.meta.url), 'utf8'),
    )
    expect(JSON.stringify(schema.properties.keys)).toContain('"command"')
  })
})

import { describe, expect, it } from 'vitest'
import { wantsJson } from '../../../src/cli/report-error.ts'
import { ERROR_CODES, type ErrorCode } from '../../../src/errors.ts'
import { folder, warm } from './lethe.ts'

const policy = 'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  n: keep\n'

describe('errors where --format json is given', () => {
  it.each<[args: string[], code: ErrorCode]>([
    [['lint', 'absent.yaml'], 'file-missing'],
    [['explain', '-p', 'absent.yaml'], 'file-missing'],
    [['explain', '-p', 'broken.yaml'], 'policy-invalid'],
    [['explain', '-p', 'policy.yaml', 'broken.yaml'], 'header-invalid'],
    [['verify', 'absent.json', 'x'], 'file-missing'],
    [['verify', 'broken.yaml', 'x'], 'file-malformed'],
    [['doctor', 'broken.yaml'], 'pipeline-invalid'],
    [['tap', 'absent.yaml'], 'file-missing'],
    [['keys', 'list', 'broken.yaml'], 'secret-file-open'],
    [['transforms', 'hash.nothing'], 'unknown-name'],
    [['lint', 'policy.yaml', '--no-such-option'], 'bad-option'],
    [['verify'], 'bad-option'],
  ])('%j: one object as the last line of stderr, with the exit code of its code', async (args, code) => {
    const cwd = folder({ 'policy.yaml': policy, 'broken.yaml': 'policy: [\n' })
    const ended = await warm([...args, '--format', 'json'], { cwd })
    const told = JSON.parse(ended.stderr.trimEnd().split('\n').at(-1)!)
    expect(told).toEqual({
      error: {
        code,
        message: expect.any(String),
        retryable: false,
        ...(told.error.suggestion === undefined ? {} : { suggestion: expect.any(String) }),
      },
    })
    expect(ended.code).toBe(ERROR_CODES[code].exitCode)
    expect(ended.stdout).toBe('')
  })

  it('is for commands that print: elsewhere --format says what the inputs are', async () => {
    const { stdout } = await warm(['completion', 'fish'])
    const found = [...stdout.matchAll(/-n '([^']*)' -l format -x -a '([^']*)'/g)].map(
      ([, seen, choices]) =>
        [[...seen!.matchAll(/_from (\w+)/g)].map(([, name]) => name!), choices!.split(' ')] as const,
    )
    expect(found.length).toBeGreaterThan(10)
    for (const [names, choices] of found)
      expect([names, wantsJson([...names, 'x', '--format', 'json'])]).toEqual([
        names,
        choices.includes('text'),
      ])
  })
})

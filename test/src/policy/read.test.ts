import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { EXIT, LetheError } from '../../../src/errors.ts'
import { readPolicyFile } from '../../../src/policy/policy-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'lethe-policy-'))
afterAll(() => rmSync(folder, { recursive: true }))

function exitCodeOf(run: () => unknown): number | undefined {
  try {
    run()
  } catch (error) {
    return error instanceof LetheError ? error.exitCode : undefined
  }
  return undefined
}

describe('readPolicyFile', () => {
  it('reads a policy and what stands beside it', () => {
    mkdirSync(join(folder, 'policies'))
    writeFileSync(join(folder, 'policies', 'p.yaml'), 'policy: ä')
    writeFileSync(join(folder, 'list.csv'), 'x')
    const source = readPolicyFile(join(folder, 'policies', 'p.yaml'))
    expect(source.text).toBe('policy: ä')
    expect(Buffer.from(source.readFile('../list.csv')).toString()).toBe('x')
    expect(exitCodeOf(() => source.readFile('gone.csv'))).toBe(EXIT.io)
  })
  it('refuses what is missing, a folder, too large or not UTF-8', () => {
    expect(exitCodeOf(() => readPolicyFile(join(folder, 'gone.yaml')))).toBe(EXIT.io)
    expect(exitCodeOf(() => readPolicyFile(folder))).toBe(EXIT.usage)
    writeFileSync(join(folder, 'large.yaml'), Buffer.alloc((1 << 20) + 1, 35))
    expect(exitCodeOf(() => readPolicyFile(join(folder, 'large.yaml')))).toBe(EXIT.usage)
    writeFileSync(join(folder, 'latin1.yaml'), Buffer.from('policy: ä', 'latin1'))
    expect(exitCodeOf(() => readPolicyFile(join(folder, 'latin1.yaml')))).toBe(EXIT.usage)
  })

  it.skipIf(!existsSync('/dev/zero'))('refuses a file that never ends', () => {
    writeFileSync(join(folder, 'p.yaml'), 'policy: p')
    expect(exitCodeOf(() => readPolicyFile('/dev/zero'))).toBe(EXIT.usage)
    expect(exitCodeOf(() => readPolicyFile(join(folder, 'p.yaml')).readFile('/dev/zero'))).toBe(EXIT.usage)
  })
})

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ERROR_CODES, ERROR_GROUPS, EXIT, fileError, LetheError, RECORD_CODES } from '../../src/errors.ts'
import { root } from './cli/lethe.ts'

const codes = Object.keys(ERROR_CODES) as (keyof typeof ERROR_CODES)[]

describe('the closed list of codes of errors', () => {
  it('has each code once, in kebab-case, and none that a dead letter has', () => {
    const listed = Object.values(ERROR_GROUPS).flatMap((group) => Object.keys(group))
    expect(codes).toEqual(listed)
    expect(new Set(listed).size).toBe(listed.length)
    for (const code of listed) expect(code).toMatch(/^[a-z]+(?:-[a-z]+)*$/)
    expect(listed.filter((code) => code in RECORD_CODES)).toEqual([])
  })

  it('has no code that nothing uses', () => {
    const src = join(root, 'src')
    const text = readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && name !== 'errors.ts')
      .map((name) => readFileSync(join(src, name), 'utf8'))
      .join('\n')
    const ofFiles = ['folder', 'absent'].flatMap((name) =>
      ['EISDIR', 'ENOENT', 'EACCES'].flatMap((code) =>
        (['read', 'written'] as const).map((verb) => fileError(name, { code }, verb).code),
      ),
    )
    expect(
      codes.filter((code) => !text.includes(`'${code}'`) && !(ofFiles as string[]).includes(code)),
    ).toEqual([])
  })

  it('says how the command ends, and what may pass ends with input/output', () => {
    for (const code of codes) {
      const error = new LetheError(code, 'what', 'do')
      expect(error.exitCode).toBe(ERROR_CODES[code].exitCode)
      expect(error.exitCode).not.toBe(EXIT.ok)
      if (error.retryable) expect(error.exitCode).toBe(EXIT.io)
    }
    expect(new LetheError('config-changed', 'x').retryable).toBe(true)
    expect(new LetheError('too-many-dead-letters', 'x').exitCode).toBe(EXIT.deadLetters)
    expect(new LetheError('too-many-alone', 'x').exitCode).toBe(EXIT.violations)
  })
})

describe('system errors about files', () => {
  it.each([
    ['EISDIR', 'read', 'not-a-file', 2],
    ['ENOENT', 'read', 'file-missing', 4],
    ['ENOENT', 'written', 'folder-missing', 4],
    ['EACCES', 'read', 'file-unreadable', 4],
    ['EPERM', 'written', 'file-unwritable', 4],
    ['EIO', 'read', 'file-unreadable', 4],
    ['ENOSPC', 'written', 'file-unwritable', 4],
  ] as const)('%s where a file is %s is %s', (code, verb, told, exitCode) => {
    expect(fileError('a.csv', { code }, verb)).toMatchObject({ code: told, exitCode })
  })
})

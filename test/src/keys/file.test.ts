import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EXIT, LetheError } from '../../../src/errors.ts'
import { changeKeysetFile, createKeysetFile, loadKeyring, readKeysetFile } from '../../../src/keys/file.ts'
import { addKey, createKeyset, disableKey } from '../../../src/keys/keyset.ts'
import { formatKeyset } from '../../../src/keys/keyset-format.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'

const NOW = new Date('2025-01-01T00:00:00Z')
const PUBLISHED = new URL('../../../config/keys/test.keyset.json', import.meta.url).pathname
const posix = process.platform !== 'win32'

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lethe-keys-'))
  file = join(folder, 'a.keyset.json')
})

afterEach(() => rmSync(folder, { recursive: true }))

function caught(act: () => unknown): LetheError {
  try {
    act()
  } catch (error) {
    if (error instanceof LetheError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('a keyset file', () => {
  it('is made with mode 0600 and read back', () => {
    const keyset = createKeyset(NOW)
    createKeysetFile(file, keyset)
    if (posix) expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(formatKeyset(readKeysetFile(file))).toBe(formatKeyset(keyset))
    expect(loadKeyring(file).primaryId).toBe('k1')
    expect(readdirSync(folder)).toEqual(['a.keyset.json'])
  })

  it('is never overwritten by a new one', () => {
    createKeysetFile(file, createKeyset(NOW))
    const before = readFileSync(file, 'utf8')
    expect(caught(() => createKeysetFile(file, createKeyset(NOW)))).toMatchObject({
      exitCode: EXIT.usage,
      message: `${file} exists already and is not overwritten`,
    })
    expect(readFileSync(file, 'utf8')).toBe(before)
    expect(readdirSync(folder)).toEqual(['a.keyset.json'])
  })

  it('changes as a whole and keeps its mode', () => {
    createKeysetFile(file, createKeyset(NOW))
    chmodSync(file, 0o640)
    const changed = changeKeysetFile(file, (keyset) => addKey(keyset, NOW))
    expect(changed.keys.map((key) => key.id)).toEqual(['k1', 'k2'])
    expect(formatKeyset(readKeysetFile(file))).toBe(formatKeyset(changed))
    if (posix) expect(statSync(file).mode & 0o777).toBe(0o640)
    expect(readdirSync(folder)).toEqual(['a.keyset.json'])
  })

  it('stays as it was where a change is refused', () => {
    createKeysetFile(file, createKeyset(NOW))
    const before = readFileSync(file, 'utf8')
    expect(caught(() => changeKeysetFile(file, (keyset) => disableKey(keyset, 'k1'))).exitCode).toBe(
      EXIT.usage,
    )
    expect(readFileSync(file, 'utf8')).toBe(before)
    expect(readdirSync(folder)).toEqual(['a.keyset.json'])
  })

  it('is changed by one at a time', () => {
    createKeysetFile(file, createKeyset(NOW))
    const error = caught(() =>
      changeKeysetFile(file, (keyset) => {
        changeKeysetFile(file, (inner) => addKey(inner, NOW))
        return addKey(keyset, NOW)
      }),
    )
    expect(error).toMatchObject({ exitCode: EXIT.io, suggestion: expect.stringContaining('rm ') })
    expect(readKeysetFile(file).keys).toHaveLength(1)
  })

  it.runIf(posix)('is changed behind a symbolic link, which stays one', () => {
    const link = join(folder, 'link')
    createKeysetFile(file, createKeyset(NOW))
    symlinkSync(file, link)
    changeKeysetFile(link, (keyset) => addKey(keyset, NOW))
    expect(readKeysetFile(file).keys).toHaveLength(2)
    expect(
      readdirSync(folder, { withFileTypes: true })
        .find((entry) => entry.name === 'link')
        ?.isSymbolicLink(),
    ).toBe(true)
  })

  it.runIf(posix).each([0o604, 0o602, 0o601, 0o620, 0o644, 0o660, 0o666])(
    'is refused with mode %o, with the fix',
    (mode) => {
      createKeysetFile(file, createKeyset(NOW))
      chmodSync(file, mode)
      const link = join(folder, 'link')
      symlinkSync(file, link)
      for (const name of [file, link]) {
        const error = caught(() => readKeysetFile(name))
        expect(error).toMatchObject({ exitCode: EXIT.usage, suggestion: `chmod 600 ${name}` })
        expect(error.message).toContain(`mode 0${mode.toString(8)}`)
      }
      expect(caught(() => changeKeysetFile(file, (keyset) => addKey(keyset, NOW))).suggestion).toBe(
        `chmod 600 ${file}`,
      )
    },
  )

  it.runIf(posix).each([0o600, 0o400, 0o640, 0o440])('is taken with mode %o', (mode) => {
    createKeysetFile(file, createKeyset(NOW))
    chmodSync(file, mode)
    expect(readKeysetFile(file).primary).toBe('k1')
  })

  it.runIf(posix)('is judged by its mode before its content', () => {
    writeFileSync(file, 'nonsense')
    chmodSync(file, 0o644)
    const error = caught(() => readKeysetFile(file))
    expect(error.message).toContain('mode 0644')
    // Not the mode of a file that was named by mistake.
    expect(error.suggestion).toContain('name a keyset file')
    expect(error.suggestion).not.toContain('chmod')
  })

  it('is refused where it is none', () => {
    expect(caught(() => readKeysetFile(join(folder, 'absent')))).toMatchObject({ exitCode: EXIT.io })
    expect(caught(() => changeKeysetFile(join(folder, 'absent'), (keyset) => keyset))).toMatchObject({
      exitCode: EXIT.io,
    })
    expect(caught(() => readKeysetFile(folder)).message).toContain('not a regular file')
    writeFileSync(file, ' '.repeat(1024 * 1024 + 1), { mode: 0o600 })
    expect(caught(() => readKeysetFile(file)).message).toContain('too large')
    expect(caught(() => createKeysetFile(join(folder, 'no', 'where'), createKeyset(NOW)))).toMatchObject({
      exitCode: EXIT.io,
    })
    expect(existsSync(join(folder, 'no'))).toBe(false)
  })
})

describe('the published test keyset', () => {
  it('is the same as a file and in the code, and loads with any mode', () => {
    expect(readFileSync(PUBLISHED, 'utf8')).toBe(formatKeyset(testKeyset()))
    expect(loadKeyring(PUBLISHED).isTest).toBe(true)
    writeFileSync(file, readFileSync(PUBLISHED), { mode: 0o600 })
    chmodSync(file, 0o666)
    expect(loadKeyring(file).isTest).toBe(true)
  })
})

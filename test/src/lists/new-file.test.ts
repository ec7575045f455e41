/** How files of lists and tables are made: whole, for their owner, and never in the place of another. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createConsentTable } from '../../../src/lists/consent-writer.ts'
import { createList } from '../../../src/lists/list-writer.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lethe-new-file-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const makers = [
  {
    name: 'list',
    make: (file: string) => createList(file, { purpose: 'suppression', domain: 'd', normalize: 'trim' }),
  },
  { name: 'table', make: (file: string) => createConsentTable(file, { domain: 'd', normalize: 'trim' }) },
]

it.each(makers)('a $name is made once, whatever a process that was killed left', async ({ name, make }) => {
  const file = join(folder, name)
  writeFileSync(join(folder, `.${name}.made`), 'half a li')
  const made = await Promise.allSettled([make(file), make(file), make(file)])
  expect(made.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
  expect(readFileSync(file, 'utf8')).toMatch(/^\{"lethe":"(?:list|consent)",[^\n]*\}\n$/)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const before = readFileSync(file)
  await expect(make(file)).rejects.toMatchObject({ code: 'output-exists' })
  expect(readFileSync(file)).toEqual(before)
  expect(readdirSync(folder).filter((one) => one.includes(name))).toEqual([name])
})

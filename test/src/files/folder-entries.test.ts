/** What stands below a folder: links are told, and not followed, whatever the release of Node.js does. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { allEntriesBelow } from '../../../src/files/folder-entries.ts'
import { folder } from '../cli/lethe.ts'

it('gives every file, folder and link, and nothing that a link leads to', () => {
  const [at, elsewhere] = [folder({ a: '' }), folder({ 'b.ndjson': '' })]
  mkdirSync(join(at, 'in/deep'), { recursive: true })
  writeFileSync(join(at, 'in/deep/c'), '')
  symlinkSync(elsewhere, join(at, 'in/out'))
  symlinkSync(at, join(at, 'round'))
  symlinkSync('nothing', join(at, 'broken'))
  const found = allEntriesBelow(at).map((entry) => [
    relative(at, join(entry.parentPath, entry.name)),
    entry.isSymbolicLink() ? 'link' : entry.isDirectory() ? 'folder' : 'file',
  ])
  expect(found).toEqual([
    ['a', 'file'],
    ['broken', 'link'],
    ['in', 'folder'],
    ['in/deep', 'folder'],
    ['in/deep/c', 'file'],
    ['in/out', 'link'],
    ['round', 'link'],
  ])
})

it('is how every room looks below a folder', () => {
  const src = fileURLToPath(new URL('../../../src', import.meta.url))
  const follow = allEntriesBelow(src)
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => /readdir(?:Sync)?\([^)]*recursive/.test(readFileSync(file, 'utf8')))
  expect(follow.map((file) => relative(src, file))).toEqual([])
})

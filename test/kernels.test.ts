/** No kernel is older than its source. `npm run check` compiles them all; here the digest of the source is enough. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const filesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file))
const sources = ['src', 'transforms'].flatMap(filesIn).filter((file) => file.endsWith('.as.ts'))

it.each(sources)('%s is what its kernel was compiled from', (file) => {
  const digest = createHash('sha256')
    .update(readFileSync(join(root, file)))
    .digest('hex')
  expect(readFileSync(join(root, file.replace(/\.as\.ts$/, '.wasm.ts')), 'utf8')).toContain(digest)
})

it('there are kernels', () => {
  expect(sources.length).toBeGreaterThan(2)
})

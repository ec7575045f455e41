/** The tests of properties, as `npm run proof:properties` runs them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** What generates cases, in a test or in a file that tests share, or is longer in a proof. */
const PROPERTY = /\bfc\.(assert|property|asyncProperty)\(|\bIN_PROOF\b/
const include = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .map((name) => `test/${name.replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.test.ts') && !/^test\/(bench|integration)\//.test(file))
  .filter((file) => PROPERTY.test(readFileSync(join(root, file), 'utf8')))
if (include.length < 40) throw new Error(`only ${include.length} files of properties were found`)

const config: ViteUserConfig = defineConfig({
  root,
  resolve: { alias: [{ find: /^fast-check$/, replacement: join(root, 'test/proofs/fast-check.ts') }] },
  test: {
    include,
    globalSetup: ['test/build.ts'],
    pool: 'forks',
    isolate: false,
    testTimeout: 3_600_000,
    hookTimeout: 120_000,
  },
})

export default config

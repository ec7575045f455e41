/** Removes the build, so that nothing of an older one is left in it, but not the lock of a test run. */
import { rmSync } from 'node:fs'

for (const folder of ['src', 'transforms'])
  rmSync(new URL(`../dist/${folder}`, import.meta.url), { recursive: true, force: true })
rmSync(new URL('../dist/.built', import.meta.url), { force: true })

/** Removes the build, so that nothing of an older one is left in it, but not the lock of a test run. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'

const dist = (path) => new URL(`../dist/${path}`, import.meta.url)
for (const path of ['bin', 'src', 'transforms', '.built'])
  rmSync(dist(path), { recursive: true, force: true })
mkdirSync(dist(''), { recursive: true })
// The last step of a build makes it `.built`: a source that changes during the build is newer.
writeFileSync(dist('.started'), '')

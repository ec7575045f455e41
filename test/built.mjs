/**
 * `node test/built.mjs`: builds `dist/` where it is older than its sources, so that no check or test sees an old one.
 * `--always`: builds it in any case.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
/** As old as the start of the build that made `dist/`; the last step of a build writes it. */
const stamp = join(root, 'dist/.built')

function newest(folder) {
  let time = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    time = Math.max(time, statSync(join(entry.parentPath, entry.name)).mtimeMs)
  return time
}

/** Whether `dist/` is missing, unfinished, or older than a file that it is made from. */
function isStale() {
  if (!existsSync(stamp)) return true
  const files = ['tsconfig.build.json', 'tsconfig.json', 'package.json', 'test/bundle.mjs']
  const sources = files.map((file) => statSync(join(root, file)).mtimeMs)
  return (
    Math.max(...sources, newest(join(root, 'src')), newest(join(root, 'transforms'))) >
    statSync(stamp).mtimeMs
  )
}

/** Builds, as `npm run build` does. Throws what the build said where it fails. */
function build() {
  for (const args of [
    ['test/clean.mjs'],
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--noCheck'],
    ['test/bundle.mjs'],
  ]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
    if (status !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`)
  }
}

if (process.argv[2] === '--always' || isStale()) build()

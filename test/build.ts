/** Builds `dist/` before the tests where it is older than the sources: commands are tested as they are shipped. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const stamp = join(root, 'dist/.built')
const lock = join(root, 'dist/.building')

function newest(folder: string): number {
  let time = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    time = Math.max(time, statSync(join(entry.parentPath, entry.name)).mtimeMs)
  }
  return time
}

function isStale(): boolean {
  if (!existsSync(stamp) || !existsSync(join(root, 'dist/src/cli/main.js'))) return true
  const sources = [newest(join(root, 'src')), newest(join(root, 'transforms'))]
  sources.push(
    statSync(join(root, 'tsconfig.build.json')).mtimeMs,
    statSync(join(root, 'package.json')).mtimeMs,
  )
  return Math.max(...sources) > statSync(stamp).mtimeMs
}

/** Two test runs at once must not write `dist/` at once: the folder `.building` is the lock. */
async function locked(work: () => void): Promise<void> {
  mkdirSync(join(root, 'dist'), { recursive: true })
  const giveUp = Date.now() + 60_000
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch {
      if (Date.now() > giveUp) break
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  try {
    work()
  } finally {
    if (existsSync(lock)) rmdirSync(lock)
  }
}

export async function setup(): Promise<void> {
  if (!isStale()) return
  await locked(() => {
    if (!isStale()) return
    const started = new Date()
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const build = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--noCheck'], {
      cwd: root,
      encoding: 'utf8',
    })
    // `npm run check` judges types; here only the code is wanted, and soon.
    if (build.status !== 0) process.stderr.write(`the build has errors:\n${build.stdout}${build.stderr}\n`)
    writeFileSync(stamp, '')
    utimesSync(stamp, started, started)
  })
}

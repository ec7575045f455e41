/**
 * Joins the modules of the command into few files, `dist/bin`: to open and link some 240 small ones took longer than to run
 * them. Dependencies stay outside. `dist/src` and `dist/transforms` stay as they are: they are the library.
 */
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const dist = fileURLToPath(new URL('../dist', import.meta.url))
const main = join(dist, 'src/cli/main.js')
/** A file that the command starts as a thread or a process, as it stands in the code. */
const STARTED = /new URL\(["'](\.[^"']+\.js)["'], import\.meta\.url\)/g

const IMPORTED = /(?:from |import\(|import )["'](\.[^"']+\.js)["']/g

/** The name of an entry: `lethe` for the command, `files-thread` for `src/files/thread.js`. */
const nameOf = (file) =>
  file === main ? 'lethe' : relative(join(dist, 'src'), file).replace(/\.js$/, '').replaceAll('/', '-')

const entries = { lethe: main }
const seen = new Set()
/** Finds the entries: what the command imports, and what that starts. */
function follow(file) {
  if (seen.has(file)) return
  seen.add(file)
  const text = readFileSync(file, 'utf8')
  for (const [, path] of text.matchAll(STARTED)) {
    const started = join(dirname(file), path)
    entries[nameOf(started)] = started
    follow(started)
  }
  for (const [, path] of text.matchAll(IMPORTED)) follow(join(dirname(file), path))
}
follow(main)

const bin = join(dist, 'bin')
rmSync(bin, { recursive: true, force: true })
const bundle = await rolldown({
  input: entries,
  platform: 'node',
  external: (id) => !/^[./]/.test(id),
  plugins: [
    {
      name: 'started-files',
      transform: (code, id) =>
        code.replace(
          STARTED,
          (_, path) => `new URL('./${nameOf(join(dirname(id), path))}.js', import.meta.url)`,
        ),
    },
  ],
})
await bundle.write({
  dir: bin,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
})
await bundle.close()

// The build is done; `test/clean.mjs` wrote when it began.
if (existsSync(join(dist, '.started'))) renameSync(join(dist, '.started'), join(dist, '.built'))

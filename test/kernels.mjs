/**
 * Compiles every kernel, `NAME.as.ts` (AssemblyScript), into `NAME.wasm.ts` beside it. With --check it writes
 * nothing, and ends with 1 where a file is not what its source compiles to. A file names the digest of its source, by
 * which `test/kernels.test.ts` sees without compiling that it is out of date.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FLAGS = ['--enable', 'simd', '-O3', '--runtime', 'stub', '--noAssert', '--initialMemory', '7']

const kernels = ['src', 'transforms'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .filter((file) => file.endsWith('.as.ts'))
    .map((file) => join(folder, file)),
)

async function compile(file) {
  const name = basename(file)
  const source = readFileSync(join(ROOT, file), 'utf8')
  let binary
  const { error, stderr } = await asc.main([name, '--outFile', 'out.wasm', ...FLAGS], {
    readFile: (asked) => (asked === name ? source : null),
    writeFile: (_, contents) => {
      binary = contents
    },
    listFiles: () => [],
  })
  if (error) throw new Error(`${file}: ${error.message}\n${stderr}`)
  const constant = basename(file, '.as.ts').toUpperCase().replaceAll('-', '_')
  const digest = createHash('sha256').update(source).digest('hex')
  return `/**
 * Generated from ${name} by test/kernels.mjs: do not edit. A WebAssembly module, base64.
 * SHA-256 of the source: ${digest}
 */
export const ${constant}_WASM: string =
  '${Buffer.from(binary).toString('base64')}'
`
}

function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

for (const file of kernels) {
  const target = join(ROOT, file.replace(/\.as\.ts$/, '.wasm.ts'))
  const text = await compile(file)
  if (!process.argv.includes('--check')) writeFileSync(target, text)
  else if (read(target) !== text) {
    console.error(`${target} is not what ${file} compiles to: run npm run kernels`)
    process.exitCode = 1
  }
}

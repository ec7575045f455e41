/**
 * Compiles sha256.as.ts (AssemblyScript) and writes sha256.wasm.ts. With --check it writes nothing, and ends
 * with 1 if the file is not what the source compiles to.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const SOURCE = 'sha256.as.ts'
const TARGET = new URL('sha256.wasm.ts', import.meta.url)

let binary
const { error, stderr } = await asc.main(
  [
    SOURCE,
    '--outFile',
    'out.wasm',
    '--enable',
    'simd',
    '-O3',
    '--runtime',
    'stub',
    '--noAssert',
    '--initialMemory',
    '7',
  ],
  {
    readFile: (name) => (name === SOURCE ? readFileSync(new URL(SOURCE, import.meta.url), 'utf8') : null),
    writeFile: (_, contents) => {
      binary = contents
    },
    listFiles: () => [],
  },
)
if (error) {
  console.error(stderr.toString())
  throw error
}

const text = `/** Generated from sha256.as.ts by build.mjs: do not edit. A WebAssembly module, base64. */
export const SHA256_WASM: string =
  '${Buffer.from(binary).toString('base64')}'
`

if (!process.argv.includes('--check')) {
  writeFileSync(TARGET, text)
} else if (read(TARGET) !== text) {
  console.error(
    `${fileURLToPath(TARGET)} is not what ${SOURCE} compiles to: run node transforms/hash/kernel/build.mjs`,
  )
  process.exitCode = 1
}

function read(url) {
  try {
    return readFileSync(url, 'utf8')
  } catch {
    return undefined
  }
}

/**
 * Generates for every kernel, `NAME.as.ts` (AssemblyScript), the kernel's side of `NAME-layout.ts`, which is
 * `NAME-layout.as.ts`, and compiles both into `NAME.wasm.ts`. With --check it writes nothing, and ends with 1 where a
 * file is not what it has to be: so what a kernel and its host agree on stands once, and is equal on both sides.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import './typescript.mjs'

const { kernels, layoutOf, moduleOf, ROOT } = await import('./kernel-build.ts')

function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function put(file, text) {
  const target = join(ROOT, file)
  if (!process.argv.includes('--check')) writeFileSync(target, text)
  else if (read(target) !== text) {
    console.error(`${target} is not what its sources give: run npm run kernels`)
    process.exitCode = 1
  }
}

for (const kernel of kernels) {
  const layout = await layoutOf(kernel)
  put(`${kernel}-layout.as.ts`, layout)
  put(`${kernel}.wasm.ts`, await moduleOf(kernel, layout))
}

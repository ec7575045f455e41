/**
 * How a kernel comes about: `NAME-layout.as.ts` from the description in `NAME-layout.ts`, which its host uses as it
 * stands, and `NAME.wasm.ts` from that and from `NAME.as.ts`.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import asc from 'assemblyscript/asc'
import type { FieldType, KernelLayout } from '../transforms/wasm-layout.ts'

export const ROOT: string = fileURLToPath(new URL('..', import.meta.url))
const FLAGS = ['--enable', 'simd', '-O3', '--runtime', 'stub', '--noAssert', '--initialMemory', '7']

/** The kernels, by the paths of their sources without `.as.ts`. */
export const kernels: readonly string[] = ['src', 'transforms'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.as.ts') && !file.endsWith('-layout.as.ts'))
    .map((file) => join(folder, file.replace(/\.as\.ts$/, ''))),
)

/** A type as AssemblyScript has it. */
const typeName = (type: FieldType): string => type.replace(/^\[(.*)\]$/, '$1')

/** The kernel's side of a layout. It does not compile where the compiler lays out a struct in another way. */
function assemblyScript(name: string, { enums, constants, structs }: KernelLayout): string {
  const parts = [`// Generated from ${name}-layout.ts by test/kernels.mjs: do not edit.`]
  for (const [type, values] of Object.entries(constants))
    parts.push(
      Object.entries(values)
        .map(([constant, value]) => `export const ${constant}: ${type} = ${value}`)
        .join('\n'),
    )
  for (const [en, values] of Object.entries(enums))
    parts.push(
      `export const enum ${en} {\n${Object.entries(values)
        .map(([member, value]) => `  ${member} = ${value},\n`)
        .join('')}}`,
    )
  for (const [struct, { fields, offsets, bytes }] of Object.entries(structs)) {
    parts.push(
      `@unmanaged export class ${struct} {\n${Object.entries(fields)
        .map(([field, type]) => `  ${field}: ${typeName(type)}\n`)
        .join('')}}`,
      Object.entries(offsets)
        .map(([field, offset]) => [`('${field}')`, offset, `${struct}.${field}`])
        .concat([['()', bytes, struct]])
        .map(([field, offset, what]) => `if (offsetof<${struct}>${field} != ${offset}) ERROR('${what}')`)
        .join('\n'),
    )
  }
  return `${parts.join('\n\n')}\n`
}

/**
 * `NAME-layout.as.ts` as it has to be.
 * @param kernel one of `kernels`
 */
export async function layoutOf(kernel: string): Promise<string> {
  const { layout } = (await import(pathToFileURL(join(ROOT, `${kernel}-layout.ts`)).href)) as {
    readonly layout: KernelLayout
  }
  return assemblyScript(basename(kernel), layout)
}

export const sourceOf = (kernel: string): string => readFileSync(join(ROOT, `${kernel}.as.ts`), 'utf8')

/** The digest of all that a kernel is compiled from. */
export const digestOf = (kernel: string, layout: string): string =>
  createHash('sha256')
    .update(JSON.stringify([FLAGS, layout, sourceOf(kernel)]))
    .digest('hex')

/**
 * The WebAssembly module of a kernel.
 * @param layout what it imports as `NAME-layout.as`
 * @throws Error with what the compiler says
 */
export async function compile(kernel: string, layout: string): Promise<Uint8Array> {
  const name = basename(kernel)
  const files: Readonly<Record<string, string>> = {
    [`${name}.as.ts`]: sourceOf(kernel),
    [`${name}-layout.as.ts`]: layout,
  }
  let binary = new Uint8Array(0)
  const { error, stderr } = await asc.main([`${name}.as.ts`, '--outFile', 'out.wasm', ...FLAGS], {
    readFile: (asked) => files[asked] ?? null,
    writeFile: (_, contents) => {
      binary = contents as Uint8Array<ArrayBuffer>
    },
    listFiles: () => [],
  })
  if (error !== null) throw new Error(`${kernel}.as.ts: ${error.message}\n${stderr}`)
  return binary
}

/** `NAME.wasm.ts` as it has to be. */
export async function moduleOf(kernel: string, layout: string): Promise<string> {
  const name = basename(kernel)
  const binary = Buffer.from(await compile(kernel, layout))
  return `/**
 * Generated from ${name}.as.ts and ${name}-layout.as.ts by test/kernels.mjs: do not edit. A WebAssembly module, base64.
 * SHA-256 of the sources: ${digestOf(kernel, layout)}
 */
export const ${name.toUpperCase().replaceAll('-', '_')}_WASM: string =
  '${binary.toString('base64')}'
`
}

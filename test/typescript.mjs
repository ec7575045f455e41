/** Lets plain Node run the project's TypeScript as it stands: types are taken away, nothing is checked. */
import { readFileSync } from 'node:fs'
import { register } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import typescript from 'typescript'

if (isMainThread) register(import.meta.url)

const { transpileModule, ModuleKind, ScriptTarget } = typescript
const compilerOptions = {
  module: ModuleKind.ESNext,
  target: ScriptTarget.ES2023,
  verbatimModuleSyntax: true,
  inlineSourceMap: true,
}

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return await next(url, context)
  const fileName = fileURLToPath(url)
  const { outputText } = transpileModule(readFileSync(fileName, 'utf8'), { fileName, compilerOptions })
  return { format: 'module', source: outputText, shortCircuit: true }
}

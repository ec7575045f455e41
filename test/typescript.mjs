/** Lets plain Node run the project's TypeScript as it stands: types are taken away, nothing is checked. */
import { readFileSync } from 'node:fs'
import { register } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { transformSync } from 'rolldown/utils'

if (isMainThread) register(import.meta.url)

const options = { target: 'es2023', typescript: { onlyRemoveTypeImports: true }, sourcemap: true }
const asDataUrl = (map) =>
  `data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return await next(url, context)
  const fileName = fileURLToPath(url)
  const { code, map, errors } = transformSync(fileName, readFileSync(fileName, 'utf8'), options)
  if (errors.length > 0) throw new SyntaxError(`${fileName}: ${errors[0].message}`)
  return { format: 'module', source: `${code}\n//# sourceMappingURL=${asDataUrl(map)}\n`, shortCircuit: true }
}

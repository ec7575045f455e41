/**
 * Writes the files that are made from the code: the catalogue, the list of codes, and the JSON Schemas of policies and pipelines. With
 * `--check` it writes nothing and ends with 1 if one is out of date. Run by `npm run docs` and `npm run check`.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cardFactsJsonSchema } from '../cards/card-facts.ts'
import { catalogueMarkdown } from '../catalogue/catalogue-markdown.ts'
import { errorsMarkdown } from '../catalogue/errors-markdown.ts'
import { policyPage } from '../catalogue/policy-page.ts'
import { EXIT } from '../errors.ts'
import { formSchemas } from '../forms/json-schemas.ts'
import { pipelineJsonSchema } from '../kafka/pipeline-file/pipeline-json-schema.ts'
import { policyJsonSchema } from '../policy/json-schema.ts'
import { controlsMarkdown } from '../report/controls.ts'
import { packageRoot } from '../run/package-root.ts'
import { entries } from './transforms.ts'

const GENERATED: Record<string, () => string> = {
  'transforms/README.md': () => catalogueMarkdown(entries()),
  'docs/controls.md': controlsMarkdown,
  'docs/errors.md': errorsMarkdown,
  'docs/policy.md': policyPage,
  'config/schema/card.schema.json': () => `${JSON.stringify(cardFactsJsonSchema(), null, 2)}\n`,
  'config/schema/policy.schema.json': () => `${JSON.stringify(policyJsonSchema(), null, 2)}\n`,
  'config/schema/pipeline.schema.json': () => `${JSON.stringify(pipelineJsonSchema(), null, 2)}\n`,
}

for (const [name, schema] of Object.entries(formSchemas()))
  GENERATED[`config/schema/${name}`] = () => `${JSON.stringify(schema, null, 2)}\n`

const check = process.argv.includes('--check')
for (const [name, make] of Object.entries(GENERATED)) {
  const file = join(packageRoot(), name)
  const text = make()
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
  if (check) {
    process.stderr.write(`${name} is out of date -> npm run docs\n`)
    process.exitCode = EXIT.violations
  } else {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    process.stderr.write(`wrote ${name}\n`)
  }
}

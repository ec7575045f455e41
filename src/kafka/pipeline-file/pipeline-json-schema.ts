/**
 * The JSON Schema (draft-07) of a pipeline file, made from the same zod schemas that check it, so that editors complete
 * and explain as people write. What it cannot say (topics that loop, policies that do not fit) `lethe lint` does.
 */
import { z } from 'zod'
import { KeysSchema, pipelineSchema, SecretSchema } from './pipeline-schema.ts'

export function pipelineJsonSchema(): object {
  const { $schema: _, ...schema } = z.toJSONSchema(pipelineSchema(SecretSchema, KeysSchema), {
    target: 'draft-7',
    io: 'input',
  })
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Lethe pipeline',
    description: 'From topics to topics: what `lethe stream` reads, which policy holds, and where it goes.',
    ...schema,
  }
}

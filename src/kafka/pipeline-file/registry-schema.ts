/** The shape of `registry:` in a pipeline file. */
import { z } from 'zod'
import { COMPATIBILITY_MODES } from '../../registry/registry-client.ts'
import { whole } from './client-settings.ts'

export interface RegistryShape {
  url: string
  auth?: { username: string; password: unknown } | { token: unknown } | undefined
  tls?: { ca?: unknown; cert?: unknown; key?: unknown; keyPassword?: unknown } | undefined
  timeout: string
  cache: { schemas: number; unknown: string }
}

export interface OutputShape {
  format: 'json' | 'avro' | 'protobuf'
  framing: 'none' | 'confluent'
  subject?: string | undefined
  compatibility?: (typeof COMPATIBILITY_MODES)[number] | undefined
  register: boolean
}

export interface OutputKeyShape {
  format: 'text' | 'json' | 'avro' | 'protobuf'
  framing: 'none' | 'confluent'
  subject?: string | undefined
}

const subject = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[!-~]+$/, 'a subject is written in visible ASCII characters')
  .optional()

/** `to: { key: … }` of a route. */
export const outputKeySchema: z.ZodType<OutputKeyShape> = z
  .strictObject({
    format: z
      .enum(['text', 'json', 'avro', 'protobuf'])
      .default('text')
      .describe(
        'What keys are: text; or a string of JSON or Avro, or a message of Protobuf that has one, where values are of the same format in frames. A token is a text.',
      ),
    framing: z
      .enum(['none', 'confluent'])
      .default('none')
      .describe('confluent: 0x00 and the id of the schema stand before the key. It goes with all but text.'),
    subject: subject.describe(
      'The subject that the schema of keys is registered under; the topic and `-key` unless stated.',
    ),
  })
  .prefault({}) as unknown as z.ZodType<OutputKeyShape>

/** `to: { value: … }` of a route. */
export const outputSchema: z.ZodType<OutputShape> = z
  .strictObject({
    format: z
      .enum(['json', 'avro', 'protobuf'])
      .default('json')
      .describe(
        'What is written: JSON; or Avro or Protobuf, of values that are read as the same. In frames, by a schema that follows from the policy and the schema of the writer.',
      ),
    framing: z
      .enum(['none', 'confluent'])
      .default('none')
      .describe(
        'confluent: 0x00 and the id of the schema stand before the payload. It goes with values that are read in frames.',
      ),
    subject: subject.describe(
      'The subject that schemas of the output are registered under; the topic and `-value` unless stated.',
    ),
    compatibility: z
      .enum(COMPATIBILITY_MODES)
      .optional()
      .describe(
        'The compatibility mode that the subject has to have. A subject without one of its own gets it; one with another is left alone, and nothing is written.',
      ),
    register: z
      .boolean()
      .default(true)
      .describe(
        'false: others register the schemas (`lethe schema` prints them), and records wait for that.',
      ),
  })
  .prefault({}) as unknown as z.ZodType<OutputShape>

const time = z.string().regex(/^[1-9]\d{0,8}(?:ms|s)$/, 'expected a time such as 10s')

/** The schema with `secret` wherever a secret stands. */
export const registrySchema = (secret: z.ZodType): z.ZodType<RegistryShape> =>
  z.strictObject({
    url: z
      .string()
      .min(1)
      .max(2000)
      .describe(
        'Where the REST interface begins: https, or http on this machine, e.g. https://registry.example.com.',
      ),
    auth: z
      .union([
        z.strictObject({
          username: z.string().min(1).max(255).describe('The user, for HTTP Basic.'),
          password: secret.describe('The password: { file: … } or { env: … }, read for each request.'),
        }),
        z.strictObject({
          token: secret.describe('A bearer token: { file: … } or { env: … }, read for each request.'),
        }),
      ])
      .optional()
      .describe('How this client says who it is.'),
    tls: z
      .strictObject({
        ca: secret.optional().describe('Certificates of authorities (PEM), in place of those of the system.'),
        cert: secret.optional().describe('The certificate of this client (PEM).'),
        key: secret.optional().describe('The private key of this client (PEM).'),
        keyPassword: secret.optional().describe('The password of the private key.'),
      })
      .optional()
      .describe('What https goes by, where that is not what the system has.'),
    timeout: time.default('10s').describe('How long one request may take, 100ms to 60s.'),
    cache: z
      .strictObject({
        schemas: whole(10, 100_000)
          .default(1000)
          .describe('Schemas that a route keeps; those that were used longest ago are forgotten first.'),
        unknown: time
          .default('60s')
          .describe('How long an id that the registry does not know counts as unknown, 1s to 3600s.'),
      })
      .prefault({})
      .describe('What is kept of the registry. A schema never changes under its id.'),
  }) as unknown as z.ZodType<RegistryShape>

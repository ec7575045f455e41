/** The shape of `sasl:` in a pipeline file. */
import { z } from 'zod'

export type SaslShape =
  | { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: unknown }
  | TokenShape

export interface TokenShape {
  mechanism: 'oauthbearer'
  token?: unknown
  oidc?: OidcShape | undefined
  extensions: Record<string, string>
}

export interface OidcShape {
  tokenEndpoint: string
  clientId: string
  clientSecret: unknown
  scope?: string | undefined
  ca?: unknown
  timeout: string
}

/** The schema with `secret` wherever a secret stands. */
export const saslSchema = (secret: z.ZodType): z.ZodType<SaslShape> =>
  z.discriminatedUnion('mechanism', [
    z.strictObject({
      mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).describe('How the password is proved.'),
      username: z.string().min(1).max(255).describe('The user.'),
      password: secret.describe('The password: { file: … } or { env: … }.'),
    }),
    z.strictObject({
      mechanism: z
        .literal('oauthbearer')
        .describe('A bearer token (RFC 7628), from `token:` or from `oidc:`; needs one of the two.'),
      token: secret
        .optional()
        .describe(
          'A file that holds a token, { file: … }, which something else renews. It is read again each minute, and before the `exp` of a JWT.',
        ),
      oidc: z
        .strictObject({
          tokenEndpoint: z
            .string()
            .min(1)
            .max(2000)
            .describe('The URL that gives tokens: https, or http on this machine.'),
          clientId: z.string().min(1).max(500).describe('The id of this client there.'),
          clientSecret: secret.describe('Its secret: { file: … } or { env: … }, read for each request.'),
          scope: z
            .string()
            .regex(
              /^[!#-[\]-~]+(?: [!#-[\]-~]+)*$/,
              'scopes are written in visible ASCII characters with a space between',
            )
            .max(2000)
            .optional()
            .describe('The scopes that are asked for, with a space between.'),
          ca: secret
            .optional()
            .describe('Certificates of authorities for the endpoint (PEM), in place of those of the system.'),
          timeout: z
            .string()
            .regex(/^[1-9]\d{0,8}(?:ms|s)$/, 'expected a time such as 5s')
            .default('5s')
            .describe('How long one request may take, 100ms to 60s.'),
        })
        .optional()
        .describe(
          'A token endpoint, asked with the grant of client credentials (RFC 6749, 4.4) and with HTTP Basic.',
        ),
      extensions: z
        .record(z.string(), z.string().max(1000))
        .default({})
        .describe('What is told to the broker beside the token, e.g. `logicalCluster`; names are letters.'),
    }),
  ]) as unknown as z.ZodType<SaslShape>

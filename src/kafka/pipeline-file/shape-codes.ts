/** The codes of errors in the shape of a pipeline file. */

import type { Foreign, ShapeCodes } from '../../policy/check-form.ts'
import { quote } from '../../policy/problems.ts'
import { suggestion } from '../../policy/suggest.ts'
import { CLIENT_SETTINGS, refusalOf } from './client-settings.ts'
import type { PipelineCode } from './pipeline-codes.ts'

/** Which code a slip in the shape of a pipeline gets, and what is said of keys that stand in the wrong place. */
export const PIPELINE_SHAPE: ShapeCodes<PipelineCode> = {
  unknown: 'unknown-key',
  missing: 'missing-key',
  wrong: 'wrong-type',
  byKey: {
    pipeline: 'bad-name',
    'routes.name': 'bad-name',
    'routes.from.group': 'bad-name',
    instance: 'bad-name',
    brokers: 'bad-broker',
    'routes.from.topics': 'bad-topic',
    'routes.from.topics.pattern': 'bad-pattern',
    'routes.to.topic': 'bad-topic',
    'routes.to.dataset': 'bad-dataset',
    'routes.to.format': 'bad-dataset',
    'routes.to.roll': 'bad-amount',
    'routes.deadLetterTopic': 'bad-topic',
    'routes.from.start': 'bad-start',
    'batch.bytes': 'bad-amount',
    'batch.time': 'bad-amount',
    maxRecordBytes: 'bad-amount',
    maxDeadLetters: 'bad-limit',
    client: 'bad-setting',
  },
  hints: {
    'routes.from.topics': 'a list of names, or { pattern: … }',
    'sasl.mechanism': 'plain, scram-sha-256, scram-sha-512 or oauthbearer',
    tls: 'write `tls: true` or a mapping; without TLS, leave it out',
  },
  unquoted: new Set(['tls', 'sasl', 'sasl.oidc']),
  foreign: (under, name): Foreign<PipelineCode> | undefined => {
    if (under === 'client') return foreignSetting(name)
    if ((under === 'routes' || under.startsWith('routes.')) && (name === 'brokers' || name === 'cluster'))
      return {
        code: 'two-clusters',
        message:
          'a pipeline has one cluster: outputs and offsets are settled in one transaction, and that is of one',
        suggestion: 'run a pipeline per cluster, and mirror topics between them (MirrorMaker, say)',
      }
    return undefined
  },
}

function foreignSetting(name: string): Foreign<PipelineCode> {
  const refusal = refusalOf(name)
  if (refusal !== undefined)
    return {
      code: 'refused-setting',
      message: `${refusal.shown} cannot be set here`,
      suggestion: refusal.instead,
    }
  return {
    code: 'unknown-setting',
    message: `${/^[a-z]+(\.[a-z]+)+$/.test(name) ? quote(name) : 'this'} is not a client setting that a pipeline may set`,
    suggestion:
      suggestion(name, Object.keys(CLIENT_SETTINGS)) ??
      'those are listed in config/schema/pipeline.schema.json',
  }
}

/** The schemas of a route, by its pipeline. */
import { resolveRegistry } from '../../kafka/pipeline-file/pipeline-secrets.ts'
import { keysNameSchemas, valuesNameSchemas } from '../../record/wire-form.ts'
import { RegistryClient } from '../../registry/registry-client.ts'
import { checkTags } from '../check-tags.ts'
import { describeOutput, keySchema } from './output-subject.ts'
import type { Prepared, PreparedRoute } from './prepare.ts'
import { RouteSchemas, type SchemaWatch } from './route-schemas.ts'

/** The schemas of a route whose values or keys have any; undefined where they have none. */
export function schemasOf(
  { pipeline }: Prepared,
  { setup, plan, route, writer }: PreparedRoute,
  stop: AbortSignal,
  watch: () => SchemaWatch,
): RouteSchemas | undefined {
  const { registry } = pipeline
  const { form } = setup
  if (registry === undefined || !(valuesNameSchemas(form) || keysNameSchemas(form))) return undefined
  const { key } = route.to
  const client = new RegistryClient(() => resolveRegistry(registry))
  // The watch is made once the route is.
  const of = (): SchemaWatch => watch()
  return new RouteSchemas({
    client,
    form,
    tags: plan.tags && {
      check: (schema, part, format) => checkTags(plan, schema, part, format, true),
      waits: plan.tags.withoutRule === 'refuse',
    },
    describe:
      (form.output ?? 'json') === 'json'
        ? undefined
        : describeOutput(client, plan, form.value.format, route.to.value!, form.change),
    outputKey:
      key === undefined
        ? undefined
        : async () => writer.frameKeys(await keySchema(client, key, route.to.value!)),
    cache: registry.cache,
    stop,
    watch: {
      waiting: (count, held) => of().waiting(count, held),
      failed: (id, code) => of().failed(id, code),
      known: (id) => of().known(id),
      refused: (id, code) => of().refused(id, code),
      held: (id) => of().held(id),
    },
  })
}

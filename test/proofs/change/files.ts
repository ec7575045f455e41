/** Policies and pipeline of the proof of change events. */

const EVENT = `  $change.op: keep
  $change.source.table: keep
  $change.source.lsn: keep
`

export const CUSTOMERS: string = `policy: customers
version: 1
purpose: train_ai_system
subject: id
fields:
  id: { use: hash.hmac, domain: customer }
  email: { use: hash.hmac, domain: email, normalize: email }
  city: { use: generalize.prefix, keep: 2 }
  at: { use: generalize.date, to: month }
  visits: { use: generalize.number, width: 10 }
  note: { use: hash.hmac, domain: note }
  doc: { use: hash.hmac, domain: label }
  "tags[]": { use: hash.hmac, domain: tag }
  $key.id: { use: hash.hmac, domain: customer }
${EVENT}`

/** \`opted_out\` is one of the columns that Debezium makes up where the key alone is logged: as false. */
export const ORDERS: string = `policy: orders
version: 1
purpose: train_ai_system
subject: owner
consent: [ { from: opted_out, when: { is: false } } ]
fields:
  id: { use: hash.hmac, domain: order }
  owner: { use: hash.hmac, domain: customer }
  email: { use: hash.hmac, domain: email, normalize: email }
  at: { use: generalize.date, to: month }
  amount: { use: generalize.number, width: 100 }
  note: { use: hash.hmac, domain: note }
  $key.id: { use: hash.hmac, domain: order }
${EVENT}`

export const TABLE_NAMES = ['customers', 'orders'] as const
export const FORMS = ['plain', 'wrapped', 'avro'] as const
export type Form = (typeof FORMS)[number]

/** What a connector writes beside the two tables. */
export const besides = (form: Form): string[] => [
  `${form}.transaction`,
  `${form}.message`,
  `__debezium-heartbeat.${form}`,
]
export const topicOf = (form: Form, table: string): string => `${form}.shop.${table}`
export const outputOf = (form: Form, table: string): string => `out.${form}.${table}`
export const DEAD = 'out.dead'

const READING: Readonly<Record<Form, string>> = {
  plain: '',
  wrapped: ', value: { inner: payload }, key: { inner: payload }',
  avro: ', value: { format: avro, framing: confluent }, key: { format: avro, framing: confluent }',
}

export const pipelineOf = (broker: string, registry: string): string => `pipeline: changes
brokers: ["${broker}"]
keys: { file: keys.json }
maxDeadLetters: 100%
registry: { url: "${registry}/apis/ccompat/v7" }
routes:
${FORMS.flatMap((form) => [
  `  - name: ${form}-customers
    from: { topics: [${topicOf(form, 'customers')}], group: ${form}-customers${READING[form]} }
    change: { form: debezium, before: full }
    to: { topic: ${outputOf(form, 'customers')} }
    deadLetterTopic: ${DEAD}
    policy: customers.yaml`,
  `  - name: ${form}-orders
    from: { topics: [${[topicOf(form, 'orders'), ...besides(form)].join(', ')}], group: ${form}-orders${READING[form]} }
    change: debezium
    to: { topic: ${outputOf(form, 'orders')} }
    deadLetterTopic: ${DEAD}
    policy: orders.yaml`,
]).join('\n')}
`

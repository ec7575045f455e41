/** The settings of a broker that stands alone: one process, broker and controller in one. */

/** Replication of one everywhere, and times short enough for tests of faults. */
const ALONE = {
  'process.roles': 'broker,controller',
  'node.id': 1,
  'controller.listener.names': 'CONTROLLER',
  'inter.broker.listener.name': 'PLAIN',
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 4,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'default.replication.factor': 1,
  'auto.create.topics.enable': false,
  'group.initial.rebalance.delay.ms': 0,
  'group.min.session.timeout.ms': 1000,
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1000,
  'broker.heartbeat.interval.ms': 500,
  'broker.session.timeout.ms': 3000,
  'log.retention.check.interval.ms': 300_000,
  // Small heap.
  'log.cleaner.dedupe.buffer.size': 8_388_608,
}

const SECURITY = { TLS: 'SSL', SASL: 'SASL_PLAINTEXT', SASL_TLS: 'SASL_SSL', TOKENS: 'SASL_PLAINTEXT' }

/** The listeners asked for, by name. `PLAIN` is always there. */
export function listenerNames({ tls, users, tokens, advertised = [] }) {
  const names = ['PLAIN', 'CONTROLLER', ...advertised.map((_, index) => `PROXY${index}`)]
  if (tls) names.push('TLS')
  if (users) names.push('SASL')
  if (tls && users) names.push('SASL_TLS')
  if (tokens) names.push('TOKENS')
  return names
}

/** `ports`: of each listener; `certificates`: what `makeCertificates` gave, if there is TLS. */
export function settings(options, ports, certificates, bind = '127.0.0.1') {
  const names = [...ports.keys()]
  const advertised = names
    .filter((name) => name !== 'CONTROLLER')
    .map((name) => {
      const proxy = /^PROXY(\d+)$/.exec(name)?.[1]
      return `${name}://${proxy === undefined ? `127.0.0.1:${ports.get(name)}` : options.advertised[Number(proxy)]}`
    })
  return {
    ...ALONE,
    listeners: names.map((name) => `${name}://${bind}:${ports.get(name)}`).join(','),
    'advertised.listeners': advertised.join(','),
    'listener.security.protocol.map': names
      .map((name) => `${name}:${SECURITY[name] ?? 'PLAINTEXT'}`)
      .join(','),
    'controller.quorum.voters': `1@127.0.0.1:${ports.get('CONTROLLER')}`,
    ...(certificates === undefined ? {} : tlsSettings(options.tls, certificates)),
    ...(options.users === undefined ? {} : saslSettings(options.users)),
    ...(options.tokens === true ? TOKEN_SETTINGS : {}),
    ...(options.authorizer === true ? AUTHORIZER : {}),
    ...options.properties,
  }
}

/** Whoever comes through the plain listener may do everything; a user only what an ACL allows. */
const AUTHORIZER = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
}

const tlsSettings = (tls, certificates) => ({
  'ssl.keystore.type': 'PEM',
  'ssl.keystore.location': certificates.serverStore,
  'ssl.truststore.type': 'PEM',
  'ssl.truststore.location': certificates.ca,
  'ssl.client.auth': tls === 'client-certificates' ? 'required' : 'none',
})

/** Users of PLAIN stand in the file; those of SCRAM are made when the data folder is formatted. */
function saslSettings(users) {
  const plain = users.map(({ name, password }) => `user_${name}="${password}"`).join(' ')
  const modules = {
    PLAIN: `org.apache.kafka.common.security.plain.PlainLoginModule required ${plain};`,
    'SCRAM-SHA-256': 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'SCRAM-SHA-512': 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
  }
  const all = { 'sasl.enabled.mechanisms': Object.keys(modules).join(',') }
  for (const listener of ['sasl', 'sasl_tls'])
    for (const [mechanism, module] of Object.entries(modules))
      all[`listener.name.${listener}.${mechanism.toLowerCase()}.sasl.jaas.config`] = module
  return all
}

/** Tokens without a signature; a connection lasts for as long as its token, and authenticates again within seconds. */
const TOKEN_SETTINGS = {
  'listener.name.tokens.sasl.enabled.mechanisms': 'OAUTHBEARER',
  'listener.name.tokens.oauthbearer.sasl.jaas.config':
    'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
  'listener.name.tokens.oauthbearer.connections.max.reauth.ms': 4000,
}

export const scramArguments = (users = []) =>
  users.flatMap(({ name, password }) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((kind) => [
      '--add-scram',
      `${kind}=[name=${name},password=${password}]`,
    ]),
  )

export const asProperties = (all) =>
  Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')

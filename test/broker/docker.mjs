/** Apache Kafka in a container, where there is docker and no Java. */
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { freePorts } from './ports.mjs'
import { answers } from './ready.mjs'
import { settings } from './settings.mjs'

const IMAGE = 'apache/kafka:4.1.0'
const START_DEADLINE = 300_000

/** The image takes settings from its environment: `a.b-c_d` is `KAFKA_A_B___C__D`. */
const variable = (name) =>
  `KAFKA_${name.replaceAll('_', '__').replaceAll('-', '___').replaceAll('.', '_').toUpperCase()}`

function composeFile(options, ports) {
  const plain = ports.get('PLAIN')
  return `services:
  broker:
    image: ${IMAGE}
    ports: ['127.0.0.1:${plain}:${plain}']
    environment:
${Object.entries(settings(options, ports, undefined, '0.0.0.0'))
  .map(([name, value]) => `      ${variable(name)}: ${JSON.stringify(String(value))}\n`)
  .join('')}`
}

/** Throws with the reason where it cannot run. TLS, users, tokens and proxies are for Kafka as a process only. */
export async function startDocker(options, onProgress) {
  if (options.tls || options.users || options.tokens || options.advertised) {
    throw new Error('the broker in docker has one plain listener only')
  }
  const docker = (args, input) =>
    spawnSync('docker', args, { input, encoding: 'utf8', timeout: START_DEADLINE })
  if (docker(['version']).status !== 0) throw new Error('docker is not here, or its daemon does not run')
  if (docker(['compose', 'version']).status !== 0) throw new Error('docker has no compose')
  const [plain, controller] = await freePorts(2)
  const file = composeFile(
    options,
    new Map([
      ['PLAIN', plain],
      ['CONTROLLER', controller],
    ]),
  )
  const project = `lethe-${randomUUID().slice(0, 8)}`
  const compose = (...args) => {
    const { status, stderr } = docker(['compose', '-p', project, '-f', '-', ...args], file)
    if (status !== 0) throw new Error(`docker compose ${args[0]} failed: ${stderr.trim().slice(-300)}`)
  }
  const address = `127.0.0.1:${plain}`
  const ready = async () => {
    const giveUp = Date.now() + 60_000
    while (!(await answers(address)))
      if (Date.now() > giveUp) throw new Error('Kafka in docker does not answer')
  }
  const stop = async () => compose('down', '--volumes', '--timeout', '1')
  onProgress(`starting ${IMAGE} in docker`)
  try {
    compose('up', '--detach')
    await ready()
  } catch (error) {
    await stop().catch(() => {})
    throw error
  }
  return {
    kind: 'docker',
    address,
    behind: [],
    kill: async () => compose('kill'),
    restart: async () => {
      compose('restart')
      await ready()
    },
    pause: () => compose('pause'),
    resume: () => compose('unpause'),
    stop,
  }
}

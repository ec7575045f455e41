/** Opens the admin client, which is loaded when it is first asked for. */
import type { Admin } from './admin.ts'
import type { Connection, DriverEvent } from './driver.ts'

/** The settings of a pipeline's client that mean something here; others may be those of another driver. */
const SETTINGS: readonly string[] = [
  'client.id',
  'client.rack',
  'request.timeout.ms',
  'socket.connection.setup.timeout.ms',
  'metadata.max.age.ms',
  'retry.backoff.ms',
]

/**
 * Connects.
 * @throws LetheError where no broker answers within 15 s, or one refuses this client
 */
export async function openAdmin(
  connection: Connection,
  onEvent: (event: DriverEvent) => void = () => {},
): Promise<Admin> {
  const { kafkajsAdmin } = await import('./drivers/kafkajs/kafkajs-admin.ts')
  return await kafkajsAdmin(forAsking(connection), onEvent)
}

/** The connection for who only asks, whichever driver its settings are for. */
export function forAsking(connection: Connection): Connection {
  const client = new Map([...connection.client].filter(([name]) => SETTINGS.includes(name)))
  return { ...connection, client }
}

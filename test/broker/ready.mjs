/** Whether a broker answers, and is one that clients may use. */
import { Kafka, logLevel } from 'kafkajs'

const PAUSE = 100

export async function answers(address) {
  const client = new Kafka({
    brokers: [address],
    clientId: 'lethe-test',
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    requestTimeout: 2000,
    retry: { retries: 0 },
  })
  const admin = client.admin()
  try {
    await admin.connect()
    // A broker that has not yet its place in the cluster is not listed.
    const { brokers } = await admin.describeCluster()
    if (brokers.length > 0) return true
  } catch {
    // Not yet.
  } finally {
    await admin.disconnect().catch(() => {})
  }
  await new Promise((resolve) => setTimeout(resolve, PAUSE))
  return false
}

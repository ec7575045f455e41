/** Why a client does not get through, against the real thing: the cause is the same whichever client meets it. */
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Cause } from '../../src/kafka/cause.ts'
import type { Connection, DriverEvent } from '../../src/kafka/driver.ts'
import { chooseDriver } from '../../src/kafka/drivers.ts'
import { openAdmin } from '../../src/kafka/open-admin.ts'
import { type Guarded, OWNER, passwordOf } from '../broker/guarded.ts'
import { guarded, onOwnKafka, uniqueName } from '../broker/suite.ts'

const PASSWORD = passwordOf(OWNER)
const WRONG = 'Wr0ng-password-of-owner'

onOwnKafka('why a client does not get through', () => {
  let broker: Guarded
  /** Accepts, and never says a word. */
  let hole: Server
  const held = new Set<Socket>()
  beforeAll(async () => {
    broker = await guarded()
    hole = createServer((socket) => {
      held.add(socket)
      socket.on('error', () => {})
    })
    await new Promise<void>((resolve) => hole.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => {
    for (const socket of held) socket.destroy()
    hole.close()
  })

  const named = (address: string): string => address.replace('127.0.0.1', 'localhost')
  const trusting = (file: string): Partial<Connection> => ({
    tls: { ca: readFileSync(file, 'utf8'), cert: undefined, key: undefined, keyPassword: undefined },
  })
  const as = (
    password: string,
    mechanism: 'plain' | 'scram-sha-512' = 'scram-sha-512',
  ): Partial<Connection> => ({ sasl: { mechanism, username: OWNER, password } })

  const TROUBLES: readonly (readonly [string, Cause, () => readonly [string, Partial<Connection>]])[] = [
    ['a closed port', 'connection-refused', () => ['127.0.0.1:1', {}]],
    ['nobody who answers', 'timeout', () => [`127.0.0.1:${(hole.address() as AddressInfo).port}`, {}]],
    ['a TLS listener spoken to in plain', 'tls-handshake', () => [named(broker.tlsAddress), {}]],
    [
      'a plain listener spoken to in TLS',
      'tls-handshake',
      () => [named(broker.address), trusting(broker.certificates.ca)],
    ],
    [
      'a wrong authority',
      'tls-handshake',
      () => [named(broker.tlsAddress), trusting(broker.certificates.otherCa)],
    ],
    ['a wrong password', 'auth-failed', () => [broker.saslAddress, as(WRONG)]],
    ['a wrong password in plain', 'auth-failed', () => [broker.saslAddress, as(WRONG, 'plain')]],
    [
      'a wrong password over TLS',
      'auth-failed',
      () => [named(broker.saslTlsAddress), { ...trusting(broker.certificates.ca), ...as(WRONG) }],
    ],
    ['a listener that knows no users', 'auth-failed', () => [broker.address, as(PASSWORD)]],
  ]

  const UNRESOLVED: typeof TROUBLES = [
    ['a name that does not resolve', 'dns', () => ['nobody.invalid:9092', {}]],
  ]

  const connectionOf = (address: string, more: Partial<Connection>): Connection => ({
    brokers: [address],
    tls: undefined,
    sasl: undefined,
    client: new Map(),
    ...more,
  })

  /** What is thrown, and the codes that are told on the way. */
  async function meets(open: (onEvent: (event: DriverEvent) => void) => Promise<unknown>) {
    const codes: string[] = []
    const error: unknown = await open((event) => {
      if ('code' in event) codes.push(event.code)
    }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    return { codes, error, text: `${String(error)} ${(error as { suggestion?: string }).suggestion}` }
  }

  const casesOf = (troubles: typeof TROUBLES) =>
    troubles.flatMap(([what, cause, where]) =>
      (['at the start', 'rdkafka', 'kafkajs'] as const).map((who) => ({ what, cause, where, who })),
    )

  async function isTold({ cause, where, who }: ReturnType<typeof casesOf>[number]): Promise<void> {
    const [address, more] = where()
    const connection = connectionOf(address, more)
    const { codes, error, text } = await meets(async (onEvent) => {
      if (who === 'at the start') return await openAdmin(connection, onEvent)
      const { make } = await chooseDriver({ delivery: 'at-least-once', driver: who })
      const name = uniqueName('cause')
      const driver = make({
        connection,
        group: name,
        topics: [name],
        start: 'earliest',
        delivery: 'at-least-once',
        transactionalId: name,
        onEvent,
      })
      try {
        await driver.open()
      } finally {
        await driver.close(1000)
      }
    })
    expect(error).toMatchObject({ exitCode: 4, reason: cause })
    expect(text).toContain(`(${cause}`)
    // As users have it; the contract of the drivers shortens it.
    if (cause === 'connection-refused') expect(text).toContain('within 15 s')
    expect(text).not.toMatch(/Pa55word|Wr0ng/)
    // What a client says by itself, where it says something: a broker that holds its tongue may be met once only.
    expect(codes).not.toContain('unknown')
    if (who === 'rdkafka') expect(codes.filter((code) => code !== 'all-brokers-down')).toContain(cause)
  }

  describe('where the name resolves', () => {
    it.concurrent.each(casesOf(TROUBLES))('$what is $cause: $who', { timeout: 60_000 }, isTold)
  })

  // By themselves: look-ups that take seconds fill the four threads of Node.js, and those of the others would wait.
  describe('where it does not', () => {
    it.concurrent.each(casesOf(UNRESOLVED))('$what is $cause: $who', { timeout: 60_000 }, isTold)
  })
})

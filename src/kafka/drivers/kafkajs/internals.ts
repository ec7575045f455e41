/**
 * What Lethe takes from inside kafkajs 2.2.4: connections with TLS and SASL, and the coding of requests. Its consumer
 * and producer are not used: see `kafkajs-driver.ts` for why. These modules have no types; here are those of the parts
 * that are used.
 */

import type { Socket } from 'node:net'
// @ts-expect-error: no types
import BrokerModule from 'kafkajs/src/broker/index.js'
// @ts-expect-error: no types
import plainModule from 'kafkajs/src/broker/saslAuthenticator/plain.js'
// @ts-expect-error: no types
import scram256Module from 'kafkajs/src/broker/saslAuthenticator/scram256.js'
// @ts-expect-error: no types
import scram512Module from 'kafkajs/src/broker/saslAuthenticator/scram512.js'
// @ts-expect-error: no types
import loggersModule from 'kafkajs/src/loggers/index.js'
// @ts-expect-error: no types
import ConnectionPoolModule from 'kafkajs/src/network/connectionPool.js'
// @ts-expect-error: no types
import DecoderModule from 'kafkajs/src/protocol/decoder.js'
// @ts-expect-error: no types
import EncoderModule from 'kafkajs/src/protocol/encoder.js'
// @ts-expect-error: no types
import protocolErrorsModule from 'kafkajs/src/protocol/error.js'
// @ts-expect-error: no types
import apiKeysModule from 'kafkajs/src/protocol/requests/apiKeys.js'
// @ts-expect-error: no types
import requestsModule from 'kafkajs/src/protocol/requests/index.js'

export interface Encoder {
  readonly buf: Buffer
  readonly buffer: Buffer
  writeInt8(value: number): this
  writeInt16(value: number): this
  writeInt32(value: number): this
  writeInt64(value: number | string): this
  writeBoolean(value: boolean): this
  writeString(value: string | null): this
  writeBytes(value: Buffer | null): this
  writeArray(values: readonly (Encoder | string | number)[]): this
}

export interface Decoder {
  readInt8(): number
  readInt16(): number
  readInt32(): number
  readInt64(): bigint
  readBoolean(): boolean
  readUVarInt(): number
  readString(): string | null
  readUVarIntString(): string | null
  readBytes(): Buffer | null
  readArray<T>(read: (decoder: Decoder) => T): T[]
}

export interface Request {
  readonly apiKey: number
  readonly apiVersion: number
  readonly apiName: string
  readonly expectResponse?: () => boolean
  readonly encode: () => Promise<Pick<Encoder, 'buf' | 'buffer'>>
}

export interface Protocol {
  readonly request: Request
  readonly response: {
    readonly decode: (raw: Buffer) => Promise<unknown>
    readonly parse: (decoded: never) => Promise<unknown>
  }
  readonly requestTimeout?: number
  readonly logResponseError?: boolean
}

interface Definition {
  readonly versions: readonly string[]
}

interface RequestQueue {
  readonly pending: readonly unknown[]
  /** ms since the epoch. */
  readonly throttledUntil: number
  scheduleCheckPendingRequests: () => void
}

export interface ConnectionPool {
  readonly pool: readonly { readonly requestQueue: RequestQueue }[]
  send(protocol: Protocol): Promise<unknown>
}

export interface Broker {
  readonly nodeId: number | null
  readonly connectionPool: ConnectionPool
  /** By API key; undefined until it was connected once. */
  readonly versions: Readonly<
    Record<number, { readonly minVersion: number; readonly maxVersion: number }>
  > | null
  isConnected(): boolean
  connect(): Promise<void>
  disconnect(): Promise<void>
  lookupRequest(apiKey: number, definition: Definition): (args: object) => Protocol
}

export type Logger = object

interface LogEntry {
  readonly namespace: string
  readonly level: number
  readonly label: string
  readonly log: { readonly message?: unknown }
}

export type SocketFactory = (target: {
  readonly host: string
  readonly port: number
  readonly ssl: object | null | undefined
  readonly onConnect: () => void
}) => Socket

export interface SaslExchange {
  readonly host: string
  readonly port: number
  readonly logger: Logger
  readonly saslAuthenticate: (exchange: object) => Promise<unknown>
}

export type SaslProvider = (exchange: SaslExchange) => { authenticate(): Promise<void> }

type Credentials = { readonly username: string; readonly password: string }

export const Broker = BrokerModule as new (options: {
  readonly connectionPool: ConnectionPool
  readonly logger: Logger
  readonly nodeId: number | null
  readonly allowAutoTopicCreation: false
}) => Broker

export const ConnectionPool = ConnectionPoolModule as new (options: {
  readonly host: string
  readonly port: number
  readonly ssl: object | null
  readonly sasl: { readonly mechanism: string; readonly authenticationProvider: SaslProvider } | null
  readonly clientId: string
  readonly logger: Logger
  readonly socketFactory: SocketFactory
  readonly connectionTimeout: number
  readonly requestTimeout: number
  readonly enforceRequestTimeout: true
}) => ConnectionPool

export const Encoder = EncoderModule as new () => Encoder
export const Decoder = DecoderModule as new (bytes: Buffer) => Decoder

interface Loggers {
  readonly createLogger: (options: {
    readonly level: number
    readonly logCreator: () => (entry: LogEntry) => void
  }) => Logger
  readonly LEVELS: Readonly<Record<'NOTHING' | 'ERROR' | 'WARN' | 'INFO' | 'DEBUG', number>>
}
export const loggers = loggersModule as Loggers

export const API_KEYS = apiKeysModule as Readonly<Record<string, number>>
export const REQUESTS: Readonly<Record<string, Definition>> = requestsModule.requests

export const SASL: Readonly<Record<string, (credentials: Credentials) => SaslProvider>> = {
  plain: plainModule,
  'scram-sha-256': scram256Module,
  'scram-sha-512': scram512Module,
}

interface ErrorCode {
  readonly code: number
  readonly type: string
}
/** The broker's error codes with their names: `NOT_LEADER_FOR_PARTITION` and so on. */
export const ERROR_CODES: readonly ErrorCode[] = protocolErrorsModule.errorCodes

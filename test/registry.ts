/**
 * A schema registry in the process of a test: the part of the REST interface of Confluent Schema Registry that Lethe uses. It can
 * be told to be away, slow or wrong.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import avsc from 'avsc'

interface Registered {
  readonly id: number
  readonly schema: string
  readonly schemaType?: string | undefined
  readonly references?: readonly unknown[] | undefined
  /** What it gives where a descriptor is asked for; the schema, where it does not know of that. */
  readonly serialized?: string | undefined
  readonly metadata?: unknown
}

export class TestRegistry {
  readonly #server: Server
  readonly #schemas: Registered[] = []
  readonly #subjects = new Map<string, number[]>()
  readonly modes: Map<string, string> = new Map()
  /** Requests so far: method, path. */
  readonly asked: string[] = []
  /** What it does in place of answering. */
  fault: 'none' | 'away' | 'silent' | 'garbage' | 'huge' | 'error' = 'none'
  /** The header that it asks for. */
  authorization: string | undefined

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(port = 0): Promise<TestRegistry> {
    const server = createServer()
    const registry = new TestRegistry(server)
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      registry.#answer(request, response).catch(() => response.destroy())
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    return registry
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** Registers a schema of whatever kind, unchecked; gives its id. */
  put(subject: string, schema: unknown, more: Omit<Registered, 'id' | 'schema'> = {}): number {
    const text = typeof schema === 'string' ? schema : JSON.stringify(schema)
    const known = this.#schemas.find((one) => one.schema === text)
    const id = known?.id ?? this.#schemas.length + 1
    if (known === undefined) this.#schemas.push({ id, schema: text, ...more })
    const versions = this.#subjects.get(subject) ?? []
    if (!versions.includes(id)) this.#subjects.set(subject, [...versions, id])
    return id
  }

  versionsOf(subject: string): readonly string[] {
    return (this.#subjects.get(subject) ?? []).map((id) => this.#schemas[id - 1]!.schema)
  }

  schemaOf(id: number): string {
    return this.#schemas[id - 1]!.schema
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
    const path = decodeURI(request.url ?? '')
    this.asked.push(`${request.method} ${path}`)
    if (this.fault === 'away') return void request.socket.destroy()
    if (this.fault === 'silent') return
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    }
    if (this.fault === 'garbage') return send(200, '<html>secret page</html>')
    if (this.fault === 'huge') return send(200, 'x'.repeat(5 << 20))
    if (this.fault === 'error') return send(500, { error_code: 50001, message: 'secret words' })
    if (this.authorization !== undefined && request.headers.authorization !== this.authorization)
      return send(401, { error_code: 401, message: 'no' })
    const body =
      parts.length === 0 ? {} : (JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>)
    const [status, answer] = this.#act(request.method ?? '', path, body)
    send(status, answer)
  }

  #act(method: string, path: string, body: Record<string, unknown>): [number, unknown] {
    const missing = (code: number): [number, unknown] => [404, { error_code: code, message: 'not found' }]
    const isSerialized = path.endsWith('?format=serialized')
    path = path.replace(/\?.*$/, '')
    const byId = /^\/schemas\/ids\/(\d+)$/.exec(path)
    if (byId !== null) {
      const found = this.#schemas[Number(byId[1]) - 1]
      if (found === undefined) return missing(40403)
      const { id: _, serialized, ...rest } = found
      return [200, isSerialized && serialized !== undefined ? { ...rest, schema: serialized } : rest]
    }
    const config = /^\/config\/([^/]+)$/.exec(path)
    if (config !== null) {
      const subject = decodeURIComponent(config[1]!)
      if (method === 'PUT') {
        this.modes.set(subject, String(body['compatibility']))
        return [200, body]
      }
      const mode = this.modes.get(subject)
      return mode === undefined ? missing(40408) : [200, { compatibilityLevel: mode }]
    }
    const check = /^\/compatibility\/subjects\/([^/]+)\/versions\/latest$/.exec(path)
    if (check !== null) {
      const ids = this.#subjects.get(decodeURIComponent(check[1]!))
      if (ids === undefined) return missing(40401)
      return [200, { is_compatible: this.#goes(String(body['schema']), ids, decodeURIComponent(check[1]!)) }]
    }
    const version = /^\/subjects\/([^/]+)\/versions(?:\/(\w+))?$/.exec(path)
    if (version !== null) return this.#versions(method, decodeURIComponent(version[1]!), version[2], body)
    const lookup = /^\/subjects\/([^/]+)$/.exec(path)
    if (lookup !== null) {
      const ids = this.#subjects.get(decodeURIComponent(lookup[1]!)) ?? []
      const id = ids.find((one) => this.#schemas[one - 1]!.schema === body['schema'])
      return id === undefined
        ? missing(40403)
        : [200, { id, version: ids.indexOf(id) + 1, schema: body['schema'] }]
    }
    return [404, 'no such page']
  }

  #versions(
    method: string,
    subject: string,
    number: string | undefined,
    body: Record<string, unknown>,
  ): [number, unknown] {
    const ids = this.#subjects.get(subject)
    if (method === 'POST') {
      const text = String(body['schema'])
      const { schemaType } = body
      try {
        if (schemaType === undefined)
          avsc.Type.forSchema(JSON.parse(text) as avsc.Schema, { wrapUnions: true })
        else if (schemaType === 'JSON') JSON.parse(text)
      } catch {
        return [422, { error_code: 42201, message: 'invalid' }]
      }
      if (schemaType !== undefined)
        return [200, { id: this.put(subject, text, { schemaType: String(schemaType) }) }]
      const isThere = ids?.some((id) => this.#schemas[id - 1]!.schema === text) === true
      if (!isThere && ids !== undefined && !this.#goes(text, ids, subject))
        return [409, { error_code: 409, message: 'incompatible' }]
      return [200, { id: this.put(subject, text) }]
    }
    if (ids === undefined) return [404, { error_code: 40401, message: 'no subject' }]
    if (number === undefined) return [200, ids.map((_, at) => at + 1)]
    const at = number === 'latest' ? ids.length : Number(number)
    const id = ids[at - 1]
    return id === undefined
      ? [404, { error_code: 40402, message: 'no version' }]
      : [200, { subject, version: at, ...this.#schemas[id - 1] }]
  }

  /** Whether a schema goes with the latest version: who has it reads what was written before. */
  #goes(text: string, ids: readonly number[], subject: string): boolean {
    const mode = this.modes.get(subject) ?? 'BACKWARD'
    if (mode === 'NONE') return true
    const type = (schema: string): avsc.Type =>
      avsc.Type.forSchema(JSON.parse(schema) as avsc.Schema, { wrapUnions: true })
    const [older, newer] = [type(this.#schemas[ids.at(-1)! - 1]!.schema), type(text)]
    const reads = (reader: avsc.Type, writer: avsc.Type): boolean => {
      try {
        reader.createResolver(writer)
        return true
      } catch {
        return false
      }
    }
    const [backward, forward] = [reads(newer, older), reads(older, newer)]
    if (mode.startsWith('FORWARD')) return forward
    return mode.startsWith('FULL') ? forward && backward : backward
  }
}

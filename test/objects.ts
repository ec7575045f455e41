/**
 * An object store in the process of a test: the part of the REST interface of S3 that Lethe uses. It checks signatures (AWS
 * Signature Version 4) and judges conditions, and can be told to be slow, busy or wrong. It stands in for a real server where a check
 * has to be cheap; `npm run proof:s3` runs the like against one.
 */
import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { crc32 } from 'node:zlib'

const KEY_ID = 'AKIATESTKEYID'
const SECRET = 'zQ7CanarySecretOfStores'

interface Kept {
  readonly bytes: Buffer
  readonly tag: string
  readonly mark: string | undefined
}

interface Version {
  readonly id: string
  /** Undefined: it marks the object as deleted. */
  readonly kept: Kept | undefined
}

interface Upload {
  readonly key: string
  readonly mark: string | undefined
  readonly isChecked: boolean
  readonly begun: Date
  readonly parts: Map<number, Buffer>
}

type Answer = readonly [status: number, body?: string | Buffer, headers?: Record<string, string>]

const tagOf = (bytes: Buffer): string => `"${createHash('md5').update(bytes).digest('hex')}"`
const sumOf = (bytes: Buffer): string => {
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(bytes))
  return sum.toString('base64')
}
const refusal = (status: number, code: string): Answer => [
  status,
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${KEY_ID} ${SECRET}</Message></Error>`,
]
const xmlOf = (text: string): string =>
  text.replace(/[&<>"\u0000-\u001f]/g, (sign) => `&#${sign.charCodeAt(0)};`)
const uriOf = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

export class TestStore {
  readonly #server: Server
  /** By `bucket/key`. */
  readonly objects: Map<string, Kept> = new Map()
  readonly uploads: Map<string, Upload> = new Map()
  readonly buckets: Set<string> = new Set(['raw', 'clean'])
  /** Buckets that keep older versions. */
  readonly versioned: Set<string> = new Set()
  /** Of these, those in which that is suspended: the version `null` is written over. */
  readonly suspended: Set<string> = new Set()
  /** Of objects in them, and of what was deleted there: the newest first. */
  readonly versions: Map<string, readonly Version[]> = new Map()
  /** What requests do that the network held back, once they arrive. */
  readonly held: (() => void)[] = []
  /** Requests so far: method, path, and the query without values. */
  readonly asked: string[] = []
  /** Whether it checks parts of uploads by CRC-32. */
  knowsChecksums = true
  /** Objects of a page of a listing. */
  pageSize = 2
  /** Whether it judges `If-None-Match` and `If-Match` when it writes. */
  judges = true
  /**
   * Looks at a request before it is answered: gives another answer, or `cut` to end it in the midst of its body; `lost`: it is done, and not
   * answered; `broken`: it is neither; `held`: it is done when what it puts into `held` is called. May take its time.
   */
  fault:
    | ((
        request: string,
        count: number,
      ) =>
        | Answer
        | 'cut'
        | 'lost'
        | 'broken'
        | 'held'
        | undefined
        | Promise<'cut' | 'lost' | 'broken' | 'held' | undefined>)
    | undefined
  #made = 0

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(): Promise<TestStore> {
    const server = createServer()
    // A connection that ends while nothing is asked breaks the request that a busy client is about to send over it.
    server.keepAliveTimeout = 0
    const store = new TestStore(server)
    server.on('request', (request, response) => {
      store.#take(request, response).catch(() => response.destroy())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return store
  }

  /** What a command has to know of it. */
  get env(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`,
      AWS_REGION: 'eu-test-1',
      AWS_ACCESS_KEY_ID: KEY_ID,
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '2',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    }
  }

  put(name: string, text: string | Buffer, mark?: string): void {
    const bytes = Buffer.from(text as string)
    this.objects.set(name, { bytes, tag: tagOf(bytes), mark })
  }

  text(name: string): string | undefined {
    return this.objects.get(name)?.bytes.toString()
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://store')
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = Buffer.concat(parts)
    const told = `${request.method} ${decodeURIComponent(url.pathname)}${[...url.searchParams.keys()]
      .filter((key) => key !== 'x-id')
      .map((key) => `?${key}`)
      .join('')}`
    this.asked.push(told)
    const count = this.asked.filter((one) => one === told).length
    const faulty = await this.fault?.(told, count)
    if (faulty === 'held') this.held.push(() => void this.#answer(request, url, body))
    if (faulty === 'broken' || faulty === 'held') {
      response.destroy()
      return
    }
    const answer =
      faulty === undefined || typeof faulty === 'string'
        ? this.#isSigned(request, url, body)
          ? this.#answer(request, url, body)
          : refusal(403, 'SignatureDoesNotMatch')
        : faulty
    // The request is done, and the answer is lost.
    if (faulty === 'lost') {
      response.destroy()
      return
    }
    const [status, text = '', headers = {}] = answer
    const bytes = request.method === 'HEAD' ? Buffer.alloc(0) : Buffer.from(text as string)
    response.writeHead(status, {
      ...(request.method === 'HEAD' ? {} : { 'content-length': bytes.length }),
      ...(status >= 400 ? { 'content-type': 'application/xml' } : {}),
      ...headers,
    })
    if (faulty === 'cut') {
      response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy())
      return
    }
    response.end(bytes)
  }

  /** AWS Signature Version 4, in headers, over all that is signed; and the body is the one that was. */
  #isSigned({ method, headers }: IncomingMessage, url: URL, body: Buffer): boolean {
    const [, id, scope, signed, signature] =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/.exec(
        headers.authorization ?? '',
      ) ?? []
    if (id !== KEY_ID || scope === undefined || signed === undefined) return false
    const hash = headers['x-amz-content-sha256'] as string
    if (hash !== createHash('sha256').update(body).digest('hex')) return false
    for (const name of Object.keys(headers))
      if (/^x-amz-|^host$/.test(name) && !signed.split(';').includes(name)) return false
    const query = [...url.searchParams]
      .map(([key, value]) => `${uriOf(key)}=${uriOf(value)}`)
      .sort()
      .join('&')
    const named = signed
      .split(';')
      .map((name) => `${name}:${String(headers[name]).trim()}\n`)
      .join('')
    const canonical = [method, url.pathname, query, named, signed, hash].join('\n')
    const text = [
      'AWS4-HMAC-SHA256',
      headers['x-amz-date'],
      scope,
      createHash('sha256').update(canonical).digest('hex'),
    ].join('\n')
    const key = scope
      .split('/')
      .reduce<Buffer>(
        (made, part) => createHmac('sha256', made).update(part).digest(),
        Buffer.from(`AWS4${SECRET}`),
      )
    return createHmac('sha256', key).update(text).digest('hex') === signature
  }

  #answer({ method, headers }: IncomingMessage, url: URL, body: Buffer): Answer {
    const name = decodeURIComponent(url.pathname).slice(1)
    const [bucket] = name.split('/') as [string]
    const query = url.searchParams
    if (!this.buckets.has(bucket)) return refusal(404, 'NoSuchBucket')
    if (query.get('list-type') === '2') return this.#list(bucket, query)
    if (method === 'GET' && query.has('uploads')) return this.#listUploads(bucket, query)
    const mark = headers['x-amz-meta-lethe-upload'] as string | undefined
    const id = query.get('uploadId')
    const upload = id === null ? undefined : this.uploads.get(id)
    if (id !== null && upload === undefined) return refusal(404, 'NoSuchUpload')
    if (method === 'POST' && query.has('uploads')) {
      const made = `upload-${String(++this.#made).padStart(6, '0')}`
      const isChecked = this.knowsChecksums && headers['x-amz-checksum-algorithm'] === 'CRC32'
      this.uploads.set(made, { key: name, mark, isChecked, begun: new Date(), parts: new Map() })
      return [
        200,
        `<InitiateMultipartUploadResult><UploadId>${made}</UploadId></InitiateMultipartUploadResult>`,
        isChecked ? { 'x-amz-checksum-algorithm': 'CRC32' } : {},
      ]
    }
    if (upload !== undefined && method === 'PUT') {
      const sum = headers['x-amz-checksum-crc32'] as string | undefined
      if (sum !== (upload.isChecked ? sumOf(body) : sum)) return refusal(400, 'BadDigest')
      upload.parts.set(Number(query.get('partNumber')), body)
      return [200, '', { etag: tagOf(body), ...(sum === undefined ? {} : { 'x-amz-checksum-crc32': sum }) }]
    }
    if (upload !== undefined && method === 'DELETE') {
      this.uploads.delete(id!)
      return [204]
    }
    if (upload !== undefined || method === 'PUT') {
      const wrong = this.#wrongState(name, headers)
      if (wrong !== undefined) return wrong
      const listed = [...body.toString('latin1').matchAll(/<PartNumber>(\d+)</g)].map((one) => Number(one[1]))
      if (upload !== undefined && body.includes('ChecksumCRC32') !== upload.isChecked)
        return refusal(400, 'InvalidPart')
      const whole =
        upload === undefined ? body : Buffer.concat(listed.map((number) => upload.parts.get(number)!))
      if (id !== null) this.uploads.delete(id)
      this.remember(name, () => this.put(name, whole, upload === undefined ? mark : upload.mark))
      const { tag } = this.objects.get(name)!
      return upload === undefined
        ? [200, '', { etag: tag }]
        : [200, `<CompleteMultipartUploadResult><ETag>${tag}</ETag></CompleteMultipartUploadResult>`]
    }
    if (method === 'GET' && query.has('versions')) return this.#listVersions(bucket, query)
    if (method === 'GET' && query.has('replication'))
      return refusal(404, 'ReplicationConfigurationNotFoundError')
    if (method === 'GET' && query.has('versioning'))
      return [
        200,
        `<VersioningConfiguration>${this.versioned.has(bucket) ? `<Status>${this.suspended.has(bucket) ? 'Suspended' : 'Enabled'}</Status>` : ''}</VersioningConfiguration>`,
      ]
    const version = query.get('versionId')
    if (method === 'DELETE' && version !== null) return this.#deleteVersion(name, version)
    if (method === 'DELETE') {
      const wrong = this.#wrongState(name, headers)
      if (wrong !== undefined) return wrong
      this.remember(name, () => this.objects.delete(name))
      return [204]
    }
    return this.#read(name, headers)
  }

  /** Changes an object; what it was is an older version then, where the bucket keeps them. */
  remember(name: string, change: () => void): void {
    const before = this.objects.get(name)
    change()
    if (!this.versioned.has(name.slice(0, name.indexOf('/')))) return
    const known = this.versions.get(name) ?? (before === undefined ? [] : [{ id: 'null', kept: before }])
    const isNull = this.suspended.has(name.slice(0, name.indexOf('/')))
    const id = isNull ? 'null' : `version-${String(++this.#made).padStart(6, '0')}`
    const left = isNull ? known.filter((one) => one.id !== id) : known
    this.versions.set(name, [{ id, kept: this.objects.get(name) }, ...left])
  }

  #versionsOf(name: string): readonly Version[] {
    const kept = this.objects.get(name)
    return this.versions.get(name) ?? (kept === undefined ? [] : [{ id: 'null', kept }])
  }

  #deleteVersion(name: string, id: string): Answer {
    const left = this.#versionsOf(name).filter((one) => one.id !== id)
    this.versions.set(name, left)
    const kept = left[0]?.kept
    if (kept === undefined) this.objects.delete(name)
    else this.objects.set(name, kept)
    return [204]
  }

  #listVersions(bucket: string, query: URLSearchParams): Answer {
    const prefix = `${bucket}/${query.get('prefix') ?? ''}`
    const names = [...new Set([...this.objects.keys(), ...this.versions.keys()])]
    const all = names
      .filter((name) => name.startsWith(prefix))
      .sort()
      .flatMap((name) => this.#versionsOf(name).map((one, at) => ({ name, ...one, isLatest: at === 0 })))
    const last = query.get('version-id-marker')
    const from =
      last === null
        ? 0
        : all.findIndex(
            ({ name, id }) => `${name} ${id}` === `${bucket}/${query.get('key-marker')} ${last}`,
          ) + 1
    const page = all.slice(from, from + this.pageSize)
    const rows = page.map(({ name, id, kept, isLatest }) => {
      const what = kept === undefined ? 'DeleteMarker' : 'Version'
      return `<${what}><Key>${xmlOf(name.slice(bucket.length + 1))}</Key><VersionId>${id}</VersionId><IsLatest>${isLatest}</IsLatest></${what}>`
    })
    const end = page.at(-1)
    const more =
      from + page.length < all.length && end !== undefined
        ? `<IsTruncated>true</IsTruncated><NextKeyMarker>${end.name.slice(bucket.length + 1)}</NextKeyMarker><NextVersionIdMarker>${end.id}</NextVersionIdMarker>`
        : '<IsTruncated>false</IsTruncated>'
    return [200, `<ListVersionsResult>${more}${rows.join('')}</ListVersionsResult>`]
  }

  #listUploads(bucket: string, query: URLSearchParams): Answer {
    const prefix = `${bucket}/${query.get('prefix') ?? ''}`
    const rows = [...this.uploads]
      .filter(([id, { key }]) => key.startsWith(prefix) && id > (query.get('upload-id-marker') ?? ''))
      .sort(([a], [b]) => (a < b ? -1 : 1))
    const page = rows.slice(0, this.pageSize)
    const [last] = page.at(-1) ?? []
    const more =
      page.length < rows.length
        ? `<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>${last}</NextUploadIdMarker>`
        : '<IsTruncated>false</IsTruncated>'
    const told = page.map(
      ([id, { key, begun }]) =>
        `<Upload><Key>${xmlOf(key.slice(bucket.length + 1))}</Key><UploadId>${id}</UploadId><Initiated>${begun.toISOString()}</Initiated></Upload>`,
    )
    return [200, `<ListMultipartUploadsResult>${more}${told.join('')}</ListMultipartUploadsResult>`]
  }

  #wrongState(name: string, headers: IncomingMessage['headers']): Answer | undefined {
    const kept = this.objects.get(name)
    if (!this.judges) return undefined
    if (headers['if-none-match'] === '*' && kept !== undefined) return refusal(412, 'PreconditionFailed')
    if (headers['if-match'] === undefined) return undefined
    if (kept === undefined) return refusal(404, 'NoSuchKey')
    return headers['if-match'] === kept.tag ? undefined : refusal(412, 'PreconditionFailed')
  }

  #read(name: string, headers: IncomingMessage['headers']): Answer {
    const wrong = this.#wrongState(name, headers)
    if (wrong !== undefined) return wrong
    const kept = this.objects.get(name)
    if (kept === undefined) return refusal(404, 'NoSuchKey')
    const about: Record<string, string> = { etag: kept.tag }
    if (kept.mark !== undefined) about['x-amz-meta-lethe-upload'] = kept.mark
    const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '')
    if (range === null) return [200, kept.bytes, { ...about, 'content-length': String(kept.bytes.length) }]
    const part = kept.bytes.subarray(Number(range[1]), Number(range[2]) + 1)
    const to = Number(range[1]) + part.length - 1
    if (part.length === 0) return refusal(416, 'InvalidRange')
    return [206, part, { ...about, 'content-range': `bytes ${range[1]}-${to}/${kept.bytes.length}` }]
  }

  #list(bucket: string, query: URLSearchParams): Answer {
    const prefix = `${bucket}/${query.get('prefix') ?? ''}`
    const names = [...this.objects.keys()].filter((one) => one.startsWith(prefix)).sort()
    const from = Number(query.get('continuation-token') ?? 0)
    const page = names.slice(from, from + this.pageSize)
    const next = from + page.length
    const rows = page.map((one) => {
      const { bytes, tag } = this.objects.get(one)!
      return `<Contents><Key>${xmlOf(one.slice(bucket.length + 1))}</Key><ETag>${tag.replaceAll('"', '&quot;')}</ETag><Size>${bytes.length}</Size></Contents>`
    })
    const more = next < names.length
    return [
      200,
      `<ListBucketResult><IsTruncated>${more}</IsTruncated>${more ? `<NextContinuationToken>${next}</NextContinuationToken>` : ''}${rows.join('')}</ListBucketResult>`,
    ]
  }
}

/**
 * What an error of the client or of the server means. Their texts are never shown: they quote keys, requests and signatures. Of
 * their codes only those of this list are.
 */
import { type ErrorCode, LetheError } from '../../errors.ts'
import { type ObjectName, printObjectName } from '../objects/object-name.ts'

/** What was asked for, for messages. */
export interface Asked {
  readonly object: ObjectName
  readonly verb: 'read' | 'written' | 'listed' | 'deleted' | 'looked at'
  /** The origin of the store, where the environment names one. */
  readonly origin: string | undefined
}

interface Failed {
  readonly name?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly $metadata?: { readonly httpStatusCode?: unknown }
}

type Kind =
  | 'condition'
  | 'missing'
  | 'bucket'
  | 'auth'
  | 'clock'
  | 'right'
  | 'busy'
  | 'credentials'
  | 'region'
  | 'unsupported'
  | 'tls'
  | 'cut'
  | 'refused'

/** Codes of S3 (API reference, "List of error codes") and names that the client gives. */
const KINDS: Readonly<Record<string, Kind>> = {
  PreconditionFailed: 'condition',
  ConditionalRequestConflict: 'busy',
  OperationAborted: 'busy',
  NoSuchKey: 'missing',
  NotFound: 'missing',
  NoSuchVersion: 'missing',
  ReplicationConfigurationNotFoundError: 'missing',
  NoSuchUpload: 'refused',
  NoSuchBucket: 'bucket',
  InvalidAccessKeyId: 'auth',
  SignatureDoesNotMatch: 'auth',
  ExpiredToken: 'auth',
  ExpiredTokenException: 'auth',
  InvalidToken: 'auth',
  TokenRefreshRequired: 'auth',
  InvalidClientTokenId: 'auth',
  // versitygw.
  XAdminUserNotFound: 'auth',
  AuthorizationHeaderMalformed: 'region',
  PermanentRedirect: 'region',
  IllegalLocationConstraintException: 'region',
  RequestTimeTooSkewed: 'clock',
  AccessDenied: 'right',
  AllAccessDisabled: 'right',
  AccountProblem: 'right',
  InvalidObjectState: 'refused',
  SlowDown: 'busy',
  Throttling: 'busy',
  ThrottlingException: 'busy',
  TooManyRequestsException: 'busy',
  ServiceUnavailable: 'busy',
  InternalError: 'busy',
  RequestTimeout: 'busy',
  NotImplemented: 'unsupported',
  MethodNotAllowed: 'unsupported',
  XNotImplemented: 'unsupported',
  EntityTooLarge: 'refused',
  EntityTooSmall: 'refused',
  InvalidPart: 'refused',
  InvalidRequest: 'refused',
  QuotaExceeded: 'refused',
  KMSAccessDeniedException: 'right',
  CredentialsProviderError: 'credentials',
  TokenProviderError: 'credentials',
  ProviderError: 'credentials',
  TimeoutError: 'cut',
  AbortError: 'cut',
}

const BY_STATUS: Readonly<Record<number, Kind>> = {
  401: 'auth',
  403: 'right',
  404: 'missing',
  409: 'busy',
  412: 'condition',
  416: 'condition',
  429: 'busy',
  501: 'unsupported',
}

const NETWORK =
  /^(?:ECONN|ENOTFOUND|EAI_|EPIPE|ETIMEDOUT|EHOST|ENET|ERR_STREAM_PREMATURE_CLOSE|ERR_SOCKET|UND_ERR)/
const TLS = /^(?:CERT_|ERR_TLS|ERR_SSL|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/

const statusOf = (error: Failed): number => {
  const status = error.$metadata?.httpStatusCode
  return typeof status === 'number' ? status : 0
}

export function kindOf(thrown: unknown): Kind {
  const error = (thrown ?? {}) as Failed
  const code = typeof error.code === 'string' ? error.code : ''
  const name = typeof error.name === 'string' ? error.name : ''
  if (TLS.test(code)) return 'tls'
  if (NETWORK.test(code) || NETWORK.test(name)) return 'cut'
  const text = typeof error.message === 'string' ? error.message : ''
  if (/^Region is missing/.test(text)) return 'region'
  const status = statusOf(error)
  if (status >= 500 && status !== 501) return 'busy'
  const known = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined
  if (known !== undefined) return known
  if (/^socket hang up|aborted/.test(text)) return 'cut'
  // The answer to HEAD has no code, so that a name comes from the status alone.
  const isCoded = status === 404 && !/^(?:UnknownError|404|)$/.test(name)
  return isCoded ? 'refused' : (BY_STATUS[status] ?? 'refused')
}

const RIGHTS = {
  read: 'reading needs s3:GetObject',
  written: 'writing needs s3:PutObject and s3:AbortMultipartUpload, and --replace s3:GetObject',
  listed:
    'a name that ends with / needs s3:ListBucket, and retention and erasure s3:ListBucketMultipartUploads',
  deleted:
    'deleting needs s3:DeleteObject, of versions s3:DeleteObjectVersion; what an object lock keeps can be deleted when that has ended',
  'looked at':
    'what a bucket keeps is told by s3:GetBucketVersioning, s3:ListBucketVersions and s3:GetReplicationConfiguration',
} as const

/** Code, what is wrong, and what to do. */
function told(
  kind: Kind,
  { object, verb, origin }: Asked,
  error: Failed,
): readonly [ErrorCode, string, string] {
  const name = printObjectName(object)
  const store = origin === undefined ? 'the object store' : `the object store at ${origin}`
  const status = statusOf(error)
  const known = typeof error.name === 'string' && Object.hasOwn(KINDS, error.name) ? error.name : undefined
  const said = [known, status === 0 ? undefined : `status ${status}`].filter((one) => one !== undefined)
  const as = said.length === 0 ? '' : ` (${said.join(', ')})`
  switch (kind) {
    case 'missing':
      return ['file-missing', `${name} does not exist`, 'names of objects are exact: list the bucket']
    case 'bucket':
      return [
        'bucket-missing',
        `the bucket ${object.bucket} does not exist`,
        'correct its name, or make it first',
      ]
    case 'auth':
      return [
        'store-auth-failed',
        `${name} cannot be ${verb}: the object store refuses the credentials${as}`,
        'correct the key id, the secret or the token that the environment or the files of AWS hold',
      ]
    case 'clock':
      return [
        'store-auth-failed',
        `${name} cannot be ${verb}: the clock of this machine differs from that of the object store${as}`,
        'set the clock',
      ]
    case 'right':
      return [
        'store-right-missing',
        `${name} cannot be ${verb}: the object store does not allow it${as}`,
        `${RIGHTS[verb]}; a wrong key is told like this by some stores`,
      ]
    case 'credentials':
      return [
        'store-credentials-missing',
        'no credentials for the object store are found, or they cannot be fetched',
        'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role (docs/object-stores.md)',
      ]
    case 'region':
      return [
        'bad-environment',
        `${name} cannot be ${verb}: the region is not stated, or is another one${as}`,
        'set AWS_REGION to the region of the bucket',
      ]
    case 'busy':
    case 'cut':
      return [
        'store-unavailable',
        `${name} cannot be ${verb}: ${store} ${kind === 'busy' ? `has no time for it now${as}` : 'does not answer, or the connection broke'}`,
        'run it again later; AWS_ENDPOINT_URL_S3 and AWS_REGION say where the store is',
      ]
    case 'tls':
      return [
        'store-refused',
        `${name} cannot be ${verb}: no TLS connection to ${store} can be made`,
        'NODE_EXTRA_CA_CERTS names the certificates of an authority of your own',
      ]
    case 'unsupported':
      return [
        'store-refused',
        `${name} cannot be ${verb}: the object store lacks what is asked for${as}`,
        'it needs multipart uploads and conditional writes (If-None-Match, If-Match)',
      ]
    default:
      return [
        'store-refused',
        `${name} cannot be ${verb}: the object store refuses it${as}`,
        'see what the store logs about the request',
      ]
  }
}

/** The error that a person is meant to read. */
export function storeError(thrown: unknown, asked: Asked, kind: Kind = kindOf(thrown)): LetheError {
  if (thrown instanceof LetheError) return thrown
  const [code, message, suggestion] = told(kind, asked, (thrown ?? {}) as Failed)
  return new LetheError(code, message, suggestion)
}

export const objectChanged = (object: ObjectName): LetheError =>
  new LetheError(
    'input-changed',
    `${printObjectName(object)} is another object than the one that was looked at, or is gone`,
    'start again when nothing writes there any more',
  )

/** Certificates of a test: an authority, a server and a client signed by it, and an authority that nobody should trust. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const DAYS = '2'
export const KEY_PASSWORD = 'client-key-password'

const openssl = (args) =>
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 30_000 })

function key(folder, name) {
  const file = join(folder, `${name}.key`)
  openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', file])
  return file
}

function authority(folder, name) {
  const file = join(folder, `${name}.pem`)
  const subject = `/CN=Lethe test ${name}`
  openssl(['req', '-x509', '-new', '-key', key(folder, name), '-subj', subject, '-days', DAYS, '-out', file])
  return file
}

function signed(folder, name, subjectAltName) {
  const request = join(folder, `${name}.csr`)
  const extensions = join(folder, `${name}.ext`)
  const file = join(folder, `${name}.pem`)
  writeFileSync(extensions, subjectAltName === undefined ? '' : `subjectAltName=${subjectAltName}\n`)
  openssl(['req', '-new', '-key', key(folder, name), '-subj', `/CN=${name}`, '-out', request])
  const ca = ['-CA', join(folder, 'ca.pem'), '-CAkey', join(folder, 'ca.key'), '-CAcreateserial']
  openssl(['x509', '-req', '-in', request, ...ca, '-days', DAYS, '-extfile', extensions, '-out', file])
  return file
}

/** Writes PEM files into the folder; throws where openssl is missing. */
export function makeCertificates(folder) {
  const ca = authority(folder, 'ca')
  const otherCa = authority(folder, 'other-ca')
  const server = signed(folder, 'localhost', 'DNS:localhost,IP:127.0.0.1')
  const client = signed(folder, 'client', undefined)
  const clientKey = join(folder, 'client.key')
  const lockedKey = join(folder, 'client-locked.key')
  openssl(['pkcs8', '-topk8', '-in', clientKey, '-passout', `pass:${KEY_PASSWORD}`, '-out', lockedKey])
  // Kafka reads key and certificate from one file.
  const serverStore = join(folder, 'server-store.pem')
  writeFileSync(
    serverStore,
    readFileSync(join(folder, 'localhost.key'), 'utf8') + readFileSync(server, 'utf8'),
  )
  return { ca, otherCa, client, clientKey, lockedKey, lockedKeyPassword: KEY_PASSWORD, serverStore }
}

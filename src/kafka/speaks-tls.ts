/** Whether a listener that closed a plain connection without a word wants TLS: brokers do not say so. */
import { isIP } from 'node:net'
import { connect } from 'node:tls'

const PATIENCE_MS = 2_000

/**
 * Says hello as a TLS client does, and hangs up. Nothing else is sent and no certificate is looked at: it is asked only
 * what is spoken there. False where no answer comes in time.
 */
export function speaksTls(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const name = isIP(host) === 0 ? { servername: host } : {}
    const socket = connect({ host, port, ...name, rejectUnauthorized: false })
    const answer = (speaks: boolean): void => {
      resolve(speaks)
      socket.destroy()
    }
    socket.setTimeout(PATIENCE_MS, () => answer(false))
    socket.once('secureConnect', () => answer(true))
    // Such as an alert that it wants a certificate of the client: that is TLS, too.
    socket.once('error', ({ code }: NodeJS.ErrnoException) => answer(/^ERR_SSL_.*ALERT/.test(code ?? '')))
    socket.once('close', () => answer(false))
  })
}

/**
 * SASL OAUTHBEARER (RFC 7628) for kafkajs. Its own takes the answer of a broker that refuses a token for a success, and the
 * connection breaks later, without a reason.
 */
import type { AuthenticationProviderArgs, Mechanism } from 'kafkajs'
import { firstMessage, LAST_MESSAGE } from '../../oauth/token.ts'
import type { Tokens } from '../../oauth/tokens.ts'
import { protocolCode, refused } from './failure.ts'

const SASL_AUTHENTICATION_FAILED = 58

export const bearerMechanism = (tokens: Tokens): Mechanism => ({
  mechanism: 'oauthbearer',
  authenticationProvider: (given) => ({
    authenticate: async () => {
      const token = await tokens.current()
      if (await isTaken(given, firstMessage(token, tokens.extensions))) return
      await isTaken(given, LAST_MESSAGE)
      throw refusal(given)
    },
  }),
})

/** kafkajs has the length before the bytes, both ways. */
const LENGTH_BYTES = 4

/** Sends a message. Whether the broker has nothing to say about it: what it says is an error (RFC 7628, 3.2.2). */
async function isTaken(given: AuthenticationProviderArgs, message: string): Promise<boolean> {
  const bytes = Buffer.from(message)
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeInt32BE(bytes.length)
  try {
    const said = await given.saslAuthenticate({
      request: { encode: () => Buffer.concat([length, bytes]) },
      response: { decode: (answer) => answer, parse: (answer) => answer.length },
    })
    return (said ?? 0) <= LENGTH_BYTES
  } catch (error) {
    throw protocolCode(error) === SASL_AUTHENTICATION_FAILED ? refusal(given) : error
  }
}

/** No other try helps: kafkajs asks errors so. */
const refusal = ({ host, port }: AuthenticationProviderArgs): Error =>
  Object.assign(refused(`${host}:${port}`, 'refuses the token'), { retriable: false })

/** Why there is no token: nothing of the token, of a secret or of what a server answered is said. */
import { CAUSES, Unfit } from '../cause.ts'
import { ClientLost } from '../driver.ts'

/** There is no token now, and may be one later. */
export function noToken(why: string, way?: string): ClientLost {
  return new ClientLost(
    'token-unavailable',
    `there is no token for the brokers: ${why} (token-unavailable)`,
    way ?? CAUSES['token-unavailable'][1],
    'token-unavailable',
  )
}

/** There is none until a person acts. */
export function refusedToken(why: string, way?: string): Unfit {
  return new Unfit(
    'token-refused',
    'token-refused',
    `there is no token for the brokers: ${why} (token-refused)`,
    way ?? CAUSES['token-refused'][1],
  )
}

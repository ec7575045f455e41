/** From the client to the broker, or back. */
export type Direction = 'requests' | 'answers'

export interface TcpProxy {
  /** host:port; give it to the broker as `advertised`, and to clients. */
  readonly address: string
  /** host:port where new connections lead to; e.g. the broker's `behind[0]`, once it is known. */
  target: string
  /** Connections now, and since the start. */
  readonly open: number
  readonly accepted: number
  /** Resets every connection of now. New ones are accepted. */
  cut(): void
  /** Resets every connection, and refuses new ones until `accept`. */
  refuse(): Promise<void>
  accept(): Promise<void>
  /** Both directions if none is named. Bytes that are under way keep their delay. */
  delay(milliseconds: number, direction?: Direction): void
  throttle(bytesPerSecond: number, direction?: Direction): void
  /** Nothing goes through and nothing is closed, until `calm` or `cut`. `answers`: the broker acts, and nobody hears. */
  hold(direction?: Direction): void
  /** No delay, no throttle, no hold. */
  calm(): void
  close(): Promise<void>
}

export function startProxy(target?: string): Promise<TcpProxy>

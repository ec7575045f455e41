/** Hears the events of the live page. */
import { get } from 'node:http'

/** The first event that has data, as it came; the connection is closed then. */
export function firstEvent(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
        const event = /event: [a-z]+\ndata: .*\n\n/.exec(text)?.[0]
        if (event === undefined) return
        asked.destroy()
        resolve(event)
      })
      response.on('end', () => reject(new Error('it ended before an event came')))
    })
    asked.on('error', reject)
  })
}

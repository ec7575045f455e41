/** As much of a browser as the live page uses: the compiler is told of Node.js alone, and has to stay so. */

export interface LiveElement {
  textContent: string | null
  className: string
  hidden: boolean
  scope: string
  readonly clientWidth: number
  readonly children: ArrayLike<LiveElement>
  append(...children: readonly LiveElement[]): void
  replaceChildren(...children: readonly LiveElement[]): void
  remove(): void
}

export interface LiveEvents {
  addEventListener(kind: string, hear: (event: { readonly data: string }) => void): void
  close(): void
}

/** A chart of uPlot: the times in seconds, and the values of each series. */
export interface LiveChart {
  setData(data: readonly (readonly (number | null)[])[]): void
  setSize(size: { readonly width: number; readonly height: number }): void
  destroy(): void
}

export interface LiveBrowser {
  readonly document: {
    readonly documentElement: LiveElement
    getElementById(id: string): LiveElement | null
    createElement(name: string): LiveElement
  }
  readonly EventSource: new (url: string) => LiveEvents
  readonly uPlot?: {
    new (options: object, data: readonly (readonly (number | null)[])[], within: LiveElement): LiveChart
    tzDate(date: Date, zone: string): Date
  }
  addEventListener(kind: string, hear: () => void): void
  matchMedia(query: string): { addEventListener(kind: string, hear: () => void): void }
  getComputedStyle(of: LiveElement): { getPropertyValue(name: string): string }
}

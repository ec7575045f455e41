/** Wakes whoever waits for something to change. */
export class Bell {
  #ring: () => void = () => {}
  #next: Promise<void>

  constructor() {
    this.#next = this.#hang()
  }

  #hang(): Promise<void> {
    return new Promise((resolve) => {
      this.#ring = resolve
    })
  }

  /** Wakes all who wait now. */
  ring(): void {
    const ring = this.#ring
    this.#next = this.#hang()
    ring()
  }

  /** Resolves at the next ring, or after `most` milliseconds. */
  async wait(most?: number): Promise<void> {
    if (most === undefined) return await this.#next
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, most)
    })
    await Promise.race([this.#next, late])
    clearTimeout(timer)
  }
}

/** Wakes what waits for a change. */
export class Signal {
  #wake: () => void = () => {}
  #next: Promise<void> = this.#renew()

  #renew(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  notify(): void {
    const wake = this.#wake
    this.#next = this.#renew()
    wake()
  }

  /** Resolves at the next change, or after `most` milliseconds. */
  wait(most: number): Promise<void> {
    return within(most, this.#next)
  }
}

/** Waits until `work` is settled, at most `most` milliseconds. Never rejects. */
export async function within(most: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, most))
  })
  await Promise.race([work.then(undefined, () => {}), late])
  clearTimeout(timer)
}

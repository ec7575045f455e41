/** Resolves when `signal` aborts; never, where `end` does first. */
export const untilAborted = (signal: AbortSignal, end: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true, signal: end })
  })

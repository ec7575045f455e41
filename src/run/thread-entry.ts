/** Where the one entry of worker threads is. */

export const THREAD: URL = new URL('./thread.js', import.meta.url)

/** Where what tests and proofs fetch is kept, outside of the tree. */
export function cacheFolder(): string

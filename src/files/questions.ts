/** What a thread is asked beside chunks: what it counted. In a file of its own, so that asking loads no rewriter. */
export const GROUPS = 'groups'

/** Where what tests and proofs fetch is kept, outside of the tree. */
export function cacheFolder(): string
/** The folder of Apache Kafka's jars. @throws Error where they cannot be fetched */
export function kafkaJars(onProgress: (line: string) => void): Promise<string>

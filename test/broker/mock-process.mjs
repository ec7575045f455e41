/** The process of the mock cluster: prints its address, and lives as long as its input is open. */
const { default: rdkafka } = await import('node-rdkafka')
const producer = new rdkafka.Producer({ 'bootstrap.servers': '127.0.0.1:1', 'test.mock.num.brokers': 1 })
producer.connect({}, (error, metadata) => {
  if (error) process.exit(1)
  const [broker] = metadata.brokers
  process.stdout.write(`${broker.host}:${broker.port}\n`)
})
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))

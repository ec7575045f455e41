/** Runs one SQL text in DuckDB: `node duckdb.mjs THREADS FILE.sql`. */
import { readFileSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'

const [threads, file] = process.argv.slice(2)
const instance = await DuckDBInstance.create(':memory:', { threads })
const connection = await instance.connect()
await connection.run(readFileSync(file, 'utf8'))
connection.closeSync()

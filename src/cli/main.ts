import { processIo } from './process-io.ts'
import { run } from './run.ts'

// Not process.exit(): it would cut off what is still on its way to a pipe.
process.exitCode = await run(process.argv.slice(2), processIo())

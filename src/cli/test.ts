import { runSuite } from '../admission/suite.ts'
import { EXIT, type Io } from './io.ts'
import { DEFAULT_POLICIES } from './policies.ts'
import { loadSuites } from './suites.ts'

export interface TestOptions {
  readonly paths: readonly string[]
  readonly policies: readonly string[]
  readonly format: 'text' | 'json' | 'junit'
  readonly output?: string
}

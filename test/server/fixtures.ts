import type { Answer, Outcome, Question } from '../../src/admission/answer.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import type { CertificateFiles } from '../../src/server/certificates.ts'
import type { Traffic } from '../../src/server/connection-hooks.ts'

export const OUTCOME: Outcome = {
  uid: 'u-1',
  kind: 'IPAddressPool',
  operation: 'CREATE',
  namespace: 'metallb-system',
  name: 'pool-b',
  username: 'jane',
  dryRun: false,
  verdict: 'allowed',
  denied: [],
  warned: [],
  audited: [],
  exempted: [],
  patched: false,
  fault: ''
}

/** An answer that repeats the uid and the question, and for the tests the body's request. */
export function allow(body: unknown, question: Question): Answer {
  const request = isRecord(body) && isRecord(body['request']) ? body['request'] : {}
  return {
    httpStatus: 200,
    body: {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: request['uid'], allowed: true, asked: `${question.path} ${question.onFault}` }
    },
    outcome: { ...OUTCOME, uid: String(request['uid']) }
  }
}

/** What admission would say to a fault, as far as the server is concerned. */
export function faultAnswer(_body: unknown, question: Question, error: unknown): Answer {
  const fault = error instanceof Error ? error.message : String(error)
  return {
    httpStatus: 200,
    body: { response: { uid: 'u-1', allowed: question.onFault === 'ignore', fault } },
    outcome: { ...OUTCOME, verdict: 'fault', fault }
  }
}

export const NO_TRAFFIC: Traffic = {
  started: () => {},
  finished: () => {},
  unproven: () => {},
  panicked: () => {}
}

/** A review whose JSON has exactly this many bytes. */
export function reviewOfBytes(bytes: number): string {
  const head =
    '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"big","object":{"a":"'
  const tail = '"}}}'
  return `${head}${'x'.repeat(bytes - head.length - tail.length)}${tail}`
}

/** A directory in memory. */
export interface MemoryFiles extends CertificateFiles {
  readonly texts: Map<string, string>
  readonly modes: Map<string, number>
}

export function memoryFiles(initial: ReadonlyMap<string, string> = new Map()): MemoryFiles {
  const texts = new Map(initial)
  const modes = new Map<string, number>()
  return {
    texts,
    modes,
    readFile: async path => texts.get(path),
    async writeFile(path, text, mode) {
      texts.set(path, text)
      modes.set(path, mode)
    }
  }
}

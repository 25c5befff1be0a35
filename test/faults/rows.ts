/** The fault matrix: every fault that is promised something about, and where that is tested. */
export interface Row {
  /** Two digits; tests are named `row ID: ...`. */
  readonly id: string
  readonly title: string
  /** The file under test/ with tests of that name. */
  readonly where: string
}

const API_SERVER = 'faults/api-server.test.ts'
const WIRE = 'faults/wire.test.ts'
const CERTIFICATES = 'faults/certificates.test.ts'
const PROCESS = 'faults/process.test.ts'
const LEDGER = 'faults/ledger.test.ts'
const ROLLING = 'faults/rolling-restart.test.ts'
const IN_FORCE = 'cli/reload/policies-in-force.test.ts'
const GENERATIONS = 'admission/generations.test.ts'
const CONFIGURATION = 'faults/configuration.test.ts'

export const ROWS: readonly Row[] = [
  { id: '01', title: 'the API server is away for minutes', where: API_SERVER },
  { id: '02', title: 'watches are closed by the server', where: API_SERVER },
  { id: '03', title: '410 Gone, as a status and in the stream', where: API_SERVER },
  { id: '04', title: 'half-open connections', where: API_SERVER },
  { id: '05', title: 'garbage in a watch', where: API_SERVER },
  { id: '06', title: 'a list that breaks off between pages', where: API_SERVER },
  { id: '07', title: 'events out of order, twice, stale', where: API_SERVER },
  { id: '08', title: '401 and 403', where: API_SERVER },
  { id: '09', title: '429 of API Priority and Fairness', where: API_SERVER },
  { id: '10', title: 'etcd is slow', where: LEDGER },
  { id: '11', title: 'a CRD is not installed', where: API_SERVER },
  { id: '12', title: 'a CRD appears', where: API_SERVER },
  { id: '13', title: 'a CRD is deleted', where: API_SERVER },
  { id: '14', title: 'API servers of different freshness', where: API_SERVER },
  { id: '15', title: 'bytes that are no JSON object', where: WIRE },
  { id: '16', title: 'JSON that is no AdmissionReview', where: WIRE },
  { id: '17', title: 'bodies too large or endless', where: WIRE },
  { id: '18', title: 'a legal review of 6.5 MiB', where: WIRE },
  { id: '19', title: 'wrong Content-Type', where: WIRE },
  { id: '20', title: 'encoded bodies', where: WIRE },
  { id: '21', title: 'slow senders and readers', where: WIRE },
  { id: '22', title: 'request smuggling', where: WIRE },
  { id: '23', title: 'HTTP/2, old TLS, odd SNI', where: WIRE },
  { id: '24', title: 'callers that leave', where: WIRE },
  { id: '25', title: 'repeated keys', where: WIRE },
  { id: '26', title: 'keys in another case', where: WIRE },
  { id: '27', title: 'odd Unicode', where: WIRE },
  { id: '28', title: 'names of Object.prototype', where: WIRE },
  { id: '29', title: 'deep, wide and huge values', where: WIRE },
  { id: '30', title: 'spellings of addresses', where: WIRE },
  { id: '31', title: 'ten thousand violations in one object', where: WIRE },
  { id: '32', title: 'certificates rotate under load', where: CERTIFICATES },
  { id: '33', title: 'half-written and mismatched pairs', where: CERTIFICATES },
  { id: '34', title: 'an expired certificate', where: CERTIFICATES },
  { id: '35', title: 'the CA changes', where: CERTIFICATES },
  { id: '36', title: 'the caBundle is emptied', where: CERTIFICATES },
  { id: '37', title: 'clocks jump', where: CERTIFICATES },
  { id: '38', title: 'kill -9 in a request', where: LEDGER },
  { id: '39', title: 'kill -9 between claim and answer', where: LEDGER },
  { id: '40', title: 'rolling restart under load', where: ROLLING },
  { id: '41', title: 'a replica without API server', where: PROCESS },
  { id: '42', title: 'concurrent creates on several replicas', where: LEDGER },
  { id: '43', title: 'admitted, then rejected by another', where: LEDGER },
  { id: '44', title: 'two writers of one thing', where: LEDGER },
  { id: '45', title: 'memory pressure', where: PROCESS },
  { id: '46', title: 'the event loop is blocked', where: PROCESS },
  { id: '47', title: 'no file descriptors left', where: PROCESS },
  { id: '48', title: 'an exception in a rule', where: PROCESS },
  { id: '49', title: 'nobody reads the log', where: PROCESS },
  { id: '50', title: 'the DNS is down', where: PROCESS },
  { id: '51', title: 'policies broken at a reload', where: IN_FORCE },
  { id: '52', title: 'policies broken at the start', where: IN_FORCE },
  { id: '53', title: 'a ConfigMap is swapped, deleted, emptied', where: IN_FORCE },
  { id: '54', title: 'policies change during a request', where: GENERATIONS },
  { id: '55', title: 'replicas on different policies', where: GENERATIONS },
  { id: '56', title: 'thousands of policies that overlap', where: CONFIGURATION },
  { id: '57', title: 'violations from before', where: CONFIGURATION },
  { id: '58', title: 'policies that lock in or out', where: CONFIGURATION },
  { id: '59', title: 'a webhook configuration for everything', where: CONFIGURATION },
  { id: '60', title: 'a namespace is deleted with 5,000 objects', where: CONFIGURATION }
]

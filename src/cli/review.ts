import { request } from 'node:https'
import { createAnswerReview } from '../admission/answer-review.ts'
import type { Answer, Question } from '../admission/answer.ts'
import { isRecord } from '../kinds/decode.ts'
import { expiredExemptions } from '../policy/exemption.ts'
import { readText } from './files.ts'
import { EXIT, UnusableError, type Io } from './io.ts'
import { errorLine } from './sources.ts'
import { openWorld, type WorldOptions } from './world.ts'

export interface ReviewOptions extends WorldOptions {
  /** A path, or '-' for standard input. */
  readonly file: string
  readonly mutate: boolean
  /** Asks this running server instead: scheme, host and port. */
  readonly server?: string
  /** PEM file that the server's certificate must chain to. */
  readonly ca?: string
}

/** The longest wait for a server's answer: the API server itself never waits longer for a webhook. */
const SERVER_TIMEOUT_MS = 30_000

/** `poolguard review`: one AdmissionReview in, one out on stdout. Exit code 1 when it is denied. */
export async function runReview(options: ReviewOptions, io: Io): Promise<number> {
  const text = options.file === '-' ? await io.stdin() : readText(options.file)
  const path = options.mutate ? 'mutate' : 'validate'
  const answer =
    options.server === undefined
      ? await answerHere(parseJson(text, options.file), { path, onFault: 'fail' }, { options, io })
      : await askServer(serverUrl(options.server, path), text, options.ca)
  if (answer.httpStatus !== 200) throw new UnusableError(`${options.file}: ${errorOf(answer.body)}`)
  io.stdout(`${JSON.stringify(answer.body, undefined, 2)}\n`)
  const response = isRecord(answer.body) ? answer.body['response'] : undefined
  return isRecord(response) && response['allowed'] === true ? EXIT.ok : EXIT.denied
}

async function answerHere(
  body: unknown,
  question: Question,
  { options, io }: { readonly options: ReviewOptions; readonly io: Io }
): Promise<Answer> {
  if (options.inventory.length === 0 && options.kubeconfig === undefined) {
    io.stderr('without --inventory PATH or --kubeconfig FILE, what rests on other objects cannot be judged\n')
  }
  const world = await openWorld(options, io)
  const { exposures } = world.ports.snapshot()
  for (const error of expiredExemptions(exposures.policies, world.ports.now())) {
    io.stderr(`${errorLine(error)}\n`)
  }
  try {
    return await createAnswerReview(world.ports)(body, question)
  } finally {
    await world.close()
  }
}

function serverUrl(server: string, path: string): URL {
  if (!URL.canParse(server) || new URL(server).protocol !== 'https:') {
    throw new UnusableError(`--server ${JSON.stringify(server)} is no URL such as https://127.0.0.1:8443`)
  }
  // The path may hold the secret that callers prove themselves by.
  return new URL(`${server.replace(/\/+$/, '')}/${path}`)
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UnusableError(`${file}: not JSON: ${error instanceof Error ? error.message : 'unreadable'}`)
  }
}

function errorOf(body: unknown): string {
  const error = isRecord(body) ? body['error'] : undefined
  return typeof error === 'string' ? error : 'no answer'
}

interface ServerAnswer {
  readonly httpStatus: number
  readonly body: unknown
}

function askServer(url: URL, text: string, caFile: string | undefined): Promise<ServerAnswer> {
  const ca = caFile === undefined ? {} : { ca: readText(caFile) }
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(new UnusableError(`${url.href}: ${error.message}`))
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
    const sent = request(url, { method: 'POST', headers, timeout: SERVER_TIMEOUT_MS, ...ca }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', failed)
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8')
        resolve({ httpStatus: response.statusCode ?? 0, body: bodyOf(body) })
      })
    })
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${SERVER_TIMEOUT_MS / 1000} s`)))
    sent.on('error', failed)
    sent.end(text)
  })
}

function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return { error: text.slice(0, 200) }
  }
}

/** What an internal fault answers: as the administrator chose by registering the path with failurePolicy Fail or Ignore. */
export type OnFault = 'fail' | 'ignore'

/** Which of the four admission paths was asked, and how long there is to answer. */
export interface Question {
  readonly path: 'validate' | 'mutate'
  readonly onFault: OnFault
}

/** Facts about one answered review, for logs and metrics: bounded values only, never object bodies. */
export interface Outcome {
  readonly uid: string
  /** '' when the review named none. */
  readonly kind: string
  readonly operation: string
  readonly namespace: string
  readonly name: string
  readonly username: string
  readonly dryRun: boolean
  readonly verdict: 'allowed' | 'denied' | 'fault' | 'malformed'
  /** Ids of the rules that denied, warned or would have (audit), each once, in order. */
  readonly denied: readonly string[]
  readonly warned: readonly string[]
  readonly audited: readonly string[]
  /** The rules whose findings an exemption let pass, and the ExposurePolicy that it stands in; each pair once, in order. */
  readonly exempted: readonly { readonly rule: string; readonly policy: string }[]
  /** True when the mutating path changed something. */
  readonly patched: boolean
  /** The error behind verdict `fault` or `malformed`, '' otherwise. */
  readonly fault: string
}

/** What to send back: 200 with an AdmissionReview, or 400 with a plain explanation when the request was no review. */
export interface Answer {
  readonly httpStatus: 200 | 400
  /** JSON to serialise. */
  readonly body: unknown
  readonly outcome: Outcome
}

/** Answers one parsed request body. Rejects on a bug only; `faultAnswer` words that. */
export type AnswerReview = (body: unknown, question: Question) => Promise<Answer>

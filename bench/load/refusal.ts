// Why a target gives no good answer to its very first requests: what it is called, and what to do about it.
import type { ProbeAnswer } from './types.ts'

export type RefusalCode = 'refused' | 'bad-answer'

export interface Refusal {
  readonly code: RefusalCode
  /** What was seen and, where the cause tells it, what to change. */
  readonly reason: string
}

type Failed = Extract<ProbeAnswer, { ok: false }>

/** @param index of the request, for a person */
export function refusalOf(answer: Failed, index: number): Refusal {
  const request = `request ${index}: `
  switch (answer.outcome) {
    case 'form':
    case 'bad-response':
      return { code: 'bad-answer', reason: `${request}${answer.reason}` }
    case 'status':
      return { code: 'refused', reason: `${request}${answer.reason}${adviceOf(answer.reason)}` }
    default:
      return { code: 'refused', reason: `${request}${answer.reason}` }
  }
}

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/redirected to \S/, ' (write that address in the scenario)'],
  [/^(status:(401|403)|grpc:(16|7)\b)/, ' (it asks for credentials)'],
  [/^(status:404|grpc:5\b)/, ' (check the model’s name and version, and the path)'],
  [/^(status:413|grpc:8\b)/, ' (the request is too large for it: lower the batch size, or raise its limit)'],
  [/^(status:4(00|22)|grpc:3\b)/, ' (check the names, datatypes and shapes of model.inputs)'],
  [/^(status:5\d\d|grpc:(2|13|14)\b)/, ' (its log says why)'],
]

/** By the status, in the words of a transport: `status:404: …`, `grpc:5: …`. */
function adviceOf(reason: string): string {
  return ADVICE.find(([pattern]) => pattern.test(reason))?.[1] ?? ''
}

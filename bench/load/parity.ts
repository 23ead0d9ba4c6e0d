// Do all targets answer alike? Asked before any load, with the very requests of the load, at every batch size.
import type { FirstAnswer, ParityResult } from '../measurement/types.ts'
import { compareOutputs } from './answer-check.ts'
import { type LoadSession, type ProbeAnswer, REQUEST_VARIANTS } from './types.ts'

export interface ParityRequest {
  /** The target that the others are held against; its answers become the expected ones. */
  readonly reference: string
  readonly targets: readonly string[]
  readonly batchSizes: readonly number[]
  /** |a − b| ≤ tolerance · max(1, |b|). */
  readonly tolerance: number
  readonly open: (target: string, batchSize: number) => Promise<LoadSession>
}

export interface ParityOutcome {
  /** One per target and batch size, the reference first; a target that fails never keeps the others from being asked. */
  readonly results: readonly ParityResult[]
  /** Of each target that answered, at the first batch size. A server's first target pays for the server's start. */
  readonly firstAnswers: readonly FirstAnswer[]
  /** Outputs of the reference for each prebuilt request, by batch size; missing where the reference failed. */
  readonly expected: ReadonlyMap<number, readonly (readonly Float64Array[])[]>
}

export async function checkParity(request: ParityRequest): Promise<ParityOutcome> {
  const { reference, targets, batchSizes } = request
  const results: ParityResult[] = []
  const firstAnswers: FirstAnswer[] = []
  const expected = new Map<number, readonly (readonly Float64Array[])[]>()
  for (const batchSize of batchSizes) {
    const answers = await ask(request, reference, batchSize)
    if (batchSize === batchSizes[0]) firstAnswers.push(...firstAnswer(reference, answers))
    const outputs = answers.flatMap((answer) => (answer.ok ? [answer.outputs] : []))
    const whole = outputs.length === REQUEST_VARIANTS
    if (whole) expected.set(batchSize, outputs)
    results.push(verdict(reference, reference, batchSize, whole ? { ok: true, maxAbsDifference: 0 } : failure(answers)))
    for (const target of targets.filter((name) => name !== reference)) {
      const others = await ask(request, target, batchSize)
      if (batchSize === batchSizes[0]) firstAnswers.push(...firstAnswer(target, others))
      const found = whole ? difference(others, outputs, request.tolerance) : withoutReference(others, reference)
      results.push(verdict(target, reference, batchSize, found))
    }
  }
  return { results, firstAnswers, expected }
}

type Found =
  | { readonly ok: true; readonly maxAbsDifference: number }
  | { readonly ok: false; readonly maxAbsDifference: number | null; readonly reason: string }

async function ask({ open }: ParityRequest, target: string, batchSize: number): Promise<readonly ProbeAnswer[]> {
  const session = await open(target, batchSize)
  try {
    return await session.probe()
  } finally {
    await session.close()
  }
}

function firstAnswer(target: string, [first, ...later]: readonly ProbeAnswer[]): FirstAnswer[] {
  const sorted = later.flatMap(({ ok, ms }) => (ok ? [ms] : [])).sort((one, other) => one - other)
  const laterMs = sorted[sorted.length >> 1]
  return first?.ok && laterMs !== undefined ? [{ target, firstMs: first.ms, laterMs }] : []
}

function difference(
  answers: readonly ProbeAnswer[],
  expected: readonly (readonly Float64Array[])[],
  tolerance: number,
): Found {
  if (answers.some(({ ok }) => !ok) || answers.length < expected.length) return failure(answers)
  let maxAbsDifference = 0
  let reason = ''
  answers.forEach((answer, index) => {
    const wanted = expected[index]
    if (!answer.ok || wanted === undefined) return
    const compared = compareOutputs(answer.outputs, wanted, tolerance)
    maxAbsDifference = Math.max(maxAbsDifference, compared.maxAbsDifference)
    if (compared.ok || reason !== '') return
    const element = compared.firstWrong
    reason = `request ${index}, value ${element}: ${answer.outputs[0]?.[element]} instead of ${wanted[0]?.[element]}`
  })
  return reason === '' ? { ok: true, maxAbsDifference } : { ok: false, maxAbsDifference, reason }
}

function failure(answers: readonly ProbeAnswer[]): Found {
  const index = answers.findIndex(({ ok }) => !ok)
  const answer = answers[index]
  const reason = answer === undefined || answer.ok ? 'it did not answer' : answer.reason
  return { ok: false, maxAbsDifference: null, reason: `request ${Math.max(0, index)}: ${reason}` }
}

function withoutReference(answers: readonly ProbeAnswer[], reference: string): Found {
  if (answers.some(({ ok }) => !ok)) return failure(answers)
  return { ok: false, maxAbsDifference: null, reason: `there is nothing to compare with: ${reference} failed` }
}

function verdict(target: string, against: string, batchSize: number, found: Found): ParityResult {
  const { ok, maxAbsDifference } = found
  const reason = found.ok ? null : `${target} at batch size ${batchSize}, ${found.reason}`
  return { target, against, batchSize, maxAbsDifference, ok, reason }
}

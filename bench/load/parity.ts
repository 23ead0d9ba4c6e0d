// Do all targets answer alike? Asked before any load, with the very requests of the load, at every batch size.
import type { FirstAnswer, ParityResult } from '../measurement/types.ts'
import type { ModelSpec, VerifySpec } from '../scenario/types.ts'
import { type ComparedOutputs, compareOutputs, exactOutputs, type OutputRules } from './answer-check.ts'
import { refusalOf } from './refusal.ts'
import type { LoadSession, ProbeAnswer } from './types.ts'

export interface ParityRequest {
  /** The target that the others are held against, unless it fails; its answers become the expected ones. */
  readonly reference: string
  readonly targets: readonly string[]
  readonly batchSizes: readonly number[]
  readonly model: ModelSpec
  /** null if values are not compared. */
  readonly verify: VerifySpec | null
  /** For each target and batch size. */
  readonly budgetMs: (target: string, batchSize: number) => number
  /** Requests in flight at once, as far as the session has room for them. */
  readonly inFlight: number
  readonly open: (target: string, batchSize: number) => Promise<LoadSession>
  readonly onTarget: (target: string, batchSize: number) => void
}

/** Outputs of the reference for each prebuilt request; null for those that it did not answer. */
export type ExpectedOutputs = readonly (readonly Float64Array[] | null)[]

export interface ParityOutcome {
  /** One per target and batch size, the reference first; a target that fails never keeps the others from being asked. */
  readonly results: readonly ParityResult[]
  /** Of each target that answered, at the first batch size. A server's first target pays for the server's start. */
  readonly firstAnswers: readonly FirstAnswer[]
  /** By batch size; missing where values are not checked. */
  readonly expected: ReadonlyMap<number, ExpectedOutputs>
}

type Answers = readonly (ProbeAnswer | null)[]

interface Asked {
  readonly target: string
  readonly answers: Answers
}

export async function checkParity(request: ParityRequest): Promise<ParityOutcome> {
  const { reference, targets, batchSizes } = request
  const results: ParityResult[] = []
  const firstAnswers: FirstAnswer[] = []
  const expected = new Map<number, ExpectedOutputs>()
  const ordered = [reference, ...targets.filter((name) => name !== reference)]
  for (const batchSize of batchSizes) {
    const asked: Asked[] = []
    for (const target of ordered) {
      request.onTarget(target, batchSize)
      const answers = await ask(request, target, batchSize)
      if (batchSize === batchSizes[0]) firstAnswers.push(...firstAnswer(target, answers))
      asked.push({ target, answers })
    }
    const found = await judgeBatch(request, batchSize, asked)
    results.push(...found.results)
    if (found.expected !== null) expected.set(batchSize, found.expected)
  }
  return { results, firstAnswers, expected }
}

/** The first target that answers, and answers the same twice, is the reference: one that fails takes no other with it. */
async function judgeBatch(request: ParityRequest, batchSize: number, asked: readonly Asked[]) {
  const wavering = new Map<string, string>()
  let reference: Asked | undefined
  for (const one of asked.filter(({ answers }) => answers.some((answer) => answer?.ok))) {
    const wavers = await differsFromItself(request, one, batchSize)
    if (wavers === null) {
      reference = one
      break
    }
    wavering.set(one.target, wavers)
  }
  const isChecked = reference !== undefined && request.verify !== null
  const expected = isChecked ? (reference?.answers.map((answer) => (answer?.ok ? answer.outputs : null)) ?? null) : null
  const against = reference?.target ?? request.reference
  const results: ParityResult[] = []
  for (const one of asked) {
    const { target } = one
    const wavers = wavering.get(target) ?? null
    const { code, maxAbsDifference, reason } = await judgeOne(request, { one, against, expected, wavers, batchSize })
    const sentence = reason === null ? null : `${target} at batch size ${batchSize}, ${reason}`
    results.push({ target, against, batchSize, maxAbsDifference, ok: code === null, code, reason: sentence })
  }
  return { results, expected }
}

type Found = Pick<ParityResult, 'code' | 'maxAbsDifference' | 'reason'>

interface Judged {
  readonly one: Asked
  readonly against: string
  readonly expected: ExpectedOutputs | null
  /** How the target differs from itself, where that is known already. */
  readonly wavers: string | null
  readonly batchSize: number
}

async function judgeOne(request: ParityRequest, { one, against, expected, wavers, batchSize }: Judged): Promise<Found> {
  const { target, answers } = one
  if (!answers.some((answer) => answer?.ok)) return refusal(answers)
  if (wavers !== null) return { code: 'not-deterministic', maxAbsDifference: null, reason: wavers }
  if (target === against) return { code: null, maxAbsDifference: expected === null ? null : 0, reason: null }
  if (expected === null) return { code: null, maxAbsDifference: null, reason: null }
  const compared = compareAll(answers, expected, rulesOf(request))
  const { first } = compared
  if (first === null) return { code: null, maxAbsDifference: compared.maxAbsDifference, reason: null }
  const own = await differsFromItself(request, one, batchSize, first.index)
  if (own !== null) return { code: 'not-deterministic', maxAbsDifference: compared.maxAbsDifference, reason: own }
  const reason = difference(request.model, first, answers, expected)
  return { code: 'outputs-disagree', maxAbsDifference: compared.maxAbsDifference, reason }
}

function refusal(answers: Answers): Found {
  const index = answers.findIndex((answer) => answer !== null)
  const answer = answers[index]
  if (answer === undefined || answer === null || answer.ok) {
    return { code: 'refused', maxAbsDifference: null, reason: 'it did not answer' }
  }
  return { maxAbsDifference: null, ...refusalOf(answer, index) }
}

function rulesOf({ model, verify }: ParityRequest): OutputRules {
  return { absolute: verify?.absolute ?? 0, relative: verify?.relative ?? 0, exact: exactOutputs(model) }
}

interface FirstDifference {
  readonly index: number
  readonly wrong: NonNullable<ComparedOutputs['wrong']>
}

/** Requests that either side did not answer are no difference: they are failed requests. */
function compareAll(answers: Answers, expected: ExpectedOutputs, rules: OutputRules) {
  let maxAbsDifference = 0
  let first: FirstDifference | null = null
  for (const [index, answer] of answers.entries()) {
    const wanted = expected[index]
    if (!answer?.ok || wanted === undefined || wanted === null) continue
    const compared = compareOutputs(answer.outputs, wanted, rules)
    maxAbsDifference = Math.max(maxAbsDifference, compared.maxAbsDifference)
    if (compared.wrong !== null && first === null) first = { index, wrong: compared.wrong }
  }
  return { maxAbsDifference, first: first as FirstDifference | null }
}

function difference(model: ModelSpec, first: FirstDifference, answers: Answers, expected: ExpectedOutputs): string {
  const { index, wrong } = first
  const answer = answers[index]
  const name = model.outputs[wrong.output]?.name ?? wrong.output
  const found = answer?.ok ? answer.outputs[wrong.output]?.[wrong.element] : undefined
  const wanted = expected[index]?.[wrong.output]?.[wrong.element]
  return `request ${index}, output ${name}[${wrong.element}]: ${found} instead of ${wanted}`
}

/** @returns where a second answer to the same request is another one; null where it is not */
async function differsFromItself(
  request: ParityRequest,
  { target, answers }: Asked,
  batchSize: number,
  index = answers.findIndex((answer) => answer?.ok),
): Promise<string | null> {
  const before = answers[index]
  if (!before?.ok || request.verify === null) return null
  const session = await request.open(target, batchSize)
  try {
    const [again = null] = await session.probe({ variants: [index] })
    if (!again?.ok) return null
    const { wrong } = compareOutputs(again.outputs, before.outputs, rulesOf(request))
    if (wrong === null) return null
    const text = difference(request.model, { index, wrong }, withAnswer(answers, index, again), [
      ...answers.map((answer) => (answer?.ok ? answer.outputs : null)),
    ])
    return `asked the same twice it answers differently: ${text}`
  } finally {
    await session.close()
  }
}

function withAnswer(answers: Answers, index: number, answer: ProbeAnswer): Answers {
  return answers.map((old, at) => (at === index ? answer : old))
}

async function ask(request: ParityRequest, target: string, batchSize: number): Promise<Answers> {
  const session = await request.open(target, batchSize)
  try {
    return await session.probe({ inFlight: request.inFlight, budgetMs: request.budgetMs(target, batchSize) })
  } finally {
    await session.close()
  }
}

function firstAnswer(target: string, [first, ...later]: Answers): FirstAnswer[] {
  const sorted = later.flatMap((answer) => (answer?.ok ? [answer.ms] : [])).sort((one, other) => one - other)
  const laterMs = sorted[sorted.length >> 1]
  return first?.ok && laterMs !== undefined ? [{ target, firstMs: first.ms, laterMs }] : []
}

// A campaign on a thread of its own, so that the main thread sees when a case does not end.
import { parentPort, workerData } from 'node:worker_threads'
import { type Campaign, FuzzFailure, runCampaign, type Tally } from './campaign.ts'

export interface WorkerJob {
  readonly campaign: Campaign
  /** Number of the present case, and the units so far; written by the worker, read by the main thread. */
  readonly progress: Float64Array<SharedArrayBuffer>
}

export type WorkerResult = { readonly ok: true; readonly tally: Tally } | { readonly ok: false; readonly text: string }

const { campaign, progress } = workerData as WorkerJob

async function result(): Promise<WorkerResult> {
  try {
    const tally = await runCampaign(campaign, (number, units) => {
      progress[0] = number
      progress[1] = units
    })
    return { ok: true, tally }
  } catch (error) {
    if (error instanceof FuzzFailure) return { ok: false, text: error.message }
    throw error
  }
}

parentPort?.postMessage(await result())

// What a run was measured on, as run.json has it: the machine, and the servers.
import { z } from 'zod'
import { nullable, whole } from './schema-pieces.ts'

const identitySchema = z.object({
  kind: z.string(),
  runtime: z.string(),
  imageDigest: nullable(z.string()),
  serverName: nullable(z.string()),
  serverVersion: nullable(z.string()),
  modelVersion: nullable(z.string()),
  modelSha256: nullable(z.string()),
  device: nullable(z.enum(['cpu', 'gpu'])),
  pid: nullable(whole),
  containerId: nullable(z.string()),
  engine: nullable(z.string()),
  detail: z.string(),
  notice: nullable(z.string()).describe('What ran otherwise than was asked for; null where nothing did.'),
})

const OLDER_RUNS = 'null in runs that are older than this field.'

const loadThreadsSchema = z.object({
  waitsWith: nullable(z.enum(['io_uring', 'epoll', 'node']))
    .default(null)
    .describe(`What they wait for plain sockets with, which tells in the CPU time a request; ${OLDER_RUNS}`),
  answersTimedBy: z
    .enum(['kernel', 'thread'])
    .describe('What tells when an answer over a plain socket came in. Over TLS it is the load thread.'),
  openLoopPriority: z
    .enum(['real-time', 'normal'])
    .describe('Of load threads of an open loop that sleep at least half of the time.'),
})

export const environmentSchema = z.object({
  cpu: nullable(z.string()),
  cores: whole,
  memoryBytes: whole,
  kernel: z.string(),
  governor: nullable(z.string()).describe('CPU frequency governor; null where the kernel shows none.'),
  node: z.string(),
  dyno: z.string(),
  docker: nullable(z.string()),
  gpu: nullable(z.string()),
  loadThreads: nullable(loadThreadsSchema).default(null).describe(OLDER_RUNS),
  stealFraction: nullable(z.number()).describe('Share of CPU time that the hypervisor took during the run.'),
  servers: z.record(z.string(), identitySchema),
})

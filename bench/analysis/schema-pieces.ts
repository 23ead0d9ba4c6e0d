// What the schemas of run.json are made of.
import { z } from 'zod'

export const nullable = <T extends z.ZodType>(type: T) => type.nullable()

export const whole = z.number().int().nonnegative()

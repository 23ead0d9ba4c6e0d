// The look of all charts: one colour and one shape per target, units on every axis, readable in print.
import type { Config, TopLevelSpec } from 'vega-lite'
import { targetsOf } from '../cell-text.ts'
import type { ReportInput } from '../types.ts'

/** Okabe and Ito (2008), without the yellow that paper swallows: distinguishable by colour-blind readers. */
const PALETTE = ['#0072B2', '#E69F00', '#009E73', '#CC79A7', '#D55E00', '#56B4E9', '#555555', '#000000']
const SHAPES = [
  'circle',
  'square',
  'triangle-up',
  'diamond',
  'cross',
  'triangle-down',
  'triangle-right',
  'triangle-left',
]

export const FONT = 'Inter'

export const CONFIG: Config = {
  // In a page the reader's own font takes its place: the page carries none.
  font: `${FONT}, system-ui, sans-serif`,
  background: '#ffffff',
  padding: 12,
  title: { anchor: 'start', fontSize: 15, fontWeight: 600, subtitleFontSize: 11, subtitleColor: '#555', offset: 12 },
  axis: {
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 500,
    titlePadding: 8,
    gridColor: '#e6e6e6',
    domainColor: '#888',
    tickColor: '#888',
    labelOverlap: 'parity',
  },
  legend: { labelFontSize: 11, titleFontSize: 11, symbolSize: 90, labelLimit: 300 },
  header: { labelFontSize: 11, labelFontWeight: 600, titleFontSize: 11 },
  view: { stroke: '#cccccc' },
  line: { strokeWidth: 1.8 },
  point: { size: 45, filled: true, opacity: 1 },
}

/** The specification's head: what every chart shares. */
export function chart(title: string, subtitle: string, rest: object): TopLevelSpec {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: { text: title, subtitle },
    config: CONFIG,
    ...rest,
  } as TopLevelSpec
}

/** A target keeps its colour in every chart of a run, by its place in the run. */
export const targetColour = ({ run }: ReportInput) => seriesScale('target', targetsOf(run.cells), PALETTE)

export const targetShape = ({ run }: ReportInput) => seriesScale('target', targetsOf(run.cells), SHAPES)

export const seriesColour = (field: string, domain: readonly string[]) => seriesScale(field, domain, PALETTE)

export const seriesShape = (field: string, domain: readonly string[]) => seriesScale(field, domain, SHAPES)

/** Beyond the palette, series share colours. */
function seriesScale(field: string, domain: readonly string[], looks: readonly string[]): object {
  const range = domain.map((_, index) => looks[index % looks.length])
  return { field, type: 'nominal', title: field, scale: { domain, range } }
}

/** Colour of a target for pages that draw nothing themselves. */
export function colourOf(targets: readonly string[], target: string): string {
  return PALETTE[targets.indexOf(target) % PALETTE.length] ?? '#000000'
}

/**
 * Scale and axis for values of a positive quantity. Logarithmic, with ticks at 1, 2 and 5, where they span more than a
 * factor of ten; else linear from zero.
 */
export function valueAxis(values: readonly number[]): { readonly scale: object; readonly axis: object } {
  const positive = values.filter((value) => value > 0)
  const low = Math.min(...positive)
  const high = Math.max(...positive)
  if (positive.length === 0 || high / low <= 10) {
    return { scale: { type: 'linear', zero: true, nice: true }, axis: PLAIN_NUMBERS }
  }
  const ticks = oneTwoFive(low, high)
  return { scale: { type: 'log', nice: false, padding: 8 }, axis: { ...PLAIN_NUMBERS, values: ticks } }
}

/** 1, 2, 5, 10, … from below `low` to above `high`; only powers of ten where that would be more than a dozen. */
function oneTwoFive(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low))
  const decades = Array.from({ length: Math.ceil(Math.log10(high)) - first + 1 }, (_, index) => 10 ** (first + index))
  const steps = decades.length > 4 ? [1] : [1, 2, 5]
  return decades
    .flatMap((decade) => steps.map((step) => Number((step * decade).toPrecision(1))))
    .filter((tick) => tick >= low * 0.9 && tick <= high * 1.1)
}

/** Numbers like 2,400 or 0.5 on axes, never 2.4k or 5e-1. */
const PLAIN_NUMBERS = { labelExpr: "format(datum.value, datum.value >= 1000 ? ',' : '~r')" }

export const NUMBERS = { axis: PLAIN_NUMBERS }

/** How often cells were measured, and how to read their bars. A gate may have some of them measured once more. */
export function subtitleOf({ run }: ReportInput, more: string): string {
  const repetitions = run.cells.map((cell) => cell.repetitions).filter((count) => count > 0)
  const [fewest, most] = [Math.min(...repetitions), Math.max(...repetitions)]
  const count = repetitions.length === 0 ? '0' : fewest === most ? `${most}` : `${fewest} to ${most}`
  return `${run.scenario.name} · ${count} ${most === 1 ? 'repetition' : 'repetitions'} · ${more}`
}

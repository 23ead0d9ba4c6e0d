// A Vega-Lite specification → SVG and PNG, without a browser and without fonts of the machine.
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Resvg } from '@resvg/resvg-js'
import * as vega from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'
import { FONT } from './charts/theme.ts'

/** Twice the size in pixels: sharp on paper and on dense screens. */
const PNG_SCALE = 2

export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: 'none', logLevel: vega.Error })
  try {
    return await view.toSVG()
  } finally {
    view.finalize()
  }
}

export function renderPng(svg: string): Uint8Array {
  const font = { loadSystemFonts: false, fontFiles: fontFiles(), defaultFontFamily: FONT, sansSerifFamily: FONT }
  return new Resvg(svg, { font, fitTo: { mode: 'zoom', value: PNG_SCALE } }).render().asPng()
}

const WEIGHTS = ['400Regular', '500Medium', '600SemiBold', '700Bold']

/** The font lies in node_modules, so that text looks the same on every machine. */
function fontFiles(): string[] {
  const root = dirname(createRequire(import.meta.url).resolve('@expo-google-fonts/inter/package.json'))
  return WEIGHTS.flatMap((weight) =>
    readdirSync(join(root, weight))
      .filter((name) => name.endsWith('.ttf'))
      .map((name) => join(root, weight, name)),
  )
}

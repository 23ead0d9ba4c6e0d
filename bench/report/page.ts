// The frame of every HTML page: one file that works offline, loads nothing, and runs no script but its own.
import { createHash } from 'node:crypto'
import { STYLE } from './html-style.ts'

export interface DrawnChart {
  readonly name: string
  readonly alt: string
  readonly svg: string
}

/**
 * @param body HTML, escaped by whoever made it; empty parts are left out
 * @param script of the page itself; null: none may run
 */
export function renderPage(title: string, body: readonly string[], script: string | null): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy(script)}">
<title>${escapeHtml(title)} · dyno</title>
<style>${STYLE}</style>
</head>
<body>
${body.filter((part) => part !== '').join('\n')}
${script === null ? '' : `<script>${script}</script>`}
</body>
</html>
`
}

/** Nothing may be loaded. Charts carry style attributes. */
function contentPolicy(script: string | null): string {
  const allowed = script === null ? "'none'" : `'sha256-${createHash('sha256').update(script).digest('base64')}'`
  return `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src ${allowed}`
}

export function figure({ alt, svg }: DrawnChart): string {
  return `<figure role="img" aria-label="${escapeHtml(alt)}">${svg}</figure>`
}

/** Of HTML; nothing where there are no items. */
export function list(items: readonly string[]): string {
  return items.length === 0 ? '' : `<ul>${items.map((item) => `<li>${item}</li>`).join('')}</ul>`
}

const ENTITY: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** For text and for attributes in double quotes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITY[character] ?? character)
}

// Text of strangers (servers, files, scenarios) without what moves a cursor, hides or reorders characters in a terminal or a page.

/**
 * C0 and C1 controls but line feed and tab (ECMA-48), zero-width characters, and the controls of writing direction
 * (Unicode UAX 9), with which a text shows other than it is.
 */
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** Each unsafe character becomes `·`, so that it is seen that something was there. */
export function plainText(text: string): string {
  return text.replace(UNSAFE, '·')
}

/** For `JSON.parse`: every text of a document, keys aside. */
export function plainReviver(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? plainText(value) : value
}

/** A copy of plain data with every text of it plain. */
export function plainData<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), plainReviver) as T
}

// The script of report.html: sorts the table by a column and hides rows by target and load. No library, no network.

export const SCRIPT = `
(() => {
  const table = document.getElementById('cells')
  const body = table.tBodies[0]
  const hidden = { target: new Set(), load: new Set() }
  for (const button of table.querySelectorAll('th button')) {
    button.addEventListener('click', () => {
      const header = button.closest('th')
      const descending = header.getAttribute('aria-sort') === 'ascending'
      for (const other of table.querySelectorAll('th')) other.removeAttribute('aria-sort')
      header.setAttribute('aria-sort', descending ? 'descending' : 'ascending')
      const key = (row) => row.cells[header.cellIndex].dataset.key
      const compare = (one, other) => {
        const a = key(one), b = key(other)
        if (a === '' || b === '') return a === b ? 0 : a === '' ? 1 : -1
        const difference = isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b
        return descending ? -difference : difference
      }
      body.append(...[...body.rows].sort(compare))
    })
  }
  for (const box of document.querySelectorAll('input[data-hides]')) {
    box.addEventListener('change', () => {
      hidden[box.dataset.hides][box.checked ? 'delete' : 'add'](box.value)
      for (const row of body.rows) row.hidden = hidden.target.has(row.dataset.target) || hidden.load.has(row.dataset.load)
    })
  }
})()
`.trim()

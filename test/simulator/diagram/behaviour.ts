/**
 * What a diagram does when somebody looks at it: tips, what belongs together, magnification, and hiding of kinds and lanes.
 *
 * It is put into the page as text. Invariant: it names nothing outside of itself but its argument and what browsers have.
 */
export interface Measures {
  readonly rulerPx: number
  readonly lanePx: number
  readonly lifePx: number
}

export function behave({ rulerPx, lanePx, lifePx }: Measures): void {
  const all = <E extends Element>(selector: string, within: ParentNode = document) =>
    [...within.querySelectorAll(selector)] as E[]
  const one = <E extends Element>(selector: string) => document.querySelector(selector) as E
  const plot = one<SVGSVGElement>('#plot')
  const scroll = one<HTMLElement>('.scroll')
  const tip = one<HTMLElement>('#tip')
  const cursor = one<SVGLineElement>('#cursor')
  const now = one<HTMLElement>('#now')
  const width = Number(plot.dataset['width'])
  const lines = all<HTMLElement>('.story li')
  const lineX = lines.map((line) => Number(line.dataset['x']))

  // ---------------------------------------------------------------- magnification

  /** Whatever stands at a place in time, and where it stood at first. */
  const placed: { readonly element: Element; readonly attribute: string; readonly values: number[] }[] = []
  for (const element of all('line, circle, rect, use, text, polygon, polyline', plot)) {
    if (element.closest('defs') || element === cursor) continue
    for (const attribute of ['x', 'x1', 'x2', 'cx', 'width']) {
      const value = element.getAttribute(attribute)
      if (value !== null) placed.push({ element, attribute, values: [Number(value)] })
    }
    const points = element.getAttribute('points')
    if (points) placed.push({ element, attribute: 'points', values: points.split(/[ ,]/).map(Number) })
  }
  let factor = 1
  /** A label that would run into the next one is left out: the sign at its place says the same. */
  const makeRoom = () => {
    for (const lane of all('.front', plot)) {
      const labels = all<SVGTextElement>('.id', lane)
      for (const [i, label] of labels.entries()) {
        const next = labels[i + 1]
        const roomPx = next ? Number(next.getAttribute('x')) - Number(label.getAttribute('x')) : 1000
        label.style.display = roomPx < 6 * (label.textContent ?? '').length ? 'none' : ''
      }
    }
    for (const label of all<SVGTextElement>('[data-room]', plot)) {
      label.style.display = Number(label.dataset['room']) * factor < 40 ? 'none' : ''
    }
  }
  const magnify = (wanted: number, atX = scroll.clientWidth / 2) => {
    const before = (scroll.scrollLeft + atX) / factor
    factor = Math.min(60, Math.max(0.05, wanted))
    for (const { element, attribute, values } of placed) {
      const scaled = values.map((value, i) =>
        attribute === 'points' && i % 2 === 1 ? value : value * factor,
      )
      element.setAttribute(attribute, scaled.map((value) => value.toFixed(1)).join(' '))
    }
    plot.setAttribute('width', String(width * factor + 24))
    const level = factor < 0.4 ? '-1' : factor < 2.5 ? '0' : factor < 9 ? '1' : '2'
    plot.setAttribute('class', `plot zoom${level}${plot.classList.contains('focus') ? ' focus' : ''}`)
    scroll.scrollLeft = before * factor - atX
    makeRoom()
  }
  const fit = () => magnify((scroll.clientWidth - 48) / width)
  one('#closer').addEventListener('click', () => magnify(factor * 1.6))
  one('#farther').addEventListener('click', () => magnify(factor / 1.6))
  one('#fit').addEventListener('click', fit)
  document.addEventListener('keydown', ({ key, ctrlKey, metaKey }) => {
    if (ctrlKey || metaKey) return
    if (key === '+') magnify(factor * 1.6)
    else if (key === '-') magnify(factor / 1.6)
    else if (key === '0') fit()
  })
  scroll.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey && !event.altKey) return
      event.preventDefault()
      magnify(factor * 1.0025 ** -event.deltaY, event.clientX - scroll.getBoundingClientRect().left)
    },
    { passive: false },
  )

  // ---------------------------------------------------------------- lanes

  const names = all<HTMLButtonElement>('.names button')
  const backs = all<HTMLButtonElement>('#hidden button')
  const isShown = names.map(() => true)
  const arrange = () => {
    const tops: number[] = []
    let top = rulerPx
    for (const shown of isShown) {
      tops.push(top)
      if (shown) top += lanePx
    }
    for (const group of all<SVGElement>('[data-lane]', plot)) {
      const lane = Number(group.dataset['lane'])
      group.setAttribute('transform', `translate(0 ${tops[lane]})`)
      group.style.display = isShown[lane] ? '' : 'none'
    }
    for (const flow of all<SVGElement>('.flow', plot)) {
      const [a, b] = [Number(flow.dataset['a']), Number(flow.dataset['b'])]
      flow.setAttribute('y1', String((tops[a] ?? 0) + lifePx))
      flow.setAttribute('y2', String((tops[b] ?? 0) + lifePx))
      flow.style.display = isShown[a] && isShown[b] ? '' : 'none'
    }
    for (const ring of all<SVGElement>('.guilty', plot)) {
      const lane = Number(ring.dataset['at'])
      ring.setAttribute('cy', String((tops[lane] ?? 0) + lifePx))
      ring.style.display = isShown[lane] ? '' : 'none'
    }
    for (const tall of all('.tall', plot)) {
      if (tall.tagName === 'rect') tall.setAttribute('height', String(top - 18))
      else tall.setAttribute('y2', String(top))
    }
    plot.setAttribute('height', String(top))
    for (const [lane, name] of names.entries()) {
      name.style.top = `${(tops[lane] ?? 0) + lifePx - 13}px`
      name.setAttribute('aria-pressed', String(isShown[lane]))
    }
    for (const [lane, back] of backs.entries()) back.hidden = isShown[lane] !== false
  }
  const only = (lane: number) => {
    const isAlone = isShown.every((shown, other) => shown === (other === lane))
    for (const other of isShown.keys()) isShown[other] = isAlone || other === lane
  }
  for (const [lane, name] of names.entries()) {
    name.addEventListener('click', ({ shiftKey }) => {
      if (shiftKey) only(lane)
      else isShown[lane] = false
      arrange()
    })
  }
  for (const [lane, back] of backs.entries()) {
    back.addEventListener('click', () => {
      isShown[lane] = true
      arrange()
    })
  }

  // ---------------------------------------------------------------- kinds

  for (const button of all<HTMLButtonElement>('button[data-kind]')) {
    button.addEventListener('click', () => {
      const isHidden = document.body.classList.toggle(`hide-${button.dataset['kind']}`)
      button.setAttribute('aria-pressed', String(!isHidden))
    })
  }

  // ---------------------------------------------------------------- what belongs together

  const carriers = new Map<string, Element[]>()
  for (const element of all<SVGElement>('[data-ops]', plot)) {
    for (const operation of (element.dataset['ops'] ?? '').split(' ')) {
      carriers.set(operation, [...(carriers.get(operation) ?? []), element])
    }
  }
  let pinned: string | undefined
  let hot: Element[] = []
  const focus = (operations: string | undefined) => {
    for (const element of hot) element.classList.remove('hot')
    hot = (operations ?? '').split(' ').flatMap((operation) => carriers.get(operation) ?? [])
    for (const element of hot) element.classList.add('hot')
    plot.classList.toggle('focus', hot.length > 0)
  }

  // ---------------------------------------------------------------- tips and the cursor

  let near = -1
  const pointAt = (x: number, isFromStory: boolean) => {
    cursor.setAttribute('x1', String(x))
    cursor.setAttribute('x2', String(x))
    let at = lineX.findLastIndex((other) => other * factor <= x + 0.5)
    if (at < 0) at = 0
    lines[near]?.classList.remove('near')
    near = at
    const line = lines[near]
    line?.classList.add('near')
    now.textContent = line?.dataset['time'] ?? ''
    if (!isFromStory && line?.parentElement) {
      const list = line.parentElement
      list.scrollTop = line.offsetTop - list.offsetTop - list.clientHeight / 2
    }
  }
  plot.addEventListener('pointermove', (event) => {
    pointAt(event.clientX - plot.getBoundingClientRect().left, false)
    const target = (event.target as Element).closest<SVGElement>('[data-tip]')
    tip.hidden = !target
    if (!target) {
      if (!pinned) focus(undefined)
      return
    }
    tip.textContent = target.dataset['tip'] ?? ''
    const { innerWidth, innerHeight } = window
    const { offsetWidth, offsetHeight } = tip
    const [x, y] = [event.clientX + 14, event.clientY + 16]
    tip.style.left = `${Math.max(4, Math.min(x, innerWidth - offsetWidth - 8))}px`
    tip.style.top = `${y + offsetHeight > innerHeight ? event.clientY - offsetHeight - 12 : y}px`
    if (!pinned) focus(target.dataset['ops'])
  })
  plot.addEventListener('pointerleave', () => {
    tip.hidden = true
    if (!pinned) focus(undefined)
  })
  plot.addEventListener('click', ({ target }) => {
    const operations = (target as Element).closest<SVGElement>('[data-ops]')?.dataset['ops']
    pinned = operations === pinned ? undefined : operations
    focus(pinned)
  })
  for (const [i, line] of lines.entries()) {
    const x = lineX[i] ?? 0
    line.addEventListener('pointerenter', () => pointAt(x * factor, true))
    line.addEventListener('click', () => {
      scroll.scrollTo({ left: x * factor - scroll.clientWidth / 2, behavior: 'smooth' })
    })
  }

  arrange()
  const found = one<SVGElement>('.violation line')
  if (width < scroll.clientWidth - 48) fit()
  else magnify(1)
  if (found) scroll.scrollLeft = Number(found.getAttribute('x1')) - scroll.clientWidth * 0.8
}

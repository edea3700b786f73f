/** Gives a canvas as many pixels as the screen has for it. @returns its size as style sheets count. */
export function fitted(canvas: HTMLCanvasElement): { width: number; height: number } {
  const { clientWidth: width, clientHeight: height } = canvas
  const pixels = {
    width: Math.round(width * devicePixelRatio),
    height: Math.round(height * devicePixelRatio),
  }
  if (canvas.width !== pixels.width) canvas.width = pixels.width
  if (canvas.height !== pixels.height) canvas.height = pixels.height
  return { width, height }
}
